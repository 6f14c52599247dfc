//! Keys that know their one algorithm: [`Key`] signs, [`VerifyingKey`] only checks.
//!
//! Knows nothing of tokens. A header may agree with a key; it never chooses how the key is used.

use std::{fmt, sync::Arc};

#[cfg(feature = "asymmetric")]
use super::asymmetric::{PrivateKey, PublicKey};
use super::{
    Algorithm, Family, KeyError, base64url, header,
    hmac::{HmacKey, minimum_secret},
    jwk::{Jwk, JwkFields, Purpose, members_of_set},
};

/// A key that signs tokens, and checks them too: a shared secret, or the private half of a key pair.
///
/// ```
/// use jwt_extended::jose::Key;
///
/// let key = Key::hs256("a secret of at least thirty-two bytes, from a safe place")?;
/// assert!(Key::hs256("too short").is_err());
/// # Ok::<(), jwt_extended::jose::KeyError>(())
/// ```
///
/// A key pair is named by the RFC 7638 thumbprint of its public half, so its tokens carry a `kid`. A shared secret
/// has no name unless [`with_kid`](Self::with_kid) gives it one. Cloning is cheap.
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

/// A key that checks tokens and cannot sign them, unless it is a shared secret in a signer's hands.
#[derive(Clone)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    kid: Option<Arc<str>>,
    material: Verifier,
    standard_header: StandardHeader,
}

#[derive(Clone)]
enum Verifier {
    Hmac(Arc<HmacKey>),
    #[cfg(feature = "asymmetric")]
    Public(Arc<PublicKey>),
    External(Arc<dyn ExternalKey>),
}

/// A key that lives elsewhere: in an HSM, a key service, or another library. It is asked for one algorithm alone, the one
/// that it was given for.
pub trait ExternalKey: Send + Sync {
    /// The signature of a message, in the form of RFC 7518; `None` if it cannot be had.
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>>;

    /// Whether a signature is this key's for the message. Whatever goes wrong is `false`.
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool;
}

/// The header that the key puts on its tokens, made once: signing copies it, and a token that has exactly this
/// header needs no parsing of it.
#[derive(Clone)]
pub(crate) struct StandardHeader {
    pub(crate) json: Arc<str>,
    pub(crate) encoded: Arc<str>,
}

/// The keys of a JWK Set: one that cannot be used does not spoil the others.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ImportedJwkSet {
    /// The keys that can check tokens, in the set's order.
    pub keys: Vec<VerifyingKey>,
    /// Why each of the others cannot.
    pub unusable: Vec<KeyError>,
}

impl Key {
    /// A shared secret for HS256.
    ///
    /// # Errors
    /// If it is shorter than 32 bytes, or is the text of an asymmetric key.
    pub fn hs256(secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        Self::hmac(Algorithm::HS256, secret)
    }

    /// A shared secret for HS384.
    ///
    /// # Errors
    /// If it is shorter than 48 bytes, or is the text of an asymmetric key.
    pub fn hs384(secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        Self::hmac(Algorithm::HS384, secret)
    }

    /// A shared secret for HS512.
    ///
    /// # Errors
    /// If it is shorter than 64 bytes, or is the text of an asymmetric key.
    pub fn hs512(secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        Self::hmac(Algorithm::HS512, secret)
    }

    /// A shared secret for the HMAC algorithm given.
    ///
    /// # Errors
    /// If the algorithm is not HMAC, or the secret is shorter than its hash or is the text of an asymmetric key.
    pub fn hmac(algorithm: Algorithm, secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let secret = secret.as_ref();
        let minimum = minimum_secret(algorithm)?;
        if secret.len() < minimum && !secret.is_empty() {
            return Err(KeyError::ShortSecret { algorithm, length: secret.len(), minimum });
        }
        Self::hmac_short_secret(algorithm, secret)
    }

