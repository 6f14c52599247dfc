//! The server's signing keys, which are replaced without a restart: sealed in the store's database, or as PEM files.
//!
//! [`plan`] decides which key signs when, [`master`] seals, [`table`] and [`folder`] read and write, and [`live`] keeps
//! a manager up to date.

mod error;
mod folder;
mod live;
mod master;
mod options;
mod plan;
mod table;

use std::time::Duration;

use jwt_extended_axum::{
    Config,
    jose::{Algorithm, Family, Key},
};
use zeroize::Zeroizing;

pub use self::{error::KeysError, folder::FolderError};
pub(crate) use self::{
    live::LiveKeys,
    master::{MasterKey, take_master_key},
    options::{KeyOptions, KeyPlace},
    plan::{KeyRow, Plan},
    table::{KeyTable, Outcome},
};
use crate::secrets;

/// How often a process looks for changes.
pub(crate) const POLL: Duration = Duration::from_secs(5);

/// Returns how long a new key is published before it signs: until every process has read it, and every copy of the JWK
/// Set that was fetched before has expired.
pub(crate) fn publication(config: &Config) -> Duration {
    config.jwks_max_age.0.saturating_add(POLL * 2)
}

/// A key and the text that it is kept as: PEM, or a shared secret.
pub(crate) struct NewKey {
    pub(crate) key: Key,
    pub(crate) text: Zeroizing<String>,
}

/// Returns whether the JWK Set has keys of an algorithm. A shared secret is never published.
pub(crate) fn is_published(algorithm: Algorithm) -> bool {
    algorithm.family() != Family::Hmac
}

/// Makes a random key. A shared secret gets a random `kid`; that of a key pair is its thumbprint.
pub(crate) fn generate(algorithm: Algorithm) -> Result<NewKey, KeysError> {
    if algorithm.family() == Family::Hmac {
        let text = secrets::random::<64>().map_err(|_| KeysError::Randomness)?;
        let kid: String = secrets::random::<64>().map_err(|_| KeysError::Randomness)?.chars().take(22).collect();
        let key = read(algorithm, &kid, &text)?;
        return Ok(NewKey { key, text });
    }
    let key = Key::generate(algorithm).map_err(KeysError::Key)?;
    let text = key.to_pem().ok_or(KeysError::Unstorable(algorithm))?;
    Ok(NewKey { key, text })
}

/// Reads a key from the text that it is kept as.
fn read(algorithm: Algorithm, kid: &str, text: &str) -> Result<Key, KeysError> {
    let key =
        if algorithm.family() == Family::Hmac { Key::hmac(algorithm, text) } else { Key::from_pem(algorithm, text) };
    key.and_then(|key| key.with_kid(kid)).map_err(KeysError::Key)
}
