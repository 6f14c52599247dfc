//! Making tokens: one by one, or the pair of a login and what a refresh gives.

use std::{borrow::Cow, fmt};

use serde::Serialize;
use serde_json::json;

use super::JwtManager;
use crate::{
    entropy::session_id,
    http::{Reason, Rejection},
    jose::{Key, KeyRing},
    time::Timestamp,
    token::{
        Claims, Draft, Fresh, Identity, IssueError, Lifetime, Replacement, Token, TokenError, TokenType, own_claims,
        verify,
    },
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

/// A token on its way: the optional arguments of upstream's `create_access_token` and `create_refresh_token`.
#[must_use = "no token is made until `create` is called"]
pub struct TokenBuilder<'a> {
    manager: &'a JwtManager,
    fresh: Fresh,
    key: Option<&'a Key>,
    outcome: Outcome,
    draft: Result<Draft<'a>, IssueError>,
}

/// Whether an unusual token is tried out before it is handed out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Checked,
    Unchecked,
}

impl<'a> TokenBuilder<'a> {
    /// How fresh it is: `Fresh::Always` after a login, or a [`Duration`](std::time::Duration) from now.
    pub fn fresh(mut self, fresh: impl Into<Fresh>) -> Self {
        self.fresh = fresh.into();
        self
    }

    /// How long it lives, if not as long as the configuration says (`expires_delta`).
    pub fn lifetime(mut self, lifetime: impl Into<Lifetime>) -> Self {
        if let Ok(draft) = &mut self.draft {
            draft.lifetime = lifetime.into();
        }
        self
    }

    /// Claims of the app's own, beside those of the identity. One that has the name of a claim that the token has
    /// already is an error.
    pub fn additional_claims<T: Serialize + ?Sized>(self, claims: &T) -> Self {
        self.with(claims, |draft, claims| draft.additional_claims.push((claims, Replacement::Refused)))
    }

    /// Claims that may replace any claim of the token in place, as upstream's do. Whoever can choose their names can
    /// choose whose token it is.
    pub fn replacing_claims<T: Serialize + ?Sized>(self, claims: &T) -> Self {
        self.with(claims, |draft, claims| draft.additional_claims.push((claims, Replacement::Allowed)))
    }

    /// Headers of the app's own. `typ: null` takes the `typ` away; `alg` and `kid` are the key's.
    pub fn additional_headers<T: Serialize + ?Sized>(self, headers: &T) -> Self {
        self.with(headers, |draft, headers| draft.additional_headers.push(headers))
    }

    /// As [`replacing_claims`](Self::replacing_claims), made before.
    pub fn replacing(mut self, claims: Claims) -> Self {
        if let Ok(draft) = &mut self.draft {
            draft.additional_claims.push((claims, Replacement::Allowed));
        }
        self
    }

    /// As [`additional_headers`](Self::additional_headers), made before.
    pub fn headers(mut self, headers: Claims) -> Self {
        if let Ok(draft) = &mut self.draft {
            draft.additional_headers.push(headers);
        }
        self
    }

    /// Puts the token into a session that [`JwtManager::new_session`] named, or another token of it (claim `sid`).
    pub fn session(mut self, session: &str) -> Self {
        if let Ok(draft) = &mut self.draft {
            draft.session = Some(Cow::Owned(session.to_owned()));
        }
        self
    }

    /// Signs with this key instead of the manager's own: upstream's `encode_key_loader`.
    pub fn signed_by(mut self, key: &'a Key) -> Self {
        self.key = Some(key);
        self
    }

    /// Makes the token even if this manager would refuse it, as upstream does: expired, or for others to read.
    pub fn also_if_refused(mut self) -> Self {
        self.outcome = Outcome::Unchecked;
        self
    }

    /// Signs it.
    ///
    /// # Errors
    /// If there is no key to sign with, or what was asked for is no token that this manager would accept.
    pub fn create(self) -> Result<String, IssueError> {
        let mut draft = self.draft?;
        let now = self.manager.now();
        draft.freshness = self.fresh.starting(now);
        match self.outcome {
            Outcome::Checked => self.manager.issue_with(&draft, self.key, now),
            Outcome::Unchecked => self.manager.sign(&draft, self.key, now),
        }
    }

