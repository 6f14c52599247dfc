//! What a store is asked, as its own: a future outlives the words that it was asked in. Texts and times are as they are
//! stored.

use std::time::Duration;

use jwt_extended::{
    Timestamp,
    session::{self, EndSessions, NewSession, RevokedToken, TokenIds},
};

use crate::text::stored;

/// The time of what never ends, so that comparing is enough.
pub(crate) const NEVER: i64 = i64::MAX;

/// Whether a token stands.
#[derive(Debug)]
pub(crate) struct Standing(pub(crate) Token);

/// A token that is presented.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) jti: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) subject: String,
    pub(crate) since: i64,
    pub(crate) now: i64,
}

/// A token is revoked.
#[derive(Debug)]
pub(crate) struct Revoke {
    pub(crate) jti: String,
    pub(crate) ends: i64,
}

/// A session opens.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) id: String,
    pub(crate) subject: String,
    pub(crate) jti: String,
    pub(crate) label: Option<String>,
    pub(crate) opened: i64,
    pub(crate) ends: i64,
    pub(crate) at_most: Option<i64>,
}

/// A refresh token is turned.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) token: Token,
    pub(crate) successor: String,
    pub(crate) grace: i64,
    pub(crate) ends: i64,
}

/// A session is used.
#[derive(Debug)]
pub(crate) struct Touch {
    pub(crate) token: Token,
    pub(crate) ends: i64,
}

/// A subject's sessions are listed.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) subject: String,
    pub(crate) now: i64,
}

/// Sessions end.
#[derive(Debug)]
pub(crate) enum End {
    One { session: String, subject: Option<String>, now: i64 },
    All { subject: String, exempt: Option<String>, ends: i64, now: i64 },
}

/// What is over is forgotten.
#[derive(Debug)]
pub(crate) struct Purge {
    pub(crate) now: i64,
    pub(crate) limit: i64,
}

impl From<&TokenIds<'_>> for Token {
    fn from(token: &TokenIds<'_>) -> Self {
        Self {
            jti: token.jti.map(stored),
            session: token.session.map(stored),
            subject: stored(token.subject),
            since: time(token.since),
            now: time(token.now),
        }
    }
}

impl From<&RevokedToken<'_>> for Revoke {
    fn from(token: &RevokedToken<'_>) -> Self {
        Self { jti: stored(token.jti), ends: end(token.until) }
    }
}

impl From<&NewSession<'_>> for Open {
    fn from(session: &NewSession<'_>) -> Self {
        Self {
            id: stored(session.id),
            subject: stored(session.subject),
            jti: stored(session.jti),
            label: session.label.map(stored),
            opened: time(session.opened),
            ends: end(session.ends),
            at_most: session.at_most.map(|at_most| at_most.get().into()),
        }
    }
}

impl From<&session::RotateRequest<'_>> for Turn {
    fn from(turn: &session::RotateRequest<'_>) -> Self {
        Self {
            token: Token::from(&turn.token),
            successor: stored(turn.successor),
            grace: span(turn.grace),
            ends: end(turn.ends),
        }
    }
}

impl From<&session::TouchRequest<'_>> for Touch {
    fn from(touch: &session::TouchRequest<'_>) -> Self {
        Self { token: Token::from(&touch.token), ends: end(touch.ends) }
    }
}

impl End {
    /// `None` for a kind of ending that a later engine knows.
    pub(crate) fn new(ending: &EndSessions<'_>) -> Option<Self> {
        let all = |subject, exempt: Option<&str>, until, now| Self::All {
            subject: stored(subject),
            exempt: exempt.map(stored),
            ends: end(until),
            now: time(now),
        };
        match *ending {
            EndSessions::One { session, subject, now } => {
                Some(Self::One { session: stored(session), subject: subject.map(stored), now: time(now) })
            }
            EndSessions::Others { subject, except, until, now } => Some(all(subject, Some(except), until, now)),
            EndSessions::All { subject, until, now } => Some(all(subject, None, until, now)),
            _ => None,
        }
    }
}

impl List {
    pub(crate) fn new(subject: &str, now: Timestamp) -> Self {
        Self { subject: stored(subject), now: time(now) }
    }
}

impl Purge {
    pub(crate) fn new(now: Timestamp, limit: u32) -> Self {
        Self { now: time(now), limit: limit.into() }
    }
}

/// A time as it is stored.
pub(crate) fn time(time: Timestamp) -> i64 {
    // The year 9999 in microseconds is far below this.
    i64::try_from(time.as_micros()).unwrap_or(NEVER)
}

/// The time that was stored so; what another program has put before 1970 is 1970.
pub(crate) fn restored_time(stored: i64) -> Timestamp {
    Timestamp::from_micros(stored.try_into().unwrap_or(0))
}

/// An end as it is stored.
pub(crate) fn end(end: Option<Timestamp>) -> i64 {
    end.map_or(NEVER, time)
}

/// The end that was stored so.
pub(crate) fn restored_end(stored: i64) -> Option<Timestamp> {
    (stored != NEVER).then(|| restored_time(stored))
}

/// A span of time as it is reckoned with.
pub(crate) fn span(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(NEVER)
}
