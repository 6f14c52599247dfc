//! The private half of a key pair: signs, and is written out as PEM for its owner alone.
//!
//! May not show anything of itself in an error or in `Debug`. Every copy of a private number outside the library
//! is wiped.

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeyPairComponents, KeySize, PublicKeyComponents},
    signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaSignatureEncoding},
};
use zeroize::Zeroizing;

use super::{
    PublicKey, Scheme, check_modulus,
    encoding::{self, PrivateNumbers, PublicNumbers},
    pem,
};
use crate::jose::{Algorithm, KeyError, base64url, jwk::JwkFields};

/// A private key for one algorithm, with its public half.
pub(crate) struct PrivateKey {
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    Rsa(RsaKeyPair, &'static RsaSignatureEncoding),
    EllipticCurve(EcdsaKeyPair),
    Edwards(Ed25519KeyPair),
}

impl PrivateKey {
    /// Makes a new random key; an RSA one has 2048 bits.
    pub(crate) fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let pair = match Scheme::of(algorithm)? {
            Scheme::Rsa { sign, .. } => RsaKeyPair::generate(KeySize::Rsa2048).map(|pair| Pair::Rsa(pair, sign)),
            Scheme::EllipticCurve(curve) => EcdsaKeyPair::generate(curve.sign).map(Pair::EllipticCurve),
            Scheme::Edwards => Ed25519KeyPair::generate().map(Pair::Edwards),
        };
        Self::from_pair(algorithm, pair.map_err(|_| KeyError::Generation)?)
    }

    /// Reads PKCS#8, PKCS#1 (`RSA PRIVATE KEY`) or SEC1 (`EC PRIVATE KEY`).
    pub(crate) fn from_pem(algorithm: Algorithm, text: &[u8]) -> Result<Self, KeyError> {
        Scheme::of(algorithm)?;
        Self::from_der(algorithm, &pem::decode(algorithm, text)?)
    }

