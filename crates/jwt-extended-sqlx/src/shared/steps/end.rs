//! Steps that end something: revoking a token, ending sessions, deleting what has ended.

use jwt_extended::{
    Timestamp,
    session::{EndSessions, RevokedToken},
};
use sqlx::Error;

use super::{Run, Step, values};
use crate::shared::{
    connection::{Connection, Row},
    stored,
};

/// Revokes a token.
#[derive(Debug)]
pub(crate) struct Revoke {
    jti: String,
    ends: i64,
}

const REVOKE: &str = "INSERT INTO jwt_revoked_tokens (jti, ends_at) VALUES ($1, $2) \
     ON CONFLICT (jti) DO UPDATE SET ends_at = excluded.ends_at WHERE jwt_revoked_tokens.ends_at < excluded.ends_at";

impl From<&RevokedToken<'_>> for Revoke {
    fn from(token: &RevokedToken<'_>) -> Self {
        Self { jti: stored::text(token.jti), ends: stored::end(token.until) }
    }
}

impl Step for Revoke {
    type Reply = ();

    async fn run<C: Connection>(&self, connection: &mut C, _: Run) -> Result<(), Error> {
        connection.execute(REVOKE, values![&self.jti, self.ends]).await.map(drop)
    }
}

/// Ends sessions, and counts those that were open.
#[derive(Debug)]
pub(crate) enum End {
    /// One session.
    One {
        /// Its id.
        session: String,
        /// The subject it must belong to.
        subject: Option<String>,
        /// The current time.
        now: i64,
    },
    /// All sessions of a subject, with at most one exception.
    All {
        /// The subject.
        subject: String,
        /// The session that stays open.
        except: Option<String>,
        /// Until when the cut-off is kept.
        ends: i64,
        /// The current time.
        now: i64,
        /// The latest cut-off that cannot come from a wrong clock.
        latest: i64,
    },
}

const END_ONE: &str = "DELETE FROM jwt_sessions WHERE id = $1 AND ($2 IS NULL OR subject = $2) RETURNING ends_at";

/// `$5` is the latest cut-off that cannot come from a wrong clock.
const CUT_OFF: &str = "INSERT INTO jwt_subjects (subject, cutoff_at, ends_at, exempt) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (subject) DO UPDATE SET exempt = excluded.exempt, \
     cutoff_at = CASE WHEN jwt_subjects.cutoff_at < excluded.cutoff_at OR jwt_subjects.cutoff_at > $5 \
     THEN excluded.cutoff_at ELSE jwt_subjects.cutoff_at END, \
     ends_at = CASE WHEN jwt_subjects.ends_at < excluded.ends_at THEN excluded.ends_at ELSE jwt_subjects.ends_at END";

const END_ALL: &str = "DELETE FROM jwt_sessions WHERE subject = $1 AND ($2 IS NULL OR id <> $2) RETURNING ends_at";

impl End {
    /// Returns `None` for a request that only a later version of the engine knows.
    pub(crate) fn new(request: &EndSessions<'_>) -> Option<Self> {
        let all = |subject, except: Option<&str>, until, now: Timestamp| Self::All {
            subject: stored::text(subject),
            except: except.map(stored::text),
            ends: stored::end(until),
            now: stored::time(now),
            latest: stored::time(now.saturating_add(EndSessions::MAX_AHEAD)),
        };
        match *request {
            EndSessions::One { session, subject, now } => Some(Self::One {
                session: stored::text(session),
                subject: subject.map(stored::text),
                now: stored::time(now),
            }),
            EndSessions::Others { subject, except, until, now } => Some(all(subject, Some(except), until, now)),
            EndSessions::All { subject, until, now } => Some(all(subject, None, until, now)),
            _ => None,
        }
    }
}

impl Step for End {
    type Reply = u64;

    fn locked_subject(&self) -> Option<&str> {
        match self {
            Self::One { .. } => None,
            Self::All { subject, .. } => Some(subject),
        }
    }

    /// A second run would find nothing left to count.
    fn is_repeatable(&self) -> bool {
        false
    }

    async fn run<C: Connection>(&self, connection: &mut C, _: Run) -> Result<u64, Error> {
        let (ended, now) = match self {
            Self::One { session, subject, now } => (connection.rows(END_ONE, values![session, subject]).await?, *now),
            Self::All { subject, except, ends, now, latest } => {
                connection.execute(CUT_OFF, values![subject, *now, *ends, except, *latest]).await?;
                (connection.rows(END_ALL, values![subject, except]).await?, *now)
            }
        };
        ended.iter().try_fold(0, |open, row| Ok(open + u64::from(row.integer(0)? > now)))
    }
}

/// Deletes what has ended.
#[derive(Debug)]
pub(crate) struct Purge {
    now: i64,
    limit: i64,
}

impl Purge {
    pub(crate) fn new(now: Timestamp, limit: u32) -> Self {
        Self { now: stored::time(now), limit: limit.into() }
    }
}

impl Step for Purge {
    type Reply = u64;

    async fn run<C: Connection>(&self, connection: &mut C, _: Run) -> Result<u64, Error> {
        let mut purged = 0;
        for statement in C::PURGE {
            let left = self.limit.saturating_sub_unsigned(purged);
            if left > 0 {
                purged += connection.execute(statement, values![self.now, left]).await?;
            }
        }
        Ok(purged)
    }
}
