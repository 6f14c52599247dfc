//! The session trait: who is logged in where, and which refresh token is a session's current one.
//!
//! What a store keeps of a session is names and times. The name of a refresh token (`jti`) is no secret: without the
//! signing key nobody makes a token of it.

use std::{num::NonZeroU32, time::Duration};

use serde::Serialize;

use super::{Answer, Standing, StoreError, TokenIds};
use crate::time::Timestamp;

/// Keeps sessions, and what was revoked.
///
/// A store that cannot answer says so with an error, and the request is refused with 503: never "allowed". Each call is
/// one atomic step, also when several processes share the store. Whether one may be relied on,
/// the checks of `test_util::sessions` show, behind the feature `test-util`.
pub trait SessionStore: Send + Sync {
    /// Whether a token still stands: neither revoked by itself, nor older than a [`Ending`] of all its subject's tokens,
    /// and its session, if it belongs to one, is open. A session that the store does not know is over.
    fn standing(&self, token: &TokenIds<'_>) -> Answer<'_, Result<Standing, StoreError>>;

    /// Revokes one token.
    fn revoke(&self, token: &RevokedToken<'_>) -> Answer<'_, Result<(), StoreError>>;

    /// Opens a session, and ends its subject's oldest ones if that makes too many.
    ///
    /// [`Standing::Revoked`] if all of the subject's sessions were ended after this one's opening, and nothing is kept.
    fn open(&self, session: &NewSession<'_>) -> Answer<'_, Result<Standing, StoreError>>;

    /// Turns a session's refresh token into its successor: compares what is presented with what is current, and sets. A
    /// token that was revoked, and one whose successor was, is [`Turned::Over`].
    fn turn(&self, turn: &Turn<'_>) -> Answer<'_, Result<Turned, StoreError>>;

    /// As [`standing`](Self::standing) for a token that belongs to a session, which is good for longer from now on.
    fn touch(&self, touch: &Touch<'_>) -> Answer<'_, Result<Standing, StoreError>>;

    /// A subject's open sessions, the latest opened first.
    fn list(&self, subject: &str, now: Timestamp) -> Answer<'_, Result<Vec<Session>, StoreError>>;

    /// Ends sessions, and says how many were open. When this has answered `Ok`, none of their tokens stands.
    ///
    /// Of two endings of all, the later time and the longer memory hold; but one of more than
    /// [`MAX_AHEAD`](Ending::MAX_AHEAD) later than now is from a clock that was wrong, and gives way to now.
    fn end(&self, ending: &Ending<'_>) -> Answer<'_, Result<u64, StoreError>>;

    /// Forgets what is over, at most so many entries, and says how many it were: for a store in which things do not
    /// expire by themselves.
    fn purge(&self, now: Timestamp, limit: u32) -> Answer<'_, Result<u64, StoreError>>;
}

impl<S: SessionStore + ?Sized> SessionStore for std::sync::Arc<S> {
    fn standing(&self, token: &TokenIds<'_>) -> Answer<'_, Result<Standing, StoreError>> {
        (**self).standing(token)
    }

    fn revoke(&self, token: &RevokedToken<'_>) -> Answer<'_, Result<(), StoreError>> {
        (**self).revoke(token)
    }

    fn open(&self, session: &NewSession<'_>) -> Answer<'_, Result<Standing, StoreError>> {
        (**self).open(session)
    }

    fn turn(&self, turn: &Turn<'_>) -> Answer<'_, Result<Turned, StoreError>> {
        (**self).turn(turn)
    }

    fn touch(&self, touch: &Touch<'_>) -> Answer<'_, Result<Standing, StoreError>> {
        (**self).touch(touch)
    }

    fn list(&self, subject: &str, now: Timestamp) -> Answer<'_, Result<Vec<Session>, StoreError>> {
        (**self).list(subject, now)
    }

    fn end(&self, ending: &Ending<'_>) -> Answer<'_, Result<u64, StoreError>> {
        (**self).end(ending)
    }

    fn purge(&self, now: Timestamp, limit: u32) -> Answer<'_, Result<u64, StoreError>> {
        (**self).purge(now, limit)
    }
}

/// One token to be revoked.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RevokedToken<'a> {
    /// Whose it is.
    pub subject: &'a str,
    /// Its name.
    pub jti: &'a str,
    /// When it would have expired; `None` for never.
    pub until: Option<Timestamp>,
    /// The time of asking.
    pub now: Timestamp,
}

/// A session that opens.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NewSession<'a> {
    /// Its name, the claim `sid`.
    pub id: &'a str,
    /// Whose it is.
    pub subject: &'a str,
    /// The name of its first refresh token, the claim `jti`.
    pub jti: &'a str,
    /// What the app calls it, such as the device.
    pub label: Option<&'a str>,
    /// The time of the login.
    pub opened: Timestamp,
    /// When it ends, unless it is turned or touched before; `None` for never.
    pub ends: Option<Timestamp>,
    /// How many sessions its subject may have, this one included; `None` for any number.
    pub at_most: Option<NonZeroU32>,
}

/// A refresh token is presented, to be turned into its successor.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Turn<'a> {
    /// The refresh token. It belongs to a session and has a name.
    pub token: TokenIds<'a>,
    /// The name of the successor.
    pub successor: &'a str,
    /// For how long after a turn the predecessor gives the same successor.
    pub grace: Duration,
    /// When the session ends, if it is turned now and not again; `None` for never.
    pub ends: Option<Timestamp>,
}

impl Turn<'_> {
    /// Whether the token before the current one has grace, if the session turned then. A turn in the future is one by a
    /// process whose clock is ahead: by as much as the grace, and no more.
    pub fn has_grace(&self, turned: Timestamp) -> bool {
        let (now, grace) = (self.token.now, self.grace);
        now.saturating_duration_since(turned) <= grace && turned.saturating_duration_since(now) <= grace
    }
}

/// What became of a [`Turn`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store must be able to say each, and a manager to hear it")]
pub enum Turned {
    /// It was the current one; the successor is now.
    Turned,
    /// It is the one before, which was turned within the grace time, and its successor was not revoked.
    Repeated {
        /// The name of the successor that it was given then, which is the current one.
        successor: String,
        /// When that was.
        turned: Timestamp,
    },
    /// It is an earlier one, or the grace time is over: somebody has a copy. The session has been ended.
    Replayed,
    /// The session is over or was never open, or the token was revoked.
    Over,
}

/// A session is used, otherwise than by its refresh token.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Touch<'a> {
    /// The token that it is used by.
    pub token: TokenIds<'a>,
    /// When the session ends from now on, if that is later than before; `None` for never.
    pub ends: Option<Timestamp>,
}

/// Which sessions are to end.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Ending<'a> {
    /// One.
    One {
        /// Its name.
        session: &'a str,
        /// Whose it must be; `None` for whoever's it is.
        subject: Option<&'a str>,
        /// The time of asking.
        now: Timestamp,
    },
    /// All of a subject's but one, and its tokens that belong to no session.
    Others {
        /// Whose.
        subject: &'a str,
        /// The one that stays.
        session: &'a str,
        /// When the last token of them will have expired; `None` for never.
        until: Option<Timestamp>,
        /// The time of asking.
        now: Timestamp,
    },
    /// All of a subject's, and its tokens that belong to no session: all tokens with [`since`](TokenIds::since) earlier
    /// than now.
    All {
        /// Whose.
        subject: &'a str,
        /// When the last token of them will have expired; `None` for never.
        until: Option<Timestamp>,
        /// The time of asking.
        now: Timestamp,
    },
}

impl Ending<'_> {
    /// How far ahead a clock may be whose ending of all sessions is believed. Until the others have caught up with it, the
    /// subject cannot log in.
    pub const MAX_AHEAD: Duration = Duration::from_secs(3600);
}

/// An open session, as it is listed. As JSON, its times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Session {
    /// Its name, the claim `sid`.
    pub id: String,
    /// What the app has called it, such as the device.
    pub label: Option<String>,
    /// When its user logged in.
    pub opened: Timestamp,
    /// When a token of it was last refreshed: the login, if none was. Of the one that is asking, now.
    pub last_used: Timestamp,
    /// When it ends, if it is not used before; `None` for never.
    pub ends: Option<Timestamp>,
    /// Whether it is the one that is asking.
    pub current: bool,
}

impl Session {
    /// A session as a store knows it: it cannot tell who is asking.
    pub const fn new(
        id: String,
        label: Option<String>,
        opened: Timestamp,
        last_used: Timestamp,
        ends: Option<Timestamp>,
    ) -> Self {
        Self { id, label, opened, last_used, ends, current: false }
    }
}
