//! The users listed in the configuration file.

use std::{collections::HashMap, sync::Arc};

use super::{Found, NewUser, Scopes, hashes::PasswordHash, names::normalized};
use crate::{StartError, config_file::ListedUser};

/// The mistake of a name that [`normalized`] refuses.
const UNUSABLE: &str = "has a name with invisible or other forbidden characters, or of more than 255 bytes";

/// The users by their normalized names.
pub(super) struct Listed {
    users: HashMap<String, (Arc<PasswordHash>, Scopes)>,
}

impl Listed {
    pub(super) fn new(listed: impl Iterator<Item = NewUser>) -> Result<Self, StartError> {
        let mut users = HashMap::new();
        for NewUser { name, password_hash, scopes } in listed {
            let mistake = |why: &str| Err(StartError::User { name: name.clone(), why: why.to_owned() });
            if name.is_empty() {
                return mistake("has no name");
            }
            let Some(normal) = normalized(&name) else { return mistake(UNUSABLE) };
            let hash = match PasswordHash::parse(&password_hash) {
                Ok(hash) => Arc::new(hash),
                Err(error) => {
                    return mistake(&format!(
                        "has no usable password_hash, because it {error}; make one with `jwt-extended-server hash-password`"
                    ));
                }
            };
            let scopes = match Scopes::new(scopes) {
                Ok(scopes) => scopes,
                Err(error) => return mistake(&format!("has unusable scopes: {error}")),
            };
            if users.insert(normal, (hash, scopes)).is_some() {
                return mistake("is listed twice; case and the composition of letters make no difference");
            }
        }
        Ok(Self { users })
    }

    /// Returns the user of a name in any spelling, with the normalized name.
    pub(super) fn find(&self, name: &str) -> Option<Found> {
        let name = normalized(name)?;
        let (hash, scopes) = self.users.get(&name)?.clone();
        Some(Found { name, hash: Some(hash), scopes })
    }

    /// Returns whether a user has this normalized name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.users.contains_key(name)
    }

    pub(super) fn hashes(&self) -> impl Iterator<Item = &PasswordHash> {
        self.users.values().map(|(hash, _)| &**hash)
    }

    pub(super) fn count(&self) -> usize {
        self.users.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.users.is_empty()
    }
}

impl From<ListedUser> for NewUser {
    fn from(ListedUser { username: name, password_hash, scopes }: ListedUser) -> Self {
        Self { name, password_hash, scopes }
    }
}
