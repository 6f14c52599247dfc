//! What a store in memory keeps of a session and of a subject.

use super::has_expired;
use crate::time::Timestamp;

/// A session. The table holds the fields that every check reads, and a box holds the others. If a session is not in the
/// CPU's cache, its check needs one memory access less: 250 ns rather than 380, measured with a million entries.
pub(super) struct Row {
    /// The hash of the subject. Comparing it instead of the subject avoids reading the box.
    pub(super) subject_hash: u64,
    pub(super) ends: Option<Timestamp>,
    pub(super) details: Box<Details>,
}

pub(super) struct Details {
    pub(super) subject: Box<str>,
    pub(super) label: Option<Box<str>>,
    /// The id of the current refresh token.
    pub(super) current: Box<str>,
    /// The refresh tokens that were rotated, latest first: those that may still be used again.
    pub(super) rotated: Vec<Rotated>,
    pub(super) rotated_at: Timestamp,
    pub(super) opened: Timestamp,
    pub(super) last_used: Timestamp,
}

/// A refresh token that was rotated.
pub(super) struct Rotated {
    pub(super) jti: Box<str>,
    pub(super) at: Timestamp,
}

/// The time before which all tokens of a subject are revoked.
pub(super) struct Cutoff {
    pub(super) at: Timestamp,
    /// The time until which the cut-off must be remembered; `None` for forever.
    pub(super) until: Option<Timestamp>,
    /// The session that stays open.
    pub(super) exempt: Option<Box<str>>,
}

/// A request to end all sessions of a subject, with an optional exception.
pub(super) struct All<'a> {
    pub(super) subject: &'a str,
    pub(super) exempt: Option<&'a str>,
    pub(super) until: Option<Timestamp>,
    pub(super) now: Timestamp,
}

impl Cutoff {
    /// Returns whether the cut-off ends a session that was opened at this time. Without a session, returns whether it
    /// revokes a token that was issued at this time.
    pub(super) fn ends(&self, session: Option<&str>, since: Timestamp, now: Timestamp) -> bool {
        !has_expired(self.until, now) && since < self.at && (session.is_none() || session != self.exempt.as_deref())
    }
}
