//! Hashes and checks passwords, on threads other than those that answer requests.

use std::{sync::Arc, time::Duration};

use argon2::{
    Argon2, Params,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::names::normalized_password;
use crate::StartError;

/// How many passwords are checked at the same time: each check takes about 20 MB and a core for a while.
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
    decoy: Arc<str>,
    pub(super) gate: Arc<Semaphore>,
}

impl Passwords {
    /// Uses the most expensive of these hashes as the decoy, or a new hash if there are none.
    pub(super) fn new<'a>(hashes: impl Iterator<Item = &'a String>) -> Result<Self, StartError> {
        let dearest = hashes.max_by_key(|hash| cost(hash)).cloned();
        let decoy = dearest.map_or_else(|| hash("nobody has this password"), Ok)?;
        Ok(Self { decoy: decoy.into(), gate: Arc::new(Semaphore::new(AT_ONCE.into())) })
    }

    /// Returns whether a password matches a hash. Without a hash it returns false, after the same time.
    pub(super) async fn check(&self, hash: Option<String>, password: Zeroizing<String>) -> Result<bool, Busy> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.to_string());
        let permit = tokio::time::timeout(PATIENCE, Arc::clone(&self.gate).acquire_owned()).await;
        // The semaphore is never closed, so only the timeout can fail.
        let Ok(Ok(permit)) = permit else { return Err(Busy) };
        let matches = tokio::task::spawn_blocking(move || {
            // Held until the work is done, even if the client disconnects and the future is dropped.
            let _permit = permit;
            matches(&password, &hash)
        });
        // Awaited in any case: an earlier answer would reveal that the name is unknown.
        let matches = matches.await.unwrap_or(false);
        Ok(exists && matches)
    }
}

/// Returns the Argon2id hash of a password, with a random salt. Passwords that look the same have the same hashes.
///
/// # Errors
/// If the source of randomness fails.
pub fn hash(password: &str) -> Result<String, StartError> {
    Argon2::default()
        .hash_password(normalized_password(password).as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| StartError::Password(error.to_string()))
}

/// Returns the cost of checking a password against a hash: memory times rounds. `None` if it is not a complete Argon2
/// hash.
pub(super) fn cost(hash: &str) -> Option<u64> {
    let hash = PasswordHash::new(hash).ok()?;
    let is_complete = hash.algorithm.as_str().starts_with("argon2") && hash.salt.is_some() && hash.hash.is_some();
    let params = Params::try_from(&hash).ok().filter(|_| is_complete)?;
    Some(u64::from(params.m_cost()) * u64::from(params.t_cost()))
}

/// Returns whether a password matches a hash. If it is not in the form in which passwords are hashed, it is also tried
/// as it is: a hash may be older than that rule, or made by another program.
fn matches(password: &str, hash: &str) -> bool {
    let normal = normalized_password(password);
    // Depends on the password alone, so that the time does not reveal which names exist.
    let as_given = (*normal != password).then_some(password);
    PasswordHash::new(hash).is_ok_and(|hash| {
        let is_right = |password: &str| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
        is_right(&normal) | as_given.is_some_and(is_right)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPOSED: &str = "pass\u{e9}";
    const DECOMPOSED: &str = "passe\u{301}";

    #[test]
    fn a_password_matches_however_its_letters_are_composed() {
        for stored in [COMPOSED, DECOMPOSED] {
            let hash = hash(stored).unwrap();
            assert!(matches(COMPOSED, &hash) && matches(DECOMPOSED, &hash));
            assert!(!matches("passe", &hash) && !matches("PASS\u{e9}", &hash));
        }
    }

    #[test]
    fn the_hash_of_a_password_as_it_was_typed_still_matches() {
        let old = Argon2::default().hash_password(DECOMPOSED.as_bytes()).unwrap().to_string();
        assert!(matches(DECOMPOSED, &old));
        assert!(!matches("passe", &old));
    }
}
