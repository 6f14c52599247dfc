//! The counters in memory, of which there is a limited number: those that weigh least make room.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jwt_extended_axum::jwt_extended::Timestamp;

use super::{Count, Name, micros};

/// How many counters there may be: about 30 MB.
const MOST: usize = 100_000;

#[derive(Clone, Debug)]
pub(super) struct Memory {
    entries: Arc<Mutex<HashMap<String, Entry>>>,
    most: usize,
}

#[derive(Clone, Debug)]
struct Entry {
    account: String,
    is_known: bool,
    count: Count,
}

impl Default for Memory {
    fn default() -> Self {
        Self { entries: Arc::default(), most: MOST }
    }
}

impl Memory {
    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn load<const N: usize>(&self, names: [&Name; N]) -> [Option<Count>; N] {
        let entries = self.entries();
        names.map(|name| entries.get(&name.text).map(|entry| entry.count))
    }

    pub(super) fn swap(&self, name: &Name, old: Option<Count>, new: Count, now: Timestamp) -> bool {
        let mut entries = self.entries();
        match (entries.get_mut(&name.text), old) {
            (Some(entry), Some(old)) if entry.count == old => entry.count = new,
            (None, None) => {
                if entries.len() >= self.most {
                    make_room(&mut entries, self.most, micros(now));
                }
                let entry = Entry { account: name.account.clone(), is_known: name.is_known, count: new };
                entries.insert(name.text.clone(), entry);
            }
            _ => return false,
        }
        true
    }

    pub(super) fn forgive(&self, account: &str) -> u64 {
        let mut forgiven = 0;
        for entry in self.entries().values_mut().filter(|entry| entry.account == account && entry.count.failures > 0) {
            entry.count = Count { failures: 0, allowed_at: 0, ..entry.count };
            forgiven += 1;
        }
        forgiven
    }

    pub(super) fn keep_latest(&self, account: &Name, at_most: u32) {
        let mut entries = self.entries();
        let known = entries.iter().filter(|(_, entry)| entry.is_known && entry.account == account.account);
        let mut known: Vec<_> = known.map(|(name, entry)| (entry.count.kept_until, name.clone())).collect();
        known.sort_unstable();
        let surplus = known.len().saturating_sub(usize::try_from(at_most).unwrap_or(usize::MAX));
        for (_, name) in &known[..surplus] {
            entries.remove(name);
        }
    }

    pub(super) fn purge(&self, now: i64, _: u32) -> u64 {
        let mut entries = self.entries();
        let before = entries.len();
        entries.retain(|_, entry| entry.count.kept_until > now);
        u64::try_from(before - entries.len()).unwrap_or(u64::MAX)
    }
}

/// Deletes what no longer counts, and otherwise a sixteenth: first those with the fewest failures, so that somebody who
/// fills the memory with made-up names does not unlock an account.
fn make_room(entries: &mut HashMap<String, Entry>, most: usize, now: i64) {
    entries.retain(|_, entry| entry.count.kept_until > now);
    if entries.len() < most {
        return;
    }
    let weight = |entry: &Entry| (entry.is_known, entry.count.failures, entry.count.kept_until);
    let mut all: Vec<_> = entries.iter().map(|(name, entry)| (weight(entry), name.clone())).collect();
    all.sort_unstable();
    all.truncate(most.div_ceil(16));
    for (_, name) in all {
        entries.remove(&name);
    }
    tracing::warn!(counters = most, "the memory for counters of attempts is full, so the lowest ones were forgotten");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_names_do_not_fill_the_memory_or_unlock_anybody() {
        let memory = Memory { most: 64, ..Memory::default() };
        let now = Timestamp::from_secs(1);
        let count = |failures| Count { failures, kept_until: i64::MAX, ..Count::default() };
        let locked = Name::of_account("login", "alice");
        assert!(memory.swap(&locked, None, count(9), now));
        for number in 0..1000 {
            assert!(memory.swap(&Name::of_account("login", &number.to_string()), None, count(1), now));
            assert!(memory.entries().len() <= 64);
        }
        assert_eq!(memory.load([&locked]), [Some(count(9))]);
    }
}
