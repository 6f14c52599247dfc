//! Who may log in: names and Argon2 hashes, checked away from the threads that answer requests.

use std::{collections::HashMap, sync::Arc};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::StartError;

/// How many passwords are checked at once: each takes some 20 MB and a core for a while.
const AT_ONCE: usize = 4;

/// The users that may log in. Cloning is cheap.
#[derive(Clone)]
pub struct Users {
    inner: Arc<Inner>,
}

struct Inner {
    hashes: HashMap<String, String>,
    /// Checked for names that nobody has, so that the time of an answer does not tell who exists.
    decoy: String,
    gate: Semaphore,
}

impl Users {
    /// Takes names and hashes.
    ///
    /// # Errors
    /// If a name is empty or there twice, or a hash is not one of Argon2.
    pub fn new(users: impl IntoIterator<Item = (String, String)>) -> Result<Self, StartError> {
        let mut hashes = HashMap::new();
        for (name, hash) in users {
            let mistake = |why: &str| Err(StartError::User { name: name.clone(), why: why.to_owned() });
            if name.is_empty() {
                return mistake("has no name");
            }
            if !PasswordHash::new(&hash).is_ok_and(|hash| hash.algorithm.as_str().starts_with("argon2")) {
                return mistake("has no usable password_hash; make one with `jwt-extended-server hash-password`");
            }
            if hashes.insert(name.clone(), hash).is_some() {
                return mistake("is there twice");
            }
        }
        let decoy = hash("nobody has this password")?;
        Ok(Self { inner: Arc::new(Inner { hashes, decoy, gate: Semaphore::new(AT_ONCE) }) })
    }

    /// Whether this is the user's password.
    pub async fn check(&self, name: &str, password: Zeroizing<String>) -> bool {
        let known = self.inner.hashes.get(name).cloned();
        let exists = known.is_some();
        let hash = known.unwrap_or_else(|| self.inner.decoy.clone());
        // The gate is never closed.
        let Ok(_permit) = self.inner.gate.acquire().await else {
            return false;
        };
        let matches = tokio::task::spawn_blocking(move || matches(&password, &hash)).await;
        exists && matches.unwrap_or(false)
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.inner.hashes.is_empty()
    }
}

impl std::fmt::Debug for Users {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.inner.hashes.keys()).finish()
    }
}

/// The Argon2id hash of a password, with a random salt.
///
/// # Errors
/// If there is no randomness.
pub fn hash(password: &str) -> Result<String, StartError> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| StartError::Password(error.to_string()))
}

fn matches(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn only_the_right_password_of_a_known_user_is_good() {
        let users = Users::new([("alice".to_owned(), hash("rabbit").unwrap())]).unwrap();
        assert!(users.check("alice", password("rabbit")).await);
        assert!(!users.check("alice", password("Rabbit")).await);
        assert!(!users.check("alice", password("")).await);
        assert!(!users.check("bob", password("rabbit")).await);
        assert!(!users.check("bob", password("nobody has this password")).await);
    }

    #[test]
    fn mistakes_name_the_user() {
        let user = |name: &str, hash: &str| (name.to_owned(), hash.to_owned());
        let refused = |users: Vec<_>| Users::new(users).unwrap_err().to_string();
        let good = hash("rabbit").unwrap();
        assert!(refused(vec![user("alice", "rabbit")]).contains("the user \"alice\" has no usable password_hash"));
        assert!(refused(vec![user("alice", &good), user("alice", &good)]).contains("is there twice"));
        assert!(refused(vec![user("", &good)]).contains("has no name"));
    }
}
