//! The store of the server's sessions: parses its address and opens it.

use std::{fmt, path::Path, str::FromStr, sync::Arc};

use jwt_extended_axum::session::{MemoryStore, SessionStore, StoreUrl};
use jwt_extended_redis::RedisStore;
use jwt_extended_sqlx::{PostgresStore, SetupError, SqliteStore, SqliteUrl};
use serde::Deserialize;

use crate::{Database, StartError, attempts::Counters, denylist::DenylistSettings, sql::Pool};

/// The address of a store. `Display` and `Debug` leave out everything that may be a password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[non_exhaustive]
pub enum StoreAddress {
    /// This process's memory.
    Memory,
    /// An SQLite file.
    Sqlite(SqliteUrl),
    /// A PostgreSQL database.
    Postgres(String),
    /// A Redis server.
    Redis(String),
}

/// The reason why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The address is invalid.
    #[error("the store must be sqlite:PATH, postgres://…, redis://… or memory")]
    Address,
    /// The address is the path of a file.
    #[error("the store must be sqlite:PATH, postgres://…, redis://… or memory; for the file {0}, write sqlite:{0}")]
    Path(String),
    /// The address names a kind of store, and is invalid for it.
    #[error("{0}")]
    Invalid(String),
    /// The store cannot be reached.
    #[error("cannot open the store {address}: {why}")]
    Unreachable {
        /// The store's address, without a password.
        address: String,
        /// The reason.
        why: String,
    },
    /// There is a denylist, and the store has no feed for it.
    #[error("[denylist] needs a store that several processes share, postgres://… or redis://…; leave it out")]
    NoFeed,
    /// There is no store, and the command creates none.
    #[error(
        "there is no store at {address}, and only `serve`, `demo`, `user add`, `user import` and `key generate` create one; name the \
         server's store with --store or JWT_STORE, or its configuration file with --config"
    )]
    Missing {
        /// The address, without a password.
        address: String,
    },
}

/// What to do if there is no store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absence {
    /// Create one.
    Created,
    /// Report it.
    Refused,
}

/// An open store.
pub(crate) struct OpenStore {
    pub(crate) sessions: Arc<dyn SessionStore>,
    /// The table of users, if the store is an SQL database.
    pub(crate) users: Option<Database>,
    /// The counters of attempts to log in.
    pub(crate) attempts: Counters,
}

impl StoreAddress {
    /// Returns true if the store can hold users.
    pub(crate) fn holds_users(&self) -> bool {
        matches!(self, Self::Sqlite(_) | Self::Postgres(_))
    }

    /// Returns true if the store tells its processes what was revoked, as a denylist needs.
    pub(crate) fn has_feed(&self) -> bool {
        matches!(self, Self::Postgres(_) | Self::Redis(_))
    }

    /// Opens the store. In an SQL database, creates the tables or migrates them.
    pub(crate) async fn open(&self, absence: Absence) -> Result<OpenStore, StartError> {
        self.open_with(absence, DenylistSettings::default()).await
    }

    /// Opens the store behind a denylist, if there is one.
    pub(crate) async fn open_with(
        &self,
        absence: Absence,
        denylist: DenylistSettings,
    ) -> Result<OpenStore, StartError> {
        let unreachable =
            |why: &dyn fmt::Display| OpenError::Unreachable { address: self.to_string(), why: why.to_string() };
        let failed = |error: &SetupError| match error {
            SetupError::NoStore => OpenError::Missing { address: self.to_string() },
            error => unreachable(error),
        };
        Ok(match self {
            Self::Memory => {
                OpenStore { sessions: Arc::new(MemoryStore::new()), users: None, attempts: Counters::in_memory() }
            }
            Self::Redis(url) => {
                let store = RedisStore::connect(url).await.map_err(|error| unreachable(&error))?;
                let attempts = Counters::in_redis(store.clone());
                let sessions: Arc<dyn SessionStore> = if denylist.is_off() {
                    Arc::new(store)
                } else {
                    Arc::new(store.with_denylist(denylist.options()).map_err(|error| unreachable(&error))?)
                };
                OpenStore { sessions, users: None, attempts }
            }
            Self::Sqlite(url) => {
                let builder = SqliteStore::builder();
                let builder = if absence == Absence::Refused { builder.existing() } else { builder };
                let store = builder.connect(url).await.map_err(|error| failed(&error))?;
                store.migrate().await.map_err(|error| failed(&error))?;
                let users = Database::in_sqlite(store.pool().clone()).await?;
                let attempts = Counters::in_sql(Pool::Sqlite(store.pool().clone())).await?;
                OpenStore { sessions: Arc::new(store), users: Some(users), attempts }
            }
            Self::Postgres(url) => {
                let store = PostgresStore::connect(url).await.map_err(|error| failed(&error))?;
                if absence == Absence::Refused {
                    store.refuse_unless_migrated().await.map_err(|error| failed(&error))?;
                }
                store.migrate().await.map_err(|error| failed(&error))?;
                let users = Database::in_postgres(store.pool().clone()).await?;
                let attempts = Counters::in_sql(Pool::Postgres(store.pool().clone())).await?;
                let sessions: Arc<dyn SessionStore> =
                    if denylist.is_off() { Arc::new(store) } else { Arc::new(store.with_denylist(denylist.options())) };
                OpenStore { sessions, users: Some(users), attempts }
            }
        })
    }
}

impl FromStr for StoreAddress {
    type Err = OpenError;

