//! The half of a key that signs.

use std::{fmt, sync::Arc};

use super::{
    external::ExternalKey,
    verifying::{Verifier, VerifyingKey},
};
#[cfg(feature = "asymmetric")]
use crate::jose::asymmetric::{self, PrivateKey};
use crate::jose::{
    Algorithm, Family, KeyError, base64url,
    header::StandardHeader,
    hmac::{HmacKey, minimum_secret},
    jwk_fields::{JwkFields, Purpose},
};

/// A key that signs and checks tokens: a shared secret, or the private half of a key pair.
///
/// ```
/// use jwt_extended::jose::Key;
///
/// let key = Key::hs256("a secret of at least thirty-two bytes, from a safe place")?;
/// assert!(Key::hs256("too short").is_err());
/// # Ok::<(), jwt_extended::jose::KeyError>(())
/// ```
///
/// The `kid` of a key pair is the RFC 7638 thumbprint of its public half, and its tokens carry it. A shared secret
/// has no `kid` until [`with_kid`](Self::with_kid) sets one. Cloning is cheap.
#[derive(Clone)]
pub struct Key {
    material: Signer,
    verifying: VerifyingKey,
}

#[derive(Clone)]
enum Signer {
    Hmac(Arc<HmacKey>),
    #[cfg(feature = "asymmetric")]
    Private(Arc<PrivateKey>),
    External(Arc<dyn ExternalKey>),
}

/// The cryptographic library could not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token could not be signed: the cryptographic library failed")]
pub struct SigningFailed;

impl Key {
    /// Makes a key for HS256 from a shared secret.
    ///
    /// # Errors
    /// If the secret is shorter than 32 bytes, or is the text of an asymmetric key.
    pub fn hs256(secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        Self::hmac(Algorithm::HS256, secret)
    }

    /// Makes a key for HS384 from a shared secret.
    ///
    /// # Errors
    /// If the secret is shorter than 48 bytes, or is the text of an asymmetric key.
    pub fn hs384(secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        Self::hmac(Algorithm::HS384, secret)
    }

    /// Makes a key for HS512 from a shared secret.
    ///
    /// # Errors
    /// If the secret is shorter than 64 bytes, or is the text of an asymmetric key.
    pub fn hs512(secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        Self::hmac(Algorithm::HS512, secret)
    }

    /// Makes a key for the given HMAC algorithm from a shared secret.
    ///
    /// # Errors
    /// If the algorithm is not HMAC, or if the secret is shorter than its hash or is the text of an asymmetric key.
    pub fn hmac(algorithm: Algorithm, secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        Ok(Self::shared(algorithm, HmacKey::new(algorithm, secret.as_ref())?))
    }

    /// Makes an HMAC key from a shared secret of any length except zero.
    ///
    /// RFC 7518 section 3.2 forbids secrets shorter than the hash. Use this only for an app that already signs with a
    /// short secret, until you replace it.
    ///
    /// # Errors
    /// If the algorithm is not HMAC, or if the secret is empty or is the text of an asymmetric key.
    pub fn hmac_short_secret(algorithm: Algorithm, secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        Ok(Self::shared(algorithm, HmacKey::of_any_length(algorithm, secret.as_ref())?))
    }

