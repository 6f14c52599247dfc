//! The users in the store's database, SQLite or PostgreSQL. All processes on one database share them.

use std::time::Duration;

use super::names::{LONGEST, normalized};
use jwt_extended_axum::jwt_extended::Timestamp;
use sqlx::{Row as _, postgres::PgPool, sqlite::SqlitePool};

/// The time limit of a statement, including the wait for a connection.
const LIMIT: Duration = Duration::from_secs(1);

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

impl User {
    /// Returns whether the name was stored before names were normalized, in a spelling of its own. Such a user logs in
    /// with exactly this spelling.
    pub fn has_old_spelling(&self) -> bool {
        normalized(&self.name).as_deref() != Some(&self.name)
    }
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
    /// The name is empty or too long, or has characters that names must not have.
    #[error(
        "a user's name has 1 to {LONGEST} bytes, no control or invisible characters, and no symbols outside of ASCII"
    )]
    Name,
    /// The name looks like that of another user.
    #[error("the user \"{0}\" already exists, and the name would look the same; `user password` changes the password")]
    LooksLike(String),
    /// Several users have names that look like this one.
    #[error("several users have names that look like \"{0}\"; write the name exactly as `user list` does")]
    Ambiguous(String),
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

    /// Adds a user, and returns the name as it is stored: names that look the same are stored in one spelling.
    ///
    /// # Errors
    /// If the name is invalid, or another user has it or one that looks the same, or the database does not answer.
    pub async fn add(&self, name: &str, password_hash: &str, now: Timestamp) -> Result<String, DatabaseError> {
        const ADD: &str = "INSERT INTO jwt_users (name, password_hash, added_at) VALUES ($1, $2, $3) \
            ON CONFLICT (name) DO NOTHING";
        let name = normalized(name).ok_or(DatabaseError::Name)?;
        let old = self.lookalikes(&name).await?.into_iter().find(|old| *old != name);
        if let Some(old) = old {
            return Err(DatabaseError::LooksLike(old));
        }
        let added = on!(self, pool => sqlx::query(ADD).persistent(false).bind(&name).bind(password_hash).bind(micros(now)).execute(pool).await
            .map(|done| done.rows_affected()))?;
        if added == 1 { Ok(name) } else { Err(DatabaseError::Taken(name)) }
    }

    /// Returns the name of a user as it is stored. Looks for exactly this name, then for its normalized spelling, and
    /// then for the only name that looks the same.
    ///
    /// # Errors
    /// If there is no such user, several look the same, or the database does not answer.
    pub async fn stored_name(&self, name: &str) -> Result<String, DatabaseError> {
        if let Some((stored, ..)) = self.find(name).await? {
            return Ok(stored);
        }
        let unknown = || DatabaseError::Unknown(name.to_owned());
        match &*self.lookalikes(&normalized(name).ok_or_else(unknown)?).await? {
            [] => Err(unknown()),
            [stored] => Ok(stored.clone()),
            _ => Err(DatabaseError::Ambiguous(name.to_owned())),
        }
    }

    /// Returns all stored names that have this normalized spelling. It reads all names, so only commands use it.
    async fn lookalikes(&self, normal: &str) -> Result<Vec<String>, DatabaseError> {
        let users = self.list().await?;
        Ok(users.into_iter().map(|user| user.name).filter(|name| normalized(name).as_deref() == Some(normal)).collect())
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

    /// Returns the stored name and the password hash of a user who may log in; `None` for a disabled or unknown one.
    ///
    /// # Errors
    /// If the database does not answer.
    pub(super) async fn find_active(&self, name: &str) -> Result<Option<(String, String)>, DatabaseError> {
        let found = self.find(name).await?;
        Ok(found.and_then(|(name, hash, active)| active.then_some((name, hash))))
    }

    /// Returns the stored name and the password hash of a user, and whether they may log in.
    ///
    /// A name that was stored before names were normalized is found by exactly its own spelling, and by that alone. It
    /// wins over the normalized spelling, so that every account that exists goes on working, as the same subject.
    pub(crate) async fn find(&self, name: &str) -> Result<Option<(String, String, bool)>, DatabaseError> {
        const FIND: &str = "SELECT name, password_hash, disabled_at IS NULL AS active FROM jwt_users \
            WHERE name IN ($1, $2)";
        let normal = normalized(name);
        // PostgreSQL text cannot contain NUL, so no user has such a name.
        if name.contains('\0') {
            return Ok(None);
        }
        let normal = normal.as_deref().unwrap_or(name);
        let found: Vec<(String, String, bool)> = on!(self, pool => sqlx::query(FIND).persistent(false).bind(name).bind(normal).fetch_all(pool).await
            .and_then(|rows| rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()))?;
        let exact = found.iter().position(|(stored, ..)| stored == name).unwrap_or(0);
        Ok(found.into_iter().nth(exact))
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
