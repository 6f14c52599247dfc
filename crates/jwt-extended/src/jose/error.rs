//! What can be wrong with a key ([`KeyError`]) and with the outside of a token ([`JwsError`]).
//!
//! Where PyJWT has a sentence for the same fault, ours is the same, because clients match on it. No message
//! holds any part of a key or of a token, beyond the name of a critical extension.

use std::fmt;

use super::{Algorithm, algorithm::UnknownAlgorithm, json::JsonError};

/// Why a key could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The HMAC secret has no bytes.
    #[error("the secret is empty; give at least {minimum} random bytes")]
    EmptySecret {
        /// What the algorithm needs, in bytes.
        minimum: usize,
    },
    /// The HMAC secret is shorter than the hash (RFC 7518 section 3.2).
    #[error(
        "the secret has {length} bytes and {algorithm} needs at least {minimum}; make one with \
         `openssl rand -base64 48`"
    )]
    ShortSecret {
        /// The algorithm it was given for.
        algorithm: Algorithm,
        /// Its length in bytes.
        length: usize,
        /// What the algorithm needs, in bytes.
        minimum: usize,
    },
    /// The HMAC secret is the text of an asymmetric key: everyone may know it (CVE-2016-10555).
    #[error(
        "the secret is the text of an asymmetric key or certificate, which must never key an HMAC; use the \
         constructor for that key, or a random secret"
    )]
    SecretIsAsymmetricKey,
    /// The algorithm takes another kind of key.
    #[error("{algorithm} does not take this kind of key; it needs {needs}")]
    WrongKind {
        /// The algorithm asked for.
        algorithm: Algorithm,
        /// What it takes.
        needs: &'static str,
    },
    /// The text is not PEM, or holds no key that we read.
    #[error("no key found in the PEM text; it must hold one PRIVATE KEY, PUBLIC KEY, RSA or EC block, not encrypted")]
    NotPem,
    /// The key's encoding could not be read as a key for the algorithm.
    #[error("the key cannot be read as a key for {algorithm}: {why}")]
    Malformed {
        /// The algorithm asked for.
        algorithm: Algorithm,
        /// What was wrong with it.
        why: &'static str,
    },
    /// RSA below 2048 bits (RFC 7518 section 3.3).
    #[error("the RSA key has {bits} bits; at least 2048 are needed")]
    RsaTooSmall {
        /// The size of its modulus.
        bits: usize,
    },
    /// The JWK text is not one JSON object.
    #[error("the JWK cannot be read: {0}")]
    JwkJson(JsonError),
    /// A member of the JWK is missing, or of the wrong kind.
    #[error("the JWK's \"{member}\" is missing or unusable")]
    JwkMember {
        /// The member's name.
        member: &'static str,
    },
    /// The JWK does not say its algorithm and none was given: it is never taken from a token's header.
    #[error("the JWK has no \"alg\"; name the algorithm with `from_jwk_as`")]
    JwkWithoutAlgorithm,
    /// The JWK names an algorithm that differs from the one that was asked for.
    #[error("the JWK is for {stated}, not for {asked}")]
    JwkAlgorithm {
        /// The algorithm in the JWK.
        stated: Algorithm,
        /// The algorithm asked for.
        asked: Algorithm,
    },
    /// The JWK is marked for something other than signatures (`use` or `key_ops`).
    #[error("the JWK's \"use\" or \"key_ops\" does not allow signatures")]
    JwkUse,
    /// The name of the algorithm is unknown.
    #[error(transparent)]
    UnknownAlgorithm(#[from] UnknownAlgorithm),
    /// The key needs the feature `asymmetric`.
    #[error("{0} needs the cargo feature \"asymmetric\" of jwt-extended")]
    FeatureMissing(Algorithm),
    /// Two keys of a ring have the same `kid`.
    #[error("two keys share the kid {0:?}; give each its own with `with_kid`")]
    DuplicateKid(String),
    /// A `kid` must be 1 to 256 printable characters, so that it fits a header.
    #[error("a kid must have 1 to 256 printable ASCII characters")]
    BadKid,
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
            // PyJWT's word for it.
            Self::Signature => "crypto",
        })
    }
}

/// Why a text is not a token that a key of ours signed (RFC 7515).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsError {
    /// Longer than the limit: nothing else was looked at.
    #[error("The token is longer than {limit} bytes")]
    TooLong {
        /// The limit in force, in bytes.
        limit: usize,
    },
    /// Fewer than three segments.
    #[error("Not enough segments")]
    NotEnoughSegments,
    /// More than three segments.
    #[error("Too many segments")]
    TooManySegments,
    /// A segment is not base64url without padding, with its unused bits zero.
    #[error("Invalid {0} padding")]
    Base64(Segment),
    /// A segment is not one JSON object.
    #[error("Invalid {0} string: {1}")]
    Json(Segment, JsonError),
    /// The header has no `alg`.
    #[error("Algorithm not specified")]
    AlgorithmMissing,
    /// The header's `alg` is not that of a key of ours.
    #[error("The specified alg value is not allowed")]
    AlgorithmNotAllowed,
    /// A registered header has a value of the wrong kind.
    #[error("{0}")]
    HeaderMember(&'static str),
    /// The header's `kid` names none of our keys.
    #[error("The token was signed with an unknown key")]
    UnknownKey,
    /// The header demands an extension that we do not have (RFC 7515 section 4.1.11).
    #[error("Unsupported critical extension: {0}")]
    CriticalExtension(String),
    /// The header's `crit` is not a list of extension names as RFC 7515 wants it.
    #[error("Invalid 'crit' header")]
    CriticalMalformed,
    /// The header's `typ` says that this is another kind of token.
    #[error("The token's typ header names another kind of token")]
    ForeignType,
    /// The signature does not match.
    #[error("Signature verification failed")]
    Signature,
}
