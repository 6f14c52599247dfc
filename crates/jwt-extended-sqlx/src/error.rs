//! What can go wrong, in words that hold neither a database's URL nor its password.

use std::time::Duration;

use jwt_extended::session::StoreError;

/// Why a store could not be opened or its tables not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The URL does not name a PostgreSQL database. What is wrong with it is not shown, for it may hold a password.
    #[error("the database URL is not valid: {0}; it is to look like postgres://user:password@host:5432/database")]
    BadUrl(String),
    /// `:memory:`, an empty path or a URL: each connection would have a database of its own, or another one than meant.
    #[error(
        "a store in SQLite needs the path of a file; for sessions in memory there is `jwt_extended::session::MemoryStore`"
    )]
    NotAFile,
    /// The database does not answer, or refuses.
    #[error("the database cannot be used: {0}")]
    Unavailable(String),
    /// The tables were made by a later version of this crate.
    #[error(
        "the tables were migrated to version {found} and this program knows {known}; use a later jwt-extended-sqlx"
    )]
    FromLater {
        /// The version of the tables.
        found: i64,
        /// The latest version that this crate knows.
        known: i64,
    },
}

impl SetupError {
    pub(crate) fn of(error: &sqlx::Error) -> Self {
        Self::Unavailable(describe(error))
    }
}

/// A failed call, for whoever asked.
pub(crate) fn unavailable(error: &sqlx::Error) -> StoreError {
    StoreError::Unavailable(describe(error))
}

/// A call that took too long, for whoever asked.
pub(crate) fn timed_out(after: Duration) -> StoreError {
    StoreError::Unavailable(no_answer(after))
}

/// That there was no answer in time.
pub(crate) fn no_answer(after: Duration) -> String {
    format!("the database has not answered within {after:?}")
}

/// Whether the connection is gone, and not only the statement refused.
#[cfg(feature = "postgres")]
pub(crate) fn is_dead(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => true,
        // The server shuts down, has crashed, or has had enough of an idle client; class 08 is about connections.
        sqlx::Error::Database(refusal) => {
            refusal.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08"))
        }
        _ => false,
    }
}

/// Why a URL is none.
#[cfg(feature = "postgres")]
pub(crate) fn bad_url(error: &sqlx::Error) -> SetupError {
    // Of what lies within, only the kinds that are known not to quote the URL are shown.
    let reason = match error {
        sqlx::Error::Configuration(inside) if inside.to_string() == "invalid port number" => "its port is no port",
        sqlx::Error::Configuration(inside) if inside.to_string() == "empty host" => "it names no host",
        _ => "it cannot be read; special characters in a password are percent-encoded",
    };
    SetupError::BadUrl(reason.to_owned())
}

fn describe(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(refusal) => {
            let code = refusal.code().unwrap_or_default();
            let message = refusal.message();
            // PostgreSQL says 42P01, SQLite only says so in words.
            let missing = code == "42P01" || message.starts_with("no such table: jwt_");
            let hint = if missing { "; make the tables with `migrate`" } else { "" };
            format!("{message} (code {code}){hint}")
        }
        sqlx::Error::Io(error) => format!("the connection has failed: {error}"),
        // What these say may be a part of the URL.
        sqlx::Error::Configuration(_) => "the configuration of the connection is not valid".to_owned(),
        other => other.to_string(),
    }
}
