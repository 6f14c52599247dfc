//! Sessions and revocation: listing sessions, ending them, and revoking tokens.

use std::time::Duration;

use super::{JwtManager, Steps};
use crate::{
    session::{EndSessions, RevokeRequest, RevokedToken, Session, StoreError, Subject, TokenIds, TokenStatus},
    time::Timestamp,
    token::Token,
};

/// How long something must have ended before the store may forget it: for a process whose clock is behind, it may not
/// have ended yet.
const LONG_OVER: Duration = Duration::from_secs(3600);

impl JwtManager {
    /// Returns the open sessions of a token's subject, the latest first. The token's own is marked as current.
    ///
    /// # Errors
    /// If there is no store that keeps sessions, or it could not answer.
    pub async fn sessions(&self, token: &Token) -> Result<Vec<Session>, StoreError> {
        self.steps().sessions_as_seen_from(token, token.session()).await
    }

    /// Returns the open sessions of a subject, the latest first.
    ///
    /// # Errors
    /// If there is no store that keeps sessions, or it could not answer.
    pub async fn sessions_of(&self, subject: impl Into<Subject<'_>>) -> Result<Vec<Session>, StoreError> {
        self.inner.store.sessions()?.list(subject.into().0, self.now()).wait().await
    }

    /// Logs out: ends the token's session, with all its access and refresh tokens. A token that belongs to no session
    /// is revoked alone.
    ///
    /// # Errors
    /// If there is no store, the token has neither a session nor a `jti`, or the store could not answer.
    pub async fn logout(&self, token: &Token) -> Result<(), StoreError> {
        match self.session_of(token) {
            Some(session) => self.end_one(session, Some(token.subject_key())).await.map(drop),
            None => self.revoke_token(token).await,
        }
    }

    /// Ends one session of a subject, and returns whether it was open. Another subject's session stays open.
    ///
    /// ```
    /// # async fn end(jwt: jwt_extended::JwtManager, token: jwt_extended::Token) -> Result<(), Box<dyn std::error::Error>> {
    /// use jwt_extended::session::Subject;
    ///
    /// // One that the user chose from their list:
    /// jwt.end_session(&token, "0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e").await?;
    /// // One that an administrator chose:
    /// jwt.end_session(Subject("alice"), "0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If there is no store that keeps sessions, or it could not answer.
    pub async fn end_session(&self, subject: impl Into<Subject<'_>>, session: &str) -> Result<bool, StoreError> {
        self.inner.store.sessions()?;
        Ok(self.end_one(session, Some(subject.into().0)).await? > 0)
    }

    /// Ends all sessions of a token's subject except the token's own, and returns how many were open. Tokens of the
    /// subject that belong to no session are revoked too.
    ///
    /// # Errors
    /// If there is no store that keeps sessions, the token belongs to no session, or the store could not answer.
    pub async fn end_other_sessions(&self, token: &Token) -> Result<u64, StoreError> {
        let session = self.session_of(token).ok_or(StoreError::Unnamed("session"))?;
        self.steps().end_sessions_except(token, session).await
    }

    /// Ends all sessions of a subject and revokes all its tokens: everybody who uses them is logged out. A later login
    /// is valid. Returns how many sessions were open; a store of revocations alone knows of none.
    ///
    /// Tokens that belong to no session say only in which second they were issued, by a clock that may be ahead: those
    /// of the next five seconds are revoked too.
    ///
    /// # Errors
    /// If there is no store, or it could not answer.
    pub async fn end_all_sessions(&self, subject: impl Into<Subject<'_>>) -> Result<u64, StoreError> {
        self.end_all_before(subject.into().0, self.now()).await
    }

    /// Revokes one token until it would have expired.
    ///
    /// # Errors
    /// If there is no store, the token has no `jti`, or the store could not keep the revocation.
    pub async fn revoke_token(&self, token: &Token) -> Result<(), StoreError> {
        let jti = token.jti_key().ok_or(StoreError::Unnamed("jti"))?;
        self.steps().revoke_by_id(token, jti, token.expires_at()).await
    }

    /// Returns whether a token is revoked or its session has ended. Without a store, no token is.
    ///
    /// # Errors
    /// If the store could not answer.
    pub async fn is_revoked(&self, token: &Token) -> Result<bool, StoreError> {
        Ok(self.status(token, self.now()).await? == TokenStatus::Revoked)
    }

