//! Creates and migrates the tables.

use sqlx::{Connection, SqliteConnection};

use crate::shared::{
    error::SetupError,
    migrations::{LATEST, MAKE_RECORD, Migration, RECORD, missing},
};

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "sessions", sql: include_str!("../../migrations/sqlite/0001_sessions.sql") }];

pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), SetupError> {
    let of = |error: sqlx::Error| SetupError::of(&error);
    // Processes that migrate at the same time wait for each other here.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(of)?;
    sqlx::raw_sql(MAKE_RECORD).execute(&mut *transaction).await.map_err(of)?;
    let version = sqlx::query_scalar(LATEST).fetch_one(&mut *transaction).await.map_err(of)?;
    for migration in missing(MIGRATIONS, version)? {
        sqlx::raw_sql(migration.sql).execute(&mut *transaction).await.map_err(of)?;
        let record = sqlx::query(RECORD).bind(migration.version).bind(migration.name);
        record.execute(&mut *transaction).await.map_err(of)?;
        tracing::info!(version = migration.version, name = migration.name, "migrated the tables of jwt-extended");
    }
    transaction.commit().await.map_err(of)
}
