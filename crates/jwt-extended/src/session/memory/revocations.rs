//! What was revoked: tokens, sessions and subjects, each until its tokens have expired.

use std::sync::RwLock;

use super::{MemoryStore, Names, Room, SHARDS, SMALL_SHARD, is_over, later, read, write};
use crate::{
    session::{Answer, Revocation, RevocationStore, Standing, StoreError, TokenIds},
    time::Timestamp,
};

/// Revocations, by the last characters of what they name.
pub(super) struct Revocations {
    shards: [RwLock<Shard>; SHARDS],
}

struct Shard {
    tokens: Names<Entry>,
    sessions: Names<Entry>,
    subjects: Names<Entry>,
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

impl Shard {
    fn new() -> Self {
        let (tokens, sessions, subjects) = (Names::new(), Names::new(), Names::new());
        Self { tokens, sessions, subjects, clear_at: SMALL_SHARD }
    }

    fn len(&self) -> usize {
        self.tokens.len() + self.sessions.len() + self.subjects.len()
    }

    fn clear(&mut self, now: Timestamp, room: &Room) {
        let before = self.len();
        for map in [&mut self.tokens, &mut self.sessions, &mut self.subjects] {
            map.retain(|entry| !is_over(entry.until, now));
        }
        self.clear_at = (self.len() * 2).max(SMALL_SHARD);
        room.give_back(before - self.len());
    }
}

impl Revocations {
    pub(super) fn new() -> Self {
        Self { shards: std::array::from_fn(|_| RwLock::new(Shard::new())) }
    }

    pub(super) fn clear(&self, now: Timestamp, room: &Room) {
        for shard in &self.shards {
            write(shard).clear(now, room);
        }
    }

    fn is_revoked(&self, token: &TokenIds<'_>) -> bool {
        let entry = |id: &str, map: fn(&Shard) -> &Names<Entry>| {
            let shard = read(&self.shards[shard_of(id)]);
            map(&shard).get(id).filter(|entry| !is_over(entry.until, token.now)).copied()
        };
        token.jti.is_some_and(|jti| entry(jti, |shard| &shard.tokens).is_some())
            || token.session.is_some_and(|session| entry(session, |shard| &shard.sessions).is_some())
            || entry(token.subject, |shard| &shard.subjects).is_some_and(|entry| token.since < entry.at)
    }
}

/// Names are mostly UUIDs, whose last characters are random. The maps hash with a secret of their own; which shard a name is
/// in may be known.
fn shard_of(name: &str) -> usize {
    let mix = |sum: usize, byte: u8| sum.wrapping_mul(31).wrapping_add(usize::from(byte));
    name.bytes().rev().take(8).fold(0, mix) % SHARDS
}

impl MemoryStore {
    fn keep(
        &self,
        id: &str,
        map: fn(&mut Shard) -> &mut Names<Entry>,
        until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let shard = &self.revocations.shards[shard_of(id)];
        {
            let mut shard = write(shard);
            if shard.len() >= shard.clear_at {
                shard.clear(now, &self.room);
            }
            if let Some(entry) = map(&mut shard).get_mut(id) {
                // Revoked again: the later cut-off and the longer memory hold.
                entry.at = entry.at.max(now);
                entry.until = later(entry.until, until);
                return Ok(());
            }
        }
        self.make_room(now)?;
        if map(&mut write(shard)).insert(id, Entry { at: now, until }).is_some() {
            // Another thread revoked the same in between: one place is enough.
            self.room.give_back(1);
        }
        Ok(())
    }
}

impl RevocationStore for MemoryStore {
    fn standing(&self, token: &TokenIds<'_>) -> Answer<'_, Result<Standing, StoreError>> {
        Answer::Now(Ok(if self.revocations.is_revoked(token) { Standing::Revoked } else { Standing::Good }))
    }

    fn revoke(&self, what: &Revocation<'_>) -> Answer<'_, Result<(), StoreError>> {
        Answer::Now(match *what {
            Revocation::Token { jti, until, now } => self.keep(jti, |shard| &mut shard.tokens, until, now),
            Revocation::Session { session, until, now } => self.keep(session, |shard| &mut shard.sessions, until, now),
            Revocation::Subject { subject, until, now } => self.keep(subject, |shard| &mut shard.subjects, until, now),
        })
    }
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
        assert!(!store.revocations.is_revoked(&ids("a", None, 1, 10)));
        revoke(&store, &Revocation::Token { jti: "a", until: Some(at(20)), now: at(10) }).unwrap();
        assert!(store.revocations.is_revoked(&ids("a", None, 1, 10)));
        assert!(store.revocations.is_revoked(&ids("a", None, 1, 19)));
        assert!(!store.revocations.is_revoked(&ids("a", None, 1, 20)));
        assert!(!store.revocations.is_revoked(&ids("b", Some("a"), 1, 10)), "a session is not a token");
    }

    #[test]
    fn a_revoked_session_takes_all_its_tokens_along() {
        let store = MemoryStore::new();
        revoke(&store, &Revocation::Session { session: "s", until: None, now: at(10) }).unwrap();
        assert!(store.revocations.is_revoked(&ids("a", Some("s"), 1, 10)));
        assert!(store.revocations.is_revoked(&ids("b", Some("s"), 99, 1_000_000)), "those to come included, for ever");
        assert!(!store.revocations.is_revoked(&ids("a", Some("t"), 1, 10)));
    }

    #[test]
    fn a_revoked_subject_loses_what_it_had_and_not_what_it_gets_after() {
        let store = MemoryStore::new();
        revoke(&store, &Revocation::Subject { subject: "alice", until: Some(at(100)), now: at(10) }).unwrap();
        assert!(store.revocations.is_revoked(&ids("a", None, 9, 11)));
        assert!(!store.revocations.is_revoked(&ids("a", None, 10, 11)));
        revoke(&store, &Revocation::Subject { subject: "alice", until: Some(at(50)), now: at(12) }).unwrap();
        assert!(store.revocations.is_revoked(&ids("a", None, 11, 90)), "the later cut-off and the longer memory hold");
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
        assert!((0..160).all(|n| store.revocations.is_revoked(&ids(&n.to_string(), None, 1, 19))));
        assert!((160..300).all(|n| revoke_token(&store, n, 30).is_ok()), "later there is room again");
        assert_eq!(store.len(), 140);
    }

    #[test]
    fn what_expired_is_cleared_as_new_ones_come_in() {
        let store = MemoryStore::new();
        (0..100_000).for_each(|n| revoke_token(&store, n, n as u64 / 100).unwrap());
        // A hundred a second, each for ten seconds: a thousand are alive.
        assert!(store.len() <= 2 * 1000 + SHARDS * SMALL_SHARD, "{}", store.len());
        store.clear_expired(at(2000));
        assert!(store.is_empty());
    }
}
