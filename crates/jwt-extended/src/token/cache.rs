//! [`VerificationCache`]: tokens whose signatures were verified. A token that comes again costs no verification.
//!
//! Only tokens with an asymmetric signature are kept: an HMAC costs less than a look-up saves. A token is found by its
//! whole text. Whoever finds one still checks that its key is in use, and its times, and asks the store: the cache
//! decides nothing but that this key has made this signature.

use std::{
    fmt,
    hash::{BuildHasher as _, RandomState},
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use arc_swap::ArcSwapOption;
use zeroize::Zeroizing;

use super::Token;
use crate::{constant_time, jose::VerifyingKey, time::Timestamp};

/// How many places a token may be kept in. With more, fewer tokens displace each other, and a look-up takes longer.
const WAYS: usize = 4;

/// How many bytes at the end of a token decide where it is kept. They are of the signature, which nobody but the issuer
/// chooses.
const TAIL: usize = 32;

/// Tokens that were verified. Reading takes no lock.
pub(crate) struct VerificationCache {
    /// As many as a power of two.
    sets: Box<[[ArcSwapOption<Verified>; WAYS]]>,
    hasher: RandomState,
    /// Which way of a full set is replaced next.
    next: AtomicUsize,
}

/// A token, and the key that made its signature.
pub(crate) struct Verified {
    text: Zeroizing<String>,
    pub(crate) key: VerifyingKey,
    pub(crate) token: Token,
}

impl VerificationCache {
    /// Makes a cache for about this many tokens: the next power of two, and at least 4.
    pub(crate) fn new(tokens: NonZeroUsize) -> Self {
        let sets = tokens.get().div_ceil(WAYS).next_power_of_two();
        Self {
            sets: (0..sets).map(|_| Default::default()).collect(),
            hasher: RandomState::new(),
            next: AtomicUsize::new(0),
        }
    }

    /// Returns a token with exactly this text.
    pub(crate) fn find(&self, text: &str) -> Option<Arc<Verified>> {
        self.set_of(text).iter().find_map(|way| {
            let kept = way.load();
            let kept = kept.as_ref()?;
            constant_time::equal_by_words(kept.text.as_bytes(), text.as_bytes()).then(|| Arc::clone(kept))
        })
    }

    /// Keeps a token that this key has verified, in place of one that has expired or of any other.
    pub(crate) fn keep(&self, text: &str, key: &VerifyingKey, token: &Token, now: Timestamp) {
        if !key.is_public() {
            return;
        }
        let set = self.set_of(text);
        let is_free = |way: &ArcSwapOption<Verified>| match &*way.load() {
            Some(kept) => kept.token.expires_at().is_some_and(|end| end <= now) || *kept.text == text,
            None => true,
        };
        let way = set.iter().position(is_free).unwrap_or_else(|| self.next.fetch_add(1, Relaxed) % WAYS);
        let verified = Verified { text: Zeroizing::new(text.to_owned()), key: key.clone(), token: token.clone() };
        if let Some(way) = set.get(way) {
            way.store(Some(Arc::new(verified)));
        }
    }

    fn set_of(&self, text: &str) -> &[ArcSwapOption<Verified>; WAYS] {
        let bytes = text.as_bytes();
        let tail = &bytes[bytes.len().saturating_sub(TAIL)..];
        #[expect(clippy::cast_possible_truncation, reason = "only the lowest bits count")]
        let hash = self.hasher.hash_one(tail) as usize;
        // There is at least one set, and their number is a power of two.
        &self.sets[hash & (self.sets.len() - 1)]
    }
}

impl fmt::Debug for VerificationCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationCache").field("tokens", &(self.sets.len() * WAYS)).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_has_a_power_of_two_of_sets() {
        for (tokens, sets) in [(1, 1), (4, 1), (5, 2), (1000, 256)] {
            assert_eq!(VerificationCache::new(NonZeroUsize::new(tokens).unwrap()).sets.len(), sets);
        }
    }

    #[test]
    fn only_its_size_is_shown() {
        let cache = VerificationCache::new(NonZeroUsize::new(5).unwrap());
        assert_eq!(format!("{cache:?}"), "VerificationCache { tokens: 8, .. }");
    }
}
