//! The locations in a request where a token may be: option `TOKEN_LOCATION`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A location in a request where a token may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Location {
    /// The `Authorization` header, or the header that the configuration names.
    #[serde(rename = "headers")]
    Header,
    /// A cookie, protected by double submit of a CSRF value.
    #[serde(rename = "cookies")]
    Cookie,
    /// A parameter of the query string. A last resort, because URLs end up in logs and browser histories.
    #[serde(rename = "query_string")]
    QueryString,
    /// A member of a JSON body.
    #[serde(rename = "json")]
    Json,
    /// The subprotocols of a WebSocket handshake, `Sec-WebSocket-Protocol: bearer, <JWT>`: pages can add no other
    /// header to it. The app's answer must name the subprotocol `bearer`.
    #[serde(rename = "websocket_protocol")]
    WebSocketProtocol,
}

impl Location {
    /// Returns Flask-JWT-Extended's name for the location.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "headers",
            Self::Cookie => "cookies",
            Self::QueryString => "query_string",
            Self::Json => "json",
            Self::WebSocketProtocol => "websocket_protocol",
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
