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

    #[cfg(feature = "asymmetric")]
    mod kept {
        use super::*;
        use crate::{
            JwtManager,
            jose::{Algorithm, Key},
            token::Lifetime,
        };

        /// A cache of one set, a key, and tokens that expire after these seconds.
        fn filled(seconds: &[u64], algorithm: Algorithm) -> (VerificationCache, VerifyingKey, Vec<(String, Token)>) {
            let key = Key::generate(algorithm).unwrap();
            let jwt = JwtManager::builder().key(key.clone()).build().unwrap();
            let tokens = seconds.iter().map(|seconds| {
                let text = jwt
                    .access_token("alice")
                    .lifetime(Lifetime::For(std::time::Duration::from_secs(*seconds)))
                    .create()
                    .unwrap();
                let token = jwt.decode_token(&text).unwrap();
                (text.into_string(), token)
            });
            let tokens: Vec<_> = tokens.collect();
            let cache = VerificationCache::new(NonZeroUsize::new(WAYS).unwrap());
            for (text, token) in &tokens {
                cache.keep(text, key.verifying_key(), token, token.issued_at().unwrap());
            }
            (cache, key.verifying_key().clone(), tokens)
        }

        fn found(cache: &VerificationCache, tokens: &[(String, Token)]) -> Vec<bool> {
            tokens.iter().map(|(text, _)| cache.find(text).is_some()).collect()
        }

        #[test]
        fn a_set_keeps_as_many_tokens_as_it_has_ways() {
            let (cache, _, tokens) = filled(&[60; 4], Algorithm::ES256);
            assert_eq!(found(&cache, &tokens), [true; 4]);
        }

        #[test]
        fn a_token_of_a_shared_secret_is_not_kept() {
            let (cache, _, tokens) = filled(&[60], Algorithm::HS256);
            assert_eq!(found(&cache, &tokens), [false]);
        }

        #[test]
        fn an_expired_token_goes_first() {
            let (cache, key, tokens) = filled(&[60, 60, 5, 60], Algorithm::ES256);
            let (_, _, others) = filled(&[60], Algorithm::ES256);
            let then = tokens[2].1.expires_at().unwrap();
            cache.keep(&others[0].0, &key, &others[0].1, then);
            assert_eq!(found(&cache, &tokens), [true, true, false, true]);
            assert_eq!(found(&cache, &others), [true]);
        }

        #[test]
        fn the_same_token_takes_its_own_place() {
            let (cache, key, tokens) = filled(&[60; 4], Algorithm::ES256);
            let (text, token) = &tokens[1];
            cache.keep(text, &key, token, token.issued_at().unwrap());
            assert_eq!(found(&cache, &tokens), [true; 4]);
        }

        #[test]
        fn a_full_set_replaces_one_after_the_other() {
            let (cache, key, tokens) = filled(&[60; 4], Algorithm::ES256);
            let (_, _, others) = filled(&[60; 5], Algorithm::ES256);
            for (at, (text, token)) in others.iter().enumerate() {
                cache.keep(text, &key, token, token.issued_at().unwrap());
                assert_eq!(found(&cache, &tokens).iter().filter(|kept| **kept).count(), WAYS.saturating_sub(at + 1));
            }
            assert_eq!(found(&cache, &others), [false, true, true, true, true]);
        }
    }

    #[test]
    fn only_its_size_is_shown() {
        let cache = VerificationCache::new(NonZeroUsize::new(5).unwrap());
        assert_eq!(format!("{cache:?}"), "VerificationCache { tokens: 8, .. }");
    }
}
