//! Writing cookies (RFC 6265bis): the token's own, out of reach of scripts, and beside it the CSRF value, in reach.
//!
//! Knows the configuration's names and attributes; what a cookie holds is handed in.

use std::{fmt::Write as _, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};

use crate::{time::Timestamp, token::TokenError};

/// What browsers keep at most, in octets: name, value and attributes (RFC 6265 section 6.1).
const MAX_COOKIE: usize = 4096;

/// When a browser sends a cookie to us from another site's page: the attribute `SameSite`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SameSite {
    /// Never.
    #[serde(alias = "strict")]
    Strict,
    /// Only when the user follows a link.
    #[serde(alias = "lax")]
    Lax,
    /// Always. Browsers demand `Secure` with it.
    #[serde(alias = "none")]
    None,
    /// The attribute is left out, as Flask-JWT-Extended does by default; browsers then choose for themselves.
    #[serde(alias = "unset")]
    Unset,
}

/// Why a token's cookies cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CookieError {
    /// The token would be refused when it comes back.
    #[error("the token for the cookie is not acceptable: {0}")]
    Token(#[from] TokenError),
    /// An access token was given for the refresh cookie, or the reverse.
    #[error("the token is not of the type that belongs in the cookie \"{0}\"")]
    WrongType(String),
    /// The token has no `csrf` claim that a cookie can hold, though cookies are protected by one.
    #[error("the token for the cookie \"{0}\" has no usable csrf claim; make it with `cookie_csrf_protect` on")]
    Csrf(String),
    /// The cookie would be dropped by browsers (RFC 6265 section 6.1).
    #[error(
        "the cookie \"{name}\" would have {length} octets and browsers keep at most 4096; give the token fewer claims"
    )]
    TooLong {
        /// The cookie's name.
        name: String,
        /// Its length: name, value and attributes.
        length: usize,
    },
}

/// How our cookies look, checked and ready to use.
#[derive(Clone, Debug)]
pub(crate) struct CookieSettings {
    pub(crate) access: CookieNames,
    pub(crate) refresh: CookieNames,
    pub(crate) secure: bool,
    pub(crate) partitioned: bool,
    pub(crate) domain: Option<String>,
    pub(crate) same_site: SameSite,
    /// `None`: the cookie ends with the browser's session.
    pub(crate) max_age: Option<Duration>,
    /// Whether the CSRF value has a cookie of its own.
    pub(crate) csrf_in_cookies: bool,
}

/// Names and paths of a token's two cookies.
#[derive(Clone, Debug)]
pub(crate) struct CookieNames {
    pub(crate) token: String,
    pub(crate) token_path: String,
    pub(crate) csrf: String,
    pub(crate) csrf_path: String,
}

/// The headers that set or clear our cookies: `Set-Cookie` lines, and `Cache-Control: no-store` with them.
///
/// A face turns them into its framework's response, beside any body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "cookies are set only when they are part of the response"]
pub struct SetCookies {
    lines: Vec<HeaderValue>,
}

impl SetCookies {
    /// These, and then those.
    pub fn and(mut self, other: Self) -> Self {
        self.lines.extend(other.lines);
        self
    }

    /// The `Set-Cookie` values, in order.
    pub fn lines(&self) -> &[HeaderValue] {
        &self.lines
    }

    /// Adds the headers to a response's. Cookies that are there already stay.
    pub fn append_to(self, headers: &mut HeaderMap) {
        for (name, value) in self {
            if name == header::CACHE_CONTROL {
                headers.insert(name, value);
            } else {
                headers.append(name, value);
            }
        }
    }
}

impl IntoIterator for SetCookies {
    type Item = (HeaderName, HeaderValue);
    type IntoIter = Box<dyn Iterator<Item = Self::Item> + Send>;

    /// Every header, `Cache-Control` last.
    fn into_iter(self) -> Self::IntoIter {
        let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Box::new(self.lines.into_iter().map(|line| (header::SET_COOKIE, line)).chain([no_store]))
    }
}