    /// A shared secret of any length but zero. RFC 7518 section 3.2 forbids one shorter than the hash: this is for
    /// apps whose tokens were signed with one before, until they change it.
    ///
    /// # Errors
    /// If the algorithm is not HMAC, or the secret is empty or the text of an asymmetric key.
    pub fn hmac_short_secret(algorithm: Algorithm, secret: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        let key = Arc::new(HmacKey::new(algorithm, secret.as_ref())?);
        let verifying = VerifyingKey::new(algorithm, Verifier::Hmac(Arc::clone(&key)), None);
        Ok(Self { material: Signer::Hmac(key), verifying })
    }

    /// A new random key. A shared secret is as long as the hash; an RSA key has 2048 bits.
    ///
    /// # Errors
    /// If the system has no randomness to give, or the algorithm needs the feature `asymmetric`.
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

    /// A private key in PEM: PKCS#8, PKCS#1 (`RSA PRIVATE KEY`) or SEC1 (`EC PRIVATE KEY`), not encrypted.
    ///
    /// # Errors
    /// If the text holds no such key, or one of another kind than the algorithm takes.
    #[cfg(feature = "asymmetric")]
    pub fn from_pem(algorithm: Algorithm, pem: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        PrivateKey::from_pem(algorithm, pem.as_ref()).map(|key| Self::private(algorithm, key))
    }

    /// A private key in DER: PKCS#8, PKCS#1 or SEC1.
    ///
    /// # Errors
    /// If the bytes are no such key, or one of another kind than the algorithm takes.
    #[cfg(feature = "asymmetric")]
    pub fn from_der(algorithm: Algorithm, der: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        PrivateKey::from_der(algorithm, der.as_ref()).map(|key| Self::private(algorithm, key))
    }

    /// A private or shared key from the JSON of a JWK, which must say its `alg`. Its `kid` is kept.
    ///
    /// # Errors
    /// If it has no `alg`, lacks a member, or is marked for another use.
    pub fn from_jwk(json: &str) -> Result<Self, KeyError> {
        let jwk = JwkFields::parse(json)?;
        Self::from_jwk_fields(jwk.algorithm(None)?, &jwk)
    }

    /// A private or shared key from the JSON of a JWK, for the algorithm given. If the JWK says its own, both must agree.
    ///
    /// # Errors
    /// As [`from_jwk`](Self::from_jwk).
    pub fn from_jwk_as(algorithm: Algorithm, json: &str) -> Result<Self, KeyError> {
        let jwk = JwkFields::parse(json)?;
        Self::from_jwk_fields(jwk.algorithm(Some(algorithm))?, &jwk)
    }

    /// A key that lives elsewhere. It has no name unless [`with_kid`](Self::with_kid) gives it one, and is not published.
    pub fn external(algorithm: Algorithm, key: Arc<dyn ExternalKey>) -> Self {
        let verifying = VerifyingKey::external(algorithm, Arc::clone(&key));
        Self { material: Signer::External(key), verifying }
    }

    /// The private key in PEM (PKCS#8), to keep; `None` for a shared secret, which is not kept.
    #[cfg(feature = "asymmetric")]
    pub fn to_pem(&self) -> Option<zeroize::Zeroizing<String>> {
        match &self.material {
            Signer::Hmac(_) | Signer::External(_) => None,
            Signer::Private(key) => key.to_pem(),
        }
    }

    /// Names the key. The `kid` stands in the header of its tokens, and finds it in a ring.
    ///
    /// # Errors
    /// Unless it has 1 to 256 printable ASCII characters.
    pub fn with_kid(mut self, kid: &str) -> Result<Self, KeyError> {
        self.verifying = self.verifying.with_kid(kid)?;
        Ok(self)
    }

    /// Takes the key's name away, so that its tokens carry no `kid`, as those of Flask-JWT-Extended.
    pub fn without_kid(mut self) -> Self {
        self.verifying = self.verifying.without_kid();
        self
    }

