//! The revocation trait, and the words that it is asked in.

use super::Answer;
use crate::time::Timestamp;

/// Remembers which tokens, sessions and subjects were revoked.
///
/// A store that cannot answer says so with an error, and the request is refused with 503: never "allowed".
pub trait RevocationStore: Send + Sync {
    /// Whether a token still stands.
    fn standing(&self, token: &TokenIds<'_>) -> Answer<'_, Result<Standing, StoreError>>;

    /// Revokes. When this has answered `Ok`, every later [`standing`](Self::standing) says so.
    fn revoke(&self, what: &Revocation<'_>) -> Answer<'_, Result<(), StoreError>>;
}

impl<S: RevocationStore + ?Sized> RevocationStore for std::sync::Arc<S> {
    fn standing(&self, token: &TokenIds<'_>) -> Answer<'_, Result<Standing, StoreError>> {
        (**self).standing(token)
    }

    fn revoke(&self, what: &Revocation<'_>) -> Answer<'_, Result<(), StoreError>> {
        (**self).revoke(what)
    }
}

/// Whether a token still stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is known against it.
    Good,
    /// It, its session, or all that its subject had then, was revoked.
    Revoked,
}

/// The store could not answer, or could not keep what it was told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It holds as many revocations as it may, and none has expired. Forgetting one would let a revoked token back in.
    #[error("the revocation store is full; raise its capacity, which is {capacity}")]
    Full {
        /// How many it may hold.
        capacity: usize,
    },
    /// The token has no `jti`, no session: it can only end with all its subject's tokens.
    #[error("the token has no {0}, so it cannot be revoked by it")]
    Unnamed(&'static str),
    /// The manager has no store.
    #[error("there is no revocation store; give the manager one with `revocation_store`")]
    NoStore,
    /// Whatever it asks did not answer.
    #[error("the revocation store is unavailable: {0}")]
    Unavailable(String),
}

/// What a store is told of a token that is presented.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TokenIds<'a> {
    /// Its own name.
    pub jti: Option<&'a str>,
    /// The session that it belongs to.
    pub session: Option<&'a str>,
    /// Whose it is.
    pub subject: &'a str,
    /// The moment that counts when all of a subject's tokens issued before some time are revoked: the opening of
    /// its session, to the microsecond, or else its `iat`, to the second.
    pub since: Timestamp,
    /// The time of asking.
    pub now: Timestamp,
}

/// What a store is told to revoke, and for how long it must remember.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Revocation<'a> {
    /// One token.
    Token {
        /// Its `jti`.
        jti: &'a str,
        /// When it would have expired; `None` for never.
        until: Option<Timestamp>,
        /// The time of asking.
        now: Timestamp,
    },
    /// One session: its access and refresh tokens together, those included that are yet to be issued.
    Session {
        /// Its `sid`.
        session: &'a str,
        /// When its last token will have expired; `None` for never.
        until: Option<Timestamp>,
        /// The time of asking.
        now: Timestamp,
    },
    /// All tokens of a subject with [`since`](TokenIds::since) earlier than now.
    Subject {
        /// The identity claim.
        subject: &'a str,
        /// When the last of them will have expired; `None` for never.
        until: Option<Timestamp>,
        /// The time of asking.
        now: Timestamp,
    },
}
