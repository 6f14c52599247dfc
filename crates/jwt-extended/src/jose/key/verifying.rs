//! The half of a key that checks.

use std::{fmt, sync::Arc};

use super::external::ExternalKey;
#[cfg(feature = "asymmetric")]
use crate::jose::asymmetric::{self, PublicKey, normalized_jwk};
use crate::jose::{
    Algorithm, Family, Jwk, KeyError,
    header::StandardHeader,
    hmac::HmacKey,
    jwk_fields::{JwkFields, Purpose, members_of_set, refuse_mixed},
};

/// A key that checks tokens and has no method to sign them.
///
/// If it comes from a shared secret, anyone who holds that secret can sign too.
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    kid: Option<Arc<str>>,
    material: Verifier,
    standard_header: StandardHeader,
}

#[derive(Clone)]
pub(super) enum Verifier {
    Hmac(Arc<HmacKey>),
    #[cfg(feature = "asymmetric")]
    Public(Arc<PublicKey>),
    External(Arc<dyn ExternalKey>),
}

/// The keys of a JWK Set. An unusable key does not affect the others.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ImportedJwkSet {
    /// The keys that can check tokens, in the set's order.
    pub keys: Vec<VerifyingKey>,
    /// The reason for each key that cannot be used.
    pub unusable: Vec<KeyError>,
}

impl VerifyingKey {
    /// Reads a public key in PEM: SPKI (`PUBLIC KEY`) or PKCS#1 (`RSA PUBLIC KEY`).
    ///
    /// # Errors
    /// If the text does not hold such a key, or if the algorithm needs another kind of key.
    #[cfg(feature = "asymmetric")]
    pub fn from_pem(algorithm: Algorithm, pem: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        Self::from_der(algorithm, &*asymmetric::der_of_pem(algorithm, pem.as_ref())?)
    }

    /// Reads a public key in DER: SPKI or PKCS#1.
    ///
    /// # Errors
    /// If the bytes are not such a key, or if the algorithm needs another kind of key.
    #[cfg(feature = "asymmetric")]
    pub fn from_der(algorithm: Algorithm, der: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        PublicKey::from_der(algorithm, der.as_ref()).map(|key| Self::public(algorithm, key))
    }

    /// Reads a key from the JSON of a JWK, which must have an `alg`. Keeps its `kid` and ignores private members.
    ///
    /// # Errors
    /// If the JWK has no `alg`, lacks a member, or is marked for another use.
    pub fn from_jwk(json: &str) -> Result<Self, KeyError> {
        Self::read_jwk(json, None)
    }

    /// Reads a key for the given algorithm from the JSON of a JWK.
    ///
    /// If the JWK has an `alg`, it must be the same algorithm.
    ///
    /// # Errors
    /// As [`from_jwk`](Self::from_jwk).
    pub fn from_jwk_as(algorithm: Algorithm, json: &str) -> Result<Self, KeyError> {
        Self::read_jwk(json, Some(algorithm))
    }

    /// Reads a key as [`from_jwk`](Self::from_jwk) does, from another issuer's JWK whose numbers are not written as RFC
    /// 7518 requires: with padding, with a leading zero in `n` or `e`, or without those of `x` or `y`. The thumbprint
    /// is that of the key as it should be written.
    ///
    /// # Errors
    /// As [`from_jwk`](Self::from_jwk), for every other fault.
    #[cfg(feature = "asymmetric")]
    pub fn from_loose_jwk(json: &str) -> Result<Self, KeyError> {
        Self::read_loose_jwk(json, None)
    }

    /// Reads a key for the given algorithm as [`from_loose_jwk`](Self::from_loose_jwk) does.
    ///
    /// # Errors
    /// As [`from_jwk_as`](Self::from_jwk_as), for every other fault.
    #[cfg(feature = "asymmetric")]
    pub fn from_loose_jwk_as(algorithm: Algorithm, json: &str) -> Result<Self, KeyError> {
        Self::read_loose_jwk(json, Some(algorithm))
    }

    #[cfg(feature = "asymmetric")]
    fn read_loose_jwk(json: &str, requested: Option<Algorithm>) -> Result<Self, KeyError> {
        // The strict reading comes first: it refuses names that occur twice, which the rewriting would merge.
        match Self::read_jwk(json, requested) {
            Err(KeyError::JwkNumber { .. }) => Self::read_jwk(&normalized_jwk(json)?, requested),
            read => read,
        }
    }

    /// Reads the keys of a JWK Set as [`from_jwk_set`](Self::from_jwk_set) does, each as
    /// [`from_loose_jwk`](Self::from_loose_jwk) does.
    ///
    /// # Errors
    /// As [`from_jwk_set`](Self::from_jwk_set).
    #[cfg(feature = "asymmetric")]
    pub fn from_loose_jwk_set(json: &str) -> Result<ImportedJwkSet, KeyError> {
        Self::read_jwk_set(json, Self::from_loose_jwk)
    }

