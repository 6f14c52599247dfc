//! The users listed in the configuration file.

use std::collections::HashMap;

use super::{names::normalized, passwords::cost};
use crate::StartError;

/// The mistake of a name that [`normalized`] refuses.
const UNUSABLE: &str = "has a name with invisible or other forbidden characters, or of more than 255 bytes";

/// The users' normalized names and password hashes.
pub(super) struct Listed {
    hashes: HashMap<String, String>,
}

impl Listed {
    pub(super) fn new(users: impl IntoIterator<Item = (String, String)>) -> Result<Self, StartError> {
        let mut hashes = HashMap::new();
        for (name, hash) in users {
            let mistake = |why: &str| Err(StartError::User { name: name.clone(), why: why.to_owned() });
            if name.is_empty() {
                return mistake("has no name");
            }
            let Some(normal) = normalized(&name) else { return mistake(UNUSABLE) };
            if cost(&hash).is_none() {
                return mistake("has no usable password_hash; make one with `jwt-extended-server hash-password`");
            }
            if hashes.insert(normal, hash).is_some() {
                return mistake("is listed twice; case and the composition of letters make no difference");
            }
        }
        Ok(Self { hashes })
    }

    /// Returns the user of a name in any spelling: the normalized name and the hash.
    pub(super) fn find(&self, name: &str) -> Option<(String, String)> {
        let name = normalized(name)?;
        let hash = self.hashes.get(&name)?.clone();
        Some((name, hash))
    }

    /// Returns the hash of a user by the normalized name.
    pub(super) fn hash_of(&self, name: &str) -> Option<String> {
        self.hashes.get(name).cloned()
    }

    pub(super) fn hashes(&self) -> impl Iterator<Item = &String> {
        self.hashes.values()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }
}
