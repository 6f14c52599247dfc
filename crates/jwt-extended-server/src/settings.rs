//! The server's settings: the configuration file, changed by the environment, changed by the command line.

mod facts;

use std::{
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jwt_extended_axum::{
    Config, JwtManager, JwtManagerBuilder, Token,
    config::{KeySchedule, List, ScheduledKey, Secret, Switch},
    jose::{Algorithm, Family, Key},
    jwt_extended::http::Location,
    session::{MemoryStore, SessionStore},
    token::Issuer,
};
use jwt_extended_sqlx::SqliteUrl;

use crate::{
    Clients, Cors, ForwardAuth, ListenAddress, Origin, Pages, StartError, Users,
    attempts::GuessingOptions,
    config_file::ConfigFile,
    demo,
    denylist::DenylistSettings,
    is_sample,
    keys::{KeyOptions, KeyPlace, KeysError, MasterKey, publication, take_master_key},
    limits::Limits,
    pages::Playground,
    store::{OpenError, StoreAddress},
};

/// Everything that the server needs to start. Nothing is opened yet.
#[derive(Debug)]
pub struct Settings {
    pub(crate) listen: ListenAddress,
    pub(crate) limits: Limits,
    pub(crate) config: Config,
    pub(crate) cors: Cors,
    pub(crate) store: StoreAddress,
    /// Whether checks are answered from memory.
    pub(crate) denylist: DenylistSettings,
    /// The users of the configuration file; `None` if they are in the database.
    pub(crate) users: Option<Users>,
    /// The other issuers whose tokens are accepted.
    pub(crate) issuers: Vec<Issuer>,
    /// The keys that are replaced without a restart; `None` if they are options.
    pub(crate) keys: Option<KeyPlace>,
    /// What the server answers to proxies.
    pub(crate) forward_auth: ForwardAuth,
    /// What people see.
    pub(crate) pages: Pages,
    /// The services that may ask about tokens.
    pub(crate) clients: Clients,
    /// How often somebody may guess a secret.
    pub(crate) guessing: GuessingOptions,
    /// The address for metrics; `None` if nobody reads them.
    pub(crate) metrics_listen: Option<ListenAddress>,
}

/// The settings of the command line, which win over all others.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Overrides {
    /// The address to listen on.
    pub listen: Option<ListenAddress>,
    /// The store.
    pub store: Option<StoreAddress>,
    /// The address for metrics.
    pub metrics_listen: Option<ListenAddress>,
}

/// Where the settings come from, so that they can be read again.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) file: Option<PathBuf>,
    pub(crate) overrides: Overrides,
}

impl Source {
    /// Reads the settings, and checks them whole. Opens nothing.
    pub(crate) async fn load(&self) -> Result<Settings, StartError> {
        let Self { file, overrides } = self.clone();
        // Reading files blocks, and so does hashing the decoy: requests must not wait for a reload.
        let load = move || Settings::load(file.as_deref(), overrides, std::env::vars_os());
        let loaded = tokio::task::spawn_blocking(load).await;
        let settings = loaded.map_err(|error| StartError::Stopped(error.to_string()))??;
        if let Some(users) = &settings.users {
            demo::refuse_public_passwords(users).await?;
        }
        Ok(settings)
    }
}

/// The environment variable that names the store. Its address may contain a password, which does not belong on a
/// command line.
const STORE_VARIABLE: &str = "JWT_STORE";
/// The environment variable that names a file with the address of the store.
const STORE_FILE_VARIABLE: &str = "JWT_STORE_FILE";
/// The environment variable that names the other origins whose pages may use the server.
const ORIGINS_VARIABLE: &str = "JWT_CORS_ORIGINS";
/// The file of the default store.
const DEFAULT_FILE: &str = "jwt-extended.db";