    /// The half that checks. For a shared secret it is the same secret: keep it as safe.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// The algorithm it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm
    }

    /// Its name, if it has one.
    pub fn kid(&self) -> Option<&str> {
        self.verifying.kid()
    }

    pub(crate) fn standard_header(&self) -> &StandardHeader {
        &self.verifying.standard_header
    }

    /// Appends the signature of `text`, as it stands, in base64url.
    pub(crate) fn append_signature(&self, text: &mut String) -> Result<(), SigningFailed> {
        match &self.material {
            Signer::Hmac(key) => {
                let tag = key.sign(text.as_bytes());
                text.push('.');
                base64url::encode_into(tag.as_bytes(), text);
            }
            #[cfg(feature = "asymmetric")]
            Signer::Private(key) => {
                let signature = key.sign(text.as_bytes()).ok_or(SigningFailed)?;
                text.push('.');
                base64url::encode_into(&signature, text);
            }
            Signer::External(key) => {
                let signature = key.sign(text.as_bytes()).ok_or(SigningFailed)?;
                text.push('.');
                base64url::encode_into(&signature, text);
            }
        }
        Ok(())
    }

    fn from_jwk_fields(algorithm: Algorithm, jwk: &JwkFields) -> Result<Self, KeyError> {
        jwk.allow(Purpose::Sign)?;
        let key = match algorithm.family() {
            Family::Hmac => Self::hmac(algorithm, jwk.secret()?)?,
            #[cfg(feature = "asymmetric")]
            _ => Self::private(algorithm, PrivateKey::from_jwk(algorithm, jwk)?),
            #[cfg(not(feature = "asymmetric"))]
            _ => return Err(KeyError::FeatureMissing(algorithm)),
        };
        match &jwk.kid {
            Some(kid) => key.with_kid(kid),
            None => Ok(key),
        }
    }

    #[cfg(feature = "asymmetric")]
    fn private(algorithm: Algorithm, key: PrivateKey) -> Self {
        let verifying = VerifyingKey::public(algorithm, key.public());
        Self { material: Signer::Private(Arc::new(key)), verifying }
    }
}

/// The cryptographic library could not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token could not be signed: the cryptographic library failed")]
pub struct SigningFailed;

impl VerifyingKey {
    /// A public key in PEM: SPKI (`PUBLIC KEY`) or PKCS#1 (`RSA PUBLIC KEY`).
    ///
    /// # Errors
    /// If the text holds no such key, or one of another kind than the algorithm takes.
    #[cfg(feature = "asymmetric")]
    pub fn from_pem(algorithm: Algorithm, pem: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        PublicKey::from_pem(algorithm, pem.as_ref()).map(|key| Self::public(algorithm, key))
    }

    /// A public key in DER: SPKI or PKCS#1.
    ///
    /// # Errors
    /// If the bytes are no such key, or one of another kind than the algorithm takes.
    #[cfg(feature = "asymmetric")]
    pub fn from_der(algorithm: Algorithm, der: impl AsRef<[u8]>) -> Result<Self, KeyError> {
        PublicKey::from_der(algorithm, der.as_ref()).map(|key| Self::public(algorithm, key))
    }

    /// A key from the JSON of a JWK, which must say its `alg`. Its `kid` is kept; private members are not looked at.
    ///
    /// # Errors
    /// If it has no `alg`, lacks a member, or is marked for another use.
    pub fn from_jwk(json: &str) -> Result<Self, KeyError> {
        let jwk = JwkFields::parse(json)?;
        Self::from_jwk_fields(jwk.algorithm(None)?, &jwk)
    }

    /// A key from the JSON of a JWK, for the algorithm given. If the JWK says its own, both must agree.
    ///
    /// # Errors
    /// As [`from_jwk`](Self::from_jwk).
    pub fn from_jwk_as(algorithm: Algorithm, json: &str) -> Result<Self, KeyError> {
        let jwk = JwkFields::parse(json)?;
        Self::from_jwk_fields(jwk.algorithm(Some(algorithm))?, &jwk)
    }

