//! Steps that present a token: checking it, rotating it, extending its session.

use jwt_extended::session::{Retry, RotateOutcome, RotateRequest, Standing, TokenIds, TokenStatus, TouchRequest};
use sqlx::Error;

use super::{Run, Step, values};
use crate::shared::{
    connection::{Connection, Row, Value},
    stored::{self, restored_end, restored_text, restored_time},
};

/// How often another request may be faster. Once or twice is usual; more means that something else changes the row.
const ROUNDS: u32 = 100;

/// The condition that a token was revoked neither alone nor by its subject's cut-off.
///
/// `$1` is its id, `$2` its subject, `$3` its session, `$4` when it counts as issued, `$5` the current time.
macro_rules! not_revoked {
    () => {
        "NOT EXISTS (SELECT 1 FROM jwt_revoked_tokens AS gone WHERE gone.jti = $1 AND gone.ends_at > $5) \
         AND NOT EXISTS (SELECT 1 FROM jwt_subjects AS cut WHERE cut.subject = $2 AND cut.ends_at > $5 \
         AND cut.cutoff_at > $4 AND (cut.exempt IS NULL OR $3 IS NULL OR cut.exempt <> $3))"
    };
}

/// The condition that a session is the token's, and open. Same arguments.
macro_rules! its_session {
    () => {
        "id = $3 AND subject = $2 AND ends_at > $5"
    };
}

/// An expression that is 1 if a token is good, and 0 if not. Same arguments.
macro_rules! is_good {
    () => {
        concat!(
            "CASE WHEN ",
            not_revoked!(),
            " AND ($3 IS NULL OR EXISTS (SELECT 1 FROM jwt_sessions WHERE ",
            its_session!(),
            ")) THEN 1 ELSE 0 END"
        )
    };
}

/// A presented token.
#[derive(Debug)]
struct Token {
    jti: Option<String>,
    session: Option<String>,
    subject: String,
    since: i64,
    now: i64,
}

impl Token {
    /// Returns the arguments `$1` to `$5`.
    fn values(&self) -> [Value<'_>; 5] {
        *values![&self.jti, &self.subject, &self.session, self.since, self.now]
    }
}

impl From<&TokenIds<'_>> for Token {
    fn from(token: &TokenIds<'_>) -> Self {
        Self {
            jti: token.jti.map(stored::text),
            session: token.session.map(stored::text),
            subject: stored::text(token.subject),
            since: stored::time(token.since),
            now: stored::time(token.now),
        }
    }
}

/// Checks a token.
#[derive(Debug)]
pub(crate) struct Status(Token);

const STATUS: &str = concat!("SELECT ", is_good!());

impl From<&TokenIds<'_>> for Status {
    fn from(token: &TokenIds<'_>) -> Self {
        Self(token.into())
    }
}

impl Step for Status {
    type Reply = TokenStatus;

    async fn run<C: Connection>(&self, connection: &mut C, _: Run) -> Result<TokenStatus, Error> {
        status_of(connection, &self.0).await
    }
}

/// Checks a token, and reads when its session ends.
#[derive(Debug)]
pub(crate) struct Stand(Token);

const STANDING: &str =
    concat!("SELECT ", is_good!(), ", COALESCE((SELECT ends_at FROM jwt_sessions WHERE id = $3), 9223372036854775807)");

impl From<&TokenIds<'_>> for Stand {
    fn from(token: &TokenIds<'_>) -> Self {
        Self(token.into())
    }
}

impl Step for Stand {
    type Reply = Standing;

    async fn run<C: Connection>(&self, connection: &mut C, _: Run) -> Result<Standing, Error> {
        let row = connection.row(STANDING, &self.0.values()).await?.ok_or(Error::RowNotFound)?;
        Ok(Standing { status: row.flag(0).map(status)?, until: restored_end(row.integer(1)?) })
    }
}

async fn status_of<C: Connection>(connection: &mut C, token: &Token) -> Result<TokenStatus, Error> {
    let row = connection.row(STATUS, &token.values()).await?.ok_or(Error::RowNotFound)?;
    row.flag(0).map(status)
}

fn status(active: bool) -> TokenStatus {
    if active { TokenStatus::Active } else { TokenStatus::Revoked }
}

/// Extends the session of a token.
#[derive(Debug)]
pub(crate) struct Touch {
    token: Token,
    ends: i64,
}

/// `$6` is the session's new end.
const TOUCH: &str = concat!(
    "UPDATE jwt_sessions SET used_at = CASE WHEN used_at < $5 THEN $5 ELSE used_at END, \
     ends_at = CASE WHEN ends_at < $6 THEN $6 ELSE ends_at END WHERE ",
    its_session!(),
    " AND ",
    not_revoked!()
);

impl From<&TouchRequest<'_>> for Touch {
    fn from(request: &TouchRequest<'_>) -> Self {
        Self { token: Token::from(&request.token), ends: stored::end(request.ends) }
    }
}

impl Step for Touch {
    type Reply = TokenStatus;

