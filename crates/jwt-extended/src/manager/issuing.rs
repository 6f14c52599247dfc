//! Making tokens one by one.

use std::{borrow::Cow, fmt};

use serde::Serialize;

use super::JwtManager;
use crate::{
    entropy::session_id,
    jose::{Key, KeyRing},
    time::Timestamp,
    token::{Claims, Draft, Fresh, Identity, IssueError, Lifetime, Replacement, TokenError, TokenType, verify},
};

/// A token on its way: the optional arguments of upstream's `create_access_token` and `create_refresh_token`.
#[must_use = "no token is made until `create` is called"]
pub struct TokenBuilder<'a> {
    manager: &'a JwtManager,
    fresh: Fresh,
    key: Option<&'a Key>,
    outcome: Outcome,
    /// When it is issued; `None` for now.
    at: Option<Timestamp>,
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

    /// Puts the token into a session that [`JwtManager::new_session`] named, or another token of it (claim `sid`). Where
    /// sessions are kept, a refresh token is the session's only if [`JwtManager::open_session`] was told of its `jti`: any
    /// other is a replay.
    pub fn session(mut self, session: &str) -> Self {
        if let Ok(draft) = &mut self.draft {
            draft.session = Some(Cow::Owned(session.to_owned()));
        }
        self
    }

    /// Gives the token this name (claim `jti`) and not a new one: that of a [`Rotation`](super::Rotation), which a store was
    /// told of.
    pub fn jti(mut self, jti: &str) -> Self {
        if let Ok(draft) = &mut self.draft {
            draft.jti = Some(Cow::Owned(jti.to_owned()));
        }
        self
    }

    /// Gives the token this CSRF value and not a new one, so that a page which has read that of the token before goes on
    /// working. Without `cookie_csrf_protect`, it has none all the same.
    pub fn csrf(mut self, csrf: &str) -> Self {
        if let Ok(draft) = &mut self.draft {
            draft.csrf = Some(Cow::Owned(csrf.to_owned()));
        }
        self
    }

    /// Issues the token at this time and not now: its claims `iat`, `nbf` and `exp` count from then.
    pub fn issued_at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
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
        let now = self.at.unwrap_or_else(|| self.manager.now());
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

    /// A name for a session that opens now, for those who make its tokens one by one with [`TokenBuilder::session`]. A store
    /// of sessions must be told of it, with [`open_session`](Self::open_session).
    ///
    /// # Errors
    /// If there is no randomness to be had.
    pub fn new_session(&self) -> Result<String, IssueError> {
        self.session_at(self.now())
    }

    pub(super) fn session_at(&self, now: Timestamp) -> Result<String, IssueError> {
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
        TokenBuilder { manager: self, fresh: Fresh::No, key: None, outcome: Outcome::Checked, at: None, draft }
    }

    pub(super) fn issue(&self, draft: &Draft<'_>, now: Timestamp) -> Result<String, IssueError> {
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

pub(super) fn draft(
    identity: &(impl Identity + ?Sized),
    kind: TokenType,
    lifetime: Lifetime,
) -> Result<Draft<'_>, IssueError> {
    let mut draft = blank(kind, identity.subject(), lifetime);
    draft.additional_claims.push((identity.additional_claims()?, Replacement::Refused));
    draft.additional_headers.push(identity.additional_headers()?);
    Ok(draft)
}

pub(super) fn blank(kind: TokenType, subject: Cow<'_, str>, lifetime: Lifetime) -> Draft<'_> {
    Draft {
        kind,
        subject,
        freshness: crate::token::Freshness::Stale,
        lifetime,
        session: None,
        jti: None,
        csrf: None,
        additional_claims: Vec::new(),
        additional_headers: Vec::new(),
    }
}
