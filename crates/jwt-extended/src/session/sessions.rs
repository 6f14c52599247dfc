//! The trait of a store that keeps sessions, [`SessionStore`], and its requests and outcomes.
//!
//! A store keeps ids and times. The id of a refresh token (`jti`) is not a secret: nobody can make a token from it
//! without the signing key.

use std::{num::NonZeroU32, time::Duration};

use serde::Serialize;

use super::{Answer, Standing, StoreError, TokenIds, TokenStatus};
use crate::time::Timestamp;

/// Keeps sessions and revocations.
///
/// If a store returns an error, the request is rejected with 503. It is never let through.
///
/// Each call must be one atomic step, even if several processes share the store. The checks in `test_util::sessions`,
/// behind the feature `test-util`, show whether a store can be relied on. A store that passes its calls on to another
/// one implements [`ForwardSessions`](super::ForwardSessions) instead.
pub trait SessionStore: Send + Sync {
    /// Checks a token. It is active if
    ///
    /// - it was not revoked itself,
    /// - it is not older than the latest [`EndSessions`] request for all of its subject's sessions, and
    /// - its session is open, if it has one. A session that the store does not know has ended.
    fn status<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>>;

    /// Checks a token like [`status`](Self::status), and says when its session ends.
    ///
    /// A [`Denylist`](super::Denylist) remembers the answer for that long. By default, it holds for this moment only. A
    /// store that answers `status` from a memory asks anew here: a refresh token is checked by this.
    fn standing<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<Standing, StoreError>> {
        let until = Some(token.now);
        match self.status(token) {
            Answer::Now(status) => Answer::Now(status.map(|status| Standing { status, until })),
            Answer::Later(status) => Answer::later(async move { Ok(Standing { status: status.await?, until }) }),
        }
    }

    /// Revokes one token.
    fn revoke<'a>(&'a self, token: &'a RevokedToken<'_>) -> Answer<'a, Result<(), StoreError>>;

    /// Opens a session. If its subject then has too many, their oldest sessions end.
    ///
    /// Keeps nothing and returns [`TokenStatus::Revoked`] if all of the subject's sessions were ended after this one's
    /// login.
    fn open<'a>(&'a self, session: &'a NewSession<'_>) -> Answer<'a, Result<TokenStatus, StoreError>>;

    /// Replaces a session's current refresh token by its successor, if the presented token is the current one.
    ///
    /// Returns [`RotateOutcome::Ended`] for a revoked token, and for a repeated one if the current token was revoked.
    fn rotate<'a>(&'a self, request: &'a RotateRequest<'_>) -> Answer<'a, Result<RotateOutcome, StoreError>>;

    /// Checks a token of a session like [`status`](Self::status), and extends the session if the token is active.
    fn touch<'a>(&'a self, request: &'a TouchRequest<'_>) -> Answer<'a, Result<TokenStatus, StoreError>>;

    /// Lists a subject's open sessions, most recently opened first. A store may leave out those after the first
    /// thousand.
    fn list<'a>(&'a self, subject: &'a str, now: Timestamp) -> Answer<'a, Result<Vec<Session>, StoreError>>;

    /// Ends sessions, and returns how many were open. Once this returns `Ok`, none of their tokens is active.
    ///
    /// If all of a subject's sessions are ended twice, the later cut-off and the longer memory apply. There is one
    /// exception: a cut-off more than [`MAX_AHEAD`](EndSessions::MAX_AHEAD) in the future comes from a wrong clock, so
    /// the new one replaces it.
    fn end<'a>(&'a self, request: &'a EndSessions<'_>) -> Answer<'a, Result<u64, StoreError>>;

    /// Deletes at most `limit` entries that have expired, and returns how many it deleted. For stores in which nothing
    /// expires automatically.
    fn purge(&self, now: Timestamp, limit: u32) -> Answer<'_, Result<u64, StoreError>>;
}

/// A token to revoke.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RevokedToken<'a> {
    /// Its subject.
    pub subject: &'a str,
    /// Its id.
    pub jti: &'a str,
    /// When it expires; `None` for never.
    pub until: Option<Timestamp>,
    /// The current time.
    pub now: Timestamp,
}

/// A session to open.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NewSession<'a> {
    /// Its id, the claim `sid`.
    pub id: &'a str,
    /// Its subject.
    pub subject: &'a str,
    /// The id of its first refresh token.
    pub jti: &'a str,
    /// A label that the app gives it, such as the device.
    pub label: Option<&'a str>,
    /// When the user logged in.
    pub opened: Timestamp,
    /// When the session counts as opened, to compare with a cut-off of its subject. That is a few seconds later than
    /// [`opened`](Self::opened), because the process that made the cut-off may have a clock that is ahead.
    pub since: Timestamp,
    /// The current time. A cut-off between [`opened`](Self::opened) and now was made during this login.
    pub now: Timestamp,
    /// When it ends, unless it is rotated or touched before; `None` for never.
    pub ends: Option<Timestamp>,
    /// How many sessions its subject may have, including this one; `None` for any number.
    pub at_most: Option<NonZeroU32>,
}

