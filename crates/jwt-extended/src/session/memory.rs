//! The store in memory: bounded, and it expires by itself. For one process, and for tests.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use super::{Answer, Revocation, RevocationStore, Standing, StoreError, TokenIds};
use crate::time::Timestamp;

/// Each shard has its own lock, so that checks on many cores seldom meet.
const SHARDS: usize = 16;
/// A shard smaller than this is not worth clearing.
const SMALL_SHARD: usize = 64;

/// Revocations kept in this process's memory. They are gone when it ends, and no other process sees them.
///
/// Holds a bounded number: a million unless told otherwise. What has expired is cleared as new ones come in: after every
/// doubling, so that at most as much again is kept for nothing. When it is full of what has not expired, revoking is
/// refused rather than another revocation forgotten.
pub struct MemoryStore {
    shards: [RwLock<Shard>; SHARDS],
    capacity: usize,
    len: AtomicUsize,
    /// The second in which all shards were last cleared because the store was full.
    last_clearing: AtomicU64,
}

struct Shard {
    tokens: HashMap<Box<str>, Entry>,
    sessions: HashMap<Box<str>, Entry>,
    subjects: HashMap<Box<str>, Entry>,
    /// The size at which it is cleared next.
    clear_at: usize,
}

#[derive(Clone, Copy)]
struct Entry {
    /// When it was revoked.
    at: Timestamp,
    /// Until when this must be remembered; `None` for ever.
    until: Option<Timestamp>,
}

impl Entry {
    fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

impl Shard {
    fn new() -> Self {
        let (tokens, sessions, subjects) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { tokens, sessions, subjects, clear_at: SMALL_SHARD }
    }

    fn len(&self) -> usize {
        self.tokens.len() + self.sessions.len() + self.subjects.len()
    }

    /// Clears what has expired, and says how many those were.
    fn clear(&mut self, now: Timestamp) -> usize {
        let before = self.len();
        for map in [&mut self.tokens, &mut self.sessions, &mut self.subjects] {
            map.retain(|_, entry| !entry.is_over(now));
        }
        self.clear_at = (self.len() * 2).max(SMALL_SHARD);
        before - self.len()
    }
}

impl MemoryStore {
    /// A store for up to a million revocations.
    pub fn new() -> Self {
        Self::with_capacity(1_000_000)
    }

