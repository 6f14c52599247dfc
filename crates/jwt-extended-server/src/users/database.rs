//! Users in the database of the store, in SQLite or PostgreSQL. Every process that shares the database shares them.

use std::time::Duration;

use jwt_extended_axum::jwt_extended::Timestamp;
use sqlx::{Row as _, postgres::PgPool, sqlite::SqlitePool};

/// How long a question may take, waiting for a connection included.
const LIMIT: Duration = Duration::from_secs(1);
/// The longest name, in bytes.
const LONGEST_NAME: usize = 255;

/// The users' table. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Database {
    pool: Pool,
}

#[derive(Clone, Debug)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A user, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The name.
    pub name: String,
    /// Whether the user may log in.
    pub active: bool,
}

/// Why a user could not be found or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The name is taken.
    #[error("the user \"{0}\" is there already; `user password` gives another password")]
    Taken(String),
    /// Nobody has the name.
    #[error("there is no user \"{0}\"; `user list` shows those that there are")]
    Unknown(String),
    /// The name cannot be one.
    #[error("a user's name has at most {LONGEST_NAME} bytes, and no control characters")]
    Name,
    /// The database did not answer.
    #[error("the database of the users is unavailable: {0}")]
    Unavailable(String),
}

/// The same statement on either database: both take `$1`.
macro_rules! on {
    ($database:expr, $pool:ident => $statement:expr) => {
        within(async {
            match &$database.pool {
                Pool::Sqlite($pool) => $statement,
                Pool::Postgres($pool) => $statement,
            }
        })
        .await
    };
}

impl Database {
    /// The users in an SQLite file.
    ///
    /// # Errors
    /// If it cannot be opened, or is locked.
    pub async fn in_sqlite(pool: SqlitePool) -> Result<Self, DatabaseError> {
        Self { pool: Pool::Sqlite(pool) }.with_table().await
    }

    /// The users in a PostgreSQL database.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn in_postgres(pool: PgPool) -> Result<Self, DatabaseError> {
        Self { pool: Pool::Postgres(pool) }.with_table().await
    }

    async fn with_table(self) -> Result<Self, DatabaseError> {
        const TABLE: &str = include_str!("../../migrations/users.sql");
        const PROBE: &str = "SELECT count(*) FROM jwt_users WHERE name IS NULL";
        // PostgreSQL has a notice for whoever makes a table that is there, which looks like a fault in the log.
        if on!(self, pool => sqlx::query_scalar::<_, i64>(PROBE).fetch_one(pool).await).is_ok() {
            return Ok(self);
        }
        let make = async || on!(self, pool => sqlx::raw_sql(TABLE).execute(pool).await.map(|_| ()));
        // PostgreSQL lets one of two fail that make the same table at once: by then it is there.
        if make().await.is_err() {
            make().await?;
        }
        Ok(self)
    }

    /// Adds a user.
    ///
    /// # Errors
    /// If the name is taken or none, or the database does not answer.
    pub async fn add(&self, name: &str, password_hash: &str, now: Timestamp) -> Result<(), DatabaseError> {
        const ADD: &str = "INSERT INTO jwt_users (name, password_hash, added_at) VALUES ($1, $2, $3) \
            ON CONFLICT (name) DO NOTHING";
        if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(DatabaseError::Name);
        }
        let added = on!(self, pool => sqlx::query(ADD).bind(name).bind(password_hash).bind(micros(now)).execute(pool).await
            .map(|done| done.rows_affected()))?;
        if added == 1 { Ok(()) } else { Err(DatabaseError::Taken(name.to_owned())) }
    }

    /// Whether there is nobody.
    ///
    /// # Errors
    /// If the database does not answer.
    pub(super) async fn is_empty(&self) -> Result<bool, DatabaseError> {
        const ANYBODY: &str = "SELECT name FROM jwt_users LIMIT 1";
        let anybody = on!(self, pool => sqlx::query(ANYBODY).fetch_optional(pool).await.map(|row| row.is_some()))?;
        Ok(!anybody)
    }

    /// All users, by name.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn list(&self) -> Result<Vec<User>, DatabaseError> {
        const LIST: &str = "SELECT name, disabled_at IS NULL AS active FROM jwt_users ORDER BY name";
        on!(self, pool => sqlx::query(LIST).fetch_all(pool).await.and_then(|rows| {
            rows.iter().map(|row| Ok(User { name: row.try_get(0)?, active: row.try_get(1)? })).collect()
        }))
    }

    /// The hash of a user who may log in.
    ///
    /// # Errors
    /// If the database does not answer.
    pub(super) async fn active_hash(&self, name: &str) -> Result<Option<String>, DatabaseError> {
        const HASH: &str = "SELECT password_hash FROM jwt_users WHERE name = $1 AND disabled_at IS NULL";
        // PostgreSQL knows no text with NUL in it, and so no such user.
        if name.contains('\0') {
            return Ok(None);
        }
        on!(self, pool => sqlx::query_scalar(HASH).bind(name).fetch_optional(pool).await)
    }

    /// Gives a user another password.
    ///
    /// # Errors
    /// If there is no such user, or the database does not answer.
    pub async fn set_password(&self, name: &str, password_hash: &str) -> Result<(), DatabaseError> {
        const SET: &str = "UPDATE jwt_users SET password_hash = $2 WHERE name = $1";
        found(
            name,
            on!(self, pool => sqlx::query(SET).bind(name).bind(password_hash).execute(pool).await
            .map(|done| done.rows_affected()))?,
        )
    }

    /// Lets a user log in no longer.
    ///
    /// # Errors
    /// If there is no such user, or the database does not answer.
    pub async fn disable(&self, name: &str, now: Timestamp) -> Result<(), DatabaseError> {
        const DISABLE: &str = "UPDATE jwt_users SET disabled_at = COALESCE(disabled_at, $2) WHERE name = $1";
        found(
            name,
            on!(self, pool => sqlx::query(DISABLE).bind(name).bind(micros(now)).execute(pool).await
            .map(|done| done.rows_affected()))?,
        )
    }

    /// Lets a disabled user log in again.
    ///
    /// # Errors
    /// If there is no such user, or the database does not answer.
    pub async fn enable(&self, name: &str) -> Result<(), DatabaseError> {
        const ENABLE: &str = "UPDATE jwt_users SET disabled_at = NULL WHERE name = $1";
        found(
            name,
            on!(self, pool => sqlx::query(ENABLE).bind(name).execute(pool).await
            .map(|done| done.rows_affected()))?,
        )
    }

    /// Removes a user.
    ///
    /// # Errors
    /// If there is no such user, or the database does not answer.
    pub async fn remove(&self, name: &str) -> Result<(), DatabaseError> {
        const REMOVE: &str = "DELETE FROM jwt_users WHERE name = $1";
        found(
            name,
            on!(self, pool => sqlx::query(REMOVE).bind(name).execute(pool).await
            .map(|done| done.rows_affected()))?,
        )
    }
}

/// A time as the table has it.
fn micros(time: Timestamp) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

fn found(name: &str, rows: u64) -> Result<(), DatabaseError> {
    if rows > 0 { Ok(()) } else { Err(DatabaseError::Unknown(name.to_owned())) }
}

/// Waits for an answer, and no longer than the limit.
async fn within<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, DatabaseError> {
    match tokio::time::timeout(LIMIT, answer).await {
        Ok(answer) => answer.map_err(|error| DatabaseError::Unavailable(error.to_string())),
        Err(_) => Err(DatabaseError::Unavailable(format!("no answer within {} s", LIMIT.as_secs()))),
    }
}
