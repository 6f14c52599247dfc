//! Which store the server keeps its sessions in: its address, and opening it.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc};

use jwt_extended_axum::session::{MemoryStore, SessionStore};
use jwt_extended_redis::RedisStore;
use jwt_extended_sqlx::{PostgresStore, SqliteStore};
use serde::Deserialize;

use crate::{Database, StartError};

/// Where sessions are kept. Shown without what may be a password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[non_exhaustive]
pub enum StoreAddress {
    /// In this process's memory.
    Memory,
    /// In an SQLite file.
    Sqlite(PathBuf),
    /// In PostgreSQL.
    Postgres(String),
    /// In Redis.
    Redis(String),
}

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The address is none.
    #[error("the store must be sqlite:PATH, postgres://…, redis://… or memory")]
    Address,
    /// It cannot be opened, or does not answer.
    #[error("cannot open the store {address}: {why}")]
    Closed {
        /// Which one, without a password.
        address: String,
        /// What is wrong.
        why: String,
    },
}

/// A store that was opened.
pub(crate) struct Opened {
    pub(crate) sessions: Arc<dyn SessionStore>,
    /// The users' table, if it holds one.
    pub(crate) users: Option<Database>,
}

impl StoreAddress {
    /// Whether it holds users as well.
    pub(crate) fn holds_users(&self) -> bool {
        matches!(self, Self::Sqlite(_) | Self::Postgres(_))
    }

    /// Opens it.
    pub(crate) async fn open(&self) -> Result<Opened, StartError> {
        let closed = |why: &dyn fmt::Display| StoreError::Closed { address: self.to_string(), why: why.to_string() };
        Ok(match self {
            Self::Memory => Opened { sessions: Arc::new(MemoryStore::new()), users: None },
            Self::Redis(url) => {
                let store = RedisStore::connect(url).await.map_err(|error| closed(&error))?;
                Opened { sessions: Arc::new(store), users: None }
            }
            Self::Sqlite(path) => {
                let store = SqliteStore::open(path).await.map_err(|error| closed(&error))?;
                store.migrate().await.map_err(|error| closed(&error))?;
                let users = Database::in_sqlite(store.pool().clone()).await?;
                Opened { sessions: Arc::new(store), users: Some(users) }
            }
            Self::Postgres(url) => {
                let store = PostgresStore::connect(url).await.map_err(|error| closed(&error))?;
                store.migrate().await.map_err(|error| closed(&error))?;
                let users = Database::in_postgres(store.pool().clone()).await?;
                Opened { sessions: Arc::new(store), users: Some(users) }
            }
        })
    }
}

impl FromStr for StoreAddress {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(path.trim_start_matches("//").into())),
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => Ok(Self::Postgres(text.to_owned())),
            Some(("redis" | "rediss", rest)) if rest.starts_with("//") => Ok(Self::Redis(text.to_owned())),
            _ => Err(StoreError::Address),
        }
    }
}

impl TryFrom<String> for StoreAddress {
    type Error = StoreError;

    fn try_from(text: String) -> Result<Self, StoreError> {
        text.parse()
    }
}

impl fmt::Display for StoreAddress {
    /// Host and path, and nothing that may be a password: neither the user's part nor the query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) | Self::Redis(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or_default();
                // A password may hold any character: what counts is the last at sign before the query.
                let place = rest.split('?').next().unwrap_or_default();
                write!(f, "{scheme}://{}", place.rsplit('@').next().unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_four_kinds() {
        let read = |text: &str| text.parse::<StoreAddress>().ok();
        assert_eq!(read("memory"), Some(StoreAddress::Memory));
        assert_eq!(read("sqlite:some/file.db"), Some(StoreAddress::Sqlite("some/file.db".into())));
        assert_eq!(read("sqlite:///var/lib/file.db"), Some(StoreAddress::Sqlite("/var/lib/file.db".into())));
        assert!(matches!(read("postgresql://host/db"), Some(StoreAddress::Postgres(_))));
        assert!(matches!(read("rediss://host"), Some(StoreAddress::Redis(_))));
        for text in ["", "Memory", "memory:5", "sqlite:", "postgres:host", "mysql://host", "http://host", "redis"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        for text in [
            "postgres://me:hu?sh@h/db",
            "postgres://me:hu@sh@h/db",
            "redis://:hush@h:1/0",
            "postgres://h/db?password=hush",
        ] {
            let address: StoreAddress = text.parse().unwrap();
            let shown = format!("{address} {address:?}");
            assert!(!shown.contains("sh"), "{shown}");
        }
    }
}
