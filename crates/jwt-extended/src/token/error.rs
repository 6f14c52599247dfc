//! Errors: why a token was rejected ([`TokenError`]) or not issued ([`IssueError`]).
//!
//! Where Flask-JWT-Extended or PyJWT has a message for the same fault, ours is the same.

use super::{ClaimsError, Token};
use crate::{
    entropy::EntropyError,
    jose::{JwsError, SigningFailed},
    session::StoreError,
};

/// Why a token was rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Its form, header or signature is invalid (RFC 7515).
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// The client sent a placeholder, such as `undefined`, where it has no token.
    #[error("The client sent \"{0}\" instead of a token. Log in, and send the token that the login returned")]
    Placeholder(&'static str),
    /// A claim is missing that every token must have.
    #[error("Missing claim: {0}")]
    MissingClaim(String),
    /// A claim has an invalid value.
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
    /// `iss` or `aud` is missing, although configured.
    #[error("Token is missing the \"{0}\" claim")]
    MissingExpected(&'static str),
    /// `iss` is not a trusted issuer.
    #[error("Invalid issuer")]
    Issuer,
    /// `aud` names none of the configured audiences.
    #[error("Audience doesn't match")]
    Audience,
    /// The keys of another issuer are not known, and cannot be had at the moment.
    #[error("The keys of {0} cannot be had right now. Try again in a moment")]
    NoKeys(String),
    /// It has passed its `exp`. All other checks passed, so its claims may be read.
    #[error("Token has expired")]
    Expired(Token),
}

/// Why a token was not issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The key ring only checks tokens.
    #[error("there is no key to sign with; give the manager a signing key with `key`")]
    NoSigningKey,
    /// The identity is the empty string.
    #[error("the identity is empty; a token must name its subject")]
    EmptySubject,
    /// The identity begins with a character that marks identities which are not strings.
    #[error("the identity must not begin with the control character U+0001")]
    ControlCharacter,
    /// The identity or the token id is longer than a store accepts.
    #[error("with a store, the identity and the token id may have at most {limit} bytes each")]
    TooLongId {
        /// The limit in bytes.
        limit: usize,
    },
    /// The session id is the empty string: all sessions with that id would end together.
    #[error("the session id is empty; use the one that `new_session` returned, or none")]
    EmptySession,
    /// The session id does not say when the session was opened, so a store cannot keep it.
    #[error("the session id is of another kind; use the one that `new_session` returned")]
    ForeignSession,
    /// Overriding claims changed the ids by which the store knows a session's tokens.
    #[error(
        "the store knows a session's tokens by their claims jti and sid, and additional claims cannot override them"
    )]
    SessionClaims,
    /// Overriding claims gave a session's tokens another subject.
    #[error("the additional claims give the tokens another subject than their session's")]
    OtherSubject,
    /// The additional claims or headers are not a JSON object.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// An additional claim has the name of one that the token has already.
    #[error(
        "the additional claim \"{0}\" would override one of the token's own; to allow that, use `overriding_claims`"
    )]
    ReservedClaim(String),
    /// An additional header would make the token mean something else.
    #[error("the additional header \"{0}\" cannot be set; it is decided by the key")]
    ReservedHeader(String),
    /// The token would never expire, and this manager rejects such tokens.
    #[error("a token that never expires would be rejected; set that kind's lifetime to `Lifetime::Never` to allow it")]
    NeverRefused,
    /// The token would live longer than the store remembers revocations.
    #[error("the token would live longer than revocations are remembered; raise `longest_lifetime`")]
    TooLongLived,
    /// An overriding claim or additional header would make this manager reject the token.
    #[error("this manager would reject the token: {0}; to issue it for others, use `allow_unverifiable`")]
    WouldBeRefused(Box<TokenError>),
    /// The token is longer than this manager accepts.
    #[error("the token would have {length} bytes and only {limit} are accepted; give it fewer claims")]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The limit in force.
        limit: usize,
    },
    /// The store could not keep the session.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// All of the user's sessions were ended during the login.
    #[error("all of the user's sessions were ended during this login; log in again")]
    SessionEnded,
    /// The source of randomness failed.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The cryptographic library failed.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
}
