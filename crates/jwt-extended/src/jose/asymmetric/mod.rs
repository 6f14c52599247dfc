//! Key pairs over aws-lc-rs: RSA, ECDSA and Ed25519. [`PrivateKey`] signs, [`PublicKey`] checks.
//!
//! Knows how such keys are written (PEM, DER, the members of a JWK) and which of them each algorithm takes. May not
//! know `kid`, headers or tokens: it sees messages and signatures as bytes.

mod der;
mod encoding;
mod key_type;
mod pem;
mod private;
mod public;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED,
    ECDSA_P256K1_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256,
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaParameters, RsaSignatureEncoding,
};

pub(crate) use private::PrivateKey;
pub(crate) use public::PublicKey;

use super::{Algorithm, KeyError};

/// What one algorithm takes: the kind of key, and the library's names for signing and checking with it. A PSS salt
/// is as long as the hash, in both directions.
#[derive(Clone, Copy)]
enum Scheme {
    Rsa { sign: &'static RsaSignatureEncoding, verify: &'static RsaParameters },
    EllipticCurve(Curve),
    Edwards,
}

/// A curve as JWK and DER name it. Its signatures are `r` and `s` side by side, each as long as a coordinate.
#[derive(Clone, Copy)]
struct Curve {
    crv: &'static str,
    oid: &'static [u8],
    coordinate: usize,
    needs: &'static str,
    sign: &'static EcdsaSigningAlgorithm,
    verify: &'static EcdsaVerificationAlgorithm,
}

const P256: Curve = Curve {
    crv: "P-256",
    oid: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
    coordinate: 32,
    needs: "a key on P-256 (`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`)",
    sign: &ECDSA_P256_SHA256_FIXED_SIGNING,
    verify: &ECDSA_P256_SHA256_FIXED,
};
const P384: Curve = Curve {
    crv: "P-384",
    oid: &[0x2b, 0x81, 0x04, 0x00, 0x22],
    coordinate: 48,
    needs: "a key on P-384 (`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384`)",
    sign: &ECDSA_P384_SHA384_FIXED_SIGNING,
    verify: &ECDSA_P384_SHA384_FIXED,
};
const P521: Curve = Curve {
    crv: "P-521",
    oid: &[0x2b, 0x81, 0x04, 0x00, 0x23],
    coordinate: 66,
    needs: "a key on P-521 (`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521`)",
    sign: &ECDSA_P521_SHA512_FIXED_SIGNING,
    verify: &ECDSA_P521_SHA512_FIXED,
};
const SECP256K1: Curve = Curve {
    crv: "secp256k1",
    oid: &[0x2b, 0x81, 0x04, 0x00, 0x0a],
    coordinate: 32,
    needs: "a key on secp256k1 (`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1`)",
    sign: &ECDSA_P256K1_SHA256_FIXED_SIGNING,
    verify: &ECDSA_P256K1_SHA256_FIXED,
};

impl Scheme {
    fn of(algorithm: Algorithm) -> Result<Self, KeyError> {
        let rsa = |sign, verify| Ok(Self::Rsa { sign, verify });
        match algorithm {
            Algorithm::RS256 => rsa(&RSA_PKCS1_SHA256, &RSA_PKCS1_2048_8192_SHA256),
            Algorithm::RS384 => rsa(&RSA_PKCS1_SHA384, &RSA_PKCS1_2048_8192_SHA384),
            Algorithm::RS512 => rsa(&RSA_PKCS1_SHA512, &RSA_PKCS1_2048_8192_SHA512),
            Algorithm::PS256 => rsa(&RSA_PSS_SHA256, &RSA_PSS_2048_8192_SHA256),
            Algorithm::PS384 => rsa(&RSA_PSS_SHA384, &RSA_PSS_2048_8192_SHA384),
            Algorithm::PS512 => rsa(&RSA_PSS_SHA512, &RSA_PSS_2048_8192_SHA512),
            Algorithm::ES256 => Ok(Self::EllipticCurve(P256)),
            Algorithm::ES384 => Ok(Self::EllipticCurve(P384)),
            Algorithm::ES512 | Algorithm::ES521 => Ok(Self::EllipticCurve(P521)),
            Algorithm::ES256K => Ok(Self::EllipticCurve(SECP256K1)),
            Algorithm::EdDSA | Algorithm::Ed25519 => Ok(Self::Edwards),
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
                Err(KeyError::WrongKind { algorithm, needs: "a shared secret (`Key::hmac`), not a key pair" })
            }
        }
    }

    /// The error for a key of another kind or curve.
    fn mismatch(self, algorithm: Algorithm) -> KeyError {
        let needs = match self {
            Self::Rsa { .. } => "an RSA key (`openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`)",
            Self::EllipticCurve(curve) => curve.needs,
            Self::Edwards => "an Ed25519 key (`openssl genpkey -algorithm ed25519`)",
        };
        KeyError::WrongKind { algorithm, needs }
    }
}

/// Below this RSA is refused (RFC 7518 section 3.3).
const MIN_RSA_BITS: usize = 2048;
/// Above this the library refuses RSA.
const MAX_RSA_BITS: usize = 8192;

/// Refuses a modulus, written without leading zeros, that is too small or too large.
fn check_modulus(algorithm: Algorithm, modulus: &[u8]) -> Result<(), KeyError> {
    let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
    if bits < MIN_RSA_BITS {
        return Err(KeyError::RsaTooSmall { bits });
    }
    if bits > MAX_RSA_BITS {
        return Err(KeyError::Malformed { algorithm, why: "the RSA key has more than 8192 bits" });
    }
    Ok(())
}
