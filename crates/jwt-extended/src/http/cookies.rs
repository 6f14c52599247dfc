//! Writes cookies (RFC 6265bis): the token's cookie, which scripts cannot read, and the CSRF value's, which they can.
//!
//! Knows the configured names and attributes. The caller passes in the values.

use std::{fmt::Write as _, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};

use crate::{time::Timestamp, token::TokenError};

/// The longest cookie that browsers keep, in octets: name, value and attributes (RFC 6265 section 6.1).
const MAX_COOKIE: usize = 4096;

/// The `SameSite` attribute: whether a browser sends a cookie with requests from another site's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SameSite {
    /// The browser never sends it.
    #[serde(alias = "strict")]
    Strict,
    /// The browser sends it only when the user follows a link.
    #[serde(alias = "lax")]
    Lax,
    /// The browser always sends it. Browsers demand `Secure` with this value.
    #[serde(alias = "none")]
    None,
    /// The attribute is left out, as Flask-JWT-Extended does by default. The browser's default applies.
    #[serde(alias = "unset")]
    Unset,
}

/// Why a token's cookies cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CookieError {
    /// The token would be rejected when the browser sends it.
    #[error("the token for the cookie is not acceptable: {0}")]
    Token(#[from] TokenError),
    /// The token is an access token and the cookie is for refresh tokens, or the reverse.
    #[error("the token is not of the type that belongs in the cookie \"{0}\"")]
    WrongType(String),
    /// Cookies are protected by a CSRF value, and the token has no `csrf` claim that a cookie can hold.
    #[error("the token for the cookie \"{0}\" has no usable csrf claim; make it with `cookie_csrf_protect` on")]
    Csrf(String),
    /// Browsers would drop the cookie (RFC 6265 section 6.1).
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

/// The configuration of cookies, checked and ready to use.
#[derive(Clone, Debug)]
pub(crate) struct CookieSettings {
    pub(crate) access: CookieNames,
    pub(crate) refresh: CookieNames,
    pub(crate) secure: bool,
    pub(crate) partitioned: bool,
    pub(crate) domain: Option<String>,
    /// Domains that the cookies had before.
    pub(crate) former_domains: Vec<String>,
    pub(crate) same_site: SameSite,
    /// `None` for cookies that end with the browser's session.
    pub(crate) max_age: Option<Duration>,
    /// Whether the CSRF value is set as a separate cookie.
    pub(crate) csrf_in_cookies: bool,
}

/// The names and paths of a token's two cookies.
#[derive(Clone, Debug)]
pub(crate) struct CookieNames {
    pub(crate) token: String,
    pub(crate) token_path: String,
    pub(crate) csrf: String,
    pub(crate) csrf_path: String,
}

/// The headers that set or clear a token's cookies: `Set-Cookie` lines and `Cache-Control: no-store`.
///
/// A face adds them to its framework's response, whatever the body is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "cookies are set only when they are part of the response"]
pub struct SetCookies {
    lines: Vec<HeaderValue>,
}

impl SetCookies {
    /// Appends another set of cookies to this one.
    pub fn and(mut self, other: Self) -> Self {
        self.lines.extend(other.lines);
        self
    }

    /// Returns the `Set-Cookie` values, in order.
    pub fn lines(&self) -> &[HeaderValue] {
        &self.lines
    }

    /// Adds the headers to those of a response. Keeps cookies that are already there.
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

    /// Returns every header, `Cache-Control` last.
    fn into_iter(self) -> Self::IntoIter {
        let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Box::new(self.lines.into_iter().map(|line| (header::SET_COOKIE, line)).chain([no_store]))
    }
}

/// The `HttpOnly` attribute: `Yes` hides the cookie from scripts in the page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HttpOnly {
    Yes,
    No,
}

/// When a browser deletes a cookie that does not end with its session.
#[derive(Clone, Copy)]
enum Expiry {
    /// At once: the way Flask-JWT-Extended clears a cookie.
    Past,
    /// After this duration, counted from this time.
    In(Duration, Timestamp),
}

impl CookieSettings {
    /// Returns whether a `Set-Cookie` line sets or clears a token's cookie.
    pub(crate) fn concerns(&self, line: &[u8]) -> bool {
        let name = line.split(|byte| *byte == b'=').next().unwrap_or_default();
        name == self.access.token.as_bytes() || name == self.refresh.token.as_bytes()
    }

    /// Sets a token's cookie, and the cookie of its CSRF value if there is one and the configuration wants it.
    pub(crate) fn set(
        &self,
        names: &CookieNames,
        token: &str,
        csrf: Option<&str>,
        max_age: Option<Duration>,
        now: Timestamp,
    ) -> Result<SetCookies, CookieError> {
        let expiry = max_age.or(self.max_age).map(|age| Expiry::In(age, now));
        let domain = self.domain.as_deref();
        // First the cookies of the same names that browsers would send beside the new ones.
        let mut lines = self.clearing(names, self.former_variants());
        lines.push(self.line(&names.token, token, &names.token_path, HttpOnly::Yes, domain, expiry)?);
        if let Some(csrf) = csrf.filter(|_| self.csrf_in_cookies) {
            lines.push(self.line(&names.csrf, csrf, &names.csrf_path, HttpOnly::No, domain, expiry)?);
        }
        Ok(SetCookies { lines })
    }

    /// Clears a token's cookies.
    pub(crate) fn unset(&self, names: &CookieNames) -> SetCookies {
        let variants = std::iter::once(self.domain.as_deref()).chain(self.former_variants());
        SetCookies { lines: self.clearing(names, variants) }
    }

    /// Returns the domains under which browsers may keep a cookie of the same name beside ours; `None` stands for the
    /// host alone. Browsers tell cookies apart by name, domain and path (RFC 6265 section 5.3).
    fn former_variants(&self) -> impl Iterator<Item = Option<&str>> {
        let host_only = self.domain.is_some().then_some(None);
        let others = self.former_domains.iter().filter(|former| Some(*former) != self.domain.as_ref());
        host_only.into_iter().chain(others.map(|former| Some(former.as_str())))
    }

    /// Returns the lines that clear a token's cookies under these domains.
    fn clearing<'a>(&self, names: &CookieNames, domains: impl Iterator<Item = Option<&'a str>>) -> Vec<HeaderValue> {
        let mut cookies = vec![(&names.token, &names.token_path, HttpOnly::Yes)];
        if self.csrf_in_cookies {
            cookies.push((&names.csrf, &names.csrf_path, HttpOnly::No));
        }
        let cookies = &cookies;
        let lines = domains.flat_map(|domain| {
            // `line` cannot fail here: the configured names were checked, and an empty cookie is never too long.
            cookies.iter().filter_map(move |(name, path, http_only)| {
                self.line(name, "", path, *http_only, domain, Some(Expiry::Past)).ok()
            })
        });
        lines.collect()
    }

    /// Writes one `Set-Cookie` value, with the attributes in Werkzeug's order.
    fn line(
        &self,
        name: &str,
        value: &str,
        path: &str,
        http_only: HttpOnly,
        domain: Option<&str>,
        expiry: Option<Expiry>,
    ) -> Result<HeaderValue, CookieError> {
        let mut line = format!("{name}={value}");
        if let Some(domain) = domain {
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
        if http_only == HttpOnly::Yes {
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
        // This cannot fail: names, paths and domain were checked and tokens are base64url, so the line is printable
        // ASCII.
        let mut value = HeaderValue::try_from(line).map_err(|_| too_long())?;
        value.set_sensitive(true);
        Ok(value)
    }
}