impl Settings {
    /// Reads the configuration file, if there is one, and the environment.
    ///
    /// # Errors
    /// If anything is missing or wrong.
    pub fn load(
        file: Option<&Path>,
        overrides: Overrides,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, StartError> {
        let is_alone = file.is_none();
        let file = ConfigFile::read(file, server_config())?;
        let (named, environment) = take_store(environment)?;
        let (origins, environment) = take_origins(environment)?;
        let (master, environment) = take_master_key(environment)?;
        let mut config = file.config;
        config.read_env(environment)?;
        let keys = match (file.keys, master) {
            (Some(options), master) => Some(options.check(&config, master)?),
            (None, Some(_)) if is_alone => return Err(KeysError::MasterKeyWithoutFile.into()),
            (None, Some(_)) => return Err(KeysError::UnusedMasterKey.into()),
            (None, None) => None,
        };
        if keys.is_none() {
            refuse_samples(&config)?;
        }
        let store = overrides.store.or(named).or(file.store).unwrap_or_else(|| sqlite_in(DEFAULT_FILE));
        if !file.denylist.is_off() && !store.has_feed() {
            return Err(OpenError::NoFeed.into());
        }
        let users = if file.users.is_empty() { None } else { Some(Users::new(file.users)?) };
        if matches!(keys, Some(KeyPlace::Store { .. })) && !store.holds_users() {
            return Err(KeysError::NoKeyTable.into());
        }
        if users.is_none() && !store.holds_users() {
            return Err(StartError::NoUsers);
        }
        let listen = overrides.listen.or(file.listen);
        let listen = listen.unwrap_or_else(|| ListenAddress::Ip(SocketAddr::from(([127, 0, 0, 1], 5000))));
        let metrics_listen = overrides.metrics_listen.or(file.metrics_listen);
        if metrics_listen.as_ref() == Some(&listen) && !listen.has_any_port() {
            return Err(StartError::SameAddress(listen.to_string()));
        }
        let cors = Cors::new(origins.unwrap_or(file.cors_origins), &config);
        let issuers = file.issuers.into_iter().map(jwt_extended_jwks::issuer).collect::<Result<Vec<_>, _>>()?;
        let forward_auth = ForwardAuth::new(file.forward_auth, file.policies)?;
        let pages = Pages::new(file.pages, &mut config, &forward_auth, Playground::Hidden)?;
        check(&config, &issuers, keys.is_some().then(placeholder).transpose()?)?;
        let clients = Clients::new(file.clients)?;
        let (limits, guessing, denylist) = (file.limits, file.guessing, file.denylist);
        Ok(Self {
            listen,
            limits,
            config,
            cors,
            store,
            denylist,
            users,
            issuers,
            keys,
            forward_auth,
            pages,
            clients,
            guessing,
            metrics_listen,
        })
    }
}

/// Returns the store that [`Settings::load`] would use, and where the users are.
pub(crate) fn find_store(
    file: Option<&Path>,
    store: Option<StoreAddress>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(StoreAddress, UserSource), StartError> {
    let file = ConfigFile::read(file, server_config())?;
    let (named, _) = take_store(environment)?;
    let source = if file.users.is_empty() {
        UserSource::Store
    } else {
        UserSource::File(file.users.into_iter().map(|user| user.username).collect())
    };
    Ok((store.or(named).or(file.store).unwrap_or_else(|| sqlite_in(DEFAULT_FILE)), source))
}

/// What the `key` commands work with.
pub(crate) struct FoundKeys {
    pub(crate) store: StoreAddress,
    pub(crate) options: KeyOptions,
    pub(crate) master: Option<MasterKey>,
    /// How long a key is published before it signs.
    pub(crate) publication: Duration,
}

/// Returns the store and the keys' options that [`Settings::load`] would use.
pub(crate) fn find_keys(
    file: Option<&Path>,
    store: Option<StoreAddress>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<FoundKeys, StartError> {
    let file = ConfigFile::read(file, server_config())?;
    let (named, environment) = take_store(environment)?;
    let (_, environment) = take_origins(environment)?;
    let (master, environment) = take_master_key(environment)?;
    let mut config = file.config;
    config.read_env(environment)?;
    let store = store.or(named).or(file.store).unwrap_or_else(|| sqlite_in(DEFAULT_FILE));
    Ok(FoundKeys { store, options: file.keys.unwrap_or_default(), master, publication: publication(&config) })
}

/// Where the users are.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum UserSource {
    /// In the configuration file. Their names.
    File(Vec<String>),
    /// In the store.
    Store,
}

/// Returns the store in an SQLite file of this name in the current folder.
pub(crate) fn sqlite_in(file: &str) -> StoreAddress {
    StoreAddress::Sqlite(SqliteUrl::of_path(file))
}

type Environment = Vec<(OsString, OsString)>;

/// Separates the variables that name the store from the others, which are options.
pub(crate) fn take_store(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(Option<StoreAddress>, Environment), StartError> {
    let (mut address, mut file, mut others) = (None, None, Environment::new());
    for (name, value) in environment {
        match name.to_str() {
            Some(STORE_VARIABLE) => address = Some(value),
            Some(STORE_FILE_VARIABLE) => file = Some(value),
            _ => others.push((name, value)),
        }
    }
    let store = match (address, file) {
        (Some(_), Some(_)) => return Err(StartError::GivenTwice(STORE_VARIABLE, STORE_FILE_VARIABLE)),
        (None, Some(path)) => Some(read_address(STORE_FILE_VARIABLE, path.as_ref())?),
        // With other characters in place of unreadable ones, it would name another store.
        (Some(address), None) => Some(parse_address(address.to_str().ok_or(OpenError::Address)?)?),
        (None, None) => None,
    };
    Ok((store, others))
}

/// Reads the address of a store from a file, which `option` names.
pub(crate) fn read_address(option: &'static str, path: &Path) -> Result<StoreAddress, StartError> {
    let address = Secret::read_file(path).map_err(|why| StartError::ValueFile { option, why })?;
    Ok(address.expose().parse()?)
}

/// Parses the address of the environment. A path is no address: it may be that of a database, or of a secret.
fn parse_address(text: &str) -> Result<StoreAddress, StartError> {
    text.parse().map_err(|error| {
        if Secret::from(text).is_path_of_a_file() { StartError::StoreIsPath } else { StartError::Store(error) }
    })
}

/// Separates the variable that names the origins of pages, with commas, from the others, which are options.
pub(crate) fn take_origins(environment: Environment) -> Result<(Option<Vec<Origin>>, Environment), StartError> {
    let (origins, others): (Environment, Environment) =
        environment.into_iter().partition(|(name, _)| name == ORIGINS_VARIABLE);
    let Some((_, origins)) = origins.first() else { return Ok((None, others)) };
    let origins = origins.to_string_lossy();
    let origins = origins.split(',').map(str::trim).filter(|origin| !origin.is_empty()).map(str::parse);
    Ok((Some(origins.collect::<Result<_, _>>().map_err(StartError::Origin)?), others))
}

/// Returns the server's defaults: tokens in headers and cookies, a rejection clears cookies that are useless, and
/// sibling subdomains may change nothing.
pub(crate) fn server_config() -> Config {
    let mut config = Config::default();
    config.token_location = List(vec![Location::Header, Location::Cookie]);
    config.clear_rejected_cookies = Switch::On;
    // The server has an origin of its own. Other origins that may use it are named.
    config.csrf_refuse_same_site = Switch::On;
    config
}

/// Returns the demo's defaults: those of the server, with cookies that also work over plain HTTP.
pub(crate) fn demo_config() -> Config {
    let mut config = server_config();
    config.cookie_secure = Switch::Off;
    config
}

/// Makes the manager. Tokens of users who no longer exist are refused. The users of other issuers are theirs. Without
/// `keys`, they are those of the options.
pub(crate) fn manager(
    config: Config,
    issuers: Vec<Issuer>,
    store: Arc<dyn SessionStore>,
    users: &Users,
    keys: Option<KeySchedule>,
) -> Result<JwtManager, StartError> {
    let users = users.clone();
    let exists = move |token: &Token| token.issuer().is_some() || users.may_have_tokens(token.subject());
    build(JwtManager::from_config(config).session_store(store).token_verification(exists), issuers, keys)
}

/// Checks everything that [`manager`] would refuse, before there is a store: a refused start leaves no file behind.
pub(crate) fn check(config: &Config, issuers: &[Issuer], keys: Option<KeySchedule>) -> Result<(), StartError> {
    let builder = JwtManager::from_config(config.clone()).session_store(MemoryStore::new());
    build(builder, issuers.to_vec(), keys).map(drop)
}

/// Stands in for keys that are not read yet.
fn placeholder() -> Result<KeySchedule, KeysError> {
    let key = Key::generate(Algorithm::HS256).map_err(KeysError::Key)?;
    Ok(KeySchedule::new().key(ScheduledKey::new(key)))
}

fn build(
    builder: JwtManagerBuilder,
    issuers: Vec<Issuer>,
    keys: Option<KeySchedule>,
) -> Result<JwtManager, StartError> {
    let builder = keys.into_iter().fold(builder, JwtManagerBuilder::key_schedule);
    let jwt = issuers.into_iter().fold(builder, JwtManagerBuilder::issuer).build()?;
    if jwt.key_ring().signing_key().is_some() { Ok(jwt) } else { Err(StartError::NoSigningKey) }
}

/// Refuses to start without a secret, or with one from a tutorial.
pub(crate) fn refuse_samples(config: &Config) -> Result<(), StartError> {
    match &config.secret_key {
        Some(secret) if is_sample(secret.expose()) => Err(StartError::SampleSecret),
        None if config.algorithm.family() == Family::Hmac => Err(StartError::NoSecret),
        _ => Ok(()),
    }
}
