//! Passwords: hashing and checking them, away from the threads that answer requests.

use std::{sync::Arc, time::Duration};

use argon2::{
    Argon2, Params,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::StartError;

/// How many passwords are checked at once: each takes some 20 MB and a core for a while.
pub(super) const AT_ONCE: usize = 4;
/// How long a login waits for its turn before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Too many logins wait for their turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Busy;

/// Checks passwords, a few at once.
#[derive(Clone)]
pub(super) struct Passwords {
    /// Checked for names that nobody has, so that the time of an answer does not tell who exists.
    decoy: Arc<str>,
    pub(super) gate: Arc<Semaphore>,
}

impl Passwords {
    /// The decoy is the hash that takes longest among these; one of our own making if there is none.
    pub(super) fn new<'a>(hashes: impl Iterator<Item = &'a String>) -> Result<Self, StartError> {
        let dearest = hashes.max_by_key(|hash| cost(hash)).cloned();
        let decoy = dearest.map_or_else(|| hash("nobody has this password"), Ok)?;
        Ok(Self { decoy: decoy.into(), gate: Arc::new(Semaphore::new(AT_ONCE)) })
    }

    /// Whether this is the password of a hash; never, and after as long a time, if there is no hash.
    pub(super) async fn check(&self, hash: Option<String>, password: Zeroizing<String>) -> Result<bool, Busy> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.to_string());
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.gate).acquire_owned()).await;
        // The gate is never closed, so that what fails is the waiting.
        let Ok(Ok(permit)) = turn else { return Err(Busy) };
        let matches = tokio::task::spawn_blocking(move || {
            // Held until the work is done, also when the client has gone and nobody waits for it.
            let _permit = permit;
            matches(&password, &hash)
        });
        // Waited for in any case: an answer that comes sooner would say that there is nobody of that name.
        let matches = matches.await.unwrap_or(false);
        Ok(exists && matches)
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
pub(super) fn cost(hash: &str) -> Option<u64> {
    let hash = PasswordHash::new(hash).ok()?;
    let whole = hash.algorithm.as_str().starts_with("argon2") && hash.salt.is_some() && hash.hash.is_some();
    let params = Params::try_from(&hash).ok().filter(|_| whole)?;
    Some(u64::from(params.m_cost()) * u64::from(params.t_cost()))
}

fn matches(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}
