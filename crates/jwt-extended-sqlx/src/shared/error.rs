//! Errors. None of them shows a database's URL, which may hold a password.

use std::{path::PathBuf, time::Duration};

use jwt_extended::session::StoreError;

/// A store could not be opened, or its tables could not be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The URL does not name a PostgreSQL database. The reason does not quote the URL, which may hold a password.
    #[error("the database URL is not valid: {0}; it must look like postgres://user:password@host:5432/database")]
    BadUrl(String),
    /// The path is `:memory:`, empty or a URL, and not the path of a file. Each connection would have its own database.
    #[error(
        "a store in SQLite needs the path of a file; for sessions in memory there is `jwt_extended::session::MemoryStore`"
    )]
    NotAFile,
    /// The URL does not name an SQLite file.
    #[error("the address of the SQLite file is not valid: {0}")]
    BadSqliteUrl(String),
    /// The file does not exist, and must not be created.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// There is no store, and none must be created: the file is missing, or the database has no tables of this crate.
    #[error("there is no store")]
    NoStore,
    /// The database does not answer, or rejects the request.
    #[error("the database cannot be used: {0}")]
    Unavailable(String),
    /// The role may not create tables in PostgreSQL. Since version 15, only the owner of a database may, in `public`.
    #[error(
        "the role {role} may not create tables in the schema {schema}; as the owner of the database, run `GRANT CREATE, \
         USAGE ON SCHEMA {schema} TO {role}`, or give the role a schema with `CREATE SCHEMA AUTHORIZATION {role}`"
    )]
    NoRight {
        /// The role that the URL names.
        role: String,
        /// The first schema of its search path.
        schema: String,
    },
    /// No schema of the role's search path exists in PostgreSQL, or the role may use none.
    #[error(
        "there is no schema in which the role {role} can create tables; as the owner of the database, run `CREATE SCHEMA \
         AUTHORIZATION {role}`, or name another one with `ALTER ROLE {role} SET search_path = …`"
    )]
    NoSchema {
        /// The role that the URL names.
        role: String,
    },
    /// A later version of this crate has migrated the tables.
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

/// Converts the error of a failed call.
pub(crate) fn unavailable(error: &sqlx::Error) -> StoreError {
    StoreError::Unavailable(describe(error))
}

/// Returns the error of a call that took too long.
pub(crate) fn timed_out(after: Duration) -> StoreError {
    StoreError::Unavailable(no_answer(after))
}

/// Describes a missing answer.
pub(crate) fn no_answer(after: Duration) -> String {
    format!("the database has not answered within {after:?}")
}

/// Whether an error means that the connection is lost, rather than that a statement failed.
#[cfg(feature = "postgres")]
pub(crate) fn is_dead(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => true,
        // 57P: the server shuts down, has crashed, or has closed an idle connection. 08: connection errors.
        sqlx::Error::Database(refusal) => {
            refusal.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08"))
        }
        _ => false,
    }
}

/// Converts the error of an invalid URL.
#[cfg(feature = "postgres")]
pub(crate) fn bad_url(error: &sqlx::Error) -> SetupError {
    // Other inner errors may quote the URL.
    let reason = match error {
        sqlx::Error::Configuration(inner) if inner.to_string() == "invalid port number" => "its port is not a number",
        sqlx::Error::Configuration(inner) if inner.to_string() == "empty host" => "it has no host",
        _ => "it cannot be parsed; percent-encode the special characters of its user name and password",
    };
    SetupError::BadUrl(reason.to_owned())
}

fn describe(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(refusal) => {
            let code = refusal.code().unwrap_or_default();
            let message = refusal.message();
            // PostgreSQL has a code for a missing table; SQLite only has a message.
            let missing = code == "42P01" || message.starts_with("no such table: jwt_");
            let hint = match &*code {
                _ if missing => "; create the tables with `migrate`",
                "42501" => "; grant its role SELECT, INSERT, UPDATE and DELETE on the tables that begin with jwt_",
                _ => "",
            };
            format!("{message} (code {code}){hint}")
        }
        sqlx::Error::Io(error) => format!("the connection has failed: {error}"),
        // The inner error may quote the URL.
        sqlx::Error::Configuration(_) => "the configuration of the connection is not valid".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use super::*;

    #[test]
    fn only_a_lost_connection_is_dead() {
        assert!(is_dead(&sqlx::Error::Protocol("cut off".to_owned())));
        assert!(!is_dead(&sqlx::Error::RowNotFound));
    }

    #[test]
    fn a_wrong_configuration_is_not_quoted() {
        let error = sqlx::Error::Configuration("postgres://app:s3cr3t@host".into());
        assert_eq!(
            unavailable(&error).to_string(),
            "the store is unavailable: the configuration of the connection is not valid"
        );
    }
}
