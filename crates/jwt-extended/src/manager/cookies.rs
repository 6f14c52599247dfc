//! Cookies for tokens: setting, clearing.

use std::time::Duration;

use super::{JwtManager, TokenPair};
use crate::{
    http::{CookieError, CookieNames, SetCookies},
    token::TokenType,
};

impl JwtManager {
    /// Cookies for all tokens of a pair.
    ///
    /// # Errors
    /// If one would be too long for browsers.
    pub fn set_cookies(&self, pair: &TokenPair) -> Result<SetCookies, CookieError> {
        let access = self.set_access_cookies(&pair.access_token)?;
        match &pair.refresh_token {
            Some(token) => Ok(access.and(self.set_refresh_cookies(token)?)),
            None => Ok(access),
        }
    }

    /// Cookies for an access token and its CSRF value.
    ///
    /// # Errors
    /// If the token is not acceptable, or too long for browsers.
    pub fn set_access_cookies(&self, token: &str) -> Result<SetCookies, CookieError> {
        self.set(&self.inner.settings.cookies.access, token, None)
    }

    /// Cookies for a refresh token and its CSRF value.
    ///
    /// # Errors
    /// If the token is not acceptable, or too long for browsers.
    pub fn set_refresh_cookies(&self, token: &str) -> Result<SetCookies, CookieError> {
        self.set(&self.inner.settings.cookies.refresh, token, None)
    }

    /// Cookies for an access token that last for so long (`max_age`), whatever the configuration says.
    ///
    /// # Errors
    /// If the token is not acceptable, or too long for browsers.
    pub fn set_access_cookies_for(&self, token: &str, max_age: Duration) -> Result<SetCookies, CookieError> {
        self.set(&self.inner.settings.cookies.access, token, Some(max_age))
    }

    /// Cookies for a refresh token that last for so long (`max_age`), whatever the configuration says.
    ///
    /// # Errors
    /// If the token is not acceptable, or too long for browsers.
    pub fn set_refresh_cookies_for(&self, token: &str, max_age: Duration) -> Result<SetCookies, CookieError> {
        self.set(&self.inner.settings.cookies.refresh, token, Some(max_age))
    }

    /// Clears all our cookies: upstream's `unset_jwt_cookies`.
    pub fn unset_cookies(&self) -> SetCookies {
        self.unset_access_cookies().and(self.unset_refresh_cookies())
    }

    /// Clears the access token's cookies.
    pub fn unset_access_cookies(&self) -> SetCookies {
        self.inner.settings.cookies.unset(&self.inner.settings.cookies.access)
    }

    /// Clears the refresh token's cookies.
    pub fn unset_refresh_cookies(&self) -> SetCookies {
        self.inner.settings.cookies.unset(&self.inner.settings.cookies.refresh)
    }

    fn set(&self, names: &CookieNames, token: &str, max_age: Option<Duration>) -> Result<SetCookies, CookieError> {
        let checked = self.decode_token(token)?;
        let settings = &self.inner.settings;
        let for_refresh = names.token == settings.cookies.refresh.token;
        if for_refresh != (checked.token_type() == TokenType::Refresh) {
            return Err(CookieError::WrongType(names.token.clone()));
        }
        if settings.locate.csrf.is_some() && !checked.csrf().is_some_and(is_cookie_value) {
            return Err(CookieError::Csrf(names.token.clone()));
        }
        settings.cookies.set(names, token, checked.csrf(), max_age, self.now())
    }
}

/// Whether a text can be a cookie's value as it stands: our own CSRF values are UUIDs, another issuer's may be anything.
fn is_cookie_value(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte))
}
