//! What the server is told: a TOML file, the environment over it, and the command line over both.

use std::{ffi::OsString, fs, net::SocketAddr, path::Path, sync::Arc};

use jwt_extended_axum::{
    Config, JwtManager, Token,
    config::{Count, List, Switch},
    jose::Family,
    jwt_extended::http::Location,
    session::SessionStore,
};
use serde::Deserialize;

use crate::{StartError, Users, is_sample, store::StoreAddress};

/// All that it takes to start, read and not yet opened.
#[derive(Debug)]
pub struct Settings {
    pub(crate) listen: SocketAddr,
    pub(crate) config: Config,
    pub(crate) store: StoreAddress,
    /// The users that stand in the file; none if they are in the database.
    pub(crate) users: Option<Users>,
}

/// What the command line says, which wins.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Overrides {
    /// Where to listen.
    pub listen: Option<SocketAddr>,
    /// Which store.
    pub store: Option<StoreAddress>,
}

/// The variable that names the store: an address may hold a password, which does not belong on a command line.
const STORE_VARIABLE: &str = "JWT_STORE";
/// The file of the store, unless another store is named.
const USUAL_FILE: &str = "jwt-extended.db";

/// The configuration file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, deserialize_with = "address_text")]
    listen: Option<SocketAddr>,
    #[serde(default)]
    store: Option<StoreAddress>,
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
        overrides: Overrides,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, StartError> {
        let file = match file {
            Some(path) => read(path)?,
            None => File { listen: None, store: None, jwt: None, users: Vec::new() },
        };
        let (named, environment) = take_store(environment)?;
        let mut config = file.jwt.unwrap_or_else(server_config);
        config.read_env(environment)?;
        refuse_samples(&config)?;
        let store = overrides.store.or(named).or(file.store).unwrap_or_else(|| usual_store(USUAL_FILE));
        let users = if file.users.is_empty() {
            None
        } else {
            Some(Users::new(file.users.into_iter().map(|user| (user.username, user.password_hash)))?)
        };
        if users.is_none() && !store.holds_users() {
            return Err(StartError::NoUsers);
        }
        let listen = overrides.listen.or(file.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 5000)));
        Ok(Self { listen, config, store, users })
    }
}

/// What a command wants of a store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Sessions,
    Users,
}

/// The store that a command about users is for: as [`Settings::load`] finds it, without all else.
pub(crate) fn store_of_users(
    file: Option<&Path>,
    store: Option<StoreAddress>,
    holds: Holds,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<StoreAddress, StartError> {
    let file = file.map(read).transpose()?;
    let (named, _) = take_store(environment)?;
    let is_listed = file.as_ref().is_some_and(|file| !file.users.is_empty());
    let in_file = file.and_then(|file| file.store);
    let store = store.or(named).or(in_file).unwrap_or_else(|| usual_store(USUAL_FILE));
    match holds {
        Holds::Sessions if store != StoreAddress::Memory => Ok(store),
        Holds::Sessions => Err(StartError::NoUserTable(
            "sessions in memory are those of the server's own process: end it, and all are logged out",
        )),
        Holds::Users if is_listed => Err(StartError::NoUserTable(
            "the users of this configuration stand in the file, under [[users]]: change them there and restart the server, and log them out with `user logout`",
        )),
        Holds::Users if store.holds_users() => Ok(store),
        Holds::Users => Err(StartError::NoUserTable(
            "only a store in SQL holds users; name one with --store sqlite:PATH or postgres://…, or put [[users]] into the configuration file",
        )),
    }
}

/// A store in a file of this name in the current folder.
pub(crate) fn usual_store(file: &str) -> StoreAddress {
    StoreAddress::Sqlite(file.into())
}

type Environment = Vec<(OsString, OsString)>;

/// Takes the store's variable out of the environment, whose others are options.
pub(crate) fn take_store(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(Option<StoreAddress>, Environment), StartError> {
    let (store, others): (Environment, Environment) =
        environment.into_iter().partition(|(name, _)| name == STORE_VARIABLE);
    let store = store.first().map(|(_, value)| value.to_string_lossy().parse()).transpose()?;
    Ok((store, others))
}

/// Reads an address to listen on.
pub(crate) fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "must be an IP address and a port, such as 127.0.0.1:5000")
}

fn address_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    address(&text).map(Some).map_err(|why| serde::de::Error::custom(format!("listen {why}")))
}

/// What the server starts from: tokens in headers and in cookies, and no user with more sessions than can be looked through.
pub(crate) fn server_config() -> Config {
    let mut config = Config::default();
    config.token_location = List(vec![Location::Header, Location::Cookie]);
    config.max_sessions = Some(Count(100));
    config
}

/// The options for trying it out on this machine: cookies over plain HTTP.
pub(crate) fn demo_config() -> Config {
    let mut config = server_config();
    config.cookie_secure = Switch::Off;
    config
}

/// A manager with a store, for the tokens of these users.
pub(crate) fn manager(config: Config, store: Arc<dyn SessionStore>, users: &Users) -> Result<JwtManager, StartError> {
    let users = users.clone();
    let known = move |token: &Token| users.knows(token.subject());
    let jwt = JwtManager::from_config(config).session_store(store).token_verification(known).build()?;
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
    let table = toml::from_str::<toml::Table>(&text).unwrap_or_default();
    let says = |option| table.get("jwt").and_then(|jwt| jwt.get(option)).is_some();
    if let Some(jwt) = &mut file.jwt {
        if !says("token_location") {
            jwt.token_location = server_config().token_location;
        }
        if !says("max_sessions") {
            jwt.max_sessions = server_config().max_sessions;
        }
    }
    Ok(file)
}
