//! The signature algorithms of RFC 7518, RFC 8037, RFC 8812, RFC 9864 and RFC 9964, by name.
//!
//! Must not know keys: an algorithm is only a name and the family it belongs to.

use std::{fmt, str::FromStr};

/// A JWS signature algorithm: the value of the `alg` header (RFC 7515 section 4.1.1).
///
/// There is no variant for `none`. The asymmetric algorithms always exist, so that configuration parses the same
/// everywhere; making a *key* for one needs the feature `asymmetric`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256, the default of Flask-JWT-Extended.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// ECDSA on P-521 with SHA-512.
    ES512,
    /// ES512 under a misspelled name that PyJWT also accepts. Use it only for existing tokens.
    ES521,
    /// ECDSA on secp256k1 with SHA-256 (RFC 8812).
    ES256K,
    /// Ed25519 under its older, polymorphic name (RFC 8037).
    EdDSA,
    /// Ed25519 by its own name (RFC 9864).
    Ed25519,
    /// ML-DSA-44, which quantum computers cannot break (RFC 9964). A token with the usual claims has 3,606 bytes. A
    /// cookie may have 4,096, so there is little room for claims of the app's own.
    MlDsa44,
    /// ML-DSA-65 (RFC 9964). A token has at least 4,600 bytes, too many for a cookie.
    MlDsa65,
    /// ML-DSA-87 (RFC 9964). A token has at least 6,300 bytes, too many for a cookie.
    MlDsa87,
}

/// The kind of key that an algorithm needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Family {
    /// One shared secret signs and verifies.
    Hmac,
    /// An RSA key pair, at least 2048 bits.
    Rsa,
    /// A key pair on the curve that the algorithm names.
    EllipticCurve,
    /// An Ed25519 key pair.
    Edwards,
    /// An ML-DSA key pair with the parameters that the algorithm names.
    Lattice,
}

/// The name is not a supported algorithm.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{0}\" is not a signature algorithm; use one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, \
     ES256, ES384, ES512, ES521, ES256K, EdDSA, Ed25519, ML-DSA-44, ML-DSA-65, ML-DSA-87"
)]
pub struct UnknownAlgorithm(String);

impl Algorithm {
    /// All algorithms, in order of definition.
    pub const ALL: [Self; 19] = [
        Self::HS256,
        Self::HS384,
        Self::HS512,
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::ES512,
        Self::ES521,
        Self::ES256K,
        Self::EdDSA,
        Self::Ed25519,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
    ];

    /// Returns the algorithm's name, as used in the `alg` header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::ES512 => "ES512",
            Self::ES521 => "ES521",
            Self::ES256K => "ES256K",
            Self::EdDSA => "EdDSA",
            Self::Ed25519 => "Ed25519",
            Self::MlDsa44 => "ML-DSA-44",
            Self::MlDsa65 => "ML-DSA-65",
            Self::MlDsa87 => "ML-DSA-87",
        }
    }

    /// Returns the kind of key that the algorithm needs.
    pub const fn family(self) -> Family {
        match self {
            Self::HS256 | Self::HS384 | Self::HS512 => Family::Hmac,
            Self::RS256 | Self::RS384 | Self::RS512 | Self::PS256 | Self::PS384 | Self::PS512 => Family::Rsa,
            Self::ES256 | Self::ES384 | Self::ES512 | Self::ES521 | Self::ES256K => Family::EllipticCurve,
            Self::EdDSA | Self::Ed25519 => Family::Edwards,
            Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => Family::Lattice,
        }
    }

    /// Finds an algorithm by its exact name. Names are case-sensitive (RFC 7515 section 4.1.1).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        Self::from_name(name).ok_or_else(|| UnknownAlgorithm(name.chars().take(32).collect()))
    }
}

impl<'de> serde::Deserialize<'de> for Algorithm {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.name().parse(), Ok(algorithm));
        }
    }

    #[test]
    fn none_is_not_an_algorithm_in_any_case() {
        for name in ["none", "None", "NONE", "NoNe", "", "hs256", "HS256 "] {
            assert!(Algorithm::from_name(name).is_none(), "{name:?}");
        }
    }
}
