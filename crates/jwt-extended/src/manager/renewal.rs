//! Implicit refresh: replaces a browser's access cookie that is about to expire, and does not bring back a session that
//! has ended meanwhile.

use std::time::Duration;

use super::{JwtManager, Rotation, Steps, issuing::Profile, limits::opened};
use crate::{
    guard::{Examined, Requirement, examine},
    http::{Location, Request, SetCookies},
    session::{StoreError, TokenStatus, TouchRequest},
    token::{IssueError, Issued, Token, TokenType},
};

/// An access token from a cookie that expires soon. Found before a request is handled, used after.
#[derive(Clone, Debug)]
pub struct Expiring {
    token: Token,
}

impl Steps<'_> {
    /// Returns the request's access token if it came in a cookie, is valid, and expires within this time.
    ///
    /// The CSRF value is not checked: at most, a forged request keeps its victim logged in.
    pub fn expiring(self, request: &impl Request, within: Duration) -> Option<Expiring> {
        let (manager, now) = (self.manager, self.manager.now());
        let request = Methodless(request);
        let in_cookies = Requirement::access().locations([Location::Cookie]);
        let Ok(Examined::Met(token)) = examine(&manager.inner.settings, &request, &in_cookies, now) else {
            return None;
        };
        let end = token.expires_at()?;
        let soon = end.saturating_duration_since(now) <= within;
        (soon && manager.verifies(&token)).then_some(Expiring { token })
    }

    /// Returns the cookies of the token that follows, for the response to the request.
    ///
    /// There are none if the response sets or clears a token's cookie already (a login, a logout), if the token was
    /// revoked meanwhile or the store cannot answer, or if the session has lasted as long as it may, so that nobody
    /// stays logged in forever by clicking. Tokens that belong to no session do not say when they began, and are not
    /// renewed.
    ///
    /// `set` are the values of the response's `Set-Cookie` headers.
    pub async fn renew<'r>(self, expiring: &Expiring, set: impl IntoIterator<Item = &'r [u8]>) -> Option<SetCookies> {
        let (manager, token) = (self.manager, &expiring.token);
        let cookies = &manager.inner.settings.cookies;
        if set.into_iter().any(|line| cookies.concerns(line)) {
            return None;
        }
        let rotation = self.renewal_of(token).await?;
        let renewed = manager
            .renewed_access_token(token, &rotation)
            .map_err(|error| tracing::error!(%error, "the access cookie was not renewed"))
            .ok()?;
        manager.cookies().set_issued(&renewed, TokenType::Access).ok()
    }

    /// Has the store note that the session of an access token is in use, and returns the ids and the time of the access
    /// token that continues it, for callers who issue it. `None` for the reasons of [`renew`](Self::renew).
    pub async fn renewal_of(self, token: &Token) -> Option<Rotation> {
        let manager = self.manager;
        let at = manager.now();
        let session = manager.session_of(token)?;
        if manager.is_too_old(token, at) || manager.touch(token).await != Ok(TokenStatus::Active) {
            return None;
        }
        Some(Rotation {
            session: Some(session.to_owned()),
            jti: manager.random_id().ok()?,
            at,
            csrf: token.csrf().map(str::to_owned),
            kept: TokenType::Access,
        })
    }
}

impl JwtManager {
    /// Issues an access token that continues this one: same subject, session, CSRF value and own claims; not fresh.
    fn renewed_access_token(&self, token: &Token, rotation: &Rotation) -> Result<Issued, IssueError> {
        let session = rotation.session.as_deref().unwrap_or_default();
        let lifetime = self.lifetime_in_session(session, self.inner.settings.access_lifetime, rotation.at);
        let mut draft = Profile::of_token(self, token).draft(TokenType::Access, lifetime);
        rotation.apply(&mut draft);
        self.issue(&draft, rotation.at)
    }

    /// Returns a token's status, and has the store note that its session is in use.
    async fn touch(&self, token: &Token) -> Result<TokenStatus, StoreError> {
        let now = self.now();
        match (self.inner.store.sessions(), self.session_of(token)) {
            (Ok(store), Some(_)) => {
                let ends = self.session_ends(opened(token), now);
                store.touch(&TouchRequest { token: self.ids(token, now), ends }).wait().await
            }
            _ => self.inner.store.ask(&self.ids(token, now)).await,
        }
    }
}

/// A request without its method, so that its CSRF value is not checked.
pub(super) struct Methodless<'r, R>(pub(super) &'r R);

impl<R: Request> Request for Methodless<'_, R> {
    fn method(&self) -> &'static str {
        ""
    }

    fn header<'a>(&'a self, name: &http::HeaderName) -> impl Iterator<Item = &'a [u8]> {
        self.0.header(name)
    }

    fn query(&self) -> Option<&str> {
        self.0.query()
    }
}
