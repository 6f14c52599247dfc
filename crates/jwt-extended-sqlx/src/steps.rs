//! How each request is answered over one connection. The text is the same for both databases: each store has this file as
//! a module of its own, and `super::dialect` says what differs.
//!
//! A step is one atomic statement after the other, each of which compares before it sets, so that it needs no transaction
//! around it unless it says so.

use std::future::Future;

use jwt_extended::session::{self, EndSessions, RotateOutcome, Session};
use sqlx::{Row, query::Query};

use super::dialect::{self, Connection, Database};
use crate::{
    request::{End, List, Open, Purge, Revoke, Standing, Token, Touch, Turn, restored_end, restored_time, span},
    sql,
    text::restored,
};

/// What a store does for one call.
#[allow(dead_code, reason = "SQLite has one writer, whose transactions lock all and whose connection does not break")]
pub(super) trait Step: Send + Sync + 'static {
    type Reply: Send + 'static;

    /// Whether it must run within a transaction, that of its subject alone.
    fn subject_locked(&self) -> Option<&str> {
        None
    }

    /// Whether a second run gives the same answer, although the first one may have been done when its connection broke.
    fn is_repeatable(&self) -> bool {
        true
    }

    fn run(
        &self,
        connection: &mut Connection,
        run: Run,
    ) -> impl Future<Output = Result<Self::Reply, sqlx::Error>> + Send;
}

/// How often somebody else may be faster. More than once or twice means that something else is wrong, such as a trigger.
const ROUNDS: u32 = 100;

/// Which run of a step it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    First,
    /// The connection broke during the first, which may have been done or not.
    Second,
}

impl Step for Standing {
    type Reply = session::TokenStatus;

    async fn run(&self, connection: &mut Connection, _: Run) -> Result<Self::Reply, sqlx::Error> {
        let row = of_token(sql::STANDING, &self.0).fetch_one(connection).await?;
        Ok(standing(row.try_get::<i32, _>(0)? == 1))
    }
}

impl Step for Revoke {
    type Reply = ();

    async fn run(&self, connection: &mut Connection, _: Run) -> Result<(), sqlx::Error> {
        sqlx::query(sql::REVOKE).bind(&*self.jti).bind(self.ends).execute(connection).await?;
        Ok(())
    }
}

impl Step for Open {
    type Reply = session::TokenStatus;

    /// Two logins at once would each count without the other, and a login would not see the end of all that is about to be
    /// set.
    fn subject_locked(&self) -> Option<&str> {
        Some(&self.subject)
    }

    async fn run(&self, connection: &mut Connection, _: Run) -> Result<Self::Reply, sqlx::Error> {
        let open = sqlx::query(sql::OPEN).bind(&*self.id).bind(&*self.subject).bind(&*self.jti);
        let open = open.bind(self.opened).bind(self.ends).bind(self.label.as_deref());
        if open.execute(&mut *connection).await?.rows_affected() == 0 {
            return Ok(session::TokenStatus::Revoked);
        }
        if let Some(at_most) = self.at_most {
            let end = sqlx::query(sql::END_OLDEST).bind(&*self.subject).bind(&*self.id);
            end.bind(self.opened).bind(at_most - 1).execute(connection).await?;
        }
        Ok(session::TokenStatus::Active)
    }
}

impl Step for Turn {
    type Reply = RotateOutcome;

    async fn run(&self, connection: &mut Connection, run: Run) -> Result<RotateOutcome, sqlx::Error> {
        let (Some(session), Some(jti)) = (&self.token.session, &self.token.jti) else {
            return Ok(RotateOutcome::Ended);
        };
        // Goes round again only if somebody else was faster, who has then got further.
        for _ in 0..ROUNDS {
            let turn = of_token(sql::TURN, &self.token).bind(self.ends).bind(&*self.successor);
            if turn.execute(&mut *connection).await?.rows_affected() == 1 {
                return Ok(RotateOutcome::Rotated);
            }
            let Some(row) = of_token(sql::TURNED, &self.token).fetch_optional(&mut *connection).await? else {
                return Ok(RotateOutcome::Ended);
            };
            let (current, previous): (String, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
            let turned: i64 = row.try_get(2)?;
            if previous.as_ref() == Some(jti) {
                if run == Run::Second && current == self.successor {
                    return Ok(RotateOutcome::Rotated);
                }
                // A turn in the future is one of a computer whose clock is ahead: by as much as the grace, and no more.
                if self.token.now.abs_diff(turned) <= self.grace.unsigned_abs() {
                    if row.try_get::<i32, _>(3)? == 1 {
                        return Ok(RotateOutcome::Ended);
                    }
                    let (successor, turned) = (restored(current), restored_time(turned));
                    return Ok(RotateOutcome::Repeated { successor, rotated_at: turned });
                }
            }
            if current == *jti {
                continue;
            }
            let end = sqlx::query(sql::END_REPLAYED).bind(&**session).bind(&*current);
            if end.execute(&mut *connection).await?.rows_affected() == 1 {
                return Ok(RotateOutcome::Replayed);
            }
        }
        Err(sqlx::Error::Protocol("the session changes each time that it is looked at".to_owned()))
    }
}

impl Step for Touch {
    type Reply = session::TokenStatus;

