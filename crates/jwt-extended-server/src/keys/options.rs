//! The section `[keys]` of the configuration file. Nothing of the store is opened here.

use std::{path::PathBuf, time::Duration};

use jwt_extended_axum::{
    Config,
    config::Seconds,
    jose::{Algorithm, Family},
};
use serde::Deserialize;

use super::{KeysError, MasterKey, folder::Folder, publication};

/// The shortest `rotate_every`.
const SHORTEST: Duration = Duration::from_hours(1);

/// The section as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyOptions {
    source: Option<Source>,
    folder: Option<PathBuf>,
    algorithm: Option<Algorithm>,
    rotate_every: Option<Seconds>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    Store,
}

/// Where the keys are, and what is needed there.
#[derive(Debug)]
pub(crate) enum KeyPlace {
    /// In the store's database.
    Store {
        /// What they are sealed under.
        master: MasterKey,
        /// The algorithm of new keys.
        algorithm: Algorithm,
        /// How long a key signs.
        rotate_every: Option<Duration>,
    },
    /// PEM files.
    Folder(Folder),
}

impl KeyOptions {
    /// Checks the section against the options and the master key. The files of a folder are read, to find their
    /// mistakes.
    pub(crate) fn check(self, config: &Config, master: Option<MasterKey>) -> Result<KeyPlace, KeysError> {
        if config.secret_key.is_some() || config.private_key.is_some() || config.public_key.is_some() {
            return Err(KeysError::Twice);
        }
        if config.algorithm != Config::default().algorithm {
            return Err(KeysError::Algorithm);
        }
        let algorithm = self.algorithm();
        match (self.source, self.folder) {
            (Some(Source::Store), None) => {
                let rotate_every = self.rotate_every.map(|Seconds(every)| every);
                if rotate_every.is_some_and(|every| every < SHORTEST || every < publication(config) * 2) {
                    return Err(KeysError::TooOften);
                }
                Ok(KeyPlace::Store { master: master.ok_or(KeysError::NoMasterKey)?, algorithm, rotate_every })
            }
            (None, Some(_)) if self.rotate_every.is_some() => Err(KeysError::RotatesFiles),
            (None, Some(_)) if master.is_some() => Err(KeysError::UnusedMasterKey),
            (None, Some(_)) if algorithm.family() == Family::Hmac => Err(KeysError::SecretInFolder),
            (None, Some(path)) => {
                let folder = Folder::new(path, algorithm);
                folder.read()?;
                Ok(KeyPlace::Folder(folder))
            }
            _ => Err(KeysError::Place),
        }
    }

    /// Returns the algorithm of new keys.
    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm.unwrap_or(Algorithm::ES256)
    }

    /// Returns the folder, if the keys are files.
    pub(crate) fn folder(&self) -> Option<&PathBuf> {
        self.folder.as_ref()
    }
}
