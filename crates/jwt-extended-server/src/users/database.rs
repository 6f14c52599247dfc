//! The users in the store's database, SQLite or PostgreSQL. All processes on one database share them.

use std::time::Duration;

use jwt_extended_axum::jwt_extended::Timestamp;
use sqlx::{Row as _, postgres::PgPool, sqlite::SqlitePool};

/// The time limit of a statement, including the wait for a connection.
const LIMIT: Duration = Duration::from_secs(1);
/// The longest name, in bytes.
const LONGEST_NAME: usize = 255;

/// The table of users. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Database {
    pool: Pool,
}

#[derive(Clone, Debug)]
enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// An entry of the list of users.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The name.
    pub name: String,
    /// Whether the user may log in.
    pub active: bool,
}

/// An error of the table of users.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The name is taken.
    #[error("the user \"{0}\" already exists; `user password` changes the password")]
    Taken(String),
    /// No user has the name.
    #[error("there is no user \"{0}\"; `user list` shows all users")]
    Unknown(String),
    /// The name is empty, too long, or has control characters.
    #[error("a user's name has 1 to {LONGEST_NAME} bytes and no control characters")]
    Name,
    /// The database did not answer.
    #[error("the users' database is unavailable: {0}")]
    Unavailable(String),
}

/// Runs the same statement on either database. Both understand `$1`.
///
/// In PostgreSQL it is a transaction whose statement has no name, for `PgBouncer`, which may give each transaction
/// another connection.
macro_rules! on {
    ($database:expr, $connection:ident => $statement:expr) => {
        within(async {
            match &$database.pool {
                Pool::Sqlite($connection) => $statement,
                Pool::Postgres(pool) => {
                    let mut transaction = pool.begin().await?;
                    let $connection = &mut *transaction;
                    let outcome = $statement?;
                    transaction.commit().await?;
                    Ok(outcome)
                }
            }
        })
        .await
    };
}

impl Database {
    /// Opens the table in an SQLite file, and creates it if it is missing.
    ///
    /// # Errors
    /// If the file cannot be opened, or is locked.
    pub async fn in_sqlite(pool: SqlitePool) -> Result<Self, DatabaseError> {
        Self { pool: Pool::Sqlite(pool) }.with_table().await
    }

