//! A map whose keys are ids. It is fast and small for ids that are UUIDs, as those of our tokens and sessions are.
//!
//! The table stores the 16 bytes of a UUID, so a look-up follows no pointer. With a million entries, that avoids a
//! cache miss per look-up and saves some 60 bytes per entry.

use std::collections::HashMap;

use uuid::Uuid;

/// Values by id.
pub(super) struct Ids<V> {
    uuids: HashMap<(u64, u64), V>,
    others: HashMap<Box<str>, V>,
}

impl<V> Ids<V> {
    pub(super) fn new() -> Self {
        Self { uuids: HashMap::new(), others: HashMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.uuids.len() + self.others.len()
    }

    pub(super) fn get(&self, id: &str) -> Option<&V> {
        // Many of these maps are empty, because few subjects have a cut-off. Parsing the id takes longer than this
        // check.
        if self.len() == 0 {
            return None;
        }
        match uuid(id) {
            Some(uuid) => self.uuids.get(&uuid),
            None => self.others.get(id),
        }
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut V> {
        match uuid(id) {
            Some(uuid) => self.uuids.get_mut(&uuid),
            None => self.others.get_mut(id),
        }
    }

    /// Inserts a value, and returns the one that it replaces.
    pub(super) fn insert(&mut self, id: &str, value: V) -> Option<V> {
        match uuid(id) {
            Some(uuid) => self.uuids.insert(uuid, value),
            None => self.others.insert(id.into(), value),
        }
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<V> {
        match uuid(id) {
            Some(uuid) => self.uuids.remove(&uuid),
            None => self.others.remove(id),
        }
    }

    pub(super) fn retain(&mut self, mut stays: impl FnMut(&V) -> bool) {
        self.uuids.retain(|_, value| stays(value));
        self.others.retain(|_, value| stays(value));
    }
}

/// Returns the two halves of a UUID in its usual spelling. Other spellings are different ids. (One number of 16 bytes
/// would be aligned to 16 bytes, and make each entry 8 bytes larger.)
fn uuid(id: &str) -> Option<(u64, u64)> {
    let usual = id.len() == 36 && !id.bytes().any(|byte| byte.is_ascii_uppercase());
    usual.then(|| Uuid::try_parse(id).ok())?.map(|uuid| uuid.as_u64_pair())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_spelling_is_another_id() {
        let mut ids = Ids::new();
        let spellings = [
            "0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e",
            "0193A0C5-1d1e-7b0e-8f5e-5b1f0a9c6d7e",
            "0193A0C5-1D1E-7b0e-8f5e-5b1f0a9c6d7e",
            "0193a0c51d1e7b0e8f5e5b1f0a9c6d7e",
            "{0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e}",
            "urn:uuid:0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e",
            "0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7g",
            "",
            "an id of exactly thirty-six letters..",
        ];
        for (number, id) in spellings.into_iter().enumerate() {
            assert_eq!(ids.insert(id, number), None, "{id}");
        }
        for (number, id) in spellings.into_iter().enumerate() {
            assert_eq!(ids.get(id), Some(&number), "{id}");
        }
        assert_eq!((ids.uuids.len(), ids.len()), (1, 9));
    }
}