    async fn run(&self, connection: &mut Connection, _: Run) -> Result<Self::Reply, sqlx::Error> {
        if self.token.session.is_none() {
            let row = of_token(sql::STANDING, &self.token).fetch_one(connection).await?;
            return Ok(standing(row.try_get::<i32, _>(0)? == 1));
        }
        let touch = of_token(sql::TOUCH, &self.token).bind(self.ends);
        Ok(standing(touch.execute(connection).await?.rows_affected() == 1))
    }
}

impl Step for List {
    type Reply = Vec<Session>;

    async fn run(&self, connection: &mut Connection, _: Run) -> Result<Self::Reply, sqlx::Error> {
        let rows = sqlx::query(sql::LIST).bind(&*self.subject).bind(self.now).fetch_all(connection).await?;
        let session = |row: &<Database as sqlx::Database>::Row| {
            let label: Option<String> = row.try_get(1)?;
            Ok(Session::new(
                restored(row.try_get(0)?),
                label.map(restored),
                restored_time(row.try_get(2)?),
                restored_time(row.try_get(3)?),
                restored_end(row.try_get(4)?),
            ))
        };
        rows.iter().map(session).collect()
    }
}

impl Step for End {
    type Reply = u64;

    fn subject_locked(&self) -> Option<&str> {
        match self {
            Self::One { .. } => None,
            Self::All { subject, .. } => Some(subject),
        }
    }

    /// The second run would find nothing left to count.
    fn is_repeatable(&self) -> bool {
        false
    }

    async fn run(&self, connection: &mut Connection, _: Run) -> Result<u64, sqlx::Error> {
        let (gone, now) = match self {
            Self::One { session, subject, now } => {
                let end = sqlx::query(sql::END_ONE).bind(&**session).bind(subject.as_deref());
                (end.fetch_all(connection).await?, *now)
            }
            Self::All { subject, exempt, ends, now } => {
                let cut_off = sqlx::query(sql::CUT_OFF).bind(&**subject).bind(*now).bind(*ends);
                let believed = now.saturating_add(span(EndSessions::MAX_AHEAD));
                cut_off.bind(exempt.as_deref()).bind(believed).execute(&mut *connection).await?;
                let end = sqlx::query(sql::END_OTHERS).bind(&**subject).bind(exempt.as_deref());
                (end.fetch_all(connection).await?, *now)
            }
        };
        gone.iter().try_fold(0, |open, row| Ok(open + u64::from(row.try_get::<i64, _>(0)? > now)))
    }
}

impl Step for Purge {
    type Reply = u64;

    async fn run(&self, connection: &mut Connection, _: Run) -> Result<u64, sqlx::Error> {
        let mut purged = 0;
        for statement in dialect::PURGE {
            let left = self.limit.saturating_sub_unsigned(purged);
            if left > 0 {
                let purge = sqlx::query(statement).bind(self.now).bind(left);
                purged += purge.execute(&mut *connection).await?.rows_affected();
            }
        }
        Ok(purged)
    }
}

fn of_token<'q>(sql: &'static str, token: &Token) -> Query<'q, Database, <Database as sqlx::Database>::Arguments> {
    let query = sqlx::query(sql).bind(token.jti.as_deref()).bind(&*token.subject).bind(token.session.as_deref());
    query.bind(token.since).bind(token.now)
}

fn standing(good: bool) -> session::TokenStatus {
    if good { session::TokenStatus::Active } else { session::TokenStatus::Revoked }
}
