//! Issues tokens one by one.

use std::{borrow::Cow, fmt, sync::Arc};

use serde::Serialize;

use super::{JwtManager, rotation::Rotation};
use crate::{
    jose::{Key, KeyRing, json},
    time::Timestamp,
    token::{
        Claims, Draft, Fresh, Freshness, Identity, IssueError, Issued, Lifetime, LoginClaims, Override, Token,
        TokenError, TokenType, verify,
    },
};

/// Describes a token that is about to be issued: the optional arguments of Flask-JWT-Extended's `create_access_token`
/// and `create_refresh_token`.
#[must_use = "no token is issued until `create` is called"]
pub struct TokenBuilder<'a> {
    manager: &'a JwtManager,
    fresh: Fresh,
    key: Option<&'a Key>,
    trial: Trial,
    /// The time of issue; `None` for now.
    at: Option<Timestamp>,
    /// Whether the token may live no longer than its session.
    bound: Bound,
    draft: Result<Draft<'a>, IssueError>,
}

/// Whether an unusual token is verified before it is returned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trial {
    Verify,
    Skip,
}

/// Whether a token's lifetime is limited by its session's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    Free,
    Session,
}

impl<'a> TokenBuilder<'a> {
    /// Sets how fresh the token is: `Fresh::Always` after a login, or a [`Duration`](std::time::Duration) from now.
    pub fn fresh(mut self, fresh: impl Into<Fresh>) -> Self {
        self.fresh = fresh.into();
        self
    }

    /// Sets how long the token lives, instead of as configured (`expires_delta`).
    pub fn lifetime(self, lifetime: impl Into<Lifetime>) -> Self {
        self.edit(|draft| draft.lifetime = lifetime.into())
    }

    /// Adds the app's claims, besides those of the identity. [`create`](Self::create) fails if one has the name of a
    /// claim that the token has already.
    pub fn additional_claims<T: Serialize + ?Sized>(self, claims: &T) -> Self {
        self.with(claims, |draft, claims| draft.additional_claims.push((claims, Override::Refused)))
    }

    /// Adds claims that override the token's own, as Flask-JWT-Extended's do. A caller who lets clients choose the
    /// names lets them choose whose token it is.
    pub fn overriding_claims<T: Serialize + ?Sized>(self, claims: &T) -> Self {
        self.with(claims, |draft, claims| draft.additional_claims.push((claims, Override::Allowed)))
    }

    /// Sets the scopes of the token: the claim `scope` (RFC 8693 section 4.2). A route asks for them with
    /// [`Requirement::scopes`](crate::Requirement::scopes).
    pub fn scopes<T: Into<String>>(self, scopes: impl IntoIterator<Item = T>) -> Self {
        let scopes = Some(scopes.into_iter().map(Into::into).collect());
        self.saying(&LoginClaims { scopes, ..LoginClaims::default() })
    }

    /// Sets when the user proved who they are: the claim `auth_time` (OpenID Connect Core section 2).
    pub fn auth_time(self, at: Timestamp) -> Self {
        self.saying(&LoginClaims { auth_time: Some(at), ..LoginClaims::default() })
    }

    /// Sets the class of the login, such as `urn:example:gold`: the claim `acr` (OpenID Connect Core section 2).
    pub fn acr(self, class: impl Into<String>) -> Self {
        self.saying(&LoginClaims { acr: Some(class.into()), ..LoginClaims::default() })
    }

    /// Sets the methods of the login, such as `pwd` and `otp`: the claim `amr` (RFC 8176).
    pub fn amr<T: Into<String>>(self, methods: impl IntoIterator<Item = T>) -> Self {
        let amr = Some(methods.into_iter().map(Into::into).collect());
        self.saying(&LoginClaims { amr, ..LoginClaims::default() })
    }

    fn saying(self, login: &LoginClaims) -> Self {
        self.edit(|draft| draft.additional_claims.push((login.to_claims(), Override::Refused)))
    }

    /// Adds headers. `typ: null` removes the `typ`; the key decides `alg` and `kid`.
    pub fn additional_headers<T: Serialize + ?Sized>(self, headers: &T) -> Self {
        self.with(headers, |draft, headers| draft.additional_headers.push(headers))
    }

    /// Adds claims as [`overriding_claims`](Self::overriding_claims) does, from JSON that is already checked.
    pub fn overriding(self, claims: Claims) -> Self {
        self.edit(|draft| draft.additional_claims.push((claims, Override::Allowed)))
    }

