//! Publishes the app's public keys, so that others can verify its tokens.

use http::{HeaderName, Response, StatusCode, header};
use sha2::{Digest, Sha256};

use super::{JwtManager, Steps};
use crate::{
    http::Request,
    jose::{KeyRing, base64url},
};

/// The media type of a JWK Set (RFC 7517 section 8.5.2).
const JWK_SET: &str = "application/jwk-set+json";

impl JwtManager {
    /// Answers a request for the app's public keys: a JWK Set (RFC 7517 section 5), which apps serve at
    /// `/.well-known/jwks.json`.
    ///
    /// It has the keys of every state: those that will sign, that sign, and that have signed. Shared secrets and
    /// private members are never in it, so with HMAC alone it is empty. Clients may cache it for `jwks_max_age`, and
    /// ask with `If-None-Match` whether it has changed.
    ///
    /// ```
    /// use jwt_extended::{JwtManager, jose::Key};
    ///
    /// let jwt = JwtManager::builder()
    ///     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
    ///     .build()?;
    /// let (request, ()) = http::Request::get("/.well-known/jwks.json").body(())?.into_parts();
    /// assert_eq!(jwt.jwk_set_response(&request).body(), br#"{"keys":[]}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn jwk_set_response(&self, request: &impl Request) -> Response<Vec<u8>> {
        self.steps().jwk_set_response_of(&self.key_ring(), request)
    }
}

impl Steps<'_> {
    /// Answers as [`JwtManager::jwk_set_response`] does, with the keys of this ring instead of the manager's.
    pub fn jwk_set_response_of(self, ring: &KeyRing, request: &impl Request) -> Response<Vec<u8>> {
        // Texts and lists of them always serialize.
        let body = serde_json::to_vec(&ring.to_jwk_set()).unwrap_or_default();
        let etag = format!("\"{}\"", base64url::encode(&Sha256::digest(&body)[..16]));
        let is_known = knows(request, &etag);
        let max_age = self.manager.inner.settings.jwks_max_age.as_secs();
        let response = Response::builder()
            .status(if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK })
            .header(header::CONTENT_TYPE, JWK_SET)
            .header(header::CACHE_CONTROL, format!("public, max-age={max_age}"))
            .header(header::ETAG, etag);
        // The status and the headers are valid, so there is no error to report.
        response.body(if is_known { Vec::new() } else { body }).unwrap_or_default()
    }
}

/// Returns whether `If-None-Match` names this tag, or any (RFC 9110 section 13.1.2).
fn knows(request: &impl Request, etag: &str) -> bool {
    static IF_NONE_MATCH: HeaderName = header::IF_NONE_MATCH;
    let mut values = request.header(&IF_NONE_MATCH);
    values.any(|value| {
        value.split(|byte| *byte == b',').any(|tag| {
            let tag = tag.trim_ascii();
            tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == etag.as_bytes()
        })
    })
}
