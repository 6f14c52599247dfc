//! Logging in and refreshing: the pair of tokens that a session has.

use std::{borrow::Cow, fmt};

use serde_json::json;

use super::{
    JwtManager,
    issuing::{blank, draft},
    sessions::Rotation,
};
use crate::{
    entropy::random_uuid,
    http::{Reason, Rejection},
    time::Timestamp,
    token::{Claims, Draft, Identity, IssueError, Lifetime, Replacement, Token, TokenType, own_claims},
};

/// What a login or a refresh gives.
///
/// It does not serialise by itself, so that it cannot leave in a response that may be cached: a face has a response of
/// its own for it, and [`to_json`](Self::to_json) is there for all else.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenPair {
    /// The access token.
    pub access_token: String,
    /// The refresh token. A refresh without rotation gives none: the old one goes on.
    pub refresh_token: Option<String>,
    /// How long the access token lives, in seconds; `None` for ever.
    pub expires_in: Option<u64>,
}

impl TokenPair {
    /// The body of RFC 6749 section 5.1: `access_token`, `refresh_token`, `token_type`, `expires_in`. Send it with
    /// `Cache-Control: no-store`.
    pub fn to_json(&self) -> serde_json::Value {
        let mut body = json!({ "access_token": self.access_token, "token_type": "Bearer" });
        if let Some(refresh_token) = &self.refresh_token {
            body["refresh_token"] = json!(refresh_token);
        }
        if let Some(expires_in) = self.expires_in {
            body["expires_in"] = json!(expires_in);
        }
        body
    }
}

impl fmt::Debug for TokenPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenPair").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

impl JwtManager {
    /// Opens a session for a user who has just proved who they are: a fresh access token and a refresh token, which share
    /// a session name (claim `sid`) by which both can be revoked.
    ///
    /// # Errors
    /// As [`TokenBuilder::create`](super::TokenBuilder::create); and if there is a store of sessions that could not keep it.
    pub async fn login(&self, identity: &(impl Identity + ?Sized)) -> Result<TokenPair, IssueError> {
        self.log_in(identity, None).await
    }

    /// As [`login`](Self::login), with a label by which the user will know the session in a list, such as the device or
    /// the browser. Control characters are left out, and all that comes after 128 characters.
    ///
    /// # Errors
    /// As [`login`](Self::login).
    pub async fn login_with_label(
        &self,
        identity: &(impl Identity + ?Sized),
        label: &str,
    ) -> Result<TokenPair, IssueError> {
        self.log_in(identity, Some(label)).await
    }

    /// The one call after a new password was stored: ends all sessions of the user and opens a new one for whoever has
    /// changed it.
    ///
    /// # Errors
    /// As [`login`](Self::login). If there is no store, there is nothing to end the sessions with, which is an error.
    pub async fn password_changed(&self, identity: &(impl Identity + ?Sized)) -> Result<TokenPair, IssueError> {
        self.revoke_subject(&identity.subject()).await?;
        self.log_in(identity, None).await
    }

    /// As [`password_changed`](Self::password_changed), with a label for the new session, as
    /// [`login_with_label`](Self::login_with_label) takes it.
    ///
    /// # Errors
    /// As [`password_changed`](Self::password_changed).
    pub async fn password_changed_with_label(
        &self,
        identity: &(impl Identity + ?Sized),
        label: &str,
    ) -> Result<TokenPair, IssueError> {
        self.revoke_subject(&identity.subject()).await?;
        self.log_in(identity, Some(label)).await
    }

    /// New tokens of a refresh token's session: an access token that is not fresh, with the refresh token's own claims and
    /// the key's usual headers; and where sessions are kept, the refresh token that is due next.
    ///
    /// # Errors
    /// If the token is not for refreshing, its session has ended, or no token can be made. If it was used before, and
    /// not only just now, its session is ended: somebody has a copy ([`Reason::Replayed`]).
    pub async fn refresh(&self, token: &Token) -> Result<TokenPair, Rejection> {
        let mut draft = blank(TokenType::Access, Cow::Borrowed(token.subject()), Lifetime::Never);
        draft.additional_claims.push((self.own_claims(token), Replacement::Refused));
        self.refresh_draft(token, draft).await
    }

