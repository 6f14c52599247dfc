//! What the server is told: a TOML file, the environment over it, and the command line over both.

use std::{ffi::OsString, fs, net::SocketAddr, path::Path};

use jwt_extended_axum::{
    Config, ConfigError, JwtManager,
    config::{List, Switch},
    jose::Family,
    jwt_extended::http::Location,
    session::MemoryStore,
};
use serde::Deserialize;

use crate::{Users, is_sample};

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
    /// There is nobody who could log in.
    #[error("there are no users; add [[users]] with username and password_hash to the configuration file")]
    NoUsers,
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

/// All that it takes to start.
#[derive(Debug)]
pub struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) jwt: JwtManager,
    pub(crate) users: Users,
}

/// The configuration file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, deserialize_with = "address_text")]
    listen: Option<SocketAddr>,
    jwt: Option<Config>,
    #[serde(default)]
    users: Vec<User>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    username: String,
    password_hash: String,
}

impl Settings {
    /// Reads the file, if there is one, and the environment.
    ///
    /// # Errors
    /// If anything is missing or wrong.
    pub fn load(
        file: Option<&Path>,
        listen: Option<SocketAddr>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, StartError> {
        let file = match file {
            Some(path) => read(path)?,
            None => File { listen: None, jwt: None, users: Vec::new() },
        };
        let mut config = file.jwt.unwrap_or_else(both_places);
        config.read_env(environment)?;
        refuse_samples(&config)?;
        let users = Users::new(file.users.into_iter().map(|user| (user.username, user.password_hash)))?;
        if users.is_empty() {
            return Err(StartError::NoUsers);
        }
        let listen = listen.or(file.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 5000)));
        Ok(Self { listen, jwt: manager(config)?, users })
    }
}

/// Reads an address to listen on.
pub(crate) fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "must be an IP address and a port, such as 127.0.0.1:5000")
}

fn address_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    address(&text).map(Some).map_err(|why| serde::de::Error::custom(format!("listen {why}")))
}

/// What the server starts from: tokens in headers and in cookies.
pub(crate) fn both_places() -> Config {
    let mut config = Config::default();
    config.token_location = List(vec![Location::Header, Location::Cookie]);
    config
}

/// The options for trying it out on this machine: cookies over plain HTTP.
pub(crate) fn demo_config() -> Config {
    let mut config = both_places();
    config.cookie_secure = Switch::Off;
    config
}

/// A manager with the store of this process.
pub(crate) fn manager(config: Config) -> Result<JwtManager, StartError> {
    let jwt = JwtManager::from_config(config).revocation_store(MemoryStore::new()).build()?;
    if jwt.key_ring().signing_key().is_some() { Ok(jwt) } else { Err(StartError::NoSigningKey) }
}

/// Refuses to go on without a secret of one's own.
pub(crate) fn refuse_samples(config: &Config) -> Result<(), StartError> {
    match &config.secret_key {
        Some(secret) if is_sample(secret.expose()) => Err(StartError::SampleSecret),
        None if config.algorithm.family() == Family::Hmac => Err(StartError::NoSecret),
        _ => Ok(()),
    }
}

/// The line of the option that a complaint begins with, which the parser only knows to be somewhere below its table.
fn line_of_option(text: &str, table: usize, why: &str) -> usize {
    let option = why.split([' ', ':']).next().unwrap_or_default();
    let sets_it =
        |line: &str| line.trim_start().strip_prefix(option).is_some_and(|rest| rest.trim_start().starts_with('='));
    let below = text.lines().enumerate().skip(table).find(|(_, line)| !option.is_empty() && sets_it(line));
    below.map_or(table, |(at, _)| at + 1)
}

fn read(path: &Path) -> Result<File, StartError> {
    let shown = path.display().to_string();
    let text = fs::read_to_string(path)
        .map_err(|error| StartError::Unreadable { path: shown.clone(), why: error.to_string() })?;
    let mut file: File = toml::from_str(&text).map_err(|error| {
        let before = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = String::from_utf8_lossy(&text.as_bytes()[..before]).matches('\n').count() + 1;
        // Only the first line of what the parser says: the others repeat the file, and may hold the secret.
        let why = error.message().lines().next().unwrap_or("is not valid TOML");
        // Nor what serde says of a value that does not fit: it quotes the value.
        let why = match why.rsplit_once(", expected ") {
            Some((found, expected)) if found.starts_with("invalid ") => format!("expected {expected}"),
            _ => why.to_owned(),
        };
        StartError::BadFile { path: shown, line: line_of_option(&text, line, &why), why }
    })?;
    // What the file leaves out is the server's default, not the library's.
    let says_where = toml::from_str::<toml::Table>(&text)
        .is_ok_and(|table| table.get("jwt").and_then(|jwt| jwt.get("token_location")).is_some());
    if let Some(jwt) = file.jwt.as_mut().filter(|_| !says_where) {
        jwt.token_location = both_places().token_location;
    }
    Ok(file)
}
