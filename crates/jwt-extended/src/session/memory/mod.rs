//! The store in memory: bounded, and it expires by itself. For one process, and for tests.

mod names;
mod room;
mod sessions;

use std::{
    fmt,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use self::{names::Names, room::Room, sessions::Sessions};
use super::StoreError;
use crate::time::Timestamp;

/// Each shard has its own lock, so that checks on many cores seldom meet.
const SHARDS: usize = 16;
/// A shard smaller than this is not worth clearing.
const SMALL_SHARD: usize = 64;

/// Sessions and revocations kept in this process's memory. They are gone when it ends, and no other process sees them.
///
/// Holds a bounded number of entries: a million unless told otherwise. A revoked token takes
/// some 90 bytes, a session some 400. What is over is cleared as new ones come in: after every doubling, so that at most
/// as much again is kept for nothing. When it is full of what is not over,
/// revoking, and logging in, is refused rather than a revocation forgotten.
pub struct MemoryStore {
    sessions: Sessions,
    room: Room,
}

impl MemoryStore {
    /// A store for up to a million entries.
    pub fn new() -> Self {
        Self::with_capacity(1_000_000)
    }

    /// A store for up to this many entries.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { sessions: Sessions::new(), room: Room::new(capacity) }
    }

    /// How many entries it holds, those included that are over and were not yet cleared.
    pub fn len(&self) -> usize {
        self.room.taken()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Clears what is over. The store does so by itself as it grows; this does it now.
    pub fn clear_expired(&self, now: Timestamp) {
        self.sessions.clear(now, usize::MAX, &self.room);
    }

    /// Takes a place for one more. No lock of a shard may be held, because all may have to be cleared.
    fn make_room(&self, now: Timestamp) -> Result<(), StoreError> {
        if self.room.take() {
            return Ok(());
        }
        if self.room.may_be_cleared(now) {
            self.clear_expired(now);
        }
        if self.room.take() { Ok(()) } else { Err(StoreError::Full { capacity: self.room.capacity() }) }
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

/// Whether something that lasts until then is over; `None` is for ever.
fn is_over(until: Option<Timestamp>, now: Timestamp) -> bool {
    until.is_some_and(|until| until <= now)
}

/// The later of two ends; `None` is for ever.
fn later(one: Option<Timestamp>, two: Option<Timestamp>) -> Option<Timestamp> {
    one.zip(two).map(|(one, two)| one.max(two))
}

/// A thread that panicked while it held the lock left whole entries behind: the map is sound.
fn read<T>(shard: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(shard: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}
