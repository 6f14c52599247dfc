//! The private half of a key pair: signs, and can be written as PEM for its owner.
//!
//! Must not reveal anything of itself in an error or in `Debug`. Every copy of a private number outside aws-lc-rs is
//! wiped.

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeyPairComponents, KeySize, PublicKeyComponents},
    signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, PqdsaKeyPair, RsaSignatureEncoding},
};
use zeroize::Zeroizing;

use super::{
    encoding::{self, PrivateNumbers, PublicNumbers},
    jwk::{PairFields, secret},
    pem,
    public::PublicKey,
    scheme::{Scheme, check_modulus},
};
use crate::jose::{Algorithm, KeyError};

/// A private key for one algorithm, with its public half.
pub(crate) struct PrivateKey {
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    Rsa(RsaKeyPair, &'static RsaSignatureEncoding),
    EllipticCurve(EcdsaKeyPair),
    Edwards(Ed25519KeyPair),
    Lattice(PqdsaKeyPair),
}

impl PrivateKey {
    /// Generates a random key. An RSA key has 2048 bits.
    pub(crate) fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let pair = match Scheme::of(algorithm)? {
            Scheme::Rsa { sign, .. } => RsaKeyPair::generate(KeySize::Rsa2048).map(|pair| Pair::Rsa(pair, sign)),
            Scheme::EllipticCurve(curve) => EcdsaKeyPair::generate(curve.sign).map(Pair::EllipticCurve),
            Scheme::Edwards => Ed25519KeyPair::generate().map(Pair::Edwards),
            Scheme::Lattice(lattice) => PqdsaKeyPair::generate(lattice.sign).map(Pair::Lattice),
        };
        Self::from_pair(algorithm, pair.map_err(|_| KeyError::Generation)?)
    }

