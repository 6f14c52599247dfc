//! The faults of a request that are found before its token is verified. Messages that Flask-JWT-Extended also has keep
//! its wording.

use http::HeaderName;

use super::Location;

/// No token was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Missing {
    /// The header is missing.
    #[error("Missing {0} Header")]
    Header(String),
    /// The header has another scheme.
    #[error("Missing '{scheme}' type in '{header}' header. Expected '{header}: {scheme} <JWT>'")]
    Scheme {
        /// The header's name.
        header: String,
        /// The scheme that was expected.
        scheme: String,
    },
    /// The cookie is missing.
    #[error("Missing cookie \"{0}\"")]
    Cookie(String),
    /// The parameter is missing.
    #[error("Missing '{0}' query paramater")]
    QueryString(String),
    /// The body is not JSON.
    #[error("Invalid content-type. Must be application/json.")]
    NotJson,
    /// The JSON body has no such member, or is not an object.
    #[error("Missing \"{0}\" key in json data.")]
    JsonKey(String),
    /// The WebSocket handshake offers no subprotocol `bearer` with a token after it.
    #[error("Missing JWT in Sec-WebSocket-Protocol. Expected 'Sec-WebSocket-Protocol: bearer, <JWT>'")]
    WebSocketProtocol,
    /// Several locations were searched and none has a token.
    #[error("Missing JWT in {locations} ({reasons})", locations = locations(.0),
            reasons = join(.0, |(_, missing)| missing.to_string(), "; "))]
    Everywhere(Vec<(Location, Missing)>),
}

/// The request carries its token in a malformed way (RFC 6750 section 3.1, `invalid_request`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The header has the scheme, but not exactly one token after it.
    #[error("Bad {header} header. Expected '{header}: {expected}'")]
    Header {
        /// The header's name.
        header: String,
        /// The expected value.
        expected: String,
    },
    /// The header occurs twice or has two tokens.
    #[error("More than one token in the {0} header. Send exactly one")]
    SeveralInHeader(String),
    /// The cookie holds bytes that cannot be part of a token.
    #[error("Bad cookie \"{0}\". Clear the site's cookies and log in again")]
    Cookie(String),
    /// Two cookies have the same name. A sibling subdomain may have planted one of them.
    #[error("More than one cookie \"{0}\". Clear the site's cookies and log in again")]
    SeveralCookies(String),
    /// The parameter occurs twice.
    #[error("More than one '{0}' query parameter. Send exactly one")]
    SeveralParameters(String),
    /// The parameter lacks its prefix.
    #[error("Invalid value for query parameter '{name}'. Expected the value to start with '{prefix}'")]
    QueryPrefix {
        /// The parameter's name.
        name: String,
        /// The prefix that its value must have.
        prefix: String,
    },
    /// The JSON member is not a string.
    #[error("The \"{0}\" key in json data must be a string")]
    JsonNotAString(String),
    /// Two locations hold different tokens (RFC 6750 section 2).
    #[error("Different tokens in {0} and {1}. Send exactly one")]
    SeveralLocations(Location, Location),
}

/// Another site may have forged the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsrfError {
    /// The header is missing, and so is the form field where one is accepted.
    #[error("Missing CSRF token")]
    Missing,
    /// The header is missing, and the body is of a kind that is not searched.
    #[error("Missing CSRF token. Send it in the header {0}: a multipart body is not searched")]
    InHeaderOnly(HeaderName),
    /// The value that was sent is not the token's.
    #[error("CSRF double submit tokens do not match")]
    Mismatch,
    /// The browser says that another site sent the request (`Sec-Fetch-Site`).
    #[error("Cross-site requests with cookies are refused")]
    CrossSite,
    /// The browser says that another host of the same site sent the request (`Sec-Fetch-Site`).
    #[error("Requests with cookies from other hosts and ports of this site are refused")]
    SameSite,
    /// A page of another origin opens a WebSocket. Browsers send the cookies with it, and no CSRF value.
    #[error("WebSockets with cookies are accepted from pages of the same origin only")]
    OtherOrigin,
}

/// Joins the locations: `headers, cookies or json`.
fn locations(missing: &[(Location, Missing)]) -> String {
    let name = |(location, _): &(Location, Missing)| location.to_string();
    match missing {
        [] => String::new(),
        [one] => name(one),
        [others @ .., last] => format!("{} or {}", join(others, name, ", "), name(last)),
    }
}

fn join<T>(items: &[T], text: impl Fn(&T) -> String, between: &str) -> String {
    items.iter().map(text).collect::<Vec<_>>().join(between)
}