    /// The keys of a JWK Set (RFC 7517 section 5), each of which must say its `alg`.
    ///
    /// # Errors
    /// If the text as a whole is no JWK Set. Keys that cannot be used are listed in the answer.
    pub fn from_jwk_set(json: &str) -> Result<ImportedJwkSet, KeyError> {
        let mut set = ImportedJwkSet::default();
        for member in members_of_set(json)? {
            match Self::from_jwk(&member) {
                Ok(key) => set.keys.push(key),
                Err(error) => set.unusable.push(error),
            }
        }
        Ok(set)
    }

    /// A key that lives elsewhere, to check with.
    pub fn external(algorithm: Algorithm, key: Arc<dyn ExternalKey>) -> Self {
        Self::new(algorithm, Verifier::External(key), None)
    }

    /// The key for publishing; `None` for a shared secret, which never is, and for one that lives elsewhere.
    pub fn to_jwk(&self) -> Option<Jwk> {
        match &self.material {
            Verifier::Hmac(_) | Verifier::External(_) => None,
            #[cfg(feature = "asymmetric")]
            Verifier::Public(key) => {
                Some(Jwk::new(key.params().clone(), self.algorithm, self.kid.as_deref().map(str::to_owned)))
            }
        }
    }

    /// Names the key: only tokens with this `kid`, or with none, are checked with it.
    ///
    /// # Errors
    /// Unless it has 1 to 256 printable ASCII characters.
    pub fn with_kid(mut self, kid: &str) -> Result<Self, KeyError> {
        if !(1..=256).contains(&kid.len()) || !kid.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return Err(KeyError::BadKid);
        }
        self.kid = Some(kid.into());
        self.standard_header = StandardHeader::new(self.algorithm, Some(kid));
        Ok(self)
    }

    /// Takes the key's name away: it is tried on every token of its algorithm.
    pub fn without_kid(mut self) -> Self {
        self.kid = None;
        self.standard_header = StandardHeader::new(self.algorithm, None);
        self
    }

    /// The one algorithm it checks.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its name, if it has one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
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

    fn from_jwk_fields(algorithm: Algorithm, jwk: &JwkFields) -> Result<Self, KeyError> {
        jwk.allow(Purpose::Verify)?;
        let key = match algorithm.family() {
            Family::Hmac => Key::hmac(algorithm, jwk.secret()?)?.verifying,
            #[cfg(feature = "asymmetric")]
            _ => Self::public(algorithm, PublicKey::from_jwk(algorithm, jwk)?),
            #[cfg(not(feature = "asymmetric"))]
            _ => return Err(KeyError::FeatureMissing(algorithm)),
        };
        match &jwk.kid {
            Some(kid) => key.with_kid(kid),
            None => Ok(key),
        }
    }

    #[cfg(feature = "asymmetric")]
    fn public(algorithm: Algorithm, key: PublicKey) -> Self {
        let kid = key.params().thumbprint();
        Self::new(algorithm, Verifier::Public(Arc::new(key)), Some(kid))
    }

    fn new(algorithm: Algorithm, material: Verifier, kid: Option<String>) -> Self {
        let standard_header = StandardHeader::new(algorithm, kid.as_deref());
        Self { algorithm, kid: kid.map(Into::into), material, standard_header }
    }
}

impl From<Key> for VerifyingKey {
    fn from(key: Key) -> Self {
        key.verifying
    }
}

impl StandardHeader {
    fn new(algorithm: Algorithm, kid: Option<&str>) -> Self {
        let json = header::standard(algorithm, kid);
        let encoded = base64url::encode(json.as_bytes()).into();
        Self { json: json.into(), encoded }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("algorithm", &self.algorithm()).field("kid", &self.kid()).finish_non_exhaustive()
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
