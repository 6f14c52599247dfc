//! Hashes and checks passwords, on threads other than those that answer requests.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::{
    hashes::{PasswordHash, argon2id},
    names::normalized_password,
};
use crate::{StartError, metrics::Hashing};

/// How many passwords are checked at the same time: each check takes about 20 MB and a core for a while, and one of a
/// hash of another program what that hash says.
pub(super) const AT_ONCE: u16 = 4;
/// How long a login waits for its turn before it is refused.
const PATIENCE: Duration = Duration::from_secs(5);

/// Too many logins are waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Busy;

/// Checks passwords, a few at the same time.
#[derive(Clone)]
pub(super) struct Passwords {
    /// The hash to check for unknown names, so that the response time does not reveal which names exist.
    ///
    /// It hides the users whose hash is the server's own. One of another program takes its own time: until that user
    /// logs in for the first time, somebody who measures can tell that there is such a user. No decoy hides hashes of
    /// several costs.
    decoy: Arc<PasswordHash>,
    pub(super) gate: Gate,
}

/// Where passwords wait for their turn. Clones are the same gate.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(super) turns: Arc<Semaphore>,
    hashing: Hashing,
}

impl Gate {
    /// Counts its queue in these metrics.
    pub(crate) fn new(hashing: Hashing) -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE.into())), hashing }
    }
}

impl Passwords {
    /// Uses the most expensive of these hashes as the decoy, and at least one of the server's own.
    pub(super) fn new<'a>(hashes: impl Iterator<Item = &'a PasswordHash>) -> Result<Self, StartError> {
        let own = own_hash("nobody has this password")?;
        let dearest = hashes.max_by_key(|hash| hash.cost()).filter(|hash| hash.cost() > own.cost()).cloned();
        let decoy = dearest.unwrap_or(own);
        Ok(Self { decoy: decoy.into(), gate: Gate::new(Hashing::default()) })
    }

    /// Returns whether a password matches a hash. Without a hash it returns false, after the same time.
    pub(super) async fn check(
        &self,
        hash: Option<Arc<PasswordHash>>,
        password: Zeroizing<String>,
    ) -> Result<bool, Busy> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| Arc::clone(&self.decoy));
        // Awaited in any case: an earlier answer would reveal that the name is unknown.
        let matches = self.compute(move || matches(&password, &hash)).await?.unwrap_or(false);
        Ok(exists && matches)
    }

    /// Returns the hash that the server makes of a password.
    pub(super) async fn hash(&self, password: Zeroizing<String>) -> Result<Result<PasswordHash, StartError>, Busy> {
        let made = self.compute(move || own_hash(&password)).await?;
        Ok(made.unwrap_or_else(|| Err(StartError::Password("the computation was aborted".to_owned()))))
    }

    /// Computes something slow, when it is its turn; `None` if it was aborted.
    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<Option<T>, Busy> {
        let Gate { turns, hashing } = self.gate.clone();
        let (waiting, began) = (hashing.wait(), Instant::now());
        let permit = tokio::time::timeout(PATIENCE, turns.acquire_owned()).await;
        drop(waiting);
        hashing.observe_wait(began.elapsed());
        // The semaphore is never closed, so only the timeout can fail.
        let Ok(Ok(permit)) = permit else {
            hashing.count_busy();
            return Err(Busy);
        };
        let computed = tokio::task::spawn_blocking(move || {
            // Held until the work is done, even if the client disconnects and the future is dropped.
            let (_permit, _running, began) = (permit, hashing.run(), Instant::now());
            let result = work();
            hashing.observe_run(began.elapsed());
            result
        });
        Ok(computed.await.ok())
    }
}

/// Returns the Argon2id hash of a password, with a random salt. Passwords that look the same have the same hashes.
///
/// # Errors
/// If the source of randomness fails.
pub fn hash(password: &str) -> Result<String, StartError> {
    own_hash(password).map(|hash| hash.as_str().to_owned())
}

/// Returns the hash that the server makes of a password, as [`hash`] does.
pub(crate) fn own_hash(password: &str) -> Result<PasswordHash, StartError> {
    let made = argon2id::hash(normalized_password(password).as_bytes());
    let made = made.ok_or_else(|| StartError::Password("there is no memory or no randomness for it".to_owned()))?;
    PasswordHash::parse(&made).map_err(|error| StartError::Password(format!("the hash {error}")))
}

/// Returns whether a password matches a hash. If it is not in the form in which passwords are hashed, it is also tried
/// as it is: a hash may be older than that rule, or made by another program.
pub(crate) fn matches(password: &str, hash: &PasswordHash) -> bool {
    let normal = normalized_password(password);
    // Depends on the password alone, so that the time does not reveal which names exist.
    let as_given = (*normal != password).then_some(password);
    hash.matches(&normal) | as_given.is_some_and(|password| hash.matches(password))
}

#[cfg(test)]
mod tests {
    use argon2::{Argon2, password_hash::PasswordHasher as _};

    use super::*;

    const COMPOSED: &str = "pass\u{e9}";
    const DECOMPOSED: &str = "passe\u{301}";

    #[test]
    fn a_password_matches_however_its_letters_are_composed() {
        for stored in [COMPOSED, DECOMPOSED] {
            let hash = own_hash(stored).unwrap();
            assert!(matches(COMPOSED, &hash) && matches(DECOMPOSED, &hash));
            assert!(!matches("passe", &hash) && !matches("PASS\u{e9}", &hash));
        }
    }

    #[test]
    fn the_hash_of_a_password_as_it_was_typed_still_matches() {
        let old = Argon2::default().hash_password(DECOMPOSED.as_bytes()).unwrap().to_string();
        let old = PasswordHash::parse(&old).unwrap();
        assert!(matches(DECOMPOSED, &old));
        assert!(!matches("passe", &old));
    }

    #[test]
    fn the_decoy_is_never_cheaper_than_a_hash_of_the_server() {
        let own = own_hash("rabbit").unwrap();
        let cheap = PasswordHash::parse("$2b$04$anMPie7HPZKop8oofdaEYuVi7Oqe8V0B4mWFAtcBz/fX2qZV8Su9u").unwrap();
        let dear = PasswordHash::parse("$2b$14$anMPie7HPZKop8oofdaEYuVi7Oqe8V0B4mWFAtcBz/fX2qZV8Su9u").unwrap();
        let cost = |hashes: &[PasswordHash]| Passwords::new(hashes.iter()).unwrap().decoy.cost();
        assert_eq!(cost(&[]), own.cost());
        assert_eq!(cost(std::slice::from_ref(&cheap)), own.cost());
        assert_eq!(cost(&[cheap, dear.clone()]), dear.cost());
    }
}