    /// Adds headers as [`additional_headers`](Self::additional_headers) does, from JSON that is already checked.
    pub fn headers(self, headers: Claims) -> Self {
        self.edit(|draft| draft.additional_headers.push(headers))
    }

    /// Puts the token into a session (claim `sid`) whose id [`Steps::new_session`](super::Steps::new_session) returned.
    ///
    /// In a store of sessions, a refresh token belongs to its session only if
    /// [`Steps::open_session`](super::Steps::open_session) got its `jti`. Any other counts as a replay.
    pub fn session(self, session: &str) -> Self {
        self.edit(|draft| draft.session = Some(Cow::Owned(session.to_owned())))
    }

    /// Sets the token id (claim `jti`) instead of generating one.
    pub fn jti(self, jti: &str) -> Self {
        self.edit(|draft| draft.jti = Some(Cow::Owned(jti.to_owned())))
    }

    /// Sets the CSRF value instead of generating one, so that a page which has read the old one keeps working. Without
    /// `cookie_csrf_protect`, the token still gets none.
    pub fn csrf(self, csrf: &str) -> Self {
        self.edit(|draft| draft.csrf = Some(Cow::Owned(csrf.to_owned())))
    }

    /// Issues the token at this time instead of now: its claims `iat`, `nbf` and `exp` count from then.
    pub fn issued_at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }

    /// Makes the token one of a session that is being opened or refreshed, with the ids and the time that the store
    /// expects. The token lives no longer than the session may.
    pub fn rotation(mut self, rotation: &Rotation) -> Self {
        (self.at, self.bound) = (Some(rotation.at), Bound::Session);
        self.edit(|draft| rotation.apply(draft))
    }

    /// Signs with this key instead of the manager's: Flask-JWT-Extended's `encode_key_loader`.
    pub fn signed_by(mut self, key: &'a Key) -> Self {
        self.key = Some(key);
        self
    }

    /// Issues the token even if this manager would reject it, as Flask-JWT-Extended does: for example an expired one,
    /// or one for another service.
    pub fn allow_unverifiable(mut self) -> Self {
        self.trial = Trial::Skip;
        self
    }

    /// Signs the token.
    ///
    /// # Errors
    /// If there is no key to sign with, or this manager would reject the token.
    pub fn create(self) -> Result<Issued, IssueError> {
        let mut draft = self.draft?;
        let now = self.at.unwrap_or_else(|| self.manager.now());
        draft.freshness = self.fresh.starting(now);
        if self.bound == Bound::Session {
            draft.lifetime = self.manager.lifetime(draft.session.as_deref(), draft.lifetime, now);
        }
        match self.trial {
            Trial::Verify => self.manager.issue_with(&draft, self.key, now),
            Trial::Skip => self.manager.sign(&draft, self.key, now),
        }
    }

    fn with<T: Serialize + ?Sized>(mut self, value: &T, put: impl FnOnce(&mut Draft<'_>, Claims)) -> Self {
        self.draft = self.draft.and_then(|mut draft| {
            put(&mut draft, Claims::new(value)?);
            Ok(draft)
        });
        self
    }

    fn edit(mut self, change: impl FnOnce(&mut Draft<'a>)) -> Self {
        if let Ok(draft) = &mut self.draft {
            change(draft);
        }
        self
    }
}

impl fmt::Debug for TokenBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenBuilder").field("fresh", &self.fresh).finish_non_exhaustive()
    }
}

impl JwtManager {
    /// Issues an access token that is not fresh.
    ///
    /// # Errors
    /// As [`TokenBuilder::create`].
    pub fn create_access_token(&self, identity: &(impl Identity + ?Sized)) -> Result<Issued, IssueError> {
        self.access_token(identity).create()
    }

    /// Issues a refresh token.
    ///
    /// # Errors
    /// As [`TokenBuilder::create`].
    pub fn create_refresh_token(&self, identity: &(impl Identity + ?Sized)) -> Result<Issued, IssueError> {
        self.refresh_token(identity).create()
    }

    /// Starts building an access token.
    pub fn access_token<'a>(&'a self, identity: &'a (impl Identity + ?Sized)) -> TokenBuilder<'a> {
        self.token(identity, TokenType::Access)
    }

    /// Starts building a refresh token.
    pub fn refresh_token<'a>(&'a self, identity: &'a (impl Identity + ?Sized)) -> TokenBuilder<'a> {
        self.token(identity, TokenType::Refresh)
    }

