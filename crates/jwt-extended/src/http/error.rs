//! What can be wrong with a request before any token is judged. Sentences are Flask-JWT-Extended's where it has one.

use super::Location;

/// There is no token where one was looked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Missing {
    /// No such header.
    #[error("Missing {0} Header")]
    Header(String),
    /// The header is there, with another scheme.
    #[error("Missing '{scheme}' type in '{header}' header. Expected '{header}: {scheme} <JWT>'")]
    Scheme {
        /// The header's name.
        header: String,
        /// The scheme that was expected.
        scheme: String,
    },
    /// No such cookie.
    #[error("Missing cookie \"{0}\"")]
    Cookie(String),
    /// No such parameter.
    #[error("Missing '{0}' query paramater")]
    QueryString(String),
    /// The body is not JSON.
    #[error("Invalid content-type. Must be application/json.")]
    NotJson,
    /// The JSON body has no such member, or is no object.
    #[error("Missing \"{0}\" key in json data.")]
    JsonKey(String),
    /// None in any of several places.
    #[error("Missing JWT in {places} ({reasons})", places = places(.0),
            reasons = join(.0, |(_, missing)| missing.to_string(), "; "))]
    Everywhere(Vec<(Location, Missing)>),
}

/// The request carries tokens in a way that is malformed (RFC 6750 section 3.1, `invalid_request`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The header has its scheme, and then not exactly one token.
    #[error("Bad {header} header. Expected '{header}: {expected}'")]
    Header {
        /// The header's name.
        header: String,
        /// What it should look like.
        expected: String,
    },
    /// The header stands twice, or has two tokens.
    #[error("More than one token in the {0} header. Send exactly one")]
    SeveralInHeader(String),
    /// The cookie holds bytes that no token has.
    #[error("Bad cookie \"{0}\". Clear the site's cookies and log in again")]
    Cookie(String),
    /// Two cookies of one name: one of them may have been tossed in from elsewhere.
    #[error("More than one cookie \"{0}\". Clear the site's cookies and log in again")]
    SeveralCookies(String),
    /// The parameter stands twice.
    #[error("More than one '{0}' query parameter. Send exactly one")]
    SeveralParameters(String),
    /// The parameter lacks its prefix.
    #[error("Invalid value for query parameter '{name}'. Expected the value to start with '{prefix}'")]
    QueryPrefix {
        /// The parameter's name.
        name: String,
        /// What its value starts with.
        prefix: String,
    },
    /// The JSON member is not a string.
    #[error("The \"{0}\" key in json data must be a string")]
    JsonNotAString(String),
    /// Two places hold different tokens (RFC 6750 section 2).
    #[error("Different tokens in {0} and {1}. Send exactly one")]
    SeveralLocations(Location, Location),
}

/// The request may have been forged by another site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsrfError {
    /// Neither the header nor the form field is there.
    #[error("Missing CSRF token")]
    Missing,
    /// What was sent is not what the token says.
    #[error("CSRF double submit tokens do not match")]
    Mismatch,
    /// The browser says that another site sent it (`Sec-Fetch-Site`).
    #[error("Cross-site requests with cookies are refused")]
    CrossSite,
}

/// `headers, cookies or json`.
fn places(missing: &[(Location, Missing)]) -> String {
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