/// Whether a script in the page can read a cookie.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scripts {
    Kept,
    Let,
}

/// When a browser forgets a cookie, if not with its session.
#[derive(Clone, Copy)]
enum Expiry {
    /// It is gone: cleared as Flask-JWT-Extended clears it.
    Past,
    /// So long from this time.
    In(Duration, Timestamp),
}

impl CookieSettings {
    /// Whether one of a response's `Set-Cookie` lines sets or clears a token's cookie.
    pub(crate) fn concerns(&self, line: &HeaderValue) -> bool {
        let name = line.as_bytes().split(|byte| *byte == b'=').next().unwrap_or_default();
        name == self.access.token.as_bytes() || name == self.refresh.token.as_bytes()
    }

    /// Sets a token's cookie, and that of its CSRF value if it has one and they are kept in cookies.
    pub(crate) fn set(
        &self,
        names: &CookieNames,
        token: &str,
        csrf: Option<&str>,
        max_age: Option<Duration>,
        now: Timestamp,
    ) -> Result<SetCookies, CookieError> {
        let expiry = max_age.or(self.max_age).map(|age| Expiry::In(age, now));
        let mut lines = vec![self.line(&names.token, token, &names.token_path, Scripts::Kept, expiry)?];
        if let Some(csrf) = csrf.filter(|_| self.csrf_in_cookies) {
            lines.push(self.line(&names.csrf, csrf, &names.csrf_path, Scripts::Let, expiry)?);
        }
        Ok(SetCookies { lines })
    }

    /// Clears a token's cookies.
    pub(crate) fn unset(&self, names: &CookieNames) -> SetCookies {
        let mut cookies = vec![(&names.token, &names.token_path, Scripts::Kept)];
        if self.csrf_in_cookies {
            cookies.push((&names.csrf, &names.csrf_path, Scripts::Let));
        }
        // An empty cookie under a configured name is never too long: the names were checked.
        let lines = cookies
            .into_iter()
            .filter_map(|(name, path, scripts)| self.line(name, "", path, scripts, Some(Expiry::Past)).ok());
        SetCookies { lines: lines.collect() }
    }

    /// One `Set-Cookie` value, its attributes in the order in which Werkzeug writes them.
    fn line(
        &self,
        name: &str,
        value: &str,
        path: &str,
        scripts: Scripts,
        expiry: Option<Expiry>,
    ) -> Result<HeaderValue, CookieError> {
        let mut line = format!("{name}={value}");
        if let Some(domain) = &self.domain {
            line.push_str("; Domain=");
            line.push_str(domain);
        }
        // Writing to a String cannot fail.
        let _ = match expiry {
            None => Ok(()),
            Some(Expiry::Past) => write!(line, "; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
            Some(Expiry::In(age, now)) => {
                let end = httpdate::fmt_http_date(now.saturating_add(age).into());
                write!(line, "; Expires={end}; Max-Age={}", age.as_secs())
            }
        };
        if self.secure {
            line.push_str("; Secure");
        }
        if scripts == Scripts::Kept {
            line.push_str("; HttpOnly");
        }
        line.push_str("; Path=");
        line.push_str(path);
        line.push_str(match self.same_site {
            SameSite::Strict => "; SameSite=Strict",
            SameSite::Lax => "; SameSite=Lax",
            SameSite::None => "; SameSite=None",
            SameSite::Unset => "",
        });
        if self.partitioned {
            line.push_str("; Partitioned");
        }
        let length = line.len();
        let too_long = || CookieError::TooLong { name: name.to_owned(), length };
        if length > MAX_COOKIE {
            return Err(too_long());
        }
        // Names, paths and domain were checked, and tokens are base64url: the line is printable ASCII.
        let mut value = HeaderValue::try_from(line).map_err(|_| too_long())?;
        value.set_sensitive(true);
        Ok(value)
    }
}
