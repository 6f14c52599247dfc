//! The public half of a key pair: checks signatures, and can be written as a JWK.
//!
//! Must not see private numbers, and must not choose the algorithm: the key comes with it.

use aws_lc_rs::signature::{ParsedPublicKey, VerificationAlgorithm};

use super::{
    der::rsa_public_key,
    encoding::{self, PublicNumbers},
    jwk::{PairFields, PublicParams, decode, exactly, unsigned},
    scheme::{Scheme, check_modulus},
};
use crate::jose::{Algorithm, KeyError, base64url};

/// A public key for one algorithm, parsed once.
#[derive(Clone)]
pub(crate) struct PublicKey {
    key: ParsedPublicKey,
    params: PublicParams,
}

impl PublicKey {
    /// Reads SPKI or PKCS#1.
    pub(crate) fn from_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        Self::from_numbers(algorithm, encoding::public(algorithm, der)?)
    }

    /// Reads the public members of a JWK and ignores private ones.
    pub(crate) fn from_jwk(algorithm: Algorithm, json: &str) -> Result<Self, KeyError> {
        Self::from_fields(algorithm, &PairFields::parse(json)?)
    }

    /// Makes the key of the public members of a JWK.
    pub(super) fn from_fields(algorithm: Algorithm, jwk: &PairFields) -> Result<Self, KeyError> {
        let scheme = Scheme::of(algorithm)?;
        let fits = |crv| {
            if jwk.crv.as_deref() == Some(crv) { Ok(()) } else { Err(wrong_curve(scheme, algorithm, jwk)) }
        };
        match (scheme, jwk.kty.as_str()) {
            (Scheme::Rsa { .. }, "RSA") => {
                let (modulus, exponent) = (unsigned(jwk.n.as_ref(), "n")?, unsigned(jwk.e.as_ref(), "e")?);
                Self::from_numbers(algorithm, PublicNumbers::Rsa { modulus: &modulus, exponent: &exponent })
            }
            (Scheme::EllipticCurve(curve), "EC") => {
                fits(curve.crv)?;
                let x = exactly(curve.coordinate, jwk.x.as_ref(), "x")?;
                let y = exactly(curve.coordinate, jwk.y.as_ref(), "y")?;
                Self::from_numbers(algorithm, PublicNumbers::Point(&[&[UNCOMPRESSED], &x[..], &y].concat()))
            }
            (Scheme::Edwards, "OKP") => {
                fits("Ed25519")?;
                let x = exactly(ED25519_LENGTH, jwk.x.as_ref(), "x")?;
                Self::from_numbers(algorithm, PublicNumbers::Edwards(&x))
            }
            // Every kind of key may name its algorithm, and this one must (RFC 9964 section 3).
            (Scheme::Lattice(_), "AKP") if jwk.alg.is_none() => Err(KeyError::JwkMember { member: "alg" }),
            (Scheme::Lattice(_), "AKP") => {
                Self::from_numbers(algorithm, PublicNumbers::Lattice(&decode(jwk.public.as_ref(), "pub")?))
            }
            _ => Err(scheme.mismatch(algorithm)),
        }
    }

    /// Makes the key, if its numbers suit the algorithm.
    pub(super) fn from_numbers(algorithm: Algorithm, numbers: PublicNumbers<'_>) -> Result<Self, KeyError> {
        let scheme = Scheme::of(algorithm)?;
        let malformed = |why| KeyError::Malformed { algorithm, why };
        let parse = |verification: &'static dyn VerificationAlgorithm, bytes: &[u8], why| {
            ParsedPublicKey::new(verification, bytes).map_err(|_| malformed(why))
        };
        match (scheme, numbers) {
            (Scheme::Rsa { verify, .. }, PublicNumbers::Rsa { modulus, exponent }) => {
                check_modulus(algorithm, modulus)?;
                let why = "its modulus and exponent do not make an RSA key";
                let key = parse(verify, &rsa_public_key(modulus, exponent), why)?;
                let (n, e) = (base64url::encode(modulus), base64url::encode(exponent));
                Ok(Self { key, params: PublicParams::Rsa { n, e } })
            }
            (Scheme::EllipticCurve(curve), PublicNumbers::Point(point)) => {
                let form = "its point must be uncompressed (`openssl ec -conv_form uncompressed`)";
                let (tag, coordinates) = point.split_first().ok_or(malformed(form))?;
                if *tag != UNCOMPRESSED || coordinates.len() != 2 * curve.coordinate {
                    return Err(malformed(form));
                }
                let key = parse(curve.verify, point, "its point does not lie on the curve")?;
                let (x, y) = coordinates.split_at_checked(curve.coordinate).ok_or(malformed(form))?;
                let (x, y) = (base64url::encode(x), base64url::encode(y));
                Ok(Self { key, params: PublicParams::EllipticCurve { crv: curve.crv, x, y } })
            }
            (Scheme::Edwards, PublicNumbers::Edwards(bytes)) => {
                let why = "an Ed25519 public key has 32 bytes";
                let bytes: &[u8; ED25519_LENGTH] = bytes.try_into().map_err(|_| malformed(why))?;
                if has_small_order(bytes) {
                    return Err(malformed("it is a point of small order, for which anyone can sign"));
                }
                let key = parse(&aws_lc_rs::signature::ED25519, bytes, why)?;
                Ok(Self { key, params: PublicParams::Edwards { crv: "Ed25519", x: base64url::encode(bytes) } })
            }
            (Scheme::Lattice(lattice), PublicNumbers::Lattice(bytes)) => {
                // The length tells the parameters apart, and the library would also read SPKI here.
                if bytes.len() != lattice.sign.public_key_len() {
                    return Err(scheme.mismatch(algorithm));
                }
                let key = parse(lattice.verify, bytes, "its numbers do not make an ML-DSA key")?;
                let (alg, public) = (algorithm.name(), base64url::encode(bytes));
                Ok(Self { key, params: PublicParams::Lattice { alg, public } })
            }
            _ => Err(scheme.mismatch(algorithm)),
        }
    }

    /// Returns whether this key made the signature for the message.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }

    /// Returns the numbers as a JWK writes them.
    pub(crate) fn params(&self) -> &PublicParams {
        &self.params
    }

    /// Returns the bytes that aws-lc-rs parsed: PKCS#1, an uncompressed point, or the bytes of Ed25519 or ML-DSA.
    pub(super) fn bytes(&self) -> &[u8] {
        self.key.as_ref()
    }
}

