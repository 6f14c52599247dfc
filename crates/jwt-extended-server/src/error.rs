//! Errors of starting the server and of its commands. Each message is one line that says what to do.

use std::net::SocketAddr;

use jwt_extended_axum::{ConfigError, config::FileError};
use jwt_extended_jwks::IssuerError;

use crate::{
    attempts::CountersError,
    clients::ClientsError,
    commands::counted,
    cors::OriginError,
    forward_auth::ForwardAuthError,
    keys::KeysError,
    pages::PagesError,
    store::OpenError,
    users::{CheckError, DatabaseError, ScopesError},
};

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
    /// An issuer of the configuration file cannot be used.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// The answers to proxies cannot be given as configured.
    #[error(transparent)]
    ForwardAuth(#[from] ForwardAuthError),
    /// The pages cannot be shown as configured.
    #[error(transparent)]
    Pages(#[from] PagesError),
    /// A client of the configuration file cannot be used.
    #[error(transparent)]
    Clients(#[from] ClientsError),
    /// An option cannot be read from the file that another option names.
    #[error("{option}: {why}")]
    ValueFile {
        /// The option that names the file.
        option: &'static str,
        /// The mistake.
        why: FileError,
    },
    /// A value and a file that holds it are both given.
    #[error("{0} and {1} are both given; leave one of them out")]
    GivenTwice(&'static str, &'static str),
    /// The address of the store is the path of a file.
    #[error(
        "JWT_STORE is the path of a file; write sqlite:PATH if the file is the database, or set JWT_STORE_FILE to it if it holds the address"
    )]
    StoreIsPath,
    /// An origin of the environment cannot be allowed.
    #[error("JWT_CORS_ORIGINS: {0}")]
    Origin(OriginError),
    /// There is no secret to sign with.
    #[error(
        "there is no secret; set JWT_SECRET_KEY, for example to the output of `openssl rand -base64 48`, or JWT_SECRET_KEY_FILE to a file that holds it"
    )]
    NoSecret,
    /// The secret is from a tutorial: everyone knows it.
    #[error(
        "the secret is a sample that everyone knows; set JWT_SECRET_KEY to random text, such as the output of `openssl rand -base64 48`"
    )]
    SampleSecret,
    /// A user of the demo has the public password.
    #[error(
        "the user \"{0}\" has the demo's password, which everybody knows; change it with `user password {0}`, remove the user with `user remove {0}`, or put another password_hash into the configuration file"
    )]
    PublicPassword(&'static str),
    /// The demo would be open to other machines.
    #[error(
        "everybody knows the demo's passwords, so it listens only on this machine, such as on 127.0.0.1:5000; with --allow-remote, everybody who reaches {0} can log in"
    )]
    RemoteDemo(SocketAddr),
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
    /// The counters of attempts cannot be read or changed.
    #[error(transparent)]
    Attempts(#[from] CountersError),
    /// The users' passwords cannot be checked.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The users to import have mistakes, which were printed before.
    #[error("{file} has {}, so nobody was imported; correct the file and run the import again", counted(*mistakes as u64, "mistake"))]
    Import {
        /// The file.
        file: String,
        /// How many mistakes there are.
        mistakes: usize,
    },
    /// The keys cannot be used or changed.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The scopes of a user cannot be changed in this way.
    #[error(transparent)]
    Scopes(#[from] ScopesError),
    /// The command cannot change users there.
    #[error("{0}")]
    NoUserTable(&'static str),
    /// No user of the store has this name.
    #[error(
        "there is no user \"{name}\" in {store}; `user list` shows all users, and --store, JWT_STORE or --config names \
         another store"
    )]
    NoSuchUser {
        /// The name.
        name: String,
        /// The store's address, without a password.
        store: String,
    },
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
    /// Nobody of this name has sessions or could have any.
    #[error(
        "there is no user \"{name}\" and no session of that name in {store}; if the configuration file lists the users, name \
         it with --config"
    )]
    NobodyWithSessions {
        /// The name.
        name: String,
        /// The store's address, without a password.
        store: String,
    },
    /// There is no session with this id.
    #[error("there is no open session {id:?} in {store}; `session list NAME` shows those of a user")]
    NoSuchSession {
        /// The id.
        id: String,
        /// The store's address, without a password.
        store: String,
    },
    /// The users of the server that is asked about are in a file that is not named.
    #[error(
        "a server with this store lists its users in its configuration file, and refuses the tokens of all others; \
         name that file with --config"
    )]
    NoFileOfUsers,
    /// An inspected token would be refused.
    #[error("the token would be refused: {0}")]
    TokenRefused(String),
    /// An inspected token could not be checked.
    #[error("the token is not checked: {0}")]
    TokenUnchecked(Box<StartError>),
    /// There is no token to inspect.
    #[error(
        "there is no token; give one token and nothing else on standard input, such as `token inspect < token.txt`"
    )]
    NoToken,
    /// Standard input cannot be read.
    #[error("cannot read standard input: {0}")]
    Input(String),
    /// Nobody of this name could be locked.
    #[error(
        "there is no user \"{name}\" in {store}, so nobody was unlocked; if the configuration file lists the users, name it \
         with --config"
    )]
    NobodyToUnlock {
        /// The name.
        name: String,
        /// The store's address, without a password.
        store: String,
    },
    /// The server cannot listen on the address.
    #[error("cannot listen on {address}: {why}; choose another address with --listen")]
    Listen {
        /// The address.
        address: String,
        /// The reason.
        why: String,
    },
    /// The server cannot listen on the address for metrics.
    #[error("cannot listen on {address} for metrics: {why}; choose another address with --metrics-listen")]
    MetricsListen {
        /// The address.
        address: String,
        /// The reason.
        why: String,
    },
    /// The metrics have the address of the server.
    #[error("listen and metrics_listen are both {0}; the metrics need an address of their own")]
    SameAddress(String),
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
