//! Creates and migrates the tables.

use sqlx::{Connection, Error, PgConnection, Row as _};

use crate::shared::{
    error::SetupError,
    migrations::{LATEST, MAKE_RECORD, Migration, RECORD, missing},
};

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "sessions", sql: include_str!("../../migrations/postgres/0001_sessions.sql") },
    Migration { version: 2, name: "feed", sql: include_str!("../../migrations/postgres/0002_feed.sql") },
];

/// Makes processes that migrate at the same time wait for each other.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7674303131209851745)";

pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(), SetupError> {
    match create(connection).await {
        Ok(outcome) => outcome,
        Err(Error::Database(refusal)) if refusal.code().as_deref() == Some(NO_RIGHT) => {
            Err(no_right(connection).await.unwrap_or_else(|_| SetupError::of(&Error::Database(refusal))))
        }
        Err(Error::Database(refusal)) if refusal.code().as_deref() == Some(NO_SCHEMA) => {
            Err(no_schema(connection).await.unwrap_or_else(|_| SetupError::of(&Error::Database(refusal))))
        }
        Err(error) => Err(SetupError::of(&error)),
    }
}

pub(super) async fn has_tables(connection: &mut PgConnection) -> Result<bool, Error> {
    // In the simple protocol, which is one message and needs no transaction.
    sqlx::raw_sql("SELECT to_regclass('jwt_sessions') IS NOT NULL").fetch_one(connection).await?.try_get(0)
}

/// PostgreSQL's codes for a missing right, and for a search path in which nothing can be created.
const NO_RIGHT: &str = "42501";
const NO_SCHEMA: &str = "3F000";

async fn create(connection: &mut PgConnection) -> Result<Result<(), SetupError>, Error> {
    let mut transaction = connection.begin().await?;
    // Creating an index on a large table takes longer than the limit for a call.
    sqlx::raw_sql("SET LOCAL statement_timeout = 0").execute(&mut *transaction).await?;
    sqlx::raw_sql(LOCK).execute(&mut *transaction).await?;
    // Without the privilege to create, `CREATE TABLE IF NOT EXISTS` fails even if the table exists.
    let recorded: bool = sqlx::query_scalar("SELECT to_regclass('jwt_migrations') IS NOT NULL")
        .persistent(false)
        .fetch_one(&mut *transaction)
        .await?;
    if !recorded {
        sqlx::raw_sql(MAKE_RECORD).execute(&mut *transaction).await?;
    }
    let version = sqlx::query_scalar(LATEST).persistent(false).fetch_one(&mut *transaction).await?;
    let missing = match missing(MIGRATIONS, version) {
        Ok(missing) => missing,
        Err(error) => return Ok(Err(error)),
    };
    for migration in missing {
        sqlx::raw_sql(migration.sql).execute(&mut *transaction).await?;
        let record = sqlx::query(RECORD).persistent(false).bind(migration.version).bind(migration.name);
        record.execute(&mut *transaction).await?;
        tracing::info!(version = migration.version, name = migration.name, "migrated the tables of jwt-extended");
    }
    transaction.commit().await?;
    Ok(Ok(()))
}

/// Since PostgreSQL 15, only the owner of a database may create tables in its schema `public`.
async fn no_right(connection: &mut PgConnection) -> Result<SetupError, Error> {
    // In the simple protocol, which is one message and needs no transaction.
    let who = "SELECT quote_ident(current_user), coalesce(quote_ident(current_schema()), 'public')";
    let row = sqlx::raw_sql(who).fetch_one(connection).await?;
    Ok(SetupError::NoRight { role: row.try_get(0)?, schema: row.try_get(1)? })
}

async fn no_schema(connection: &mut PgConnection) -> Result<SetupError, Error> {
    let row = sqlx::raw_sql("SELECT quote_ident(current_user)").fetch_one(connection).await?;
    Ok(SetupError::NoSchema { role: row.try_get(0)? })
}