    /// Returns a token that did not come by HTTP, if a guard would admit it now: its signature, its claims, the store
    /// and the app's own verification. This is the question of token introspection (RFC 7662). `None` for any other
    /// token, and for those of other issuers, who answer for their own.
    ///
    /// ```
    /// # async fn introspect(jwt: jwt_extended::JwtManager) -> Result<(), Box<dyn std::error::Error>> {
    /// let token = jwt.create_access_token("alice")?;
    /// let active = jwt.active_token(token.as_str()).await?;
    /// assert_eq!(active.map(|token| token.subject().to_owned()), Some("alice".to_owned()));
    /// assert_eq!(jwt.active_token("no token").await?, None);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the store could not answer.
    pub async fn active_token(&self, token: &str) -> Result<Option<Token>, StoreError> {
        let Ok(token) = self.decode_token(token) else { return Ok(None) };
        if token.issuer().is_some() || self.is_revoked(&token).await? || !self.verifies(&token) {
            return Ok(None);
        }
        Ok(Some(token))
    }

    /// Checks that the store answers, for a health check. Asks of a token that does not exist, as each guard asks of a
    /// token, so it takes as long. Without a store, there is nothing to check.
    ///
    /// # Errors
    /// If the store could not answer within its time limit.
    pub async fn check_store(&self) -> Result<(), StoreError> {
        let now = self.now();
        let nobody = TokenIds { jti: Some("health check"), session: None, subject: "health check", since: now, now };
        self.inner.store.ask(&nobody).await.map(drop)
    }

    /// Deletes sessions and revocations that ended more than an hour ago, at most `limit` of them, and returns how
    /// many. SQL stores need this now and then; the others delete them automatically.
    ///
    /// # Errors
    /// If there is no store that keeps sessions, or it could not answer.
    pub async fn purge_sessions(&self, limit: u32) -> Result<u64, StoreError> {
        self.inner.store.sessions()?.purge(self.now().saturating_sub(LONG_OVER), limit).wait().await
    }

    /// Ends all sessions of a subject that were opened before a time, and revokes its tokens issued before that time.
    pub(super) async fn end_all_before(&self, subject: &str, time: Timestamp) -> Result<u64, StoreError> {
        let until = self.remembered(time);
        let sessions = EndSessions::All { subject, until, now: time };
        self.inner.store.end(sessions, RevokeRequest::Subject { subject, until, now: time }).await
    }

    async fn end_one(&self, session: &str, subject: Option<&str>) -> Result<u64, StoreError> {
        let now = self.now();
        let sessions = EndSessions::One { session, subject, now };
        self.inner.store.end(sessions, RevokeRequest::Session { session, until: self.remembered(now), now }).await
    }
}

impl Steps<'_> {
    /// Returns whether the manager has a store that keeps sessions.
    pub fn keeps_sessions(self) -> bool {
        self.manager.keeps_sessions()
    }

    /// Lists sessions as [`JwtManager::sessions`] does, for callers that have a token's claims but not the token.
    ///
    /// # Errors
    /// As [`JwtManager::sessions`].
    pub async fn sessions_as_seen_from(
        self,
        subject: impl Into<Subject<'_>>,
        session: Option<&str>,
    ) -> Result<Vec<Session>, StoreError> {
        let mut sessions = self.manager.sessions_of(subject).await?;
        // The session that asks is in use now. Its last refresh stays secret: the holder of a copied refresh token
        // could tell from it how long the grace time still lasts.
        let now = self.manager.now();
        for current in sessions.iter_mut().filter(|listed| session == Some(&*listed.id)) {
            (current.current, current.last_used) = (true, current.last_used.max(now));
        }
        Ok(sessions)
    }

    /// Ends sessions as [`JwtManager::end_other_sessions`] does, for callers that have a token's claims but not the
    /// token.
    ///
    /// # Errors
    /// If there is no store that keeps sessions, or it could not answer.
    pub async fn end_sessions_except(self, subject: impl Into<Subject<'_>>, session: &str) -> Result<u64, StoreError> {
        let (manager, now) = (self.manager, self.manager.now());
        let until = manager.remembered(now);
        let others = EndSessions::Others { subject: subject.into().0, except: session, until, now };
        manager.inner.store.sessions()?.end(&others).wait().await
    }

    /// Ends a session by its id (claim `sid`), whichever subject it belongs to: for ids from a log or a database. For a
    /// session that a user chose, use [`JwtManager::end_session`].
    ///
    /// # Errors
    /// If there is no store, or it could not answer.
    pub async fn end_session_by_id(self, session: &str) -> Result<(), StoreError> {
        self.manager.end_one(session, None).await.map(drop)
    }

    /// Revokes a token by its id (claim `jti`) until it expires; `None` for never. For callers that have a token's
    /// claims but not the token.
    ///
    /// # Errors
    /// If there is no store, or it could not keep the revocation.
    pub async fn revoke_by_id(
        self,
        subject: impl Into<Subject<'_>>,
        jti: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let manager = self.manager;
        // The leeway lets a token live on after its `exp`, so the revocation must last as long.
        let until = expires_at.map(|end| end.saturating_add(manager.leeway()));
        let token = RevokedToken { subject: subject.into().0, jti, until, now: manager.now() };
        manager.inner.store.revoke_token(token).await
    }
}
