//! Steps for whole sessions: opening and listing them.

use jwt_extended::{
    Timestamp,
    session::{NewSession, Session, TokenStatus},
};
use sqlx::Error;

use super::{Run, Step, values};
use crate::shared::{
    connection::{Connection, Row},
    stored::{self, restored_end, restored_text, restored_time},
};

/// Opens a session.
#[derive(Debug)]
pub(crate) struct Open {
    id: String,
    subject: String,
    jti: String,
    label: Option<String>,
    opened: i64,
    since: i64,
    now: i64,
    ends: i64,
    at_most: Option<i64>,
}

/// Inserts a session, unless a cut-off forbids it. Replaces a row with the same id: session ids are random, so such a
/// row is from an earlier run of the same login.
const OPEN: &str = "INSERT INTO jwt_sessions \
     (id, subject, current_jti, previous_jti, turned_at, opened_at, used_at, ends_at, label) \
     SELECT $1, $2, $3, NULL, $4, $4, $4, $5, $6 WHERE NOT EXISTS (SELECT 1 FROM jwt_subjects AS cut \
     WHERE cut.subject = $2 AND cut.ends_at > $4 AND (cut.cutoff_at > $7 OR (cut.cutoff_at > $4 AND cut.cutoff_at <= $8)) AND (cut.exempt IS NULL OR cut.exempt <> $1)) \
     ON CONFLICT (id) DO UPDATE SET subject = excluded.subject, current_jti = excluded.current_jti, previous_jti = NULL, \
     turned_at = excluded.turned_at, opened_at = excluded.opened_at, used_at = excluded.used_at, \
     ends_at = excluded.ends_at, label = excluded.label";

/// Ends a subject's oldest open sessions. Keeps the new one, and the latest `$4` of the others. If there are very many,
/// later logins end the rest, so that none takes long.
const END_OLDEST: &str = "DELETE FROM jwt_sessions WHERE id IN (SELECT id FROM jwt_sessions \
     WHERE subject = $1 AND id <> $2 AND ends_at > $3 ORDER BY opened_at DESC, id DESC LIMIT 1000 OFFSET $4)";

impl From<&NewSession<'_>> for Open {
    fn from(session: &NewSession<'_>) -> Self {
        Self {
            id: stored::text(session.id),
            subject: stored::text(session.subject),
            jti: stored::text(session.jti),
            label: session.label.map(stored::text),
            opened: stored::time(session.opened),
            since: stored::time(session.since),
            now: stored::time(session.now),
            ends: stored::end(session.ends),
            at_most: session.at_most.map(|at_most| at_most.get().into()),
        }
    }
}

impl Step for Open {
    type Reply = TokenStatus;

    /// Returns the subject. Without the lock, two logins at the same time would not count each other. A login would
    /// also miss the cut-off of an `End` in flight.
    fn locked_subject(&self) -> Option<&str> {
        Some(&self.subject)
    }

    async fn run<C: Connection>(&self, connection: &mut C, _: Run) -> Result<TokenStatus, Error> {
        let values =
            values![&self.id, &self.subject, &self.jti, self.opened, self.ends, &self.label, self.since, self.now];
        if connection.execute(OPEN, values).await? == 0 {
            return Ok(TokenStatus::Revoked);
        }
        if let Some(at_most) = self.at_most {
            connection.execute(END_OLDEST, values![&self.subject, &self.id, self.opened, at_most - 1]).await?;
        }
        Ok(TokenStatus::Active)
    }
}

/// Lists a subject's open sessions, at most a thousand of them. Leaves out those whose rows `End` has yet to delete.
#[derive(Debug)]
pub(crate) struct List {
    subject: String,
    now: i64,
}

const LIST: &str = "SELECT id, label, opened_at, used_at, ends_at FROM jwt_sessions \
     WHERE subject = $1 AND ends_at > $2 AND NOT EXISTS (SELECT 1 FROM jwt_subjects AS cut WHERE cut.subject = $1 \
     AND cut.ends_at > $2 AND cut.cutoff_at > opened_at + 60000000 AND (cut.exempt IS NULL OR cut.exempt <> id)) \
     ORDER BY opened_at DESC, id DESC LIMIT 1000";

impl List {
    pub(crate) fn new(subject: &str, now: Timestamp) -> Self {
        Self { subject: stored::text(subject), now: stored::time(now) }
    }
}

impl Step for List {
    type Reply = Vec<Session>;

    async fn run<C: Connection>(&self, connection: &mut C, _: Run) -> Result<Vec<Session>, Error> {
        let rows = connection.rows(LIST, values![&self.subject, self.now]).await?;
        let session = |row: &C::Row| {
            Ok(Session::new(
                restored_text(row.text(0)?),
                row.optional_text(1)?.map(restored_text),
                restored_time(row.integer(2)?),
                restored_time(row.integer(3)?),
                restored_end(row.integer(4)?),
            ))
        };
        rows.iter().map(session).collect()
    }
}