    /// Reads the keys of a JWK Set (RFC 7517 section 5). Each must have an `alg`.
    /// [`PublishedKeys`](crate::jose::PublishedKeys) reads the sets of other issuers.
    ///
    /// # Errors
    /// If the text as a whole is not a JWK Set, or mixes shared secrets and key pairs. Keys that cannot be used are
    /// listed in [`unusable`](ImportedJwkSet::unusable).
    pub fn from_jwk_set(json: &str) -> Result<ImportedJwkSet, KeyError> {
        Self::read_jwk_set(json, Self::from_jwk)
    }

    fn read_jwk_set(json: &str, read: fn(&str) -> Result<Self, KeyError>) -> Result<ImportedJwkSet, KeyError> {
        let mut set = ImportedJwkSet::default();
        let members = members_of_set(json)?;
        refuse_mixed(&members)?;
        for member in members {
            match read(&member) {
                Ok(key) => set.keys.push(key),
                Err(error) => set.unusable.push(error),
            }
        }
        Ok(set)
    }

    /// Wraps a key that lives elsewhere, for checking only.
    pub fn external(algorithm: Algorithm, key: Arc<dyn ExternalKey>) -> Self {
        Self::new(algorithm, Verifier::External(key), None)
    }

    /// Returns the key for publishing.
    ///
    /// Returns `None` for a shared secret, which must never be published, and for an external key.
    pub fn to_jwk(&self) -> Option<Jwk> {
        match &self.material {
            Verifier::Hmac(_) | Verifier::External(_) => None,
            #[cfg(feature = "asymmetric")]
            Verifier::Public(key) => {
                Some(Jwk::new(key.params().clone(), self.algorithm, self.kid.as_deref().map(str::to_owned)))
            }
        }
    }

    /// Sets the key's `kid`: only tokens with this `kid`, or with none, are checked with the key.
    ///
    /// # Errors
    /// Unless the `kid` has 1 to 256 printable ASCII characters.
    pub fn with_kid(mut self, kid: &str) -> Result<Self, KeyError> {
        if !(1..=256).contains(&kid.len()) || !kid.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return Err(KeyError::BadKid);
        }
        self.kid = Some(kid.into());
        self.standard_header = StandardHeader::new(self.algorithm, Some(kid));
        Ok(self)
    }

    /// Removes the key's `kid`, so that the key is tried on every token of its algorithm.
    pub fn without_kid(mut self) -> Self {
        self.kid = None;
        self.standard_header = StandardHeader::new(self.algorithm, None);
        self
    }

    /// Returns the only algorithm that the key checks.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the key's `kid`, if it has one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Returns whether it is the public half of a key pair, and not a shared secret or a key that lives elsewhere.
    pub(crate) fn is_public(&self) -> bool {
        match &self.material {
            Verifier::Hmac(_) | Verifier::External(_) => false,
            #[cfg(feature = "asymmetric")]
            Verifier::Public(_) => true,
        }
    }

    /// Returns whether the other one is a clone of this key. Keys that were read twice from the same text are not.
    pub(crate) fn is_clone_of(&self, other: &Self) -> bool {
        match (&self.material, &other.material) {
            #[cfg(feature = "asymmetric")]
            (Verifier::Public(own), Verifier::Public(other_key)) => {
                Arc::ptr_eq(own, other_key) && self.algorithm == other.algorithm && self.kid == other.kid
            }
            _ => false,
        }
    }

    pub(crate) fn standard_header(&self) -> &StandardHeader {
        &self.standard_header
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Verifier::Hmac(key) => key.verify(message, signature),
            #[cfg(feature = "asymmetric")]
            Verifier::Public(key) => key.verify(message, signature),
            Verifier::External(key) => key.verify(message, signature),
        }
    }

    fn read_jwk(json: &str, requested: Option<Algorithm>) -> Result<Self, KeyError> {
        let (algorithm, jwk) = JwkFields::read(json, requested, Purpose::Verify)?;
        let key = match algorithm.family() {
            Family::Hmac => {
                Self::new(algorithm, Verifier::Hmac(Arc::new(HmacKey::new(algorithm, &jwk.secret()?)?)), None)
            }
            #[cfg(feature = "asymmetric")]
            _ => Self::public(algorithm, PublicKey::from_jwk(algorithm, json)?),
            #[cfg(not(feature = "asymmetric"))]
            _ => return Err(KeyError::FeatureMissing(algorithm)),
        };
        match &jwk.kid {
            Some(kid) => key.with_kid(kid),
            None => Ok(key),
        }
    }

    #[cfg(feature = "asymmetric")]
    pub(super) fn public(algorithm: Algorithm, key: PublicKey) -> Self {
        let kid = key.params().thumbprint();
        Self::new(algorithm, Verifier::Public(Arc::new(key)), Some(kid))
    }

    pub(super) fn new(algorithm: Algorithm, material: Verifier, kid: Option<String>) -> Self {
        let standard_header = StandardHeader::new(algorithm, kid.as_deref());
        Self { algorithm, kid: kid.map(Into::into), material, standard_header }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}
