//! [`KeySchedule`]: which key signs when, so that keys replace each other without a restart and without refusing a
//! good token.
//!
//! Knows keys and times. Has no clock: the caller passes the time in.

use std::sync::Arc;

use crate::{
    jose::{Key, KeyError, KeyRing, VerifyingKey},
    time::Timestamp,
    token::Lifetime,
};

/// Keys and the times from which each signs. Every key is published and accepted before it signs, and after it has
/// signed until its last token has expired. That is known of a key with a time of retirement; any other stays until you
/// take it out.
///
/// Of the keys that may sign at a time, the one signs that began last; of several without a time, the first.
///
/// ```
/// use jwt_extended::{JwtManager, Timestamp, config::{KeySchedule, KeyState, ScheduledKey}, jose::Key};
///
/// let old = Key::hs256("the secret that has signed until today, now retired")?.with_kid("2025")?;
/// let new = Key::hs256("the secret that signs from today, thirty-two bytes")?.with_kid("2026")?;
/// let new_year = Timestamp::from_secs(1_767_225_600);
/// let keys = KeySchedule::new()
///     .key(ScheduledKey::new(old).retire_at(new_year))
///     .key(ScheduledKey::new(new).not_before(new_year));
///
/// let states: Vec<_> = keys.states(Timestamp::from_secs(1_767_000_000)).collect();
/// assert_eq!(states[1], (Some("2026"), KeyState::Next));
/// let jwt = JwtManager::builder().key_schedule(keys).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct KeySchedule {
    keys: Vec<ScheduledKey>,
    verifying: Vec<VerifyingKey>,
}

/// A key that signs within a time.
#[derive(Clone, Debug)]
pub struct ScheduledKey {
    key: Key,
    not_before: Option<Timestamp>,
    retire_at: Option<Timestamp>,
}

/// What a key does at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyState {
    /// It will sign, and is published and accepted already.
    Next,
    /// It signs.
    Active,
    /// It has signed, and is still published and accepted.
    Retired,
}

impl ScheduledKey {
    /// Creates a key that signs as long as no other begins to.
    pub const fn new(key: Key) -> Self {
        Self { key, not_before: None, retire_at: None }
    }

    /// Sets from when the key signs. Publish it at least as long before as others cache the set of keys.
    pub const fn not_before(mut self, time: Timestamp) -> Self {
        self.not_before = Some(time);
        self
    }

    /// Sets from when the key signs no more. Its tokens stay good until they expire; then the key is removed.
    pub const fn retire_at(mut self, time: Timestamp) -> Self {
        self.retire_at = Some(time);
        self
    }

    fn may_sign(&self, now: Timestamp) -> bool {
        self.not_before.is_none_or(|begin| begin <= now) && self.retire_at.is_none_or(|end| now < end)
    }
}

impl KeySchedule {
    /// Creates a schedule without keys.
    pub const fn new() -> Self {
        Self { keys: Vec::new(), verifying: Vec::new() }
    }

    /// Adds a key.
    pub fn key(mut self, key: ScheduledKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Adds a key that never signs here, such as the public key of another process.
    pub fn verifying_key(mut self, key: impl Into<VerifyingKey>) -> Self {
        self.verifying.push(key.into());
        self
    }

    /// Returns the `kid` and the state of each key at this time. It does not list the keys that only verify, and knows
    /// nothing of when a retired key is removed.
    pub fn states(&self, now: Timestamp) -> impl Iterator<Item = (Option<&str>, KeyState)> {
        let active = self.active(now);
        self.keys.iter().enumerate().map(move |(at, scheduled)| {
            let state = match scheduled.not_before {
                _ if active == Some(at) => KeyState::Active,
                Some(begin) if now < begin => KeyState::Next,
                _ => KeyState::Retired,
            };
            (scheduled.key.kid(), state)
        })
    }

    /// Returns which key signs at this time.
    fn active(&self, now: Timestamp) -> Option<usize> {
        let signing = self.keys.iter().enumerate().filter(|(_, key)| key.may_sign(now));
        // Of equal keys `max_by_key` takes the last, so the order is reversed.
        signing.rev().max_by_key(|(_, key)| key.not_before).map(|(at, _)| at)
    }

    /// Makes the rings for all times, for callers who choose the key of each token. `kept` is how long a retired key
    /// stays: as long as a token may live.
    ///
    /// # Errors
    /// If two keys have one `kid`.
    pub fn rings(&self, kept: Lifetime) -> Result<ScheduledRings, KeyError> {
        let gone = |key: &ScheduledKey| Some(key.retire_at?.saturating_add(kept.duration()?));
        let mut changes: Vec<Timestamp> = self
            .keys
            .iter()
            .flat_map(|key| [key.not_before, key.retire_at, gone(key)])
            .flatten()
            .chain([Timestamp::default()])
            .collect();
        changes.sort_unstable();
        changes.dedup();
        let ring_at = |now: Timestamp| {
            let active = self.active(now);
            let ring = active.map_or_else(KeyRing::empty, |at| KeyRing::new(self.keys[at].key.clone()));
            let others = self.keys.iter().enumerate().filter(|(at, _)| active != Some(*at)).map(|(_, key)| key);
            let present = others.filter(|key| gone(key).is_none_or(|gone| now < gone)).map(|key| &key.key);
            let present = present.map(|key| key.verifying_key().clone());
            let ring = present.chain(self.verifying.iter().cloned()).try_fold(ring, KeyRing::also_verify)?;
            Ok((now, Arc::new(ring)))
        };
        changes.into_iter().map(ring_at).collect::<Result<_, _>>().map(ScheduledRings)
    }
}

/// The key ring of each time: [`KeySchedule::rings`]. A [`KeyRing`] converts into one that is always the same.
// In order. The first begins in 1970.
#[derive(Clone, Debug)]
pub struct ScheduledRings(Vec<(Timestamp, Arc<KeyRing>)>);

impl ScheduledRings {
    /// Returns the ring of this time.
    pub fn at(&self, now: Timestamp) -> &KeyRing {
        self.shared_at(now)
    }