    /// Reads PKCS#8, PKCS#1 or SEC1.
    pub(crate) fn from_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        let malformed = |why| KeyError::Malformed { algorithm, why };
        let pair = match encoding::private(algorithm, der)? {
            PrivateNumbers::Rsa { pkcs1, modulus, sign } => {
                check_modulus(algorithm, modulus)?;
                RsaKeyPair::from_der(pkcs1).map(|pair| Pair::Rsa(pair, sign))
            }
            PrivateNumbers::Sec1(sec1, curve) => {
                EcdsaKeyPair::from_private_key_der(curve.sign, sec1).map(Pair::EllipticCurve)
            }
            PrivateNumbers::Edwards { seed, public } => {
                let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| malformed(NOT_A_KEY))?;
                let derived = pair.public_key().as_ref();
                if public.is_some_and(|stated| stated != derived) {
                    return Err(malformed(UNRELATED));
                }
                Ok(Pair::Edwards(pair))
            }
            PrivateNumbers::Lattice(pkcs8, lattice) => PqdsaKeyPair::from_pkcs8(lattice.sign, pkcs8).map(Pair::Lattice),
        };
        Self::from_pair(algorithm, pair.map_err(|_| malformed(NOT_A_KEY))?)
    }

    /// Reads the members of a private JWK. Its public and private members must match.
    ///
    /// An RSA key needs all of its numbers, although RFC 7518 section 6.3.2 requires only `d`. Nearly all have them.
    pub(crate) fn from_jwk(algorithm: Algorithm, json: &str) -> Result<Self, KeyError> {
        let jwk = PairFields::parse(json)?;
        let public = PublicKey::from_fields(algorithm, &jwk)?;
        let scheme = Scheme::of(algorithm)?;
        if let Scheme::Lattice(lattice) = scheme {
            let seed = secret(jwk.seed.as_ref(), "priv")?;
            let pair =
                PqdsaKeyPair::from_seed(lattice.sign, &seed).map_err(|_| KeyError::JwkMember { member: "priv" })?;
            let related = pair.public_key().as_ref() == public.bytes();
            let unrelated = KeyError::Malformed { algorithm, why: UNRELATED };
            return if related { Ok(Self { pair: Pair::Lattice(pair), public }) } else { Err(unrelated) };
        }
        let d = secret(jwk.d.as_ref(), "d")?;
        let pair = match scheme {
            Scheme::Rsa { sign, .. } => rsa_from_jwk(&jwk, &public, &d)?.map(|pair| Pair::Rsa(pair, sign)),
            Scheme::EllipticCurve(curve) if d.len() == curve.coordinate => {
                EcdsaKeyPair::from_private_key_and_public_key(curve.sign, &d, public.bytes())
                    .map(Pair::EllipticCurve)
                    .ok()
            }
            Scheme::Edwards if d.len() == public.bytes().len() => {
                Ed25519KeyPair::from_seed_and_public_key(&d, public.bytes()).map(Pair::Edwards).ok()
            }
            _ => return Err(KeyError::JwkMember { member: "d" }),
        };
        let pair = pair.ok_or(KeyError::Malformed { algorithm, why: UNRELATED })?;
        Ok(Self { pair, public })
    }

    /// Returns the half that checks.
    pub(crate) fn public(&self) -> PublicKey {
        self.public.clone()
    }

    /// Signs the message. Returns `None` if the library fails.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        // The parameter exists only for compatibility with ring: aws-lc-rs uses its own randomness.
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature).ok()?;
                Some(signature)
            }
            Pair::EllipticCurve(pair) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
            Pair::Edwards(pair) => Some(pair.try_sign(message).ok()?.as_ref().to_vec()),
            Pair::Lattice(pair) => {
                let mut signature = vec![0; pair.algorithm().signature_len()];
                pair.sign(message, &mut signature).ok()?;
                Some(signature)
            }
        }
    }

    /// Writes the key in PKCS#8 as PEM. Returns `None` if the library fails.
    pub(crate) fn to_pem(&self) -> Option<Zeroizing<String>> {
        Some(match &self.pair {
            Pair::Rsa(pair, _) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().ok()?;
                pem::encode_private(der.as_ref())
            }
            Pair::EllipticCurve(pair) => pem::encode_private(pair.to_pkcs8v1().ok()?.as_ref()),
            Pair::Edwards(pair) => pem::encode_private(pair.to_pkcs8v1().ok()?.as_ref()),
            Pair::Lattice(pair) => pem::encode_private(pair.to_pkcs8v1().ok()?.as_ref()),
        })
    }

    fn from_pair(algorithm: Algorithm, pair: Pair) -> Result<Self, KeyError> {
        let damaged = |_| KeyError::Malformed { algorithm, why: NOT_A_KEY };
        let numbers = match &pair {
            Pair::Rsa(pair, _) => encoding::rsa_public(pair.public_key().as_ref()).map_err(damaged)?,
            Pair::EllipticCurve(pair) => PublicNumbers::Point(pair.public_key().as_ref()),
            Pair::Edwards(pair) => PublicNumbers::Edwards(pair.public_key().as_ref()),
            Pair::Lattice(pair) => PublicNumbers::Lattice(pair.public_key().as_ref()),
        };
        let public = PublicKey::from_numbers(algorithm, numbers)?;
        Ok(Self { pair, public })
    }
}

const NOT_A_KEY: &str = "its numbers do not make a private key";
const UNRELATED: &str = "its public and private numbers do not belong together";

/// Makes an RSA key from the members of a JWK. Returns `Ok(None)` if the library refuses the numbers.
fn rsa_from_jwk(jwk: &PairFields, public: &PublicKey, d: &[u8]) -> Result<Option<RsaKeyPair>, KeyError> {
    // These are the bytes that this module's neighbor wrote, so they are an RSA key.
    let Ok(PublicNumbers::Rsa { modulus, exponent }) = encoding::rsa_public(public.bytes()) else { return Ok(None) };
    let (p, q) = (secret(jwk.p.as_ref(), "p")?, secret(jwk.q.as_ref(), "q")?);
    let (dp, dq) = (secret(jwk.dp.as_ref(), "dp")?, secret(jwk.dq.as_ref(), "dq")?);
    let qi = secret(jwk.qi.as_ref(), "qi")?;
    let public_key = PublicKeyComponents { n: modulus, e: exponent };
    let components = KeyPairComponents { public_key, d, p: &p[..], q: &q, dP: &dp, dQ: &dq, qInv: &qi };
    Ok(RsaKeyPair::from_components(&components).ok())
}