    /// Reads an address completely, so that a mistake in it is found before anything is opened.
    fn from_str(text: &str) -> Result<Self, OpenError> {
        let invalid = |error: &dyn fmt::Display| OpenError::Invalid(error.to_string());
        if text == "memory" {
            return Ok(Self::Memory);
        }
        let (scheme, _) = text.split_once(':').ok_or_else(|| without_scheme(text))?;
        match scheme.split('+').next() {
            Some("sqlite") => text.parse().map(Self::Sqlite).map_err(|error| invalid(&error)),
            Some("postgres" | "postgresql") => {
                PostgresStore::connect_lazily(text).map_err(|error| invalid(&error))?;
                Ok(Self::Postgres(text.to_owned()))
            }
            Some("redis" | "rediss" | "valkey" | "valkeys" | "unix") => {
                RedisStore::connect_lazily(text).map_err(|error| invalid(&error))?;
                Ok(Self::Redis(text.to_owned()))
            }
            _ => Err(OpenError::Address),
        }
    }
}

/// Returns the mistake of an address without a scheme. It is shown only if it is surely the name of a database:
/// otherwise it may be a password.
fn without_scheme(text: &str) -> OpenError {
    let is_usual = |c: char| c.is_ascii_alphanumeric() || "/._- ".contains(c);
    let extension = Path::new(text).extension().unwrap_or_default();
    let is_database = ["db", "db3", "sqlite", "sqlite3"].iter().any(|usual| extension.eq_ignore_ascii_case(usual));
    if is_database && text.chars().all(is_usual) { OpenError::Path(text.to_owned()) } else { OpenError::Address }
}

impl TryFrom<String> for StoreAddress {
    type Error = OpenError;

    fn try_from(text: String) -> Result<Self, OpenError> {
        text.parse()
    }
}

impl fmt::Display for StoreAddress {
    /// Writes host and path. The user's part and the query are left out, because they may contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Sqlite(url) => write!(f, "{url}"),
            Self::Postgres(url) | Self::Redis(url) => match StoreUrl::parse(url) {
                Ok(url) => write!(f, "{url}"),
                // Where the password ends is doubtful.
                Err(_) => f.write_str("(an invalid URL)"),
            },
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
    fn an_address_names_one_of_four_kinds_of_store() {
        let read = |text: &str| text.parse::<StoreAddress>().ok();
        assert_eq!(read("memory"), Some(StoreAddress::Memory));
        assert_eq!(read("sqlite:some/file.db"), Some(StoreAddress::Sqlite(SqliteUrl::of_path("some/file.db"))));
        assert_eq!(read("sqlite:////var/file.db"), Some(StoreAddress::Sqlite(SqliteUrl::of_path("/var/file.db"))));
        assert!(matches!(read("postgresql://host/db"), Some(StoreAddress::Postgres(_))));
        assert!(matches!(read("rediss://host"), Some(StoreAddress::Redis(_))));
        for text in
            ["", "Memory", "memory:5", "sqlite:", "postgres:host", "mysql://host", "http://host", "redis", "redis:h"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn the_path_of_a_database_gets_its_scheme() {
        let said = |text: &str| text.parse::<StoreAddress>().unwrap_err().to_string();
        for path in ["nope.db", "./some folder/x.SQLite3", "/var/lib/site.sqlite"] {
            assert!(said(path).ends_with(&format!("; for the file {path}, write sqlite:{path}")), "{}", said(path));
        }
        for other in ["hush", "hush?.db", "h@sh.db", "hush.txt", ".db"] {
            assert!(!said(other).contains(other), "it may be a password: {}", said(other));
        }
    }

    #[test]
    fn the_urls_that_people_have_are_accepted() {
        for text in
            ["postgresql+psycopg2://me:pw@h/db", "postgresql+asyncpg://h/db", "postgres+x://h/db?sslmode=require"]
        {
            assert!(matches!(text.parse(), Ok(StoreAddress::Postgres(_))), "{text}");
        }
        for text in
            ["redis+sentinel://a,b/main", "unix:///run/redis.sock", "valkey://h", "redis+unix:///run/redis.sock"]
        {
            assert!(matches!(text.parse(), Ok(StoreAddress::Redis(_))), "{text}");
        }
        let shown = "redis+sentinel://:hush@a:1,b:2/main/0".parse::<StoreAddress>().unwrap().to_string();
        assert_eq!(shown, "redis+sentinel://a:1,b:2/main/0");
    }

    #[test]
    fn no_part_of_a_password_is_shown() {
        let specials =
            ["", "?", "#", "/", "@", ":", "%", "%41", "&", "=", ",", ";", "[", "]", "?x=", "/0?", "@h/", " ", "é"];
        for (before, after) in specials.iter().flat_map(|before| specials.iter().map(move |after| (before, after))) {
            let secret = format!("{before}hush{after}");
            for text in [
                format!("postgres://me:{secret}@h:5432/db"),
                format!("postgres://h/db?password={secret}"),
                format!("postgresql+asyncpg://{secret}@h/db?sslmode=require"),
                format!("redis://:{secret}@h:1/0"),
                format!("rediss://me:{secret}@h?db=1"),
                format!("redis+sentinel://:{secret}@a,b/main/0?sentinel_password={secret}"),
                format!("unix:///run/redis.sock?password={secret}"),
                format!("sqlite://me:{secret}@h/x.db"),
                format!("mysql://me:{secret}@h/db"),
            ] {
                let shown = match text.parse::<StoreAddress>() {
                    Ok(address) => format!("{address} {address:?}"),
                    Err(error) => format!("{error} {error:?}"),
                };
                assert!(!shown.contains("hush"), "{text}: {shown}");
                for made in [StoreAddress::Postgres(text.clone()), StoreAddress::Redis(text)] {
                    assert!(!format!("{made} {made:?}").contains("hush"), "{made}");
                }
            }
        }
    }
}