    /// Returns the ring of this time, for a caller who keeps it.
    pub(crate) fn shared_at(&self, now: Timestamp) -> &Arc<KeyRing> {
        let begun = self.0.partition_point(|(begin, _)| *begin <= now);
        &self.0[begun.saturating_sub(1)].1
    }

    /// Returns whether the keys are always the same.
    pub fn is_constant(&self) -> bool {
        self.0.len() == 1
    }
}

impl From<KeyRing> for ScheduledRings {
    fn from(ring: KeyRing) -> Self {
        Self(vec![(Timestamp::default(), Arc::new(ring))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    fn key(kid: &str) -> ScheduledKey {
        ScheduledKey::new(Key::hs256("a secret of at least thirty-two bytes").unwrap().with_kid(kid).unwrap())
    }

    /// The key that signs, and the keys that verify, at a time.
    fn kids(rings: &ScheduledRings, now: u64) -> (Option<&str>, Vec<&str>) {
        let ring = rings.at(at(now));
        let verifying = ring.verifying_keys().iter().filter_map(VerifyingKey::kid).collect();
        (ring.signing_key().and_then(Key::kid), verifying)
    }

    #[test]
    fn keys_replace_each_other_at_their_times() {
        let schedule = KeySchedule::new()
            .key(key("a").retire_at(at(200)))
            .key(key("b").not_before(at(100)))
            .key(key("c").not_before(at(300)));
        let rings = schedule.rings(Lifetime::For(std::time::Duration::from_secs(50))).unwrap();
        assert_eq!(kids(&rings, 0), (Some("a"), vec!["a", "b", "c"]));
        assert_eq!(kids(&rings, 99), (Some("a"), vec!["a", "b", "c"]));
        assert_eq!(kids(&rings, 100), (Some("b"), vec!["b", "a", "c"]));
        assert_eq!(kids(&rings, 249), (Some("b"), vec!["b", "a", "c"]));
        assert_eq!(kids(&rings, 250), (Some("b"), vec!["b", "c"]));
        assert_eq!(kids(&rings, 300), (Some("c"), vec!["c", "b"]));
        let states = |now| schedule.states(at(now)).map(|(_, state)| state).collect::<Vec<_>>();
        assert_eq!(states(0), [KeyState::Active, KeyState::Next, KeyState::Next]);
        assert_eq!(states(100), [KeyState::Retired, KeyState::Active, KeyState::Next]);
        assert_eq!(states(300), [KeyState::Retired, KeyState::Retired, KeyState::Active]);
    }

    #[test]
    fn of_keys_without_times_the_first_signs() {
        let rings = KeySchedule::new().key(key("a")).key(key("b")).rings(Lifetime::Never).unwrap();
        assert!(rings.is_constant());
        assert_eq!(kids(&rings, 5), (Some("a"), vec!["a", "b"]));
    }

    #[test]
    fn a_retired_key_stays_where_tokens_never_expire() {
        let rings = KeySchedule::new().key(key("a").retire_at(at(1))).rings(Lifetime::Never).unwrap();
        assert_eq!(kids(&rings, 1_000_000), (None, vec!["a"]));
    }

    #[test]
    fn two_keys_of_one_kid_are_refused() {
        let twice = KeySchedule::new().key(key("a")).key(key("a").not_before(at(5)));
        assert!(matches!(twice.rings(Lifetime::Never), Err(KeyError::DuplicateKid(_))));
    }
}
