//! Lets pages of other origins use the server: those that the configuration names, and no others (CORS).
//!
//! It knows the headers of requests and responses, and nothing of users and tokens.

use std::{str::FromStr, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header, uri::Scheme},
    middleware::Next,
    response::Response,
};
use jwt_extended_axum::{Config, TokenPair, token::Issued};
use serde::Deserialize;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// The response headers with the CSRF values of a login or a refresh. A page of another origin cannot read the cookies
/// that hold them.
const CSRF_ACCESS: HeaderName = HeaderName::from_static("x-csrf-access");
const CSRF_REFRESH: HeaderName = HeaderName::from_static("x-csrf-refresh");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// How long browsers may remember that a request is allowed.
const MAX_AGE: Duration = Duration::from_hours(1);

/// The origin of a page, such as `https://app.example.com`, as browsers write it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Origin(HeaderValue);

/// The mistake of a text that is no origin, or one that must not be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// The text stands for more than one origin.
    #[error(
        "an origin cannot be * or null: every site, or every sandboxed page, could then use the sessions of its visitors; name each origin"
    )]
    TooMany,
    /// The text is not an origin as browsers write it.
    #[error(
        "an origin must be written as browsers write it, such as https://app.example.com or http://localhost:3000: in lower case, and without a path, a default port or a user"
    )]
    Malformed,
    /// The origin is reached over plain HTTP.
    #[error(
        "an origin must be https: everybody on the way can change a page that comes over plain HTTP; only http://localhost, 127.0.0.1 and [::1] may be http"
    )]
    Insecure,
}

impl Origin {
    /// Returns the text.
    pub(crate) fn as_str(&self) -> &str {
        // An origin is ASCII.
        self.0.to_str().unwrap_or_default()
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        if text.contains('*') || text.eq_ignore_ascii_case("null") {
            return Err(OriginError::TooMany);
        }
        let uri: Uri = text.parse().map_err(|_| OriginError::Malformed)?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(OriginError::Malformed);
        };
        let (is_http, default_port) = if *scheme == Scheme::HTTP { (true, 80) } else { (false, 443) };
        let port = authority.port_u16().filter(|port| *port != default_port);
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        // What the browser sends is compared byte by byte, so that another spelling would never match.
        let as_browsers_write = format!("{scheme}://{}{port}", authority.host().to_ascii_lowercase());
        let is_web = is_http || *scheme == Scheme::HTTPS;
        if !is_web || authority.host().is_empty() || as_browsers_write != text {
            return Err(OriginError::Malformed);
        }
        if is_http && !["localhost", "127.0.0.1", "[::1]"].contains(&authority.host()) {
            return Err(OriginError::Insecure);
        }
        HeaderValue::from_str(text).map(Self).map_err(|_| OriginError::Malformed)
    }
}

impl TryFrom<String> for Origin {
    type Error = OriginError;

    fn try_from(text: String) -> Result<Self, OriginError> {
        text.parse()
    }
}

/// The origins whose pages may use the server. By default there are none.
#[derive(Clone, Debug, Default)]
pub struct Cors {
    origins: Vec<HeaderValue>,
    /// The headers that their requests may have.
    headers: Vec<HeaderName>,
}

impl Cors {
    /// Allows these origins the headers that the options name.
    pub fn new(origins: impl IntoIterator<Item = Origin>, config: &Config) -> Self {
        let names = [&config.header_name, &config.access_csrf_header_name, &config.refresh_csrf_header_name];
        // A name that is no header is reported when the manager is built.
        let headers = names.into_iter().filter_map(|name| name.parse().ok());
        Self {
            origins: origins.into_iter().map(|Origin(origin)| origin).collect(),
            headers: [header::CONTENT_TYPE].into_iter().chain(headers).collect(),
        }
    }

    /// Returns how many origins are allowed.
    pub(crate) fn count(&self) -> usize {
        self.origins.len()
    }

    /// Returns whether no origin is allowed.
    pub(crate) fn is_off(&self) -> bool {
        self.origins.is_empty()
    }

    /// Returns the layer that answers preflights, and tells browsers which pages may read a response.
    pub(crate) fn layer(&self) -> CorsLayer {
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(self.origins.iter().cloned()))
            .allow_credentials(true)
            .allow_methods([Method::GET, Method::POST, Method::DELETE])
            .allow_headers(self.headers.clone())
            .expose_headers([CSRF_ACCESS, CSRF_REFRESH, header::RETRY_AFTER, header::WWW_AUTHENTICATE])
            .max_age(MAX_AGE)
    }

    /// Returns the headers with the CSRF values of new tokens, if a page of an allowed origin sent the request.
    pub(crate) fn csrf_values(&self, request: &HeaderMap, pair: &TokenPair) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if !self.allows(request) {
            return headers;
        }
        for (name, token) in [(CSRF_ACCESS, Some(&pair.access)), (CSRF_REFRESH, pair.refresh.as_ref())] {
            let value = token.and_then(Issued::csrf);
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                headers.insert(name, value);
            }
        }
        headers
    }

    /// Returns whether a page of an allowed origin sent a request. Scripts cannot set this header.
    pub(crate) fn allows(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let (Some(origin), None) = (origins.next(), origins.next()) else { return false };
        self.origins.contains(origin)
    }
}

/// Takes requests from pages of an allowed origin for those of the server's own pages. Without this, the guards would
/// refuse their cookies, as they refuse those of requests from all other sites. The CSRF value is needed all the same.
pub(crate) async fn trust_allowed(State(cors): State<Cors>, mut request: Request, next: Next) -> Response {
    if cors.allows(request.headers()) {
        request.headers_mut().remove(SEC_FETCH_SITE);
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_read_as_browsers_write_it() {
        for text in [
            "https://app.example.com",
            "https://app.example.com:8443",
            "https://xn--bcher-kva.example",
            "https://[2001:db8::1]",
            "http://localhost:3000",
            "http://127.0.0.1:3000",
            "http://[::1]:3000",
        ] {
            assert_eq!(text.parse(), Ok(Origin(HeaderValue::from_str(text).unwrap())), "{text}");
        }
        for (texts, error) in [
            (&["*", "https://*.example.com", "null", "NULL"][..], OriginError::TooMany),
            (&["http://app.example.com", "http://192.0.2.1", "http://localhost.example.com"], OriginError::Insecure),
            (
                &[
                    "",
                    "app.example.com",
                    "https://",
                    "https://app.example.com/",
                    "https://app.example.com/path",
                    "https://app.example.com?x",
                    "https://App.example.com",
                    "HTTPS://app.example.com",
                    "https://app.example.com:443",
                    "http://localhost:80",
                    "https://app.example.com:",
                    "https://app.example.com:08443",
                    "https://app.example.com:70000",
                    "https://me:hush@app.example.com",
                    "https://bücher.example",
                    "https://a.example https://b.example",
                    "file:///x",
                    "app://x",
                    " https://app.example.com",
                ],
                OriginError::Malformed,
            ),
        ] {
            for text in texts {
                assert_eq!(text.parse::<Origin>(), Err(error), "{text}");
            }
        }
    }
}