    /// Generates a random key. A shared secret is as long as the hash; an RSA key has 2048 bits.
    ///
    /// # Errors
    /// If the system cannot provide randomness, or if the algorithm needs the feature `asymmetric`.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        match algorithm.family() {
            Family::Hmac => {
                let mut secret = zeroize::Zeroizing::new(vec![0; minimum_secret(algorithm)?]);
                getrandom::fill(&mut secret).map_err(|_| KeyError::Generation)?;
                Self::hmac(algorithm, secret)
            }
            #[cfg(feature = "asymmetric")]
            _ => PrivateKey::generate(algorithm).map(|key| Self::private(algorithm, key)),
            #[cfg(not(feature = "asymmetric"))]
            _ => Err(KeyError::FeatureMissing(algorithm)),
        }
    }

    /// Reads a private key in PEM: unencrypted PKCS#8, PKCS#1 (`RSA PRIVATE KEY`) or SEC1 (`EC PRIVATE KEY`).
    ///
    /// # Errors
    /// If the text does not hold such a key, or if the algorithm needs another kind of key.
    #[cfg(feature = "asymmetric")]
    pub fn from_pem(algorithm: Algorithm, pem: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        Self::from_der(algorithm, &*asymmetric::der_of_pem(algorithm, pem.as_ref())?)
    }

    /// Reads a private key in DER: PKCS#8, PKCS#1 or SEC1.
    ///
    /// # Errors
    /// If the bytes are not such a key, or if the algorithm needs another kind of key.
    #[cfg(feature = "asymmetric")]
    pub fn from_der(algorithm: Algorithm, der: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        PrivateKey::from_der(algorithm, der.as_ref()).map(|key| Self::private(algorithm, key))
    }

    /// Reads a private or shared key from the JSON of a JWK, which must have an `alg`. Keeps its `kid`.
    ///
    /// # Errors
    /// If the JWK has no `alg`, lacks a member, or is marked for another use.
    pub fn from_jwk(json: &str) -> Result<Self, KeyError> {
        Self::read_jwk(json, None)
    }

    /// Reads a private or shared key for the given algorithm from the JSON of a JWK.
    ///
    /// If the JWK has an `alg`, it must be the same algorithm.
    ///
    /// # Errors
    /// As [`from_jwk`](Self::from_jwk).
    pub fn from_jwk_as(algorithm: Algorithm, json: &str) -> Result<Self, KeyError> {
        Self::read_jwk(json, Some(algorithm))
    }

    /// Wraps a key that lives elsewhere.
    ///
    /// It has no `kid` until [`with_kid`](Self::with_kid) sets one, and it is not published in the JWK Set.
    pub fn external(algorithm: Algorithm, key: Arc<dyn ExternalKey>) -> Self {
        let verifying = VerifyingKey::external(algorithm, Arc::clone(&key));
        Self { material: Signer::External(key), verifying }
    }

    /// Writes the private key in PEM (PKCS#8), for storing it.
    ///
    /// Returns `None` for an external key and for a shared secret, which is not kept as text.
    #[cfg(feature = "asymmetric")]
    pub fn to_pem(&self) -> Option<zeroize::Zeroizing<String>> {
        match &self.material {
            Signer::Hmac(_) | Signer::External(_) => None,
            Signer::Private(key) => key.to_pem(),
        }
    }

    /// Sets the key's `kid`. Its tokens carry it in their header, so that a key ring can find the key.
    ///
    /// # Errors
    /// Unless the `kid` has 1 to 256 printable ASCII characters.
    pub fn with_kid(mut self, kid: &str) -> Result<Self, KeyError> {
        self.verifying = self.verifying.with_kid(kid)?;
        Ok(self)
    }

    /// Removes the key's `kid`, so that its tokens carry none, like those of Flask-JWT-Extended.
    pub fn without_kid(mut self) -> Self {
        self.verifying = self.verifying.without_kid();
        self
    }

    /// Returns the half that checks. For a shared secret this is the same secret: protect it just as well.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// Returns the algorithm that the key signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
    }

    /// Returns the key's `kid`, if it has one.
    pub fn kid(&self) -> Option<&str> {
        self.verifying.kid()
    }

    pub(crate) fn standard_header(&self) -> &StandardHeader {
        self.verifying.standard_header()
    }

    /// Appends a dot and the signature of `text` in base64url.
    pub(crate) fn append_signature(&self, text: &mut String) -> Result<(), SigningFailed> {
        let append = |text: &mut String, signature: &[u8]| {
            text.push('.');
            base64url::encode_into(signature, text);
        };
        match &self.material {
            Signer::Hmac(key) => {
                let tag = key.sign(text.as_bytes());
                append(text, tag.as_bytes());
            }
            #[cfg(feature = "asymmetric")]
            Signer::Private(key) => {
                let signature = key.sign(text.as_bytes()).ok_or(SigningFailed)?;
                append(text, &signature);
            }
            Signer::External(key) => {
                let signature = key.sign(text.as_bytes()).ok_or(SigningFailed)?;
                append(text, &signature);
            }
        }
        Ok(())
    }

    fn read_jwk(json: &str, requested: Option<Algorithm>) -> Result<Self, KeyError> {
        let (algorithm, jwk) = JwkFields::read(json, requested, Purpose::Sign)?;
        let key = match algorithm.family() {
            Family::Hmac => Self::hmac(algorithm, jwk.secret()?)?,
            #[cfg(feature = "asymmetric")]
            _ => Self::private(algorithm, PrivateKey::from_jwk(algorithm, json)?),
            #[cfg(not(feature = "asymmetric"))]
            _ => return Err(KeyError::FeatureMissing(algorithm)),
        };
        match &jwk.kid {
            Some(kid) => key.with_kid(kid),
            None => Ok(key),
        }
    }

    fn shared(algorithm: Algorithm, key: HmacKey) -> Self {
        let key = Arc::new(key);
        let verifying = VerifyingKey::new(algorithm, Verifier::Hmac(Arc::clone(&key)), None);
        Self { material: Signer::Hmac(key), verifying }
    }

    #[cfg(feature = "asymmetric")]
    fn private(algorithm: Algorithm, key: PrivateKey) -> Self {
        let verifying = VerifyingKey::public(algorithm, key.public());
        Self { material: Signer::Private(Arc::new(key)), verifying }
    }
}

impl From<Key> for VerifyingKey {
    fn from(key: Key) -> Self {
        key.verifying
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("algorithm", &self.algorithm()).field("kid", &self.kid()).finish_non_exhaustive()
    }
}
