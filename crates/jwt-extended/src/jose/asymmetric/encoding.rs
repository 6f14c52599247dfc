//! The encodings of keys in DER: SPKI (RFC 5280), PKCS#1 (RFC 8017), PKCS#8 (RFC 5958) and SEC1 (RFC 5915). Those of
//! ML-DSA are in RFC 9881.
//!
//! Takes the envelope apart and returns its content, if the algorithm needs that kind of key. Must not judge the
//! numbers: aws-lc-rs does, when a key is made of them.
//!
//! The crates `der`, `spki`, `pkcs1` and `sec1` were tried instead of this file, `der.rs` and half of `key_type.rs`.
//! They saved 155 of 530 lines, for four more crates of 18,000 lines. `pem.rs` would remain, because `pem-rfc7468`
//! allows text before the block and refuses indented or uneven lines. `pkcs8` cannot read the Ed25519 keys that ring
//! writes.

use aws_lc_rs::signature::RsaSignatureEncoding;

use super::{
    der::{BIT_STRING, INTEGER, NotDer, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, whole_bytes},
    key_type::{KeyType, Kind},
    scheme::{Curve, Lattice, Scheme},
};
use crate::jose::{Algorithm, KeyError};

/// The optional attributes in PKCS#8, which do not describe the key.
const ATTRIBUTES: u8 = 0xa0;
/// The optional public key in PKCS#8, and the form in which ring writes it: around a complete BIT STRING.
const PUBLIC_KEY: u8 = 0x81;
const NESTED_PUBLIC_KEY: u8 = 0xa1;
/// The optional curve and public key in SEC1.
const SEC1_CURVE: u8 = 0xa0;
const SEC1_PUBLIC_KEY: u8 = 0xa1;
/// The seed of an ML-DSA key, alone.
const LATTICE_SEED: u8 = 0x80;

/// The outermost structure of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Spki,
    Pkcs1Public,
    Pkcs8,
    Pkcs1Private,
    Sec1,
    EncryptedPkcs8,
    Certificate,
}

/// The numbers of a public key, of the kind that the algorithm needs. RSA numbers have no leading zeros.
#[derive(Clone, Copy)]
pub(super) enum PublicNumbers<'d> {
    Rsa { modulus: &'d [u8], exponent: &'d [u8] },
    Point(&'d [u8]),
    Edwards(&'d [u8]),
    Lattice(&'d [u8]),
}

/// The innermost part of a private key, of the kind that the algorithm needs, and how the algorithm signs with it.
#[derive(Clone, Copy)]
pub(super) enum PrivateNumbers<'d> {
    Rsa {
        pkcs1: &'d [u8],
        modulus: &'d [u8],
        sign: &'static RsaSignatureEncoding,
    },
    Sec1(&'d [u8], Curve),
    /// With the public half, if the key includes it.
    Edwards {
        seed: &'d [u8],
        public: Option<&'d [u8]>,
    },
    /// All of the PKCS#8: the library knows the three forms of the key in it.
    Lattice(&'d [u8], Lattice),
}

impl Form {
    /// Recognizes the structure by its first elements.
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        let mut elements = Reader::sequence_of(der).ok()?;
        let first_tag = elements.tag()?;
        let first = elements.read(first_tag).ok()?;
        match (first_tag, elements.tag()) {
            (SEQUENCE, Some(BIT_STRING)) => Some(Self::Spki),
            (SEQUENCE, Some(OCTET_STRING)) => Some(Self::EncryptedPkcs8),
            (SEQUENCE, Some(SEQUENCE)) => Some(Self::Certificate),
            (INTEGER, Some(SEQUENCE)) => Some(Self::Pkcs8),
            (INTEGER, Some(OCTET_STRING)) => Some(Self::Sec1),
            // A private key begins with its version, 0 or 1; a public one with a modulus.
            (INTEGER, Some(INTEGER)) if first.len() == 1 => Some(Self::Pkcs1Private),
            (INTEGER, Some(INTEGER)) => Some(Self::Pkcs1Public),
            _ => None,
        }
    }

    /// Returns why a key in this form cannot be used at all.
    fn unusable(form: Option<Self>) -> &'static str {
        match form {
            Some(Self::EncryptedPkcs8) => "it is encrypted; decrypt it first (`openssl pkey`)",
            Some(Self::Certificate) => "it is a certificate; take its key out (`openssl x509 -pubkey -noout`)",
            _ => "it is not DER in the form of SPKI, PKCS#1, PKCS#8 or SEC1",
        }
    }
}

/// Takes a public key out of SPKI or PKCS#1.
pub(super) fn public(algorithm: Algorithm, der: &[u8]) -> Result<PublicNumbers<'_>, KeyError> {
    let scheme = Scheme::of(algorithm)?;
    let damaged = |NotDer| KeyError::Malformed { algorithm, why: "the DER of the public key is damaged" };
    match Form::of(der) {
        Some(Form::Spki) => {
            let (key_type, bits) = spki(der).map_err(damaged)?;
            let kind = key_type.kind(algorithm, scheme)?;
            match kind {
                Kind::Rsa(_) => rsa_public(bits).map_err(damaged),
                Kind::Curve(_) => Ok(PublicNumbers::Point(bits)),
                Kind::Edwards => Ok(PublicNumbers::Edwards(bits)),
                Kind::Lattice(_) => Ok(PublicNumbers::Lattice(bits)),
            }
        }
        Some(Form::Pkcs1Public) => match scheme {
            Scheme::Rsa { .. } => rsa_public(der).map_err(damaged),
            _ => Err(scheme.mismatch(algorithm)),
        },
        Some(Form::Pkcs8 | Form::Pkcs1Private | Form::Sec1) => Err(KeyError::WrongKind {
            algorithm,
            needs: "the public half here, and this is the private one (`openssl pkey -pubout`)",
        }),
        form => Err(KeyError::Malformed { algorithm, why: Form::unusable(form) }),
    }
}

