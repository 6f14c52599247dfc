//! Implicit refresh: a browser's access cookie that is about to expire is replaced in passing, and a session that ends
//! meanwhile is not brought back.

use std::time::Duration;

use http::{HeaderMap, header};

use super::JwtManager;
use crate::{
    guard::{Requirement, examine},
    http::{Location, Request, SetCookies},
    session::TokenStatus,
    token::Token,
};

/// An access token from a cookie that will soon expire. Made before a request is handled, used after.
#[derive(Clone, Debug)]
pub struct Expiring {
    token: Token,
}

impl JwtManager {
    /// The request's access token, if it came in a cookie, is good, and expires within this time.
    ///
    /// It is not judged by its CSRF value: a forged request can at most keep its victim logged in.
    pub fn expiring(&self, request: &impl Request, within: Duration) -> Option<Expiring> {
        let now = self.now();
        let request = Methodless(request);
        let in_cookies = Requirement::access().locations([Location::Cookie]);
        let (token, _) = examine(&self.inner.settings, &request, &in_cookies, now).ok()?;
        let end = token.expires_at()?;
        let soon = end.saturating_duration_since(now) <= within;
        (soon && self.verifies(&token)).then_some(Expiring { token })
    }

    /// Cookies for the token that follows, to go with the response to the request.
    ///
    /// There are none if the response sets or clears a token's cookie itself (a login, a logout), if the token was revoked
    /// meanwhile or the store cannot say, or if its session has lasted as long as a refresh token lives: nobody stays
    /// logged in for ever by clicking. Tokens that belong to no session (not of a [`login`](Self::login)) do not say when
    /// they began, and are not renewed.
    pub async fn renew(&self, expiring: &Expiring, response: &HeaderMap) -> Option<SetCookies> {
        let token = &expiring.token;
        let settled =
            response.get_all(header::SET_COOKIE).iter().any(|line| self.inner.settings.cookies.concerns(line));
        let over = token.session().is_none() || self.is_too_old(token, self.now());
        if settled || over || self.touch(token).await != Ok(TokenStatus::Active) {
            return None;
        }
        let successor =
            self.successor(token).map_err(|error| tracing::error!(%error, "the cookie was not renewed")).ok()?;
        self.set_access_cookies(&successor).ok()
    }
}

/// A request without its method, so that no CSRF value is asked for.
struct Methodless<'r, R>(&'r R);

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
