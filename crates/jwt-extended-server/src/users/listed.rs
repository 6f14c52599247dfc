//! The users listed in the configuration file.

use std::collections::HashMap;

use super::passwords::cost;
use crate::StartError;

/// The users' names and password hashes.
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
            if cost(&hash).is_none() {
                return mistake("has no usable password_hash; make one with `jwt-extended-server hash-password`");
            }
            if hashes.insert(name.clone(), hash).is_some() {
                return mistake("is listed twice");
            }
        }
        Ok(Self { hashes })
    }

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
