//! The kind of key that each algorithm needs, and its names in aws-lc-rs, JWK and DER.
//!
//! Must not know how a key is encoded.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED,
    ECDSA_P256K1_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm,
    ML_DSA_44, ML_DSA_44_SIGNING, ML_DSA_65, ML_DSA_65_SIGNING, ML_DSA_87, ML_DSA_87_SIGNING, PqdsaSigningAlgorithm,
    PqdsaVerificationAlgorithm, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaParameters, RsaSignatureEncoding,
};

use super::roca;
use crate::jose::{Algorithm, KeyError};

/// The kind of key that one algorithm needs, and the library's names for signing and checking with it.
///
/// A PSS salt is as long as the hash, both when signing and when checking.
#[derive(Clone, Copy)]
pub(super) enum Scheme {
    Rsa { sign: &'static RsaSignatureEncoding, verify: &'static RsaParameters },
    EllipticCurve(Curve),
    Edwards,
    Lattice(Lattice),
}

/// A curve with its names in JWK and DER. A signature is `r` followed by `s`, each as long as a coordinate.
#[derive(Clone, Copy)]
pub(super) struct Curve {
    pub(super) crv: &'static str,
    pub(super) oid: &'static [u8],
    pub(super) coordinate: usize,
    needs: &'static str,
    pub(super) sign: &'static EcdsaSigningAlgorithm,
    pub(super) verify: &'static EcdsaVerificationAlgorithm,
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

/// A set of parameters of ML-DSA, with its name in DER (RFC 9881). JWK uses the name of the algorithm.
#[derive(Clone, Copy)]
pub(super) struct Lattice {
    pub(super) oid: &'static [u8],
    needs: &'static str,
    pub(super) sign: &'static PqdsaSigningAlgorithm,
    pub(super) verify: &'static PqdsaVerificationAlgorithm,
}

const ML_DSA_44_KEY: Lattice = Lattice {
    oid: &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11],
    needs: "an ML-DSA-44 key (`openssl genpkey -algorithm ML-DSA-44`, with OpenSSL 3.5)",
    sign: &ML_DSA_44_SIGNING,
    verify: &ML_DSA_44,
};
const ML_DSA_65_KEY: Lattice = Lattice {
    oid: &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12],
    needs: "an ML-DSA-65 key (`openssl genpkey -algorithm ML-DSA-65`, with OpenSSL 3.5)",
    sign: &ML_DSA_65_SIGNING,
    verify: &ML_DSA_65,
};
const ML_DSA_87_KEY: Lattice = Lattice {
    oid: &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x13],
    needs: "an ML-DSA-87 key (`openssl genpkey -algorithm ML-DSA-87`, with OpenSSL 3.5)",
    sign: &ML_DSA_87_SIGNING,
    verify: &ML_DSA_87,
};

impl Scheme {
    /// Returns the scheme of an algorithm that uses key pairs.
    pub(super) fn of(algorithm: Algorithm) -> Result<Self, KeyError> {
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
            Algorithm::MlDsa44 => Ok(Self::Lattice(ML_DSA_44_KEY)),
            Algorithm::MlDsa65 => Ok(Self::Lattice(ML_DSA_65_KEY)),
            Algorithm::MlDsa87 => Ok(Self::Lattice(ML_DSA_87_KEY)),
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
                Err(KeyError::WrongKind { algorithm, needs: "a shared secret (`Key::hmac`), not a key pair" })
            }
        }
    }

    /// Returns the error for a key of another kind or curve.
    pub(super) fn mismatch(self, algorithm: Algorithm) -> KeyError {
        let needs = match self {
            Self::Rsa { .. } => "an RSA key (`openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`)",
            Self::EllipticCurve(curve) => curve.needs,
            Self::Edwards => "an Ed25519 key (`openssl genpkey -algorithm ed25519`)",
            Self::Lattice(lattice) => lattice.needs,
        };
        KeyError::WrongKind { algorithm, needs }
    }
}

/// The minimum size of RSA keys (RFC 7518 section 3.3).
const MIN_RSA_BITS: usize = 2048;
/// The maximum size of RSA keys in aws-lc-rs.
const MAX_RSA_BITS: usize = 8192;

/// Refuses a modulus that is too small, too large or predictable. It must not have leading zeros.
pub(super) fn check_modulus(algorithm: Algorithm, modulus: &[u8]) -> Result<(), KeyError> {
    let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
    if bits < MIN_RSA_BITS {
        return Err(KeyError::RsaTooSmall { bits });
    }
    if bits > MAX_RSA_BITS {
        return Err(KeyError::Malformed { algorithm, why: "the RSA key has more than 8192 bits" });
    }
    if roca::has_fingerprint(modulus) {
        return Err(KeyError::RsaRoca);
    }
    Ok(())
}
