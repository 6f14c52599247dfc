//! The versions of the tables. A separate table records them, so that they do not mix with the app's migrations.

use std::time::Duration;

use super::error::SetupError;

/// How long a migration may take, including the wait for another process that is migrating.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// One version of the tables.
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

/// Returns the migrations that a database at this version lacks.
pub(crate) fn missing(all: &'static [Migration], version: i64) -> Result<&'static [Migration], SetupError> {
    let known = all.last().map_or(0, |last| last.version);
    if version > known {
        return Err(SetupError::FromLater { found: version, known });
    }
    Ok(&all[all.partition_point(|migration| migration.version <= version)..])
}
