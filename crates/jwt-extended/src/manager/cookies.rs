//! Cookies for tokens: setting and clearing them.

use std::time::Duration;

use super::{JwtManager, TokenPair};
use crate::{
    http::{CookieError, CookieNames, Location, Reason, SetCookies},
    jose::JwsError,
    token::{Issued, TokenError, TokenType},
};

/// Writes cookies: [`JwtManager::set_cookies`] with options, and one token at a time.
///
/// ```
/// use std::time::Duration;
/// use jwt_extended::{JwtManager, jose::Key};
///
/// let jwt = JwtManager::builder()
///     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
///     .build()?;
/// let token = jwt.create_access_token("alice")?;
/// let cookies = jwt.cookies().max_age(Duration::from_secs(3600)).set_access(&token)?;
/// assert!(cookies.lines()[0].to_str()?.contains("Max-Age=3600"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "the writer does nothing until a method sets or clears cookies"]
pub struct CookieWriter<'a> {
    manager: &'a JwtManager,
    max_age: Option<Duration>,
}

impl JwtManager {
    /// Returns the cookies for all tokens of a pair. The pair was just signed, so nothing is verified again.
    ///
    /// # Errors
    /// If browsers would drop a cookie because it is too long.
    pub fn set_cookies(&self, pair: &TokenPair) -> Result<SetCookies, CookieError> {
        self.cookies().set(pair)
    }

    /// Returns the headers that clear all cookies of this manager: Flask-JWT-Extended's `unset_jwt_cookies`.
    pub fn unset_cookies(&self) -> SetCookies {
        self.cookies().unset_access().and(self.cookies().unset_refresh())
    }

    /// Starts writing cookies with options, or for one token.
    pub fn cookies(&self) -> CookieWriter<'_> {
        CookieWriter { manager: self, max_age: None }
    }
}

impl JwtManager {
    /// Returns the headers that clear the cookies of a rejected request, if they can never be accepted: that of the
    /// token, or all of them if its session is over.
    pub(super) fn useless_cookies(&self, reason: &Reason, place: Option<(Location, TokenType)>) -> Option<SetCookies> {
        let (location, kind) = place?;
        if location != Location::Cookie {
            return None;
        }
        let clear = self.cookies();
        match reason {
            Reason::Revoked | Reason::Replayed => Some(self.unset_cookies()),
            // It may become valid, or this process may not have the latest keys yet.
            Reason::Token(TokenError::NotYetValid(_) | TokenError::Jws(JwsError::UnknownKey)) => None,
            // Every fault of the request that is found in a cookie is one of the cookie itself.
            Reason::Expired | Reason::Token(_) | Reason::Request(_) => Some(match kind {
                TokenType::Refresh => clear.unset_refresh(),
                TokenType::Access | TokenType::Other => clear.unset_access(),
            }),
            _ => None,
        }
    }
}

impl CookieWriter<'_> {
    /// Sets how long browsers keep the cookies, instead of as configured (`max_age` of `set_access_cookies`).
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Returns the cookies for all tokens of a pair.
    ///
    /// # Errors
    /// If browsers would drop a cookie because it is too long.
    pub fn set(self, pair: &TokenPair) -> Result<SetCookies, CookieError> {
        let access = self.set_issued(&pair.access, TokenType::Access)?;
        match &pair.refresh {
            Some(refresh) => Ok(access.and(self.set_issued(refresh, TokenType::Refresh)?)),
            None => Ok(access),
        }
    }

    /// Returns the cookies for an access token and its CSRF value. Verifies the token first: its text may come from
    /// anywhere.
    ///
    /// # Errors
    /// If the manager would reject the token, it is a refresh token, or browsers would drop the cookie for its length.
    pub fn set_access(self, token: &str) -> Result<SetCookies, CookieError> {
        self.set_text(token, TokenType::Access)
    }

    /// Returns the cookies for a refresh token and its CSRF value. Verifies the token first.
    ///
    /// # Errors
    /// If the manager would reject the token, it is not a refresh token, or browsers would drop the cookie for its
    /// length.
    pub fn set_refresh(self, token: &str) -> Result<SetCookies, CookieError> {
        self.set_text(token, TokenType::Refresh)
    }

    /// Returns the headers that clear the access token's cookies.
    pub fn unset_access(self) -> SetCookies {
        let cookies = &self.manager.inner.settings.cookies;
        cookies.unset(&cookies.access)
    }

    /// Returns the headers that clear the refresh token's cookies.
    pub fn unset_refresh(self) -> SetCookies {
        let cookies = &self.manager.inner.settings.cookies;
        cookies.unset(&cookies.refresh)
    }

    pub(super) fn set_issued(self, token: &Issued, expected: TokenType) -> Result<SetCookies, CookieError> {
        self.write(token, token.token_type(), token.csrf().as_deref(), expected)
    }

    fn set_text(self, token: &str, expected: TokenType) -> Result<SetCookies, CookieError> {
        let verified = self.manager.decode_token(token)?;
        self.write(token, verified.token_type(), verified.csrf(), expected)
    }

    fn write(
        self,
        text: &str,
        kind: TokenType,
        csrf: Option<&str>,
        expected: TokenType,
    ) -> Result<SetCookies, CookieError> {
        let settings = &self.manager.inner.settings;
        let names: &CookieNames = match expected {
            TokenType::Refresh => &settings.cookies.refresh,
            TokenType::Access | TokenType::Other => &settings.cookies.access,
        };
        if (kind == TokenType::Refresh) != (expected == TokenType::Refresh) {
            return Err(CookieError::WrongType(names.token.clone()));
        }
        if settings.locate.csrf.is_some() && !csrf.is_some_and(is_cookie_value) {
            return Err(CookieError::Csrf(names.token.clone()));
        }
        settings.cookies.set(names, text, csrf, self.max_age, self.manager.now())
    }
}

/// Checks that a text can be a cookie's value unquoted. The engine's CSRF values are UUIDs; another issuer's may be
/// anything.
fn is_cookie_value(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte))
}
