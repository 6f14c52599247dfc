//! The configuration file: parses the TOML, and reports a mistake by its line and without its value, which may be a
//! secret.
//!
//! It knows nothing of the environment and the command line; [`Settings`](crate::Settings) combines the three.

use std::{
    collections::BTreeMap,
    fs, mem,
    path::{Path, PathBuf},
};

use jwt_extended_axum::{Config, config::IssuerOptions};
use serde::{Deserialize, Deserializer, de};
use toml::{Spanned, Value};
use zeroize::Zeroizing;

use crate::{
    ListenAddress, Origin, StartError,
    attempts::GuessingOptions,
    clients::ClientOptions,
    denylist::DenylistSettings,
    forward_auth::{ForwardAuthOptions, PolicyOptions},
    keys::KeyOptions,
    limits::Limits,
    pages::PagesOptions,
    settings::read_address,
    store::StoreAddress,
};

/// The contents of a configuration file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile {
    #[serde(default, deserialize_with = "listen_address")]
    pub(crate) listen: Option<ListenAddress>,
    /// The address for metrics.
    #[serde(default, deserialize_with = "metrics_address")]
    pub(crate) metrics_listen: Option<ListenAddress>,
    #[serde(default)]
    pub(crate) store: Option<StoreAddress>,
    /// The file that holds the address of the store, until `store` is set from it.
    #[serde(default)]
    store_file: Option<Spanned<PathBuf>>,
    /// The other origins whose pages may use the server.
    #[serde(default)]
    pub(crate) cors_origins: Vec<Origin>,
    #[serde(default)]
    pub(crate) limits: Limits,
    #[serde(default)]
    pub(crate) denylist: DenylistSettings,
    /// How often somebody may guess a secret.
    #[serde(default)]
    pub(crate) guessing: GuessingOptions,
    /// The base configuration, changed by the section `[jwt]`.
    #[serde(skip)]
    pub(crate) config: Config,
    /// The section `[jwt]` until its options are set in `config`: each name with its place in the file.
    #[serde(default, rename = "jwt")]
    options: BTreeMap<Spanned<String>, Value>,
    #[serde(default)]
    pub(crate) users: Vec<ListedUser>,
    /// The other issuers whose tokens are accepted.
    #[serde(default)]
    pub(crate) issuers: Vec<IssuerOptions>,
    /// The keys that are replaced without a restart.
    #[serde(default)]
    pub(crate) keys: Option<KeyOptions>,
    #[serde(default)]
    pub(crate) forward_auth: ForwardAuthOptions,
    /// What people see.
    #[serde(default)]
    pub(crate) pages: PagesOptions,
    /// The services that may ask about tokens.
    #[serde(default)]
    pub(crate) clients: Vec<ClientOptions>,
    /// What proxies ask about, by method and path.
    #[serde(default)]
    pub(crate) policies: Vec<PolicyOptions>,
}

/// An entry of the section `[[users]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListedUser {
    pub(crate) username: String,
    pub(crate) password_hash: Zeroizing<String>,
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
}

/// A mistake in the text of a file.
struct Mistake {
    /// The offset in bytes.
    at: usize,
    message: String,
}

impl ConfigFile {
    /// Reads a file onto a base configuration. Without a file, returns the base.
    pub(crate) fn read(path: Option<&Path>, base: Config) -> Result<Self, StartError> {
        let Some(path) = path else { return Ok(Self { config: base, ..Self::default() }) };
        let shown = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|error| StartError::Unreadable { path: shown.clone(), why: error.to_string() })?;
        Self::parse(&text, base).map_err(|Mistake { at, message }| {
            let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
            StartError::BadFile { path: shown, line, why: message }
        })
    }

    fn parse(text: &str, base: Config) -> Result<Self, Mistake> {
        let mut file: Self = toml::from_str(text).map_err(|error| syntax_mistake(&error))?;
        file.config = base;
        file.read_store()?;
        let mut mistakes = file.options_given_twice();
        for (name, value) in mem::take(&mut file.options) {
            if let Err(error) = file.config.set(name.get_ref(), value) {
                mistakes.push((name.span().start, error.to_string()));
            }
        }
        mistakes.sort();
        let Some((first, _)) = mistakes.first() else { return Ok(file) };
        let at = *first;
        let messages: Vec<_> = mistakes.into_iter().map(|(_, message)| message).collect();
        Err(Mistake { at, message: messages.join("; ") })
    }

    fn read_store(&mut self) -> Result<(), Mistake> {
        let Some(path) = self.store_file.take() else { return Ok(()) };
        let at = path.span().start;
        let read = match self.store {
            Some(_) => Err(StartError::GivenTwice("store", "store_file")),
            None => read_address("store_file", path.get_ref()),
        };
        self.store = Some(read.map_err(|error| Mistake { at, message: error.to_string() })?);
        Ok(())
    }

    /// Returns a mistake for each option that is given both by value and by file.
    fn options_given_twice(&self) -> Vec<(usize, String)> {
        let place =
            |wanted: &str| self.options.keys().find(|name| name.get_ref() == wanted).map(|name| name.span().start);
        let twice = Config::IN_FILES.iter().filter_map(|option| {
            let file = format!("{option}_file");
            let at = place(option)?.max(place(&file)?);
            Some((at, format!("{option} and {file} are both given; leave one of them out")))
        });
        twice.collect()
    }
}

/// Leaves out everything in a parser's error that quotes the file.
fn syntax_mistake(error: &toml::de::Error) -> Mistake {
    let at = error.span().map_or(0, |span| span.start);
    // The lines after the first show the text around the mistake.
    let message = error.message().lines().next().unwrap_or("is not valid TOML");
    // "invalid type: string "the value", expected …"
    let message = match message.rsplit_once(", expected ") {
        Some((found, expected)) if found.starts_with("invalid ") => format!("expected {expected}"),
        _ => message.to_owned(),
    };
    Mistake { at, message }
}

fn listen_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ListenAddress>, D::Error> {
    address_of("listen", deserializer)
}

fn metrics_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ListenAddress>, D::Error> {
    address_of("metrics_listen", deserializer)
}

fn address_of<'de, D: Deserializer<'de>>(name: &str, deserializer: D) -> Result<Option<ListenAddress>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|why| de::Error::custom(format!("{name} {why}")))
}
