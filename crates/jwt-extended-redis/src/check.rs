//! The check of a token: one command, and what its reply says.

use jwt_extended::session::{Standing, TokenIds, TokenStatus};
use redis::Cmd;

use crate::{
    RedisStore, answers,
    connection::{Live, Unavailable},
    record,
};

impl RedisStore {
    /// Returns the command that reads what a check needs.
    pub(super) fn question(&self, token: &TokenIds<'_>) -> Cmd {
        let mut keys = self.keys(token.subject);
        let mut command = Cmd::with_capacity(4, 256);
        command.arg("MGET").arg(keys.cut_off());
        if let Some(session) = token.session {
            command.arg(keys.session(session));
        }
        if let Some(jti) = token.jti {
            command.arg(keys.token(jti));
        }
        command
    }

    /// Sends that command, and judges the token by the reply.
    pub(super) async fn ask(&self, command: Cmd, token: &TokenIds<'_>) -> Result<Standing, Unavailable> {
        const REVOKED: Standing = Standing { status: TokenStatus::Revoked, until: None };
        let (session, since, now) = (token.session, token.since, token.now);
        let check = |mut live: Live| async move {
            let mut held = answers::items(live.send(&command).await?)?;
            let cut_off = answers::held(held.next())?;
            if let Some(cut_off) = cut_off
                && record::cuts_off(&cut_off, now, since, session)?
            {
                return Ok(REVOKED);
            }
            let mut until = None;
            if session.is_some() {
                match answers::held(held.next())? {
                    Some(open) if !record::has_expired(&open, now)? => until = record::read_end(&open)?,
                    _ => return Ok(REVOKED),
                }
            }
            if token.jti.is_some()
                && let Some(revoked) = answers::held(held.next())?
                && !record::has_expired(&revoked, now)?
            {
                return Ok(REVOKED);
            }
            Ok(Standing { status: TokenStatus::Active, until })
        };
        self.shared.connection.within(check).await
    }
}
