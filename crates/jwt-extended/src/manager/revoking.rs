//! Taking tokens back: one, a session's, or all of a subject's.

use std::time::Duration;

use super::JwtManager;
use crate::{
    session::{EndSessions, RevokeRequest, RevokedToken, StoreError, TokenStatus},
    time::Timestamp,
    token::{Lifetime, Token},
};

impl JwtManager {
    /// Revokes one token. It is refused from now on, until it would have expired anyway.
    ///
    /// # Errors
    /// If there is no store, the token has no `jti`, or the store could not keep it.
    pub async fn revoke(&self, token: &Token) -> Result<(), StoreError> {
        let jti = token.jti().ok_or(StoreError::Unnamed("jti"))?;
        self.revoke_by_id(token.subject(), jti, token.expires_at()).await
    }

    /// Revokes a token of a subject by its name, the claim `jti`, until it expires; `None` for never: for whoever has its
    /// claims, and not the token itself.
    ///
    /// # Errors
    /// If there is no store, or the store could not keep it.
    pub async fn revoke_by_id(
        &self,
        subject: &str,
        jti: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let now = self.now();
        // A leeway lets a token live on after its `exp`: it must stay revoked for as long.
        let until = expires_at.map(|end| end.saturating_add(self.leeway()));
        self.inner.store.revoke_token(RevokedToken { subject, jti, until, now }).await
    }

    /// Revokes a token's session: its access and refresh tokens together, and all that would have followed.
    ///
    /// # Errors
    /// If there is no store, the token belongs to no session, or the store could not keep it.
    pub async fn revoke_session(&self, token: &Token) -> Result<(), StoreError> {
        self.revoke_one(token.session().ok_or(StoreError::Unnamed("session"))?, Some(token.subject())).await
    }

    /// Revokes a session by its name, the claim `sid`, whoever's it is: for whoever has it from a log or a database. To end
    /// one that a user has chosen, use [`end_session`](Self::end_session).
    ///
    /// # Errors
    /// If there is no store, or the store could not keep it.
    pub async fn revoke_session_by_id(&self, session: &str) -> Result<(), StoreError> {
        self.revoke_one(session, None).await
    }

    /// Revokes all of a subject's tokens that were issued before now: every session is logged out, and a login from now on
    /// is good. Tokens that belong to no session tell only the second they were issued in: those of the current second
    /// are revoked too.
    ///
    /// # Errors
    /// If there is no store, or the store could not keep it.
    pub async fn revoke_subject(&self, subject: &str) -> Result<(), StoreError> {
        let now = self.now();
        let until = self.remembered(now);
        let ending = EndSessions::All { subject, until, now };
        self.inner.store.end(ending, RevokeRequest::Subject { subject, until, now }).await
    }

    /// Logs out: revokes the token's session, or the token alone if it belongs to none.
    ///
    /// # Errors
    /// As [`revoke`](Self::revoke).
    pub async fn logout(&self, token: &Token) -> Result<(), StoreError> {
        match token.session() {
            Some(_) => self.revoke_session(token).await,
            None => self.revoke(token).await,
        }
    }

    /// Whether a token is revoked. Without a store, none is.
    ///
    /// # Errors
    /// If the store could not answer.
    pub async fn is_revoked(&self, token: &Token) -> Result<bool, StoreError> {
        Ok(self.status(token, self.now()).await? == TokenStatus::Revoked)
    }

    async fn revoke_one(&self, session: &str, subject: Option<&str>) -> Result<(), StoreError> {
        let now = self.now();
        let until = self.remembered(now);
        let ending = EndSessions::One { session, subject, now };
        self.inner.store.end(ending, RevokeRequest::Session { session, until, now }).await
    }

    pub(super) fn leeway(&self) -> Duration {
        self.inner.settings.policy.leeway
    }

    /// Until when a session's or a subject's revocation must be remembered: until its youngest token has expired.
    pub(super) fn remembered(&self, now: Timestamp) -> Option<Timestamp> {
        let settings = &self.inner.settings;
        // Where tokens without an end are accepted, nothing may ever be forgotten.
        if settings.policy.access_may_never_expire || settings.policy.refresh_may_never_expire {
            return None;
        }
        match settings.longest_lifetime {
            // A token may have been issued by a clock that is one leeway ahead, and lives on for another.
            Lifetime::For(longest) => Some(now.saturating_add(longest).saturating_add(self.leeway() * 2)),
            Lifetime::Never => None,
        }
    }
}
