//! The store in memory, for one process and for tests. It is bounded, and deletes expired entries automatically.

mod room;
mod rows;
mod sessions;

use std::fmt;

use self::{
    room::{Entry, Room},
    sessions::Sessions,
};
use super::{StoreError, ids::Ids};
use crate::time::Timestamp;

/// The number of shards. Each has its own lock, so that checks on many cores rarely wait for each other. The threads of
/// loom's models have small stacks.
const SHARDS: usize = if cfg!(interleavings) { 2 } else { 16 };
/// The size from which a shard is worth clearing.
const SMALL_SHARD: usize = 64;

/// Keeps sessions and revocations in this process's memory. They are lost when it ends, and no other process sees them.
///
/// It holds a bounded number of entries, by default a million. A revoked token takes some 90 bytes, a session some 400.
/// Expired entries are deleted each time the number of entries has doubled. If the store is full and no entry has
/// expired, revoking and logging in fail, because dropping a revocation would make a revoked token valid again.
pub struct MemoryStore {
    sessions: Sessions,
    room: Room,
}

impl MemoryStore {
    /// Returns a store for up to a million entries.
    pub fn new() -> Self {
        Self::with_capacity(1_000_000)
    }

    /// Returns a store for up to this many entries: sessions and revocations. Sessions take at most seven eighths.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { sessions: Sessions::new(), room: Room::new(capacity) }
    }

    /// Returns the number of entries, including expired ones that are not deleted yet.
    pub fn len(&self) -> usize {
        self.room.taken()
    }

    /// Returns whether it holds no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Deletes expired entries now. The store also does this automatically as it grows.
    pub fn clear_expired(&self, now: Timestamp) {
        self.sessions.clear(now, usize::MAX, &self.room);
    }

    /// Reserves a place for one more entry. The caller must hold no lock, because this may have to clear all shards.
    fn make_room(&self, entry: Entry, now: Timestamp) -> Result<(), StoreError> {
        if self.room.take(entry) {
            return Ok(());
        }
        if self.room.may_be_cleared(now) {
            self.clear_expired(now);
        }
        if self.room.take(entry) { Ok(()) } else { Err(StoreError::Full { capacity: self.room.capacity() }) }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("capacity", &self.room.capacity()).finish_non_exhaustive()
    }
}

/// Returns whether an entry that lasts until then has expired; `None` never does.
fn has_expired(until: Option<Timestamp>, now: Timestamp) -> bool {
    until.is_some_and(|until| until <= now)
}

/// Returns the later of two ends; `None` is never.
fn later(one: Option<Timestamp>, two: Option<Timestamp>) -> Option<Timestamp> {
    one.zip(two).map(|(one, two)| one.max(two))
}
