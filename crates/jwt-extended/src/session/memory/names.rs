//! A map by name, which is fast and small for names that are UUIDs, as those of our tokens and sessions are.
//!
//! A UUID is kept as its 16 bytes in the table itself, so that a look-up follows no pointer: with a million entries, that is
//! the difference of a miss in the processor's caches, and of some 60 bytes for each entry.

use std::collections::HashMap;

use uuid::Uuid;

/// Values by name.
pub(super) struct Names<V> {
    uuids: HashMap<(u64, u64), V>,
    others: HashMap<Box<str>, V>,
}

impl<V> Names<V> {
    pub(super) fn new() -> Self {
        Self { uuids: HashMap::new(), others: HashMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.uuids.len() + self.others.len()
    }

    pub(super) fn get(&self, name: &str) -> Option<&V> {
        // Most subjects have no cut-off and most names are not asked for: reading the name takes longer than this.
        if self.len() == 0 {
            return None;
        }
        match uuid(name) {
            Some(uuid) => self.uuids.get(&uuid),
            None => self.others.get(name),
        }
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        match uuid(name) {
            Some(uuid) => self.uuids.get_mut(&uuid),
            None => self.others.get_mut(name),
        }
    }

    /// Puts a value in, and gives back the one that was there.
    pub(super) fn insert(&mut self, name: &str, value: V) -> Option<V> {
        match uuid(name) {
            Some(uuid) => self.uuids.insert(uuid, value),
            None => self.others.insert(name.into(), value),
        }
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<V> {
        match uuid(name) {
            Some(uuid) => self.uuids.remove(&uuid),
            None => self.others.remove(name),
        }
    }

    pub(super) fn retain(&mut self, mut stays: impl FnMut(&V) -> bool) {
        self.uuids.retain(|_, value| stays(value));
        self.others.retain(|_, value| stays(value));
    }
}

/// The two halves of a UUID in its one usual spelling; other spellings are other names. (As one number it would be aligned
/// to 16 bytes, and each entry 8 larger.)
fn uuid(name: &str) -> Option<(u64, u64)> {
    let usual = name.len() == 36 && !name.bytes().any(|byte| byte.is_ascii_uppercase());
    usual.then(|| Uuid::try_parse(name).ok())?.map(|uuid| uuid.as_u64_pair())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_spelling_is_the_same_name() {
        let mut names = Names::new();
        let spellings = [
            "0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e",
            "0193A0C5-1d1e-7b0e-8f5e-5b1f0a9c6d7e",
            "0193a0c51d1e7b0e8f5e5b1f0a9c6d7e",
            "{0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e}",
            "urn:uuid:0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e",
            "0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7g",
            "",
            "a name of just thirty-six characters",
        ];
        for (number, name) in spellings.into_iter().enumerate() {
            assert_eq!(names.insert(name, number), None, "{name}");
        }
        for (number, name) in spellings.into_iter().enumerate() {
            assert_eq!(names.get(name), Some(&number), "{name}");
        }
        assert_eq!((names.uuids.len(), names.len()), (1, 8));
    }
}
