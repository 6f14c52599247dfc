//! The users in the store's database, SQLite or PostgreSQL. All processes on one database share them.

use std::sync::Arc;

use sqlx::{Row as _, postgres::PgPool, sqlite::SqlitePool};
use zeroize::Zeroizing;

use super::{
    Scopes,
    hashes::{HashKind, PasswordHash},
    names::{LONGEST, normalized},
};
use crate::sql::{Pool, Unavailable, on};

/// Reads a row of either database: name, hash, whether the user may log in, scopes.
macro_rules! stored {
    ($row:ident) => {
        Ok(StoredUser {
            name: $row.try_get(0)?,
            hash: Zeroizing::new($row.try_get(1)?),
            active: $row.try_get(2)?,
            // Scopes that this program cannot read allow nothing.
            scopes: $row.try_get::<String, _>(3)?.parse().unwrap_or_default(),
        })
    };
}

mod changes;
mod import;

pub(crate) use self::import::Import;

/// The table of users. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Database {
    pub(crate) pool: Pool,
}

/// An entry of the list of users.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The name.
    pub name: String,
    /// Whether the user may log in.
    pub active: bool,
    /// What the user's tokens allow.
    pub scopes: Scopes,
    /// The kind of the password hash; `None` if it cannot be used.
    pub hash: Option<HashKind>,
}

/// A row of the table.
pub(crate) struct StoredUser {
    pub(crate) name: String,
    pub(crate) hash: Zeroizing<String>,
    pub(crate) active: bool,
    pub(crate) scopes: Scopes,
}

impl StoredUser {
    /// Returns the hash; `None` if it cannot be used, which is logged.
    pub(crate) fn usable_hash(&self) -> Option<Arc<PasswordHash>> {
        let hash = PasswordHash::parse(&self.hash).map(Arc::new);
        let log = |error| tracing::error!(subject = self.name, "a user cannot log in: the password hash {error}");
        hash.map_err(log).ok()
    }
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
    /// Another process has added one of the users that were to be imported.
    #[error("somebody added one of these users during the import, so nobody was imported; run it again")]
    AddedMeanwhile,
    /// The database did not answer.
    #[error("the users' database is unavailable: {0}")]
    Unavailable(String),
}

impl From<Unavailable> for DatabaseError {
    fn from(Unavailable(why): Unavailable) -> Self {
        Self::Unavailable(why)
    }
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
        const NAMES: &str = "SELECT count(*) FROM jwt_users WHERE name IS NULL";
        if self.has_scopes().await {
            return Ok(self);
        }
        self.pool.create_unless(NAMES, include_str!("../../../migrations/users.sql")).await?;
        self.add_scopes().await?;
        Ok(self)
    }

    /// Adds the column of the scopes. It is no error if another process has just done so.
    pub(super) async fn add_scopes(&self) -> Result<(), DatabaseError> {
        match self.pool.run(include_str!("../../../migrations/users_scopes.sql")).await {
            Err(error) if !self.has_scopes().await => Err(error.into()),
            _ => Ok(()),
        }
    }

    async fn has_scopes(&self) -> bool {
        self.pool.answers("SELECT count(*) FROM jwt_users WHERE scopes IS NULL").await
    }

    /// Returns the name of a user as it is stored. Looks for exactly this name, then for its normalized spelling, and
    /// then for the only name that looks the same.
    ///
    /// # Errors
    /// If there is no such user, several look the same, or the database does not answer.
    pub async fn stored_name(&self, name: &str) -> Result<String, DatabaseError> {
        if let Some(user) = self.find(name).await? {
            return Ok(user.name);
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
        let first = on!(self.pool, pool => sqlx::query(FIRST).persistent(false).fetch_optional(pool).await.map(|row| row.is_some()))?;
        Ok(!first)
    }

    /// Returns all users, sorted by name.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn list(&self) -> Result<Vec<User>, DatabaseError> {
        const LIST: &str =
            "SELECT name, password_hash, disabled_at IS NULL AS active, scopes FROM jwt_users ORDER BY name";
        let users = on!(self.pool, pool => sqlx::query(LIST).persistent(false).fetch_all(pool).await
            .and_then(|rows| rows.iter().map(|row| stored!(row)).collect::<Result<Vec<_>, _>>()))?;
        let shown = users.into_iter().map(|StoredUser { name, hash, active, scopes }| {
            let hash = PasswordHash::parse(&hash).ok().map(|hash| hash.kind());
            User { name, active, scopes, hash }
        });
        Ok(shown.collect())
    }

    /// Returns a user, who may be disabled.
    ///
    /// A name that was stored before names were normalized is found by exactly its own spelling, and by that alone. It
    /// wins over the normalized spelling, so that every account that exists goes on working, as the same subject.
    pub(crate) async fn find(&self, name: &str) -> Result<Option<StoredUser>, DatabaseError> {
        const FIND: &str = "SELECT name, password_hash, disabled_at IS NULL AS active, scopes FROM jwt_users \
            WHERE name IN ($1, $2)";
        let normal = normalized(name);
        // PostgreSQL text cannot contain NUL, so no user has such a name.
        if name.contains('\0') {
            return Ok(None);
        }
        let normal = normal.as_deref().unwrap_or(name);
        let found = on!(self.pool, pool => sqlx::query(FIND).persistent(false).bind(name).bind(normal).fetch_all(pool).await
            .and_then(|rows| rows.iter().map(|row| stored!(row)).collect::<Result<Vec<_>, _>>()))?;
        let exact = found.iter().position(|user| user.name == name).unwrap_or(0);
        Ok(found.into_iter().nth(exact))
    }
}
