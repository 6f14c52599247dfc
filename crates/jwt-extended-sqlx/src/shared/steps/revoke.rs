//! Steps about tokens that end: revoking one, and deleting what has ended.

use jwt_extended::{Timestamp, session::RevokedToken};
use sqlx::Error;

use super::{Run, Step, values};
use crate::shared::{connection::Connection, stored};

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
