//! Why the server does not start, or a command does nothing: one line each, which says what to do.

use std::net::SocketAddr;

use jwt_extended_axum::ConfigError;

use crate::{store::StoreError, users::DatabaseError};

/// Why the server does not start. Each is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration file cannot be read.
    #[error("cannot read {path}: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        why: String,
    },
    /// The configuration file is not what it should be.
    #[error("{path}, line {line}: {why}")]
    BadFile {
        /// The file.
        path: String,
        /// Where in it.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// The options are not usable.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// There is no secret to sign with.
    #[error("there is no secret; set JWT_SECRET_KEY, for example to the output of `openssl rand -base64 48`")]
    NoSecret,
    /// The secret is from a tutorial: everyone knows it.
    #[error(
        "the secret is a sample that everyone knows; set JWT_SECRET_KEY to random text, such as the output of `openssl rand -base64 48`"
    )]
    SampleSecret,
    /// There is a key to check tokens with, and none to make them.
    #[error("there is a public key and no private key; a server that logs people in needs JWT_PRIVATE_KEY")]
    NoSigningKey,
    /// A user is not usable.
    #[error("the user \"{name}\" {why}")]
    User {
        /// The user's name.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// There is nobody who could log in, and nobody can be added while the server runs.
    #[error(
        "there are no users; add [[users]] with username and password_hash to the configuration file, or use a store in SQL, which holds users of its own"
    )]
    NoUsers,
    /// The store is none, or cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The users of the database cannot be read or changed.
    #[error(transparent)]
    Users(#[from] DatabaseError),
    /// The users are not where the command would change them.
    #[error("{0}")]
    NoUserTable(&'static str),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {why}; choose another address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        why: String,
    },
    /// The server ended by itself.
    #[error("the server stopped: {0}")]
    Stopped(String),
    /// A password could not be hashed.
    #[error("cannot hash the password: {0}")]
    Password(String),
    /// Nobody can read what the program has to say.
    #[error("cannot write to standard output: {0}")]
    Output(String),
    /// No randomness.
    #[error("the system has no randomness to give")]
    Randomness,
}
