//! [`Memory`]: the tokens that were found good in one version of the file.
//!
//! A version is asked for before the file is read. So whatever a commit has revoked by the time of a check, the check
//! finds a later version, and what was read before counts no more. Only good tokens are remembered, and nothing is
//! remembered beyond the end of a session.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jwt_extended::{
    Timestamp,
    session::{Standing, TokenIds, TokenStatus},
};

use super::watch::Version;

/// The most tokens that are remembered. They take about six megabytes.
const MOST: usize = 65_536;

pub(super) struct Memory {
    good: Mutex<Good>,
    /// Two secrets, so that nobody can find two tokens with the same key.
    secrets: [RandomState; 2],
}

struct Good {
    version: Option<Version>,
    tokens: HashMap<Key, Until>,
}

/// All that the store is asked about a token, except for the time.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u64; 2]);

/// The times between which a token is good.
struct Until {
    from: Timestamp,
    /// `None` for never.
    to: Option<Timestamp>,
}

impl Memory {
    pub(super) fn new() -> Self {
        let good = Good { version: None, tokens: HashMap::new() };
        Self { good: Mutex::new(good), secrets: [RandomState::new(), RandomState::new()] }
    }

    pub(super) fn key(&self, token: &TokenIds<'_>) -> Key {
        let asked = (token.jti, token.session, token.subject, token.since);
        Key(self.secrets.each_ref().map(|secret| secret.hash_one(asked)))
    }

    /// Returns whether a token was found good in this version, for this time.
    pub(super) fn is_good(&self, version: Version, key: Key, now: Timestamp) -> bool {
        let mut good = self.lock();
        // A check that was delayed has an earlier version, and reads the file.
        if good.version < Some(version) {
            good.version = Some(version);
            good.tokens.clear();
        }
        good.version == Some(version) && good.has(key, now)
    }

    /// Remembers a good token. The version was asked for before the file was read.
    pub(super) fn keep(&self, version: Version, key: Key, now: Timestamp, standing: &Standing) {
        let mut good = self.lock();
        if standing.status != TokenStatus::Active || good.version != Some(version) {
            return;
        }
        if good.tokens.len() >= MOST {
            good.tokens.clear();
        }
        good.tokens.insert(key, Until { from: now, to: standing.until });
    }

    fn lock(&self) -> MutexGuard<'_, Good> {
        // Each change is a single operation, so a panic elsewhere cannot leave it half changed.
        self.good.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Good {
    fn has(&self, key: Key, now: Timestamp) -> bool {
        let until = self.tokens.get(&key);
        until.is_some_and(|until| until.from <= now && until.to.is_none_or(|end| now < end))
    }
}

#[cfg(test)]
mod tests {
    use jwt_extended::test_util::sessions::ids;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_secs(NOW.as_secs() + seconds)
    }

    fn active_until(end: u64) -> Standing {
        Standing { status: TokenStatus::Active, until: Some(at(end)) }
    }

    fn key(memory: &Memory, jti: &str) -> Key {
        memory.key(&ids("alice", Some("session"), Some(jti), NOW, NOW))
    }

    #[test]
    fn a_good_token_is_remembered_for_one_version() {
        let memory = Memory::new();
        let (one, two) = (Version::of(1), Version::of(2));
        let a = key(&memory, "a");
        assert!(!memory.is_good(one, a, NOW));
        memory.keep(one, a, NOW, &active_until(60));
        assert!(memory.is_good(one, a, NOW) && !memory.is_good(one, key(&memory, "b"), NOW));
        assert!(!memory.is_good(two, a, NOW));
        assert!(!memory.is_good(one, a, NOW), "the version has changed in between");
    }

    #[test]
    fn a_delayed_check_makes_nobody_forget() {
        let memory = Memory::new();
        let (one, two, a) = (Version::of(1), Version::of(2), key(&memory, "a"));
        assert!(!memory.is_good(two, a, NOW));
        memory.keep(two, a, NOW, &active_until(60));
        assert!(!memory.is_good(one, a, NOW));
        assert!(memory.is_good(two, a, NOW));
    }

    #[test]
    fn an_answer_of_an_older_version_is_not_kept() {
        let memory = Memory::new();
        let a = key(&memory, "a");
        assert!(!memory.is_good(Version::of(2), a, NOW));
        memory.keep(Version::of(1), a, NOW, &active_until(60));
        assert!(!memory.is_good(Version::of(2), a, NOW));
    }

    #[test]
    fn a_remembered_token_ends_with_its_session() {
        let memory = Memory::new();
        let (one, a) = (Version::of(1), key(&memory, "a"));
        assert!(!memory.is_good(one, a, NOW));
        memory.keep(one, a, at(10), &active_until(60));
        assert!(memory.is_good(one, a, at(59)) && !memory.is_good(one, a, at(60)));
        assert!(!memory.is_good(one, a, at(9)), "a cut-off may have expired since");
    }

    #[test]
    fn revoked_tokens_are_not_remembered_and_room_is_bounded() {
        let memory = Memory::new();
        let (one, a) = (Version::of(1), key(&memory, "a"));
        assert!(!memory.is_good(one, a, NOW));
        memory.keep(one, a, NOW, &Standing { status: TokenStatus::Revoked, until: None });
        assert!(!memory.is_good(one, a, NOW));
        for number in 0..=MOST {
            memory.keep(one, key(&memory, &number.to_string()), NOW, &active_until(60));
        }
        assert_eq!(memory.lock().tokens.len(), 1);
    }
}
