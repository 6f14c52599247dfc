//! Why a token was not accepted ([`TokenError`]) or not made ([`IssueError`]).
//!
//! Where Flask-JWT-Extended or PyJWT has a sentence for the same fault, ours is the same.

use super::{ClaimsError, Token};
use crate::{
    entropy::EntropyError,
    jose::{JwsError, SigningFailed},
    session::StoreError,
};

/// Why a token is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Its form, header or signature (RFC 7515).
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// A claim is missing that every token of ours has.
    #[error("Missing claim: {0}")]
    MissingClaim(String),
    /// A claim has a value that it cannot have.
    #[error("{message}")]
    ClaimValue {
        /// The claim's name.
        claim: &'static str,
        /// What is wrong with it.
        message: &'static str,
    },
    /// `nbf` or `iat` lies in the future.
    #[error("The token is not yet valid ({0})")]
    NotYetValid(&'static str),
    /// `iss` or `aud` is expected and missing.
    #[error("Token is missing the \"{0}\" claim")]
    MissingExpected(&'static str),
    /// `iss` is not an issuer that is trusted.
    #[error("Invalid issuer")]
    Issuer,
    /// `aud` names none of our audiences.
    #[error("Audience doesn't match")]
    Audience,
    /// It was good until its `exp`. All else about it was found good, so its claims may be read.
    #[error("Token has expired")]
    Expired(Token),
}

/// Why a token was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The key ring only checks tokens.
    #[error("there is no key to sign with; give the manager a signing key with `key`")]
    NoSigningKey,
    /// The identity has no text.
    #[error("the identity is empty; a token must say whose it is")]
    EmptySubject,
    /// The session has no name, and all that have none would end together.
    #[error("the session is empty; give the name that `new_session` made, or none")]
    EmptySession,
    /// A store is told only of sessions whose names say when they were opened.
    #[error("the session has a name of another kind; give the one that `new_session` made")]
    ForeignSession,
    /// The additional claims or headers are not a JSON object.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// An additional claim has the name of one that the token has already.
    #[error(
        "the additional claim \"{0}\" would replace one of the token's own; if that is meant, use `replacing_claims`"
    )]
    ReservedClaim(String),
    /// An additional header would make the token mean something else.
    #[error("the additional header \"{0}\" cannot be set; it is decided by the key")]
    ReservedHeader(String),
    /// The token would never expire, and this manager refuses such tokens.
    #[error("a token that never expires would be refused; set that kind's lifetime to `Lifetime::Never` to allow it")]
    NeverRefused,
    /// The token would outlive the memory of the revocation store.
    #[error("the token would live longer than revocations are remembered; raise `longest_lifetime`")]
    TooLongLived,
    /// What was replaced or added would make this manager refuse the token.
    #[error("the token would be refused here: {0}; use a manager for whom it is meant")]
    WouldBeRefused(Box<TokenError>),
    /// The token would be refused for its length.
    #[error("the token would have {length} bytes and only {limit} are accepted; give it fewer claims")]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The limit in force.
        limit: usize,
    },
    /// The session could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The user was logged out everywhere while logging in.
    #[error("the user's sessions were ended meanwhile, this one with them; log in again")]
    SessionEnded,
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The cryptographic library failed.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
}
