//! One key that signs and any number that check, so that keys can be replaced without logging anyone out.
//!
//! Finds keys by `kid` and algorithm, and does not know tokens beyond that.

use std::{collections::BTreeMap, sync::Arc};

use super::{Algorithm, JwkSet, JwsError, Key, KeyError, VerifyingKey, header::Header};

/// The keys of an app.
///
/// To replace the signing key, sign with the new one and keep checking with the old one until its last token has
/// expired:
///
/// ```
/// use jwt_extended::jose::{Key, KeyRing};
///
/// let old = Key::hs256("the secret that has signed until today, now retired")?.with_kid("2025")?;
/// let new = Key::hs256("the secret that signs from today, thirty-two bytes")?.with_kid("2026")?;
/// let ring = KeyRing::new(new).also_verify(old)?;
/// # Ok::<(), jwt_extended::jose::KeyError>(())
/// ```
///
/// A token is checked with the keys of the algorithm in its header. If the header has a `kid`, only the key with that
/// `kid` and keys without a `kid` are tried. A token whose `kid` matches no key is refused.
#[derive(Clone, Debug)]
pub struct KeyRing {
    signing: Option<Key>,
    /// The signing key's checking half comes first.
    verifying: Vec<VerifyingKey>,
    /// The places of the keys that alone may have signed under their standard header. With a thousand keys, a search
    /// through all of them would take four times as long as the rest of a guard.
    sole: BTreeMap<Arc<str>, usize>,
}

impl KeyRing {
    /// Makes a ring that signs and checks with one key.
    pub fn new(signing: Key) -> Self {
        Self { signing: Some(signing.clone()), ..Self::verify_only(signing) }
    }

    /// Makes a ring that only checks, for services that receive tokens issued by another one.
    pub fn verify_only(key: impl Into<VerifyingKey>) -> Self {
        let mut ring = Self::empty();
        ring.push(key.into());
        ring
    }

    /// Makes a ring without keys, which accepts no token. It is for managers whose keys are chosen per token.
    pub const fn empty() -> Self {
        Self { signing: None, verifying: Vec::new(), sole: BTreeMap::new() }
    }

    /// Adds a key that only checks: a retired signing key, or one that will sign soon.
    ///
    /// # Errors
    /// If another key of the ring has the same `kid` and algorithm.
    pub fn also_verify(mut self, key: impl Into<VerifyingKey>) -> Result<Self, KeyError> {
        let key = key.into();
        let same = |other: &&VerifyingKey| other.kid() == key.kid() && other.algorithm() == key.algorithm();
        if let Some(kid) = key.kid().filter(|_| self.verifying.iter().any(|other| same(&other))) {
            return Err(KeyError::DuplicateKid(kid.to_owned()));
        }
        self.push(key);
        Ok(self)
    }

    /// Adds a key, and notes whether it and the others are still the only ones for their header.
    fn push(&mut self, key: VerifyingKey) {
        let rivals = |other: &VerifyingKey| {
            other.algorithm() == key.algorithm() && (other.kid().is_none() || key.kid().is_none())
        };
        let verifying = &self.verifying;
        self.sole.retain(|_, place| !verifying.get(*place).is_some_and(rivals));
        if !verifying.iter().any(rivals) {
            self.sole.insert(Arc::clone(&key.standard_header().encoded), verifying.len());
        }
        self.verifying.push(key);
    }

    /// Returns the key that signs, or `None` if the ring only checks.
    pub fn signing_key(&self) -> Option<&Key> {
        self.signing.as_ref()
    }

    /// Returns the keys that check. The signing key's half comes first.
    pub fn verifying_keys(&self) -> &[VerifyingKey] {
        &self.verifying
    }

    /// Returns the public keys, for publishing. Shared secrets are left out.
    pub fn to_jwk_set(&self) -> JwkSet {
        JwkSet { keys: self.verifying.iter().filter_map(VerifyingKey::to_jwk).collect() }
    }

    /// Returns whether a key of the ring is a clone of this one.
    pub(crate) fn has(&self, key: &VerifyingKey) -> bool {
        self.verifying.iter().any(|own| own.is_clone_of(key))
    }

    /// Finds the key whose standard header is exactly this text, the usual case that needs no parsing.
    ///
    /// Returns `None` if another key could have signed under the same header; the general search then tries them all.
    pub(crate) fn find_by_standard_header(&self, encoded: &str) -> Option<&VerifyingKey> {
        self.sole.get(encoded).and_then(|place| self.verifying.get(*place))
    }

    /// Returns the keys that may have signed a token with this header.
    pub(crate) fn candidates<'r>(&'r self, header: &Header<'_>) -> Result<Vec<&'r VerifyingKey>, JwsError> {
        if !self.verifying.iter().any(|key| key.algorithm() == header.algorithm) {
            return Err(JwsError::AlgorithmNotAllowed);
        }
        let candidates: Vec<_> = self.verifying.iter().filter(|key| fits(key, header)).collect();
        if candidates.is_empty() { Err(JwsError::UnknownKey) } else { Ok(candidates) }
    }

    /// Returns the algorithms of the keys that check.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.verifying.iter().map(VerifyingKey::algorithm)
    }
}

fn fits(key: &VerifyingKey, header: &Header<'_>) -> bool {
    let named = match (key.kid(), header.kid.as_deref()) {
        (Some(own), Some(requested)) => own == requested,
        (None, _) | (_, None) => true,
    };
    named && key.algorithm() == header.algorithm
}
