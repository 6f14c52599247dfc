//! Errors of starting the server and of its commands. Each message is one line that says what to do.

use std::net::SocketAddr;

use jwt_extended_axum::ConfigError;

use crate::{store::OpenError, users::DatabaseError};

/// An error that keeps the server from starting or a command from running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration file cannot be read.
    #[error("cannot read {path}: {why}")]
    Unreadable {
        /// The file.
        path: String,
        /// The operating system's error.
        why: String,
    },
    /// The configuration file has a mistake.
    #[error("{path}, line {line}: {why}")]
    BadFile {
        /// The file.
        path: String,
        /// The line of the first mistake.
        line: usize,
        /// The mistakes.
        why: String,
    },
    /// The options have mistakes.
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
    /// There is a key to verify tokens, but none to sign them.
    #[error("there is a public key but no private key; a server that logs users in needs JWT_PRIVATE_KEY")]
    NoSigningKey,
    /// An entry in the list of users cannot be used.
    #[error("the user \"{name}\" {why}")]
    User {
        /// The user's name.
        name: String,
        /// The mistake.
        why: String,
    },
    /// There are no users, and the store has no table to add them to.
    #[error(
        "there are no users; add [[users]] with username and password_hash to the configuration file, or use an SQL store and add them with `user add`"
    )]
    NoUsers,
    /// The store's address is invalid, or the store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The users in the database cannot be read or changed.
    #[error(transparent)]
    Users(#[from] DatabaseError),
    /// The command cannot change users there.
    #[error("{0}")]
    NoUserTable(&'static str),
    /// Nobody of this name has sessions or could have any.
    #[error(
        "there is no user \"{name}\" and no session of that name in {store}, so nobody was logged out; if the configuration \
         file lists the users, name it with --config"
    )]
    NobodyToLogOut {
        /// The name.
        name: String,
        /// The store's address, without a password.
        store: String,
    },
    /// The server cannot listen on the address.
    #[error("cannot listen on {address}: {why}; choose another address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The reason.
        why: String,
    },
    /// The server stopped without a signal.
    #[error("the server stopped: {0}")]
    Stopped(String),
    /// A password cannot be hashed.
    #[error("cannot hash the password: {0}")]
    Password(String),
    /// Standard output is closed or full.
    #[error("cannot write to standard output: {0}")]
    Output(String),
    /// The source of randomness failed.
    #[error("the operating system provides no random numbers")]
    Randomness,
}
