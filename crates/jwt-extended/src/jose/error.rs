//! Errors of keys ([`KeyError`]) and of a token's form, header and signature ([`JwsError`]).
//!
//! Where PyJWT has a message for the same fault, ours is identical, because clients match on it. No message contains
//! any part of a key or a token, except the name of a critical extension.

use std::fmt;

use super::{Algorithm, algorithm::UnknownAlgorithm, json::JsonError};

/// Why a key could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The HMAC secret is empty.
    #[error("the secret is empty; give at least {minimum} random bytes")]
    EmptySecret {
        /// The minimum for the algorithm, in bytes.
        minimum: usize,
    },
    /// The HMAC secret is shorter than the hash (RFC 7518 section 3.2).
    #[error(
        "the secret has {length} bytes and {algorithm} needs at least {minimum}; make one with \
         `openssl rand -base64 48`"
    )]
    ShortSecret {
        /// The algorithm that it was given for.
        algorithm: Algorithm,
        /// Its length in bytes.
        length: usize,
        /// The minimum for the algorithm, in bytes.
        minimum: usize,
    },
    /// The HMAC secret is the text of an asymmetric key, which may be public (CVE-2016-10555).
    #[error(
        "the secret is the text of an asymmetric key or certificate, which must never key an HMAC; use the \
         constructor for that key, or a random secret"
    )]
    SecretIsAsymmetricKey,
    /// The algorithm needs another kind of key.
    #[error("{algorithm} does not take this kind of key; it needs {needs}")]
    WrongKind {
        /// The requested algorithm.
        algorithm: Algorithm,
        /// The kind of key that it needs.
        needs: &'static str,
    },
    /// The text is not PEM, or does not hold a supported kind of key.
    #[error("no key found in the PEM text; it must hold one PRIVATE KEY, PUBLIC KEY, RSA or EC block, not encrypted")]
    NotPem,
    /// The key's encoding could not be read as a key for the algorithm.
    #[error("the key cannot be read as a key for {algorithm}: {why}")]
    Malformed {
        /// The requested algorithm.
        algorithm: Algorithm,
        /// The reason.
        why: &'static str,
    },
    /// RSA below 2048 bits (RFC 7518 section 3.3).
    #[error("the RSA key has {bits} bits; at least 2048 are needed")]
    RsaTooSmall {
        /// The size of its modulus.
        bits: usize,
    },
    /// The RSA key is one of those that smart cards and TPMs made until 2017 (ROCA, CVE-2017-15361).
    #[error(
        "the RSA key comes from a flawed generator, so that others can compute its private half (CVE-2017-15361); \
         replace it with a new one (`openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`)"
    )]
    RsaRoca,
    /// The JWK text is not exactly one JSON object.
    #[error("the JWK cannot be read: {0}")]
    JwkJson(JsonError),
    /// A member of the JWK is missing, or of the wrong kind.
    #[error("the JWK's \"{member}\" is missing or unusable")]
    JwkMember {
        /// The member's name.
        member: &'static str,
    },
    /// A number in the JWK is not written as RFC 7518 requires.
    #[error("the JWK's \"{member}\" {why}; `VerifyingKey::from_loose_jwk` accepts that")]
    JwkNumber {
        /// The member's name.
        member: &'static str,
        /// The reason.
        why: &'static str,
    },
    /// The JWK has no `alg` and the caller gave no algorithm. A token's header never supplies it.
    #[error("the JWK has no \"alg\"; name the algorithm with `from_jwk_as`")]
    JwkWithoutAlgorithm,
    /// The JWK is for another algorithm than the requested one.
    #[error("the JWK is for {stated}, not for {asked}")]
    JwkAlgorithm {
        /// The algorithm in the JWK.
        stated: Algorithm,
        /// The requested algorithm.
        asked: Algorithm,
    },
    /// The JWK is marked for something other than signatures (`use` or `key_ops`).
    #[error("the JWK's \"use\" or \"key_ops\" does not allow signatures")]
    JwkUse,
    /// The algorithm is unknown.
    #[error(transparent)]
    UnknownAlgorithm(#[from] UnknownAlgorithm),
    /// The key needs the feature `asymmetric`.
    #[error("{0} needs the cargo feature \"asymmetric\" of jwt-extended")]
    FeatureMissing(Algorithm),
    /// Two keys of a ring have the same `kid` and algorithm.
    #[error("two keys share the kid {0:?}; give each its own with `with_kid`")]
    DuplicateKid(String),
    /// The `kid` is not 1 to 256 printable ASCII characters.
    #[error("a kid must have 1 to 256 printable ASCII characters")]
    BadKid,
    /// A JWK Set holds a shared secret beside public keys. Whoever reads the public keys could sign with the secret.
    #[error("the JWK Set mixes shared secrets and key pairs; keep each in a set of its own")]
    MixedSet,
    /// A published JWK Set holds a shared secret, which is never used.
    #[error("a shared secret must not be published, so it is not used")]
    SecretPublished,
    /// A published JWK Set holds a private key, which anybody may have read.
    #[error("the published JWK Set holds a private key, so anybody may have it; no key of the set is used")]
    PrivateKeyPublished,
    /// A published key serves none of the accepted algorithms.
    #[error("the key is for none of the accepted algorithms")]
    NoAcceptedAlgorithm,
    /// A published JWK Set has too many keys.
    #[error("the JWK Set has more than {most} keys")]
    TooManyKeys {
        /// The limit in force.
        most: usize,
    },
    /// The system's source of randomness, or the cryptographic library, failed.
    #[error("the key could not be generated")]
    Generation,
}

/// One of the three segments of a compact token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// The first.
    Header,
    /// The second.
    Payload,
    /// The third.
    Signature,
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Payload => "payload",
            // As in PyJWT's messages.
            Self::Signature => "crypto",
        })
    }
}

/// Why a text is not a token that one of our keys signed (RFC 7515).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsError {
    /// The token is longer than the limit. Nothing else was checked.
    #[error("The token is longer than {limit} bytes")]
    TooLong {
        /// The limit in force, in bytes.
        limit: usize,
    },
    /// The token has fewer than three segments.
    #[error("Not enough segments")]
    NotEnoughSegments,
    /// The token has more than three segments.
    #[error("Too many segments")]
    TooManySegments,
    /// A segment is not base64url without padding, with its unused bits zero.
    #[error("Invalid {0} padding")]
    Base64(Segment),
    /// A segment is not exactly one JSON object.
    #[error("Invalid {0} string: {1}")]
    Json(Segment, JsonError),
    /// The header has no `alg`.
    #[error("Algorithm not specified")]
    AlgorithmMissing,
    /// None of our keys has the header's `alg`.
    #[error("The specified alg value is not allowed")]
    AlgorithmNotAllowed,
    /// A registered header has a value of the wrong kind.
    #[error("{0}")]
    HeaderMember(&'static str),
    /// None of our keys has the header's `kid`.
    #[error("The token was signed with an unknown key")]
    UnknownKey,
    /// The header requires an extension, and none is supported (RFC 7515 section 4.1.11).
    #[error("Unsupported critical extension: {0}")]
    CriticalExtension(String),
    /// The header's `crit` is not a list of extension names as RFC 7515 requires.
    #[error("Invalid 'crit' header")]
    CriticalMalformed,
    /// The header's `typ` is that of another kind of token.
    #[error("The token's typ header names another kind of token")]
    ForeignType,
    /// The signature does not match.
    #[error("Signature verification failed")]
    Signature,
}