    async fn run<C: Connection>(&self, connection: &mut C, _: Run) -> Result<TokenStatus, Error> {
        if self.token.session.is_none() {
            return status_of(connection, &self.token).await;
        }
        let [jti, subject, session, since, now] = self.token.values();
        let touched = connection.execute(TOUCH, values![jti, subject, session, since, now, self.ends]).await?;
        Ok(status(touched == 1))
    }
}

/// Replaces a refresh token by its successor.
#[derive(Debug)]
pub(crate) struct Rotate {
    token: Token,
    successor: String,
    grace: i64,
    retry: Retry,
    ends: i64,
}

/// `$6` is the session's new end, `$7` the successor, `$8` the current time as text. The column `previous_jti` has the
/// tokens that were rotated, latest first, each as `TIME LENGTH:ID`; [`rotated`] reads it.
const ROTATE: &str = concat!(
    "UPDATE jwt_sessions SET current_jti = $7, turned_at = $5, used_at = $5, ends_at = $6, \
     previous_jti = SUBSTR($8 || ' ' || CAST(LENGTH(current_jti) AS TEXT) || ':' || current_jti \
     || COALESCE(previous_jti, ''), 1, 2048 + LENGTH(current_jti)) WHERE current_jti = $1 AND ",
    its_session!(),
    " AND ",
    not_revoked!()
);

/// Reads a session whose token was not the current one, and whether its current token was revoked.
const NOT_ROTATED: &str = concat!(
    "SELECT current_jti, previous_jti, turned_at, CASE WHEN EXISTS (SELECT 1 FROM jwt_revoked_tokens AS next \
     WHERE next.jti = current_jti AND next.ends_at > $5) THEN 1 ELSE 0 END FROM jwt_sessions WHERE ",
    its_session!(),
    " AND ",
    not_revoked!()
);

/// Ends a session, unless it was rotated in the meantime.
const END_REPLAYED: &str = "DELETE FROM jwt_sessions WHERE id = $1 AND current_jti = $2";

impl From<&RotateRequest<'_>> for Rotate {
    fn from(request: &RotateRequest<'_>) -> Self {
        Self {
            token: Token::from(&request.token),
            successor: stored::text(request.successor),
            grace: stored::duration(request.grace),
            retry: request.retry,
            ends: stored::end(request.ends),
        }
    }
}

impl Step for Rotate {
    type Reply = RotateOutcome;

    async fn run<C: Connection>(&self, connection: &mut C, run: Run) -> Result<RotateOutcome, Error> {
        let (Some(session), Some(jti)) = (&self.token.session, &self.token.jti) else {
            return Ok(RotateOutcome::Ended);
        };
        let [id, subject, sid, since, now] = self.token.values();
        let now_text = self.token.now.to_string();
        // Another round is only needed if another request changed the session between two statements.
        for _ in 0..ROUNDS {
            let values = values![id, subject, sid, since, now, self.ends, &self.successor, &now_text];
            if connection.execute(ROTATE, values).await? == 1 {
                return Ok(RotateOutcome::Rotated);
            }
            let Some(row) = connection.row(NOT_ROTATED, &self.token.values()).await? else {
                return Ok(RotateOutcome::Ended);
            };
            let (current, previous) = (row.text(0)?, row.optional_text(1)?);
            let (rotated_at, is_current_revoked) = (row.integer(2)?, row.flag(3)?);
            let mut earlier = rotated(previous.as_deref().unwrap_or_default());
            if let Some((place, (turned_at, _))) = earlier.by_ref().enumerate().find(|(_, (_, known))| known == jti) {
                if run == Run::Second && current == self.successor {
                    return Ok(RotateOutcome::Rotated);
                }
                let may_retry = place == 0 && self.retry == Retry::UntilSuccessorIsUsed;
                if may_retry || self.has_grace(turned_at) {
                    if is_current_revoked {
                        return Ok(RotateOutcome::Ended);
                    }
                    let (successor, rotated_at) = (restored_text(current), restored_time(rotated_at));
                    return Ok(RotateOutcome::Repeated { successor, rotated_at });
                }
            }
            if current == *jti {
                continue;
            }
            if connection.execute(END_REPLAYED, values![session, &current]).await? == 1 {
                return Ok(RotateOutcome::Replayed);
            }
        }
        Err(Error::Protocol("the session changes each time it is read".to_owned()))
    }
}

/// Reads the tokens that were rotated, latest first: when, and their ids. Ends at the first entry that is cut off.
fn rotated(mut text: &str) -> impl Iterator<Item = (i64, String)> + '_ {
    std::iter::from_fn(move || {
        let (head, tail) = text.split_once(':')?;
        let (time, length) = head.split_once(' ')?;
        let (time, length): (i64, usize) = (time.parse().ok()?, length.parse().ok()?);
        let id: String = tail.chars().take(length).collect();
        text = tail.get(id.len()..)?;
        (id.chars().count() == length).then_some((time, id))
    })
}

impl Rotate {
    /// The same as [`RotateRequest::has_grace`], in stored times.
    fn has_grace(&self, rotated_at: i64) -> bool {
        self.token.now.abs_diff(rotated_at) <= self.grace.unsigned_abs()
    }
}

#[cfg(test)]
mod tests;