    /// As [`refresh`](Self::refresh), with the claims that the user has now.
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh), or if the token is another user's.
    pub async fn refresh_as(&self, token: &Token, identity: &(impl Identity + ?Sized)) -> Result<TokenPair, Rejection> {
        let draft = draft(identity, TokenType::Access, Lifetime::Never)
            .map_err(|error| self.reject(Reason::Issue(error), None))?;
        if draft.subject != token.subject() {
            return Err(self.reject(Reason::UserNotFound(token.subject().to_owned()), Some(token.clone())));
        }
        self.refresh_draft(token, draft).await
    }

    /// The app's own claims in a token: all but those that every token has, which are written anew for each.
    pub fn own_claims(&self, token: &Token) -> Claims {
        own_claims(token.claims_json(), &self.inner.settings.issue.identity_claim)
    }

    async fn log_in(&self, identity: &(impl Identity + ?Sized), label: Option<&str>) -> Result<TokenPair, IssueError> {
        let now = self.now();
        let session = self.session_at(now)?;
        let settings = &self.inner.settings;

        let lifetime = |usual| self.lifetime(Some(&session), usual, now);
        let mut access = draft(identity, TokenType::Access, lifetime(settings.access_lifetime))?;
        access.session = Some(Cow::Borrowed(&session));
        access.freshness = settings.login_freshness.starting(now);
        let mut refresh = draft(identity, TokenType::Refresh, lifetime(settings.refresh_lifetime))?;
        refresh.session = Some(Cow::Borrowed(&session));
        let jti = if self.keeps_sessions() { Some(self.random_name()?) } else { None };
        refresh.jti = jti.as_deref().map(Cow::Borrowed);
        let pair = self.pair(&access, Some(self.issue(&refresh, now)?), now)?;
        // Last, so that no session is kept whose tokens could not be made.
        if let Some(jti) = &jti {
            self.open_session(&session, &access.subject, jti, label).await?;
        }
        Ok(pair)
    }

    /// The tokens that follow a refresh token, from the draft of an access token.
    async fn refresh_draft(&self, token: &Token, mut access: Draft<'_>) -> Result<TokenPair, Rejection> {
        if token.token_type() != TokenType::Refresh {
            return Err(self.reject(Reason::NotRefreshToken, Some(token.clone())));
        }
        let now = self.now();
        let issue = |error| self.reject(Reason::Issue(error), None);
        access.session = token.session().map(|session| Cow::Owned(session.to_owned()));
        access.lifetime = self.lifetime(token.session(), self.inner.settings.access_lifetime, now);
        if token.session().is_none() || !self.keeps_sessions() {
            if self.bounds_sessions() && self.is_too_old(token, now) {
                return Err(self.reject(Reason::Revoked, Some(token.clone())));
            }
            // The guard has asked already, but the session may have ended since, or there was no guard.
            self.refuse_revoked(token, now).await?;
            return self.pair(&access, None, now).map_err(issue);
        }
        // All is made before the session is turned: if it cannot be made, the old token is still good.
        let pair = self.pair(&access, None, now).map_err(issue)?;
        let due = Rotation { jti: self.random_name().map_err(issue)?, turned: now };
        let made = self.follower(token, &access, &due).map_err(issue)?;
        let decided = self.turn_session(token, due.clone()).await?;
        // Another request may have turned it just before.
        let refresh_token =
            if decided == due { made } else { self.follower(token, &access, &decided).map_err(issue)? };
        Ok(TokenPair { refresh_token: Some(refresh_token), ..pair })
    }

    /// The refresh token that follows this one: the same, however often it is made.
    fn follower(&self, token: &Token, access: &Draft<'_>, rotation: &Rotation) -> Result<String, IssueError> {
        let lifetime = self.lifetime(token.session(), self.inner.settings.refresh_lifetime, rotation.turned);
        let mut draft = blank(TokenType::Refresh, Cow::Borrowed(&*access.subject), lifetime);
        draft.session = token.session().map(Cow::Borrowed);
        draft.jti = Some(Cow::Borrowed(&rotation.jti));
        // A page that has read it goes on working.
        draft.csrf = token.csrf().map(Cow::Borrowed);
        draft.additional_claims.clone_from(&access.additional_claims);
        draft.additional_headers.clone_from(&access.additional_headers);
        self.issue(&draft, rotation.turned)
    }

    /// An access token that goes on where this one ends: same subject, session, CSRF value and own claims; not fresh.
    pub(super) fn successor(&self, token: &Token) -> Result<String, IssueError> {
        let settings = &self.inner.settings;
        let mut draft = blank(TokenType::Access, Cow::Borrowed(token.subject()), Lifetime::Never);
        draft.session = token.session().map(Cow::Borrowed);
        let session = token.session().unwrap_or_default();
        draft.lifetime = self.lifetime_in_session(session, settings.access_lifetime, self.now());
        draft.csrf = token.csrf().map(Cow::Borrowed);
        draft.additional_claims.push((self.own_claims(token), Replacement::Refused));
        self.issue(&draft, self.now())
    }

    fn pair(&self, access: &Draft<'_>, refresh_token: Option<String>, now: Timestamp) -> Result<TokenPair, IssueError> {
        let expires_in = access.lifetime.duration().map(|lifetime| lifetime.as_secs());
        Ok(TokenPair { access_token: self.issue(access, now)?, refresh_token, expires_in })
    }

    /// A name for a token that a store is told of.
    pub(super) fn random_name(&self) -> Result<String, IssueError> {
        let mut random = [0; 16];
        self.inner.entropy.fill(&mut random)?;
        Ok(random_uuid(random).to_string())
    }

    /// Whether tokens end with their session: where sessions are kept, and where the app has said how long they last. If not,
    /// a refresh does as upstream does.
    fn bounds_sessions(&self) -> bool {
        self.keeps_sessions() || self.inner.settings.sessions.lifetime_is_set
    }

    /// How long a token may live that belongs to a session, or to none.
    fn lifetime(&self, session: Option<&str>, usual: Lifetime, now: Timestamp) -> Lifetime {
        session.filter(|_| self.bounds_sessions()).map_or(usual, |name| self.lifetime_in_session(name, usual, now))
    }
}