    fn token<'a>(&'a self, identity: &'a (impl Identity + ?Sized), kind: TokenType) -> TokenBuilder<'a> {
        let draft = Profile::of(identity).map(|profile| profile.draft(kind, self.usual_lifetime(kind)));
        TokenBuilder {
            manager: self,
            fresh: Fresh::No,
            key: None,
            trial: Trial::Verify,
            at: None,
            bound: Bound::Free,
            draft,
        }
    }

    /// Returns the configured lifetime of a kind of token.
    pub(super) fn usual_lifetime(&self, kind: TokenType) -> Lifetime {
        match kind {
            TokenType::Refresh => self.inner.settings.refresh_lifetime,
            TokenType::Access | TokenType::Other => self.inner.settings.access_lifetime,
        }
    }

    pub(super) fn issue(&self, draft: &Draft<'_>, now: Timestamp) -> Result<Issued, IssueError> {
        self.issue_with(draft, None, now)
    }

    fn sign(&self, draft: &Draft<'_>, key: Option<&Key>, now: Timestamp) -> Result<Issued, IssueError> {
        let settings = &self.inner.settings;
        // The key of this moment signs, whatever time the token says.
        let ring = self.key_ring();
        let key = key.or_else(|| ring.signing_key()).ok_or(IssueError::NoSigningKey)?;
        draft.issue(&settings.issue, key, now, &*self.inner.entropy)
    }

    fn issue_with(&self, draft: &Draft<'_>, key: Option<&Key>, now: Timestamp) -> Result<Issued, IssueError> {
        let settings = &self.inner.settings;
        let token = self.sign(draft, key, now)?;
        if draft.is_unusual() {
            let ring = key.map_or_else(|| self.key_ring(), |key| Arc::new(KeyRing::new(key.clone())));
            // The caller may have asked for a token that has expired or is not valid yet. At the end of time, a token
            // that is not valid yet has become valid.
            match verify(&settings.policy, &ring, &token, Timestamp::MAX) {
                Ok(_) | Err(TokenError::Expired(_)) => {}
                Err(error) => return Err(IssueError::WouldBeRefused(Box::new(error))),
            }
        }
        Ok(token)
    }
}

/// The part of a token that comes from the app's user: subject, claims and headers.
pub(super) struct Profile<'a> {
    pub(super) subject: Cow<'a, str>,
    /// The identity claim as JSON, if it is not a string.
    identity: Option<Claims>,
    pub(super) claims: Claims,
    pub(super) headers: Claims,
}

impl<'a> Profile<'a> {
    pub(super) fn of(identity: &'a (impl Identity + ?Sized)) -> Result<Self, IssueError> {
        Ok(Self {
            subject: identity.subject(),
            identity: None,
            claims: identity.additional_claims()?,
            headers: identity.additional_headers()?,
        })
    }

    /// Returns what a token says of its user, for a token that follows it. An identity that is not a string keeps its
    /// kind.
    pub(super) fn of_token(manager: &JwtManager, token: &'a Token) -> Self {
        let claim = &manager.inner.settings.issue.identity_claim;
        let identity = (token.subject() != token.subject_key()).then(|| {
            let mut json = String::from("{");
            json::push_string(claim, &mut json);
            json.push(':');
            json.push_str(token.subject());
            json.push('}');
            Claims::of_scanned(json)
        });
        Self {
            subject: Cow::Borrowed(token.subject()),
            identity,
            claims: manager.own_claims(token),
            headers: Claims::none(),
        }
    }

    /// Returns whether the identity is a string.
    pub(super) fn is_named(&self) -> bool {
        self.identity.is_none()
    }

    pub(super) fn draft(self, kind: TokenType, lifetime: Lifetime) -> Draft<'a> {
        Draft {
            kind,
            subject: self.subject,
            freshness: Freshness::Stale,
            lifetime,
            session: None,
            jti: None,
            csrf: None,
            additional_claims: std::iter::once((self.claims, Override::Refused))
                .chain(self.identity.map(|identity| (identity, Override::Allowed)))
                .collect(),
            additional_headers: vec![self.headers],
        }
    }

    /// Returns a draft that borrows from this profile, for one of several tokens.
    pub(super) fn draft_of(&self, kind: TokenType, lifetime: Lifetime) -> Draft<'_> {
        let Self { subject, identity, claims, headers } = self;
        let (identity, claims, headers) = (identity.clone(), claims.clone(), headers.clone());
        Profile { subject: Cow::Borrowed(subject), identity, claims, headers }.draft(kind, lifetime)
    }
}