/// The first byte of an uncompressed point (SEC 1 section 2.3.3).
const UNCOMPRESSED: u8 = 4;
const ED25519_LENGTH: usize = 32;

/// Returns whether an Ed25519 key is a point of small order, in any of its encodings. A key of zeros is one.
///
/// Anyone can sign for such a key without a secret, and aws-lc-rs does not refuse it.
fn has_small_order(key: &[u8; ED25519_LENGTH]) -> bool {
    let [first @ .., last] = key;
    // The highest bit is the sign of x and does not affect the order.
    let is = |low: u8, middle: u8, high: u8| {
        *last & 0x7f == high
            && first.split_first().is_some_and(|(a, b)| *a == low && b.iter().all(|byte| *byte == middle))
    };
    let orders_1_2_and_4 = is(0, 0, 0) || is(1, 0, 0) || (0xec..=0xee).any(|low| is(low, 0xff, 0x7f));
    let order_8 =
        ORDER_8.iter().any(|y| y.split_last().is_some_and(|(high, rest)| *last & 0x7f == *high && rest == first));
    orders_1_2_and_4 || order_8
}

/// The two y coordinates of order 8, as encoded in keys.
const ORDER_8: [[u8; ED25519_LENGTH]; 2] = [
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

fn wrong_curve(scheme: Scheme, algorithm: Algorithm, jwk: &PairFields) -> KeyError {
    if jwk.crv.is_some() { scheme.mismatch(algorithm) } else { KeyError::JwkMember { member: "crv" } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_another_kind_of_key_are_refused() {
        let error = PublicKey::from_numbers(Algorithm::RS256, PublicNumbers::Edwards(&[7; ED25519_LENGTH])).err();
        assert!(matches!(error, Some(KeyError::WrongKind { algorithm: Algorithm::RS256, .. })));
    }

    #[test]
    fn a_point_of_small_order_differs_from_others_in_every_byte() {
        let order = |low: u8, middle: u8, high: u8| {
            let mut point = [middle; ED25519_LENGTH];
            (point[0], point[ED25519_LENGTH - 1]) = (low, high);
            point
        };
        let low_orders = [order(0, 0, 0), order(1, 0, 0), order(0xec, 0xff, 0x7f), order(0xee, 0xff, 0x7f)];
        for point in low_orders.into_iter().chain(ORDER_8) {
            assert!(has_small_order(&point), "{point:x?}");
            for at in 0..ED25519_LENGTH {
                let mut other = point;
                other[at] ^= 0x10;
                assert!(!has_small_order(&other), "{other:x?}");
            }
        }
    }
}