    /// A store for up to this many revocations.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            shards: std::array::from_fn(|_| RwLock::new(Shard::new())),
            capacity,
            len: AtomicUsize::new(0),
            last_clearing: AtomicU64::new(0),
        }
    }

    /// How many revocations it holds, expired ones that were not yet cleared included.
    pub fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Clears what has expired. The store does so by itself as it grows; this does it now.
    pub fn purge(&self, now: Timestamp) {
        for shard in &self.shards {
            self.clear(&mut write(shard), now);
        }
    }

    fn clear(&self, shard: &mut Shard, now: Timestamp) {
        self.len.fetch_sub(shard.clear(now), Ordering::Relaxed);
    }

    /// Takes a place for one more, if there is one.
    fn reserve(&self) -> bool {
        let one_more = |len| (len < self.capacity).then_some(len + 1);
        self.len.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok()
    }

    /// Clears everything that has expired: at most once a second, so that a full store is not slow as well.
    fn make_room(&self, now: Timestamp) {
        if self.last_clearing.swap(now.as_secs(), Ordering::Relaxed) != now.as_secs() {
            tracing::warn!(capacity = self.capacity, "the revocation store is full of revocations");
            self.purge(now);
        }
    }

    /// The maps hash with a secret of their own; which shard an id is in may be known.
    fn shard(&self, id: &str) -> &RwLock<Shard> {
        let mix = |sum: usize, byte: u8| sum.wrapping_mul(31).wrapping_add(usize::from(byte));
        &self.shards[id.bytes().rev().take(8).fold(0, mix) % SHARDS]
    }

    fn is_revoked(&self, token: &TokenIds<'_>) -> bool {
        let entry = |id: &str, map: fn(&Shard) -> &HashMap<Box<str>, Entry>| {
            map(&read(self.shard(id))).get(id).filter(|entry| !entry.is_over(token.now)).copied()
        };
        token.jti.is_some_and(|jti| entry(jti, |shard| &shard.tokens).is_some())
            || token.session.is_some_and(|session| entry(session, |shard| &shard.sessions).is_some())
            || entry(token.subject, |shard| &shard.subjects).is_some_and(|entry| token.since < entry.at)
    }

    fn insert(
        &self,
        id: &str,
        map: fn(&mut Shard) -> &mut HashMap<Box<str>, Entry>,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut shard = write(self.shard(id));
        if shard.len() >= shard.clear_at {
            self.clear(&mut shard, now);
        }
        if let Some(entry) = map(&mut shard).get_mut(id) {
            // Revoked again: the later cut-off and the longer memory hold.
            entry.at = entry.at.max(now);
            entry.until = entry.until.zip(until).map(|(one, two)| one.max(two));
            return Ok(());
        }
        if !self.reserve() {
            // No lock is held while others are taken.
            drop(shard);
            self.make_room(now);
            if !self.reserve() {
                return Err(StoreError::Full { capacity: self.capacity });
            }
            shard = write(self.shard(id));
        }
        if map(&mut shard).insert(id.into(), Entry { at: now, until }).is_some() {
            // Another thread revoked the same in between: one place is enough.
            self.len.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl RevocationStore for MemoryStore {
    fn standing(&self, token: &TokenIds<'_>) -> Answer<'_, Result<Standing, StoreError>> {
        Answer::Now(Ok(if self.is_revoked(token) { Standing::Revoked } else { Standing::Good }))
    }

    fn revoke(&self, what: &Revocation<'_>) -> Answer<'_, Result<(), StoreError>> {
        Answer::Now(match *what {
            Revocation::Token { jti, until, now } => self.insert(jti, |shard| &mut shard.tokens, until, now),
            Revocation::Session { session, until, now } => {
                self.insert(session, |shard| &mut shard.sessions, until, now)
            }
            Revocation::Subject { subject, until, now } => {
                self.insert(subject, |shard| &mut shard.subjects, until, now)
            }
        })
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

/// A thread that panicked while it held the lock left whole entries behind: the map is sound.
fn read(shard: &RwLock<Shard>) -> RwLockReadGuard<'_, Shard> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(shard: &RwLock<Shard>) -> RwLockWriteGuard<'_, Shard> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    fn ids<'a>(jti: &'a str, session: Option<&'a str>, since: u64, now: u64) -> TokenIds<'a> {
        TokenIds { jti: Some(jti), session, subject: "alice", since: at(since), now: at(now) }
    }

    fn revoke(store: &MemoryStore, what: &Revocation<'_>) -> Result<(), StoreError> {
        match store.revoke(what) {
            Answer::Now(answer) => answer,
            other @ Answer::Later(_) => panic!("the memory store answers at once, not {other:?}"),
        }
    }

    #[test]
    fn a_revoked_token_is_revoked_until_it_would_have_expired() {
        let store = MemoryStore::new();
        assert!(!store.is_revoked(&ids("a", None, 1, 10)));
        revoke(&store, &Revocation::Token { jti: "a", until: Some(at(20)), now: at(10) }).unwrap();
        assert!(store.is_revoked(&ids("a", None, 1, 10)));
        assert!(store.is_revoked(&ids("a", None, 1, 19)));
        assert!(!store.is_revoked(&ids("a", None, 1, 20)));
        assert!(!store.is_revoked(&ids("b", Some("a"), 1, 10)), "a session is not a token");
    }

    #[test]
    fn a_revoked_session_takes_all_its_tokens_along() {
        let store = MemoryStore::new();
        revoke(&store, &Revocation::Session { session: "s", until: None, now: at(10) }).unwrap();
        assert!(store.is_revoked(&ids("a", Some("s"), 1, 10)));
        assert!(store.is_revoked(&ids("b", Some("s"), 99, 1_000_000)), "those to come included, for ever");
        assert!(!store.is_revoked(&ids("a", Some("t"), 1, 10)));
    }

    #[test]
    fn a_revoked_subject_loses_what_it_had_and_not_what_it_gets_after() {
        let store = MemoryStore::new();
        revoke(&store, &Revocation::Subject { subject: "alice", until: Some(at(100)), now: at(10) }).unwrap();
        assert!(store.is_revoked(&ids("a", None, 9, 11)));
        assert!(!store.is_revoked(&ids("a", None, 10, 11)));
        revoke(&store, &Revocation::Subject { subject: "alice", until: Some(at(50)), now: at(12) }).unwrap();
        assert!(store.is_revoked(&ids("a", None, 11, 90)), "the later cut-off and the longer memory hold");
    }

    fn revoke_token(store: &MemoryStore, n: usize, now: u64) -> Result<(), StoreError> {
        revoke(store, &Revocation::Token { jti: &n.to_string(), until: Some(at(now + 10)), now: at(now) })
    }

    #[test]
    fn a_full_store_makes_room_from_what_expired_and_forgets_nothing_else() {
        let store = MemoryStore::with_capacity(160);
        (0..160).for_each(|n| revoke_token(&store, n, 10).unwrap());
        assert_eq!(revoke_token(&store, 160, 11), Err(StoreError::Full { capacity: 160 }));
        assert_eq!(revoke_token(&store, 7, 11), Ok(()), "what it holds already, it can go on holding");
        assert!((0..160).all(|n| store.is_revoked(&ids(&n.to_string(), None, 1, 19))));
        assert!((160..300).all(|n| revoke_token(&store, n, 30).is_ok()), "later there is room again");
        assert_eq!(store.len(), 140);
    }

    #[test]
    fn what_expired_is_cleared_as_new_ones_come_in() {
        let store = MemoryStore::new();
        (0..100_000).for_each(|n| revoke_token(&store, n, n as u64 / 100).unwrap());
        // A hundred a second, each for ten seconds: a thousand are alive.
        assert!(store.len() <= 2 * 1000 + SHARDS * SMALL_SHARD, "{}", store.len());
        store.purge(at(2000));
        assert!(store.is_empty());
    }
}
