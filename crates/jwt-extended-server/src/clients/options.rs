//! An entry of the section `[[clients]]`, and its check.

use std::num::NonZeroU32;

use serde::Deserialize;

use super::{Client, Clients, ClientsError, Right, USUAL_RATE, limiter, secret::SecretHash};

/// The longest name of a client, in bytes.
const LONGEST_ID: usize = 255;

/// An entry of the section `[[clients]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientOptions {
    id: String,
    /// The hash of the secret, or those of two secrets while one replaces the other.
    secret_sha256: OneOrMany,
    #[serde(default = "introspection")]
    may: Vec<Right>,
    /// How many requests it may send in a second.
    rate_limit: Option<NonZeroU32>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Clients {
    /// Reads the sections `[[clients]]` of a configuration file.
    ///
    /// # Errors
    /// If they have a mistake.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Sections {
            #[serde(default)]
            clients: Vec<ClientOptions>,
        }
        let sections: Sections = toml::from_str(text).map_err(|error| error.to_string())?;
        Self::new(sections.clients).map_err(|error| error.to_string())
    }
}

impl ClientOptions {
    /// Checks the options of one client.
    pub(super) fn check(self) -> Result<Client, ClientsError> {
        let Self { id, secret_sha256, may: rights, rate_limit } = self;
        check_id(&id)?;
        let texts = match secret_sha256 {
            OneOrMany::One(text) => vec![text],
            OneOrMany::Many(texts) => texts,
        };
        let hashes: Option<Vec<_>> = texts.iter().map(|text| SecretHash::parse(text)).collect();
        let Some(hashes) = hashes.filter(|hashes| !hashes.is_empty()) else { return Err(ClientsError::Hash(id)) };
        if rights.is_empty() {
            return Err(ClientsError::NoRights(id));
        }
        Ok(Client { id, hashes, rights, limiter: limiter(rate_limit.unwrap_or(USUAL_RATE)) })
    }
}

/// Refuses a name that cannot be sent, or that TOML would have to escape.
pub(crate) fn check_id(id: &str) -> Result<(), ClientsError> {
    let is_sendable = id.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b':' | b'\'' | b'"' | b'\\'));
    if id.is_empty() || id.len() > LONGEST_ID || !is_sendable { Err(ClientsError::Id) } else { Ok(()) }
}

fn introspection() -> Vec<Right> {
    vec![Right::Introspect]
}
