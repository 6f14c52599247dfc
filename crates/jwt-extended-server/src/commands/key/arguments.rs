//! The arguments of the `key` commands, and the store and the master key that they work with.

use std::{ffi::OsString, path::Path, time::Duration};

use clap::Subcommand;
use jwt_extended_axum::jose::Algorithm;

use crate::{
    StartError,
    keys::{KeysError, MasterKey},
    settings::find_keys,
    store::StoreAddress,
};

/// A change of the keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make the first key, which signs at once. If there is one, do as `next`.
    Generate {
        /// The algorithm, such as ES256, RS256 or HS256. [default: that of the file, or ES256]
        #[arg(long)]
        algorithm: Option<Algorithm>,
    },
    /// List all keys: the kid, the algorithm, and what each does.
    List,
    /// Make the next key: it is published and accepted, and does not sign before `rotate`.
    Next {
        /// The algorithm, such as ES256, RS256 or HS256. [default: that of the file, or ES256]
        #[arg(long)]
        algorithm: Option<Algorithm>,
    },
    /// Let the next key sign, as soon as every server and every cached JWK Set knows it. Makes one if there is none.
    Rotate {
        /// Let it sign at once: services that have not fetched it yet refuse its tokens.
        #[arg(long)]
        now: bool,
    },
    /// Remove a key that does not sign: its tokens are refused.
    Retire {
        /// The key, as `list` shows it. A kid is random, and may begin with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
}

/// What a command works with.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) store: StoreAddress,
    pub(crate) master: MasterKey,
    /// The algorithm of new keys.
    pub(crate) algorithm: Algorithm,
    /// How long a key is published before it signs.
    pub(crate) publication: Duration,
}

impl Target {
    /// Finds the store and the master key that `serve` would use.
    ///
    /// # Errors
    /// If the keys are not in an SQL store, or there is no master key.
    pub(crate) fn find(
        file: Option<&Path>,
        store: Option<StoreAddress>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, StartError> {
        let found = find_keys(file, store, environment)?;
        if let Some(folder) = found.options.folder() {
            return Err(KeysError::InFolder(folder.clone()).into());
        }
        if !found.store.holds_users() {
            return Err(KeysError::NoKeyTable.into());
        }
        let master = found.master.ok_or(KeysError::NoMasterKey)?;
        Ok(Self { store: found.store, master, algorithm: found.options.algorithm(), publication: found.publication })
    }
}
