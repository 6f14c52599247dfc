//! The capacity of a store in memory, counted over all its shards.

use crate::{
    sync::{AtomicU64, AtomicUsize, Ordering},
    time::Timestamp,
};

/// What a place is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    Session,
    Revocation,
}

/// The places for entries.
pub(super) struct Room {
    capacity: usize,
    taken: AtomicUsize,
    /// The second in which all shards were last cleared because the store was full.
    last_clearing: AtomicU64,
}

impl Room {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity, taken: AtomicUsize::new(0), last_clearing: AtomicU64::new(0) }
    }

    pub(super) const fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Reserves a place for one more entry, if there is one. Sessions leave an eighth of the places to revocations, so
    /// that logins alone cannot keep anybody from logging out.
    pub(super) fn take(&self, entry: Entry) -> bool {
        let limit = match entry {
            Entry::Session => self.capacity - self.capacity / 8,
            Entry::Revocation => self.capacity,
        };
        let one_more = |taken| (taken < limit).then_some(taken + 1);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok()
    }

    /// Releases places.
    pub(super) fn give_back(&self, places: usize) {
        self.taken.fetch_sub(places, Ordering::Relaxed);
    }

    /// Returns whether all shards may be cleared now: at most once a second, so that a full store does not get slow.
    pub(super) fn may_be_cleared(&self, now: Timestamp) -> bool {
        let may = self.last_clearing.swap(now.as_secs(), Ordering::Relaxed) != now.as_secs();
        if may {
            tracing::warn!(capacity = self.capacity, "the store is full");
        }
        may
    }
}