/// Takes a private key out of PKCS#8, PKCS#1 or SEC1.
pub(super) fn private(algorithm: Algorithm, der: &[u8]) -> Result<PrivateNumbers<'_>, KeyError> {
    let scheme = Scheme::of(algorithm)?;
    let damaged = |NotDer| KeyError::Malformed { algorithm, why: "the DER of the private key is damaged" };
    match Form::of(der) {
        Some(Form::Pkcs8) => {
            let envelope = pkcs8(der).map_err(damaged)?;
            match (envelope.key_type.kind(algorithm, scheme)?, envelope.public) {
                (Kind::Rsa(sign), None) => rsa_private(envelope.key, sign).map_err(damaged),
                (Kind::Curve(curve), None) => Ok(PrivateNumbers::Sec1(envelope.key, curve)),
                (Kind::Edwards, public) => {
                    let mut key = Reader::new(envelope.key);
                    let seed = key.read(OCTET_STRING).map_err(damaged)?;
                    key.end().map_err(damaged)?;
                    Ok(PrivateNumbers::Edwards { seed, public })
                }
                (Kind::Lattice(lattice), None) => {
                    check_lattice_private(envelope.key).map_err(damaged)?;
                    Ok(PrivateNumbers::Lattice(der, lattice))
                }
                // Only RFC 8410 keys include a public half here.
                (Kind::Rsa(_) | Kind::Curve(_) | Kind::Lattice(_), Some(_)) => Err(damaged(NotDer)),
            }
        }
        Some(Form::Pkcs1Private) => match scheme {
            Scheme::Rsa { sign, .. } => rsa_private(der, sign).map_err(damaged),
            _ => Err(scheme.mismatch(algorithm)),
        },
        Some(Form::Sec1) => match scheme {
            Scheme::EllipticCurve(curve) => {
                let stated = sec1_curve(der).map_err(damaged)?;
                let why = "it does not name its curve; rewrite it with `openssl pkey`";
                let stated = stated.ok_or(KeyError::Malformed { algorithm, why })?;
                if stated == curve.oid { Ok(PrivateNumbers::Sec1(der, curve)) } else { Err(scheme.mismatch(algorithm)) }
            }
            _ => Err(scheme.mismatch(algorithm)),
        },
        Some(Form::Spki | Form::Pkcs1Public) => Err(KeyError::WrongKind {
            algorithm,
            needs: "the private half to sign; a public key can only check (`VerifyingKey`)",
        }),
        form => Err(KeyError::Malformed { algorithm, why: Form::unusable(form) }),
    }
}