    fn with<T: Serialize + ?Sized>(mut self, value: &T, put: impl FnOnce(&mut Draft<'_>, Claims)) -> Self {
        self.draft = self.draft.and_then(|mut draft| {
            put(&mut draft, Claims::new(value)?);
            Ok(draft)
        });
        self
    }
}

impl fmt::Debug for TokenBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenBuilder").field("fresh", &self.fresh).finish_non_exhaustive()
    }
}

impl JwtManager {
    /// An access token, not fresh.
    ///
    /// # Errors
    /// As [`TokenBuilder::create`].
    pub fn create_access_token(&self, identity: &(impl Identity + ?Sized)) -> Result<String, IssueError> {
        self.access_token(identity).create()
    }

    /// A refresh token.
    ///
    /// # Errors
    /// As [`TokenBuilder::create`].
    pub fn create_refresh_token(&self, identity: &(impl Identity + ?Sized)) -> Result<String, IssueError> {
        self.refresh_token(identity).create()
    }

    /// An access token, with more to be said about it.
    pub fn access_token<'a>(&'a self, identity: &'a (impl Identity + ?Sized)) -> TokenBuilder<'a> {
        self.token(identity, TokenType::Access)
    }

    /// A refresh token, with more to be said about it.
    pub fn refresh_token<'a>(&'a self, identity: &'a (impl Identity + ?Sized)) -> TokenBuilder<'a> {
        self.token(identity, TokenType::Refresh)
    }

    /// Opens a session for a user who has just proved who they are: a fresh access token and a refresh token, which share
    /// a session name (claim `sid`) by which both can be revoked.
    ///
    /// # Errors
    /// As [`TokenBuilder::create`].
    #[expect(clippy::unused_async, reason = "a store of sessions will be told of it")]
    pub async fn login(&self, identity: &(impl Identity + ?Sized)) -> Result<TokenPair, IssueError> {
        let now = self.now();
        let session = self.session_at(now)?;
        let settings = &self.inner.settings;

        let mut access = draft(identity, TokenType::Access, settings.access_lifetime)?;
        access.session = Some(Cow::Borrowed(&session));
        access.freshness = settings.login_freshness.starting(now);
        let mut refresh = draft(identity, TokenType::Refresh, settings.refresh_lifetime)?;
        refresh.session = Some(Cow::Borrowed(&session));
        Ok(TokenPair {
            access_token: self.issue(&access, now)?,
            refresh_token: Some(self.issue(&refresh, now)?),
            expires_in: settings.access_lifetime.duration().map(|lifetime| lifetime.as_secs()),
        })
    }

    /// A name for a session that opens now, for those who make its tokens one by one with [`TokenBuilder::session`].
    ///
    /// # Errors
    /// If there is no randomness to be had.
    pub fn new_session(&self) -> Result<String, IssueError> {
        self.session_at(self.now())
    }

    /// A new access token of a refresh token's session: not fresh, with the refresh token's own claims, and the key's
    /// usual headers.
    ///
    /// # Errors
    /// If the token is not for refreshing, or no token can be made.
    pub async fn refresh(&self, token: &Token) -> Result<TokenPair, Rejection> {
        let claims = own_claims(token.claims_json(), &self.inner.settings.issue.identity_claim);
        let subject = || Cow::Borrowed(token.subject());
        self.refresh_draft(token, blank(TokenType::Access, subject(), self.inner.settings.access_lifetime), claims)
            .await
    }

    /// A new access token of a refresh token's session: not fresh, with the claims that the user has now.
    ///
    /// # Errors
    /// If the token is not for refreshing or is another user's, or no token can be made.
    pub async fn refresh_as(&self, token: &Token, identity: &(impl Identity + ?Sized)) -> Result<TokenPair, Rejection> {
        let draft = draft(identity, TokenType::Access, self.inner.settings.access_lifetime)
            .map_err(|error| self.reject(Reason::Issue(error), None))?;
        if draft.subject != token.subject() {
            return Err(self.reject(Reason::UserNotFound(token.subject().to_owned()), Some(token.clone())));
        }
        self.refresh_draft(token, draft, Claims::none()).await
    }

