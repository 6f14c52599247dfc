//! Where in a request a token may be: option `TOKEN_LOCATION`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A place in a request where a token may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Location {
    /// The `Authorization` header, or another that the configuration names.
    #[serde(rename = "headers")]
    Header,
    /// A cookie, guarded by double submit of a CSRF value.
    #[serde(rename = "cookies")]
    Cookie,
    /// A parameter of the query string. Addresses end up in logs and histories: for last resorts.
    #[serde(rename = "query_string")]
    QueryString,
    /// A member of a JSON body.
    #[serde(rename = "json")]
    Json,
}

impl Location {
    /// Flask-JWT-Extended's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "headers",
            Self::Cookie => "cookies",
            Self::QueryString => "query_string",
            Self::Json => "json",
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