    /// Reads PKCS#8, PKCS#1 or SEC1.
    pub(crate) fn from_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        let malformed = |why| KeyError::Malformed { algorithm, why };
        let scheme = Scheme::of(algorithm)?;
        let pair = match (scheme, encoding::private(algorithm, der)?) {
            (Scheme::Rsa { sign, .. }, PrivateNumbers::Rsa { pkcs1, modulus }) => {
                check_modulus(algorithm, modulus)?;
                RsaKeyPair::from_der(pkcs1).map(|pair| Pair::Rsa(pair, sign))
            }
            (Scheme::EllipticCurve(curve), PrivateNumbers::Sec1(sec1)) => {
                EcdsaKeyPair::from_private_key_der(curve.sign, sec1).map(Pair::EllipticCurve)
            }
            (Scheme::Edwards, PrivateNumbers::Edwards { seed, public }) => {
                let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| malformed(NOT_A_KEY))?;
                let derived = pair.public_key().as_ref();
                if public.is_some_and(|stated| stated != derived) {
                    return Err(malformed(STRANGERS));
                }
                Ok(Pair::Edwards(pair))
            }
            _ => return Err(scheme.mismatch(algorithm)),
        };
        Self::from_pair(algorithm, pair.map_err(|_| malformed(NOT_A_KEY))?)
    }

    /// Reads a private JWK, whose public members must belong to its private ones. One of RSA needs all of its
    /// numbers, as nearly all have them (RFC 7518 section 6.3.2).
    pub(crate) fn from_jwk(algorithm: Algorithm, jwk: &JwkFields) -> Result<Self, KeyError> {
        let public = PublicKey::from_jwk(algorithm, jwk)?;
        let d = secret(jwk.d.as_ref(), "d")?;
        let pair = match Scheme::of(algorithm)? {
            Scheme::Rsa { sign, .. } => rsa_from_jwk(jwk, &public, &d)?.map(|pair| Pair::Rsa(pair, sign)),
            Scheme::EllipticCurve(curve) if d.len() == curve.coordinate => {
                EcdsaKeyPair::from_private_key_and_public_key(curve.sign, &d, public.bytes())
                    .map(Pair::EllipticCurve)
                    .ok()
            }
            Scheme::Edwards if d.len() == public.bytes().len() => {
                Ed25519KeyPair::from_seed_and_public_key(&d, public.bytes()).map(Pair::Edwards).ok()
            }
            Scheme::EllipticCurve(_) | Scheme::Edwards => return Err(KeyError::JwkMember { member: "d" }),
        };
        let pair = pair.ok_or(KeyError::Malformed { algorithm, why: STRANGERS })?;
        Ok(Self { pair, public })
    }

    /// The half that checks.
    pub(crate) fn public(&self) -> PublicKey {
        self.public.clone()
    }

    /// The signature of the message; `None` if the library fails.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        // The library takes a source of randomness for the sake of ring's interface, and uses its own.
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature).ok()?;
                Some(signature)
            }
            Pair::EllipticCurve(pair) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
            Pair::Edwards(pair) => Some(pair.try_sign(message).ok()?.as_ref().to_vec()),
        }
    }

    /// The key in PKCS#8 as PEM; `None` if the library fails.
    pub(crate) fn to_pem(&self) -> Option<Zeroizing<String>> {
        Some(match &self.pair {
            Pair::Rsa(pair, _) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().ok()?;
                pem::encode_private(der.as_ref())
            }
            Pair::EllipticCurve(pair) => pem::encode_private(pair.to_pkcs8v1().ok()?.as_ref()),
            Pair::Edwards(pair) => pem::encode_private(pair.to_pkcs8v1().ok()?.as_ref()),
        })
    }

    fn from_pair(algorithm: Algorithm, pair: Pair) -> Result<Self, KeyError> {
        let damaged = |_| KeyError::Malformed { algorithm, why: NOT_A_KEY };
        let numbers = match &pair {
            Pair::Rsa(pair, _) => encoding::rsa_public(pair.public_key().as_ref()).map_err(damaged)?,
            Pair::EllipticCurve(pair) => PublicNumbers::Point(pair.public_key().as_ref()),
            Pair::Edwards(pair) => PublicNumbers::Edwards(pair.public_key().as_ref()),
        };
        let public = PublicKey::from_numbers(algorithm, numbers)?;
        Ok(Self { pair, public })
    }
}

const NOT_A_KEY: &str = "its numbers do not make a private key";
const STRANGERS: &str = "its public and private numbers do not belong together";

/// The outer `None` of the library's refusal, once every member is there.
fn rsa_from_jwk(jwk: &JwkFields, public: &PublicKey, d: &[u8]) -> Result<Option<RsaKeyPair>, KeyError> {
    let Ok(PublicNumbers::Rsa { modulus, exponent }) = encoding::rsa_public(public.bytes()) else {
        return Ok(None);
    };
    let (p, q) = (secret(jwk.p.as_ref(), "p")?, secret(jwk.q.as_ref(), "q")?);
    let (dp, dq) = (secret(jwk.dp.as_ref(), "dp")?, secret(jwk.dq.as_ref(), "dq")?);
    let qi = secret(jwk.qi.as_ref(), "qi")?;
    let public_key = PublicKeyComponents { n: modulus, e: exponent };
    let components = KeyPairComponents { public_key, d, p: &p[..], q: &q, dP: &dp, dQ: &dq, qInv: &qi };
    Ok(RsaKeyPair::from_components(&components).ok())
}

/// A private member, in a buffer that is wiped whether it can be decoded or not.
fn secret(text: Option<&Zeroizing<String>>, member: &'static str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let unusable = KeyError::JwkMember { member };
    let text = text.ok_or(unusable.clone())?;
    let mut bytes = Zeroizing::new(vec![0; text.len() / 4 * 3 + 3]);
    let length = base64url::decode_to(text, &mut bytes).map_err(|_| unusable)?;
    bytes.truncate(length);
    Ok(bytes)
}