    async fn refresh_draft(&self, token: &Token, mut draft: Draft<'_>, claims: Claims) -> Result<TokenPair, Rejection> {
        if token.token_type() != TokenType::Refresh {
            return Err(self.reject(Reason::NotRefreshToken, Some(token.clone())));
        }
        // The guard has asked already, but the session may have ended since, or there was no guard.
        self.refuse_revoked(token, self.now()).await?;
        draft.session = token.session().map(|session| Cow::Owned(session.to_owned()));
        draft.additional_claims.push((claims, Replacement::Refused));
        let access_token = self.issue(&draft, self.now()).map_err(|error| self.reject(Reason::Issue(error), None))?;
        let expires_in = draft.lifetime.duration().map(|lifetime| lifetime.as_secs());
        Ok(TokenPair { access_token, refresh_token: None, expires_in })
    }

    /// An access token that goes on where this one ends: same subject, session, CSRF value and own claims; not fresh.
    pub(super) fn successor(&self, token: &Token) -> Result<String, IssueError> {
        let settings = &self.inner.settings;
        let mut draft = blank(TokenType::Access, Cow::Borrowed(token.subject()), settings.access_lifetime);
        draft.session = token.session().map(Cow::Borrowed);
        if let (Some(left), Some(usual)) = (self.session_time_left(token), draft.lifetime.duration()) {
            draft.lifetime = Lifetime::For(usual.min(left));
        }
        draft.csrf = token.csrf().map(Cow::Borrowed);
        let claims = own_claims(token.claims_json(), &settings.issue.identity_claim);
        draft.additional_claims.push((claims, Replacement::Refused));
        self.issue(&draft, self.now())
    }

    fn session_at(&self, now: Timestamp) -> Result<String, IssueError> {
        let mut random = [0; 8];
        self.inner.entropy.fill(&mut random)?;
        Ok(session_id(now, random).to_string())
    }

    fn token<'a>(&'a self, identity: &'a (impl Identity + ?Sized), kind: TokenType) -> TokenBuilder<'a> {
        let settings = &self.inner.settings;
        let lifetime = match kind {
            TokenType::Refresh => settings.refresh_lifetime,
            TokenType::Access | TokenType::Other => settings.access_lifetime,
        };
        let draft = draft(identity, kind, lifetime);
        TokenBuilder { manager: self, fresh: Fresh::No, key: None, outcome: Outcome::Checked, draft }
    }

    fn issue(&self, draft: &Draft<'_>, now: Timestamp) -> Result<String, IssueError> {
        self.issue_with(draft, None, now)
    }

    fn sign(&self, draft: &Draft<'_>, key: Option<&Key>, now: Timestamp) -> Result<String, IssueError> {
        let settings = &self.inner.settings;
        let key = key.or_else(|| settings.ring.signing_key()).ok_or(IssueError::NoSigningKey)?;
        draft.issue(&settings.issue, key, now, &*self.inner.entropy)
    }

    fn issue_with(&self, draft: &Draft<'_>, key: Option<&Key>, now: Timestamp) -> Result<String, IssueError> {
        let settings = &self.inner.settings;
        let token = self.sign(draft, key, now)?;
        if draft.is_unusual() {
            let its_own = key.map(|key| KeyRing::new(key.clone()));
            // It may have ended, or begin later, if that was asked for: at the end of time it has begun.
            match verify(&settings.policy, its_own.as_ref().unwrap_or(&settings.ring), &token, Timestamp::MAX) {
                Ok(_) | Err(TokenError::Expired(_)) => {}
                Err(error) => return Err(IssueError::WouldBeRefused(Box::new(error))),
            }
        }
        Ok(token)
    }
}

fn draft(identity: &(impl Identity + ?Sized), kind: TokenType, lifetime: Lifetime) -> Result<Draft<'_>, IssueError> {
    let mut draft = blank(kind, identity.subject(), lifetime);
    draft.additional_claims.push((identity.additional_claims()?, Replacement::Refused));
    draft.additional_headers.push(identity.additional_headers()?);
    Ok(draft)
}

fn blank(kind: TokenType, subject: Cow<'_, str>, lifetime: Lifetime) -> Draft<'_> {
    Draft {
        kind,
        subject,
        freshness: crate::token::Freshness::Stale,
        lifetime,
        session: None,
        csrf: None,
        additional_claims: Vec::new(),
        additional_headers: Vec::new(),
    }
}
