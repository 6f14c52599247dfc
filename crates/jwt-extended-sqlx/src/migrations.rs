//! The versions of the tables. They are recorded in a table of their own, so that they never meet the app's migrations.

use std::time::Duration;

use sqlx::Connection;

use crate::SetupError;

/// How long making the tables may take, waiting for another process that is at it included.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// One step of the tables.
#[derive(Debug)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

pub(crate) const MAKE_RECORD: &str =
    "CREATE TABLE IF NOT EXISTS jwt_migrations (version bigint NOT NULL PRIMARY KEY, name text NOT NULL)";

pub(crate) const LATEST: &str = "SELECT coalesce(max(version), 0) FROM jwt_migrations";

pub(crate) const RECORD: &str = "INSERT INTO jwt_migrations (version, name) VALUES ($1, $2)";

/// Those that a database at this version still wants.
pub(crate) fn missing(all: &'static [Migration], version: i64) -> Result<&'static [Migration], SetupError> {
    let known = all.last().map_or(0, |last| last.version);
    if version > known {
        return Err(SetupError::FromLater { found: version, known });
    }
    Ok(&all[all.partition_point(|migration| migration.version <= version)..])
}

/// Closes a connection that is of no more use. What it has done is done, so a failure is only worth a line in the log.
pub(crate) async fn close<C: Connection>(connection: C) {
    if let Err(error) = connection.close().await {
        tracing::debug!(error = %crate::error::unavailable(&error), "a connection has not closed properly");
    }
}
