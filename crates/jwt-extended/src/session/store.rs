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

/// A closure is a store, for those who keep a blocklist of their own: it says whether a token stands, and what is revoked
/// is written elsewhere.
///
/// ```
/// use jwt_extended::{JwtManager, jose::Key, session::{Answer, Standing, TokenIds}};
///
/// let blocked = ["0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e"];
/// let jwt = JwtManager::builder()
///     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
///     .revocation_store(move |token: &TokenIds<'_>| {
///         let found = token.jti.is_some_and(|jti| blocked.contains(&jti));
///         Answer::Now(Ok(if found { Standing::Revoked } else { Standing::Good }))
///     })
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// One that must ask a database answers [`Answer::later`].
impl<F> RevocationStore for F
where
    F: Fn(&TokenIds<'_>) -> Answer<'static, Result<Standing, StoreError>> + Send + Sync,
{
    fn standing(&self, token: &TokenIds<'_>) -> Answer<'_, Result<Standing, StoreError>> {
        self(token)
    }

    fn revoke(&self, _: &Revocation<'_>) -> Answer<'_, Result<(), StoreError>> {
        Answer::Now(Err(StoreError::ReadOnly))
    }
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
    /// It holds as many entries as it may, and none has expired. Forgetting one would let a revoked token back in.
    #[error("the store is full; raise its capacity, which is {capacity}")]
    Full {
        /// How many it may hold.
        capacity: usize,
    },
    /// The token has no `jti`, no session: it can only end with all its subject's tokens.
    #[error("the token has no {0}, so it cannot be revoked by it")]
    Unnamed(&'static str),
    /// The manager has no store.
    #[error("there is no store; give the manager one with `session_store` or `revocation_store`")]
    NoStore,
    /// The store knows revocations and no sessions.
    #[error("the store keeps no sessions; give the manager one that does with `session_store`")]
    NoSessions,
    /// The store is a closure, which can be asked and not told.
    #[error("the store is a closure that only answers; revoke where it reads from")]
    ReadOnly,
    /// Whatever it asks did not answer.
    #[error("the store is unavailable: {0}")]
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