    /// Opens the table in a PostgreSQL database, and creates it if it is missing.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn in_postgres(pool: PgPool) -> Result<Self, DatabaseError> {
        Self { pool: Pool::Postgres(pool) }.with_table().await
    }

    async fn with_table(self) -> Result<Self, DatabaseError> {
        const TABLE: &str = include_str!("../../migrations/users.sql");
        const PROBE: &str = "SELECT count(*) FROM jwt_users WHERE name IS NULL";
        // Creating a table that exists makes PostgreSQL send a notice, which looks like an error in the log.
        if on!(self, pool => sqlx::query_scalar::<_, i64>(PROBE).persistent(false).fetch_one(pool).await).is_ok() {
            return Ok(self);
        }
        let create = async || on!(self, pool => sqlx::raw_sql(TABLE).execute(pool).await.map(|_| ()));
        // If two processes create the table at the same time, PostgreSQL lets one fail. By then the table exists.
        if create().await.is_err() {
            create().await?;
        }
        Ok(self)
    }

    /// Adds a user.
    ///
    /// # Errors
    /// If the name is taken or invalid, or the database does not answer.
    pub async fn add(&self, name: &str, password_hash: &str, now: Timestamp) -> Result<(), DatabaseError> {
        const ADD: &str = "INSERT INTO jwt_users (name, password_hash, added_at) VALUES ($1, $2, $3) \
            ON CONFLICT (name) DO NOTHING";
        if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(DatabaseError::Name);
        }
        let added = on!(self, pool => sqlx::query(ADD).persistent(false).bind(name).bind(password_hash)
            .bind(micros(now)).execute(pool).await
            .map(|done| done.rows_affected()))?;
        if added == 1 { Ok(()) } else { Err(DatabaseError::Taken(name.to_owned())) }
    }

    /// Returns whether there are no users.
    ///
    /// # Errors
    /// If the database does not answer.
    pub(super) async fn is_empty(&self) -> Result<bool, DatabaseError> {
        const FIRST: &str = "SELECT name FROM jwt_users LIMIT 1";
        let first = on!(self, pool => sqlx::query(FIRST).persistent(false).fetch_optional(pool).await.map(|row| row.is_some()))?;
        Ok(!first)
    }

    /// Returns all users, sorted by name.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn list(&self) -> Result<Vec<User>, DatabaseError> {
        const LIST: &str = "SELECT name, disabled_at IS NULL AS active FROM jwt_users ORDER BY name";
        on!(self, pool => sqlx::query(LIST).persistent(false).fetch_all(pool).await.and_then(|rows| {
            rows.iter().map(|row| Ok(User { name: row.try_get(0)?, active: row.try_get(1)? })).collect()
        }))
    }

    /// Returns the password hash of a user who may log in; `None` for a disabled or unknown one.
    ///
    /// # Errors
    /// If the database does not answer.
    pub(super) async fn active_hash(&self, name: &str) -> Result<Option<String>, DatabaseError> {
        const HASH: &str = "SELECT password_hash FROM jwt_users WHERE name = $1 AND disabled_at IS NULL";
        // PostgreSQL text cannot contain NUL, so no user has such a name.
        if name.contains('\0') {
            return Ok(None);
        }
        on!(self, pool => sqlx::query_scalar(HASH).persistent(false).bind(name).fetch_optional(pool).await)
    }

    /// Changes a user's password.
    ///
    /// # Errors
    /// If there is no such user, or the database does not answer.
    pub async fn set_password(&self, name: &str, password_hash: &str) -> Result<(), DatabaseError> {
        const SET: &str = "UPDATE jwt_users SET password_hash = $2 WHERE name = $1";
        found(
            name,
            on!(self, pool => sqlx::query(SET).persistent(false).bind(name).bind(password_hash).execute(pool).await
            .map(|done| done.rows_affected()))?,
        )
    }

    /// Blocks further logins of a user. Does not end their sessions.
    ///
    /// # Errors
    /// If there is no such user, or the database does not answer.
    pub async fn disable(&self, name: &str, now: Timestamp) -> Result<(), DatabaseError> {
        const DISABLE: &str = "UPDATE jwt_users SET disabled_at = COALESCE(disabled_at, $2) WHERE name = $1";
        found(
            name,
            on!(self, pool => sqlx::query(DISABLE).persistent(false).bind(name).bind(micros(now)).execute(pool).await
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
            on!(self, pool => sqlx::query(ENABLE).persistent(false).bind(name).execute(pool).await
            .map(|done| done.rows_affected()))?,
        )
    }

    /// Removes a user. Does not end their sessions.
    ///
    /// # Errors
    /// If there is no such user, or the database does not answer.
    pub async fn remove(&self, name: &str) -> Result<(), DatabaseError> {
        const REMOVE: &str = "DELETE FROM jwt_users WHERE name = $1";
        found(
            name,
            on!(self, pool => sqlx::query(REMOVE).persistent(false).bind(name).execute(pool).await
            .map(|done| done.rows_affected()))?,
        )
    }
}

/// Converts a time to the table's unit.
fn micros(time: Timestamp) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

fn found(name: &str, rows: u64) -> Result<(), DatabaseError> {
    if rows > 0 { Ok(()) } else { Err(DatabaseError::Unknown(name.to_owned())) }
}

/// Awaits an answer, up to the time limit.
async fn within<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, DatabaseError> {
    match tokio::time::timeout(LIMIT, answer).await {
        Ok(answer) => answer.map_err(|error| DatabaseError::Unavailable(error.to_string())),
        Err(_) => Err(DatabaseError::Unavailable(format!("no answer within {} s", LIMIT.as_secs()))),
    }
}
