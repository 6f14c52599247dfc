//! Creates and migrates the tables.

use sqlx::{Connection, PgConnection};

use crate::shared::{
    error::SetupError,
    migrations::{LATEST, MAKE_RECORD, Migration, RECORD, missing},
};

const MIGRATIONS: &[Migration] =
    &[Migration { version: 1, name: "sessions", sql: include_str!("../../migrations/postgres/0001_sessions.sql") }];

/// Makes processes that migrate at the same time wait for each other.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7674303131209851745)";

pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(), SetupError> {
    let of = |error: sqlx::Error| SetupError::of(&error);
    let mut transaction = connection.begin().await.map_err(of)?;
    // Creating an index on a large table takes longer than the limit for a call.
    sqlx::raw_sql("SET LOCAL statement_timeout = 0").execute(&mut *transaction).await.map_err(of)?;
    sqlx::raw_sql(LOCK).execute(&mut *transaction).await.map_err(of)?;
    // Without the privilege to create, `CREATE TABLE IF NOT EXISTS` fails even if the table exists.
    let recorded: bool = sqlx::query_scalar("SELECT to_regclass('jwt_migrations') IS NOT NULL")
        .persistent(false)
        .fetch_one(&mut *transaction)
        .await
        .map_err(of)?;
    if !recorded {
        sqlx::raw_sql(MAKE_RECORD).execute(&mut *transaction).await.map_err(of)?;
    }
    let version = sqlx::query_scalar(LATEST).persistent(false).fetch_one(&mut *transaction).await.map_err(of)?;
    for migration in missing(MIGRATIONS, version)? {
        sqlx::raw_sql(migration.sql).execute(&mut *transaction).await.map_err(of)?;
        let record = sqlx::query(RECORD).persistent(false).bind(migration.version).bind(migration.name);
        record.execute(&mut *transaction).await.map_err(of)?;
        tracing::info!(version = migration.version, name = migration.name, "migrated the tables of jwt-extended");
    }
    transaction.commit().await.map_err(of)
}
