//! Who may log in: names and Argon2 hashes, checked away from the threads that answer requests.

use std::{collections::HashMap, sync::Arc, time::Duration};

use argon2::{
    Argon2, Params,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::StartError;

/// How many passwords are checked at once: each takes some 20 MB and a core for a while.
const AT_ONCE: usize = 4;
/// How long a login waits for its turn before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// The users that may log in. Cloning is cheap.
#[derive(Clone)]
pub struct Users {
    inner: Arc<Inner>,
}

struct Inner {
    hashes: HashMap<String, String>,
    /// Checked for names that nobody has, so that the time of an answer does not tell who exists.
    decoy: String,
    gate: Arc<Semaphore>,
}

/// Too many logins wait for their turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

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
            if cost(&hash).is_none() {
                return mistake("has no usable password_hash; make one with `jwt-extended-server hash-password`");
            }
            if hashes.insert(name.clone(), hash).is_some() {
                return mistake("is there twice");
            }
        }
        let dearest = hashes.values().max_by_key(|hash| cost(hash)).cloned();
        let decoy = dearest.map_or_else(|| hash("nobody has this password"), Ok)?;
        Ok(Self { inner: Arc::new(Inner { hashes, decoy, gate: Arc::new(Semaphore::new(AT_ONCE)) }) })
    }

    /// Whether this is the user's password.
    ///
    /// # Errors
    /// If too many others are waiting.
    pub async fn check(&self, name: &str, password: Zeroizing<String>) -> Result<bool, Busy> {
        let known = self.inner.hashes.get(name).cloned();
        let exists = known.is_some();
        let hash = known.unwrap_or_else(|| self.inner.decoy.clone());
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.inner.gate).acquire_owned()).await;
        // The gate is never closed, so that what fails is the waiting.
        let Ok(Ok(permit)) = turn else { return Err(Busy) };
        let matches = tokio::task::spawn_blocking(move || {
            // Held until the work is done, also when the client has gone and nobody waits for it.
            let _permit = permit;
            matches(&password, &hash)
        });
        Ok(exists && matches.await.unwrap_or(false))
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

/// What checking a password against a hash costs, memory times rounds; `None` if it is no whole Argon2 hash.
fn cost(hash: &str) -> Option<u64> {
    let hash = PasswordHash::new(hash).ok()?;
    let whole = hash.algorithm.as_str().starts_with("argon2") && hash.salt.is_some() && hash.hash.is_some();
    let params = Params::try_from(&hash).ok().filter(|_| whole)?;
    Some(u64::from(params.m_cost()) * u64::from(params.t_cost()))
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
        assert_eq!(users.check("alice", password("rabbit")).await, Ok(true));
        assert_eq!(users.check("alice", password("Rabbit")).await, Ok(false));
        assert_eq!(users.check("alice", password("")).await, Ok(false));
        assert_eq!(users.check("bob", password("rabbit")).await, Ok(false));
        assert_eq!(users.check("bob", password("nobody has this password")).await, Ok(false));
    }

    #[tokio::test]
    async fn a_client_that_goes_away_does_not_make_room_for_another() {
        let users = Users::new([("alice".to_owned(), hash("rabbit").unwrap())]).unwrap();
        for _ in 0..AT_ONCE {
            let mut check = Box::pin(users.check("alice", password("rabbit")));
            // The work has begun when the first poll returns.
            assert!(
                std::future::poll_fn(|context| std::task::Poll::Ready(check.as_mut().poll(context).is_pending())).await
            );
        }
        assert!(users.inner.gate.available_permits() < AT_ONCE, "the work goes on, and so does its turn");
    }

    #[test]
    fn mistakes_name_the_user() {
        let user = |name: &str, hash: &str| (name.to_owned(), hash.to_owned());
        let refused = |users: Vec<_>| Users::new(users).unwrap_err().to_string();
        let good = hash("rabbit").unwrap();
        assert!(refused(vec![user("alice", "rabbit")]).contains("the user \"alice\" has no usable password_hash"));
        let hollow = "$argon2id$v=19$m=19456,t=2,p=1";
        assert!(refused(vec![user("alice", hollow)]).contains("has no usable password_hash"));
        assert!(refused(vec![user("alice", &good), user("alice", &good)]).contains("is there twice"));
        assert!(refused(vec![user("", &good)]).contains("has no name"));
    }
}