/// A refresh token to replace by its successor.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RotateRequest<'a> {
    /// The presented refresh token. It has a session and an id.
    pub token: TokenIds<'a>,
    /// The id of its successor.
    pub successor: &'a str,
    /// For how long after its rotation a token still yields the current one.
    pub grace: Duration,
    /// When the token that was rotated last still yields the current one.
    pub retry: Retry,
    /// When the session ends, unless it is rotated or touched again; `None` for never.
    pub ends: Option<Timestamp>,
}

/// When the token that was rotated last may be used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "every store handles all of these")]
pub enum Retry {
    /// During the grace time, like every rotated token.
    #[default]
    InGrace,
    /// At any time: its successor is the current token, so nobody has refreshed with the successor.
    UntilSuccessorIsUsed,
}

impl NewSession<'_> {
    /// Checks whether a cut-off of the subject at this time forbids the session.
    pub fn is_cut_off_at(&self, cutoff: Timestamp) -> bool {
        self.since < cutoff || (self.opened < cutoff && cutoff <= self.now)
    }
}

impl RotateRequest<'_> {
    /// How many rotated tokens of a session a store needs to remember for their grace time.
    pub const REMEMBERED: usize = 32;

    /// Checks whether a rotated token still has grace, given when it was rotated.
    ///
    /// A rotation in the future was made by a process whose clock is ahead, which may be ahead by at most the grace
    /// time.
    pub fn has_grace(&self, rotated_at: Timestamp) -> bool {
        let (now, grace) = (self.token.now, self.grace);
        now.saturating_duration_since(rotated_at) <= grace && rotated_at.saturating_duration_since(now) <= grace
    }
}

/// The outcome of a [`RotateRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "every store returns all of these, and a manager handles them all")]
pub enum RotateOutcome {
    /// The presented token was the current one; its successor is now.
    Rotated,
    /// The presented token was rotated before, within its grace time.
    Repeated {
        /// The id of the current token.
        successor: String,
        /// When that token became the current one.
        rotated_at: Timestamp,
    },
    /// The grace time of the presented token is over, so somebody has a copy. The session was ended.
    Replayed,
    /// The session has ended or was never open, or the token was revoked.
    Ended,
}

/// A session used with an access token.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TouchRequest<'a> {
    /// The access token.
    pub token: TokenIds<'a>,
    /// When the session ends, if that is later than before; `None` for never.
    pub ends: Option<Timestamp>,
}

/// The sessions to end.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum EndSessions<'a> {
    /// One session.
    One {
        /// Its id.
        session: &'a str,
        /// The subject it must belong to; `None` for any.
        subject: Option<&'a str>,
        /// The current time.
        now: Timestamp,
    },
    /// All sessions of a subject except one, and the subject's tokens without a session.
    Others {
        /// The subject.
        subject: &'a str,
        /// The id of the session that stays open.
        except: &'a str,
        /// When the last token of the ended sessions expires; `None` for never.
        until: Option<Timestamp>,
        /// The current time.
        now: Timestamp,
    },
    /// All sessions of a subject, and all its tokens with [`since`](TokenIds::since) earlier than now.
    All {
        /// The subject.
        subject: &'a str,
        /// When the last token of the ended sessions expires; `None` for never.
        until: Option<Timestamp>,
        /// The current time.
        now: Timestamp,
    },
}

impl EndSessions<'_> {
    /// How far in the future a cut-off may be. A subject cannot log in before its cut-off, so one from a wrong clock
    /// must not stay in force.
    pub const MAX_AHEAD: Duration = Duration::from_secs(3600);
}

/// An open session, as [`SessionStore::list`] returns it. As JSON, its times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Session {
    /// Its id, the claim `sid`.
    pub id: String,
    /// The label that the app gave it, such as the device.
    pub label: Option<String>,
    /// When its user logged in.
    pub opened: Timestamp,
    /// When its tokens were last refreshed, or else the login. For the [current](Self::current) session, now.
    pub last_used: Timestamp,
    /// When it ends, unless it is used before; `None` for never.
    pub ends: Option<Timestamp>,
    /// Whether the request belongs to this session.
    pub current: bool,
}

impl Session {
    /// Makes a session that is not marked as current: a store does not know who asks.
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
