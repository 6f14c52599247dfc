//! [`TokenPair`]: the tokens that a login or a refresh returns.

use http::{HeaderValue, Response, header};
use serde_json::json;

use crate::token::Issued;

/// The tokens that a login or a refresh returns.
///
/// It does not implement `Serialize`, so that it cannot end up in a response that a cache may keep. A face has its own
/// response for it, made of [`to_response`](Self::to_response); for anything else there is [`to_json`](Self::to_json).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenPair {
    /// The access token.
    pub access: Issued,
    /// The refresh token; `None` after a refresh without rotation, where the old one remains valid.
    pub refresh: Option<Issued>,
}

impl TokenPair {
    /// Returns how long the access token lives, in seconds (RFC 6749 section 5.1); `None` if it never expires.
    pub fn expires_in(&self) -> Option<u64> {
        seconds(&self.access)
    }

    /// Returns how long the refresh token lives, in seconds; `None` if there is none, or it never expires.
    pub fn refresh_expires_in(&self) -> Option<u64> {
        self.refresh.as_ref().and_then(seconds)
    }

    /// Returns the body of RFC 6749 section 5.1: `access_token`, `refresh_token`, `token_type`, `expires_in`, and
    /// beside them `refresh_expires_in`. Send it with `Cache-Control: no-store`.
    pub fn to_json(&self) -> serde_json::Value {
        let mut body = json!({ "access_token": self.access.as_str(), "token_type": "Bearer" });
        if let Some(refresh) = &self.refresh {
            body["refresh_token"] = json!(refresh.as_str());
        }
        let lifetimes = [("expires_in", self.expires_in()), ("refresh_expires_in", self.refresh_expires_in())];
        for (name, lifetime) in lifetimes {
            if let Some(seconds) = lifetime {
                body[name] = json!(seconds);
            }
        }
        body
    }

    /// Returns the response of RFC 6749 section 5.1, which no cache may keep.
    pub fn to_response(&self) -> Response<Vec<u8>> {
        let mut response = Response::new(self.to_json().to_string().into_bytes());
        let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
        response.headers_mut().extend(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
        response
    }
}

fn seconds(token: &Issued) -> Option<u64> {
    token.expires_in().map(|lifetime| lifetime.as_secs())
}
