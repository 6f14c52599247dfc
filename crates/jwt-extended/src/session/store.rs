//! The trait of a blocklist, [`RevocationStore`], and the types that both store traits use.

use std::sync::Arc;

use super::Answer;
use crate::time::Timestamp;

/// Remembers which tokens, sessions and subjects were revoked.
///
/// If a store returns an error, the request is rejected with 503. It is never let through.
pub trait RevocationStore: Send + Sync {
    /// Checks whether a token was revoked.
    fn status<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>>;

    /// Revokes tokens. Once this returns `Ok`, every later [`status`](Self::status) reports them as revoked.
    fn revoke<'a>(&'a self, request: &'a RevokeRequest<'_>) -> Answer<'a, Result<(), StoreError>>;
}

/// A closure is a read-only store, for apps that keep a blocklist elsewhere and revoke there.
///
/// ```
/// use jwt_extended::{JwtManager, jose::Key, session::{Answer, TokenIds, TokenStatus}};
///
/// let blocked = ["0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e"];
/// let jwt = JwtManager::builder()
///     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
///     .revocation_store(move |token: &TokenIds<'_>| {
///         let found = token.jti.is_some_and(|jti| blocked.contains(&jti));
///         Answer::Now(Ok(if found { TokenStatus::Revoked } else { TokenStatus::Active }))
///     })
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A closure that queries a database returns [`Answer::later`].
impl<F> RevocationStore for F
where
    F: Fn(&TokenIds<'_>) -> Answer<'static, Result<TokenStatus, StoreError>> + Send + Sync,
{
    fn status<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        self(token)
    }

    fn revoke<'a>(&'a self, _: &'a RevokeRequest<'_>) -> Answer<'a, Result<(), StoreError>> {
        Answer::Now(Err(StoreError::ReadOnly))
    }
}

impl<S: RevocationStore + ?Sized> RevocationStore for Arc<S> {
    fn status<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        (**self).status(token)
    }

    fn revoke<'a>(&'a self, request: &'a RevokeRequest<'_>) -> Answer<'a, Result<(), StoreError>> {
        (**self).revoke(request)
    }
}

/// Whether a store accepts a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenStatus {
    /// The token was not revoked, and its session is open if it has one.
    Active,
    /// The token, its session, or all of the subject's tokens from before a cut-off were revoked.
    Revoked,
}

/// Whether a store accepts a token, and for how long that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores make it")]
pub struct Standing {
    /// Whether the token is accepted now.
    pub status: TokenStatus,
    /// When an active token's session ends, unless it is extended; `None` for never. A revocation may come before.
    pub until: Option<Timestamp>,
}

/// A store could not answer, or could not keep what it was given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store is full, and no entry has expired. Dropping one would make a revoked token valid again.
    #[error("the store is full; raise its capacity, which is {capacity}")]
    Full {
        /// How many entries the store may hold.
        capacity: usize,
    },
    /// The token lacks the claim by which it would be revoked: its `jti`, or its session.
    #[error("the token has no {0}, so it cannot be revoked by it")]
    Unnamed(&'static str),
    /// The manager has no store.
    #[error("there is no store; give the manager one with `session_store` or `revocation_store`")]
    NoStore,
    /// The store keeps revocations only.
    #[error("the store keeps no sessions; give the manager one that does with `session_store`")]
    NoSessions,
    /// The store is a closure, which cannot revoke.
    #[error("the store is a closure, which is read-only; revoke where it reads from")]
    ReadOnly,
    /// The store, or the server behind it, did not answer.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

/// What a store needs to know of a token to check it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TokenIds<'a> {
    /// The token's id, the claim `jti`.
    pub jti: Option<&'a str>,
    /// The id of its session, the claim `sid`.
    pub session: Option<&'a str>,
    /// Its subject, the identity claim.
    pub subject: &'a str,
    /// When the token counts as issued, to compare with a cut-off of its subject.
    ///
    /// That is when its session was opened, to the microsecond. Without a session, it is the token's `iat`, to the
    /// second.
    pub since: Timestamp,
    /// The current time.
    pub now: Timestamp,
}

/// A request to revoke tokens, and for how long to remember it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum RevokeRequest<'a> {
    /// One token.
    Token {
        /// Its id.
        jti: &'a str,
        /// When the token expires; `None` for never.
        until: Option<Timestamp>,
        /// The current time.
        now: Timestamp,
    },
    /// One session: all its access and refresh tokens, including those issued later.
    Session {
        /// Its id.
        session: &'a str,
        /// When the last of its tokens expires; `None` for never.
        until: Option<Timestamp>,
        /// The current time.
        now: Timestamp,
    },
    /// All tokens of a subject with [`since`](TokenIds::since) earlier than now.
    Subject {
        /// The subject.
        subject: &'a str,
        /// When the last of these tokens expires; `None` for never.
        until: Option<Timestamp>,
        /// The current time.
        now: Timestamp,
    },
}

/// What a manager's store can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreKind {
    /// There is no store.
    None,
    /// It keeps revocations.
    Revocations,
    /// It keeps sessions and revocations.
    Sessions,
}