/// Takes the numbers out of a PKCS#1 `RSAPublicKey`.
pub(super) fn rsa_public(der: &[u8]) -> Result<PublicNumbers<'_>, NotDer> {
    let mut numbers = Reader::sequence_of(der)?;
    let (modulus, exponent) = (numbers.unsigned()?, numbers.unsigned()?);
    numbers.end()?;
    Ok(PublicNumbers::Rsa { modulus, exponent })
}

fn spki(der: &[u8]) -> Result<(KeyType<'_>, &[u8]), NotDer> {
    let mut envelope = Reader::sequence_of(der)?;
    let key_type = KeyType::read(&mut envelope)?;
    let bits = envelope.bit_string()?;
    envelope.end()?;
    Ok((key_type, bits))
}

struct Pkcs8<'d> {
    key_type: KeyType<'d>,
    key: &'d [u8],
    public: Option<&'d [u8]>,
}

fn pkcs8(der: &[u8]) -> Result<Pkcs8<'_>, NotDer> {
    let mut envelope = Reader::sequence_of(der)?;
    let version = envelope.unsigned()?;
    let key_type = KeyType::read(&mut envelope)?;
    let key = envelope.read(OCTET_STRING)?;
    envelope.read_optional(ATTRIBUTES)?;
    let public = match envelope.tag() {
        Some(PUBLIC_KEY) => Some(whole_bytes(envelope.read(PUBLIC_KEY)?)?),
        Some(NESTED_PUBLIC_KEY) => {
            let mut nested = Reader::new(envelope.read(NESTED_PUBLIC_KEY)?);
            let public = nested.bit_string()?;
            nested.end()?;
            Some(public)
        }
        _ => None,
    };
    // A public key needs version 1, which RFC 5958 calls v2.
    if !(version == [1] || (version.is_empty() && public.is_none())) {
        return Err(NotDer);
    }
    envelope.end()?;
    Ok(Pkcs8 { key_type, key, public })
}

fn rsa_private<'d>(pkcs1: &'d [u8], sign: &'static RsaSignatureEncoding) -> Result<PrivateNumbers<'d>, NotDer> {
    let mut numbers = Reader::sequence_of(pkcs1)?;
    if !numbers.unsigned()?.is_empty() {
        // Version 1 means more than two primes.
        return Err(NotDer);
    }
    let modulus = numbers.unsigned()?;
    for _exponents_and_primes in 0..7 {
        numbers.unsigned()?;
    }
    numbers.end()?;
    Ok(PrivateNumbers::Rsa { pkcs1, modulus, sign })
}

/// Checks that a private key of ML-DSA has one of its three forms: the seed, the expanded key, or both.
fn check_lattice_private(key: &[u8]) -> Result<(), NotDer> {
    let mut form = Reader::new(key);
    if form.tag() == Some(SEQUENCE) {
        let mut both = form.sequence()?;
        both.read(OCTET_STRING)?;
        both.read(OCTET_STRING)?;
        both.end()?;
    } else if form.read_optional(LATTICE_SEED)?.is_none() {
        form.read(OCTET_STRING)?;
    }
    form.end()
}

/// Returns the OID of the curve that a SEC1 `ECPrivateKey` names, if it names one.
fn sec1_curve(der: &[u8]) -> Result<Option<&[u8]>, NotDer> {
    let mut elements = Reader::sequence_of(der)?;
    if elements.unsigned()? != [1] {
        return Err(NotDer);
    }
    elements.read(OCTET_STRING)?;
    let curve = elements.read_optional(SEC1_CURVE)?;
    elements.read_optional(SEC1_PUBLIC_KEY)?;
    elements.end()?;
    let Some(curve) = curve else { return Ok(None) };
    let mut curve = Reader::new(curve);
    let oid = curve.read(OBJECT_IDENTIFIER)?;
    curve.end()?;
    Ok(Some(oid))
}
