//! The compact serialization (RFC 7515 section 7.1): `header.payload.signature`.
//!
//! Signs and checks texts. Does not know what a payload means; `token` reads it.

mod limits;
mod segments;
#[cfg(test)]
mod tests;
mod unverified;

use std::fmt;

use self::segments::{Segments, decode};
pub(crate) use self::unverified::peek_payload;
pub use self::{
    limits::{Limits, Padding, Typ},
    unverified::Unverified,
};
use super::{
    JwsError, Key, KeyRing, Segment, SigningFailed, VerifyingKey, base64url,
    header::{Header, is_our_type},
    json,
};

/// Payload and header of a token whose signature was verified.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedJws {
    /// The payload's JSON, followed by the header's. One buffer needs only one allocation.
    text: String,
    payload_len: usize,
}

impl VerifiedJws {
    /// Returns the payload's text. It is UTF-8, but may not be JSON.
    pub fn payload(&self) -> &str {
        &self.text[..self.payload_len]
    }

    /// Returns the header's JSON text.
    pub fn header(&self) -> &str {
        &self.text[self.payload_len..]
    }

    /// Returns the buffer, and the place in it where the payload ends and the header begins.
    pub(crate) fn into_parts(self) -> (String, usize) {
        (self.text, self.payload_len)
    }

    /// Decodes the payload and puts the header's JSON behind it.
    fn new(payload: &str, header: &[u8]) -> Result<Self, JwsError> {
        let mut bytes =
            base64url::decode_with_room(payload, header.len()).map_err(|_| JwsError::Base64(Segment::Payload))?;
        let payload_len = bytes.len();
        bytes.extend_from_slice(header);
        let not_utf8 = |_| JwsError::Json(Segment::Payload, json::JsonError::NotUtf8);
        // This also refuses a payload that ends inside a character: the header's `{` cannot complete it.
        let text = String::from_utf8(bytes).map_err(not_utf8)?;
        Ok(Self { text, payload_len })
    }
}

impl fmt::Debug for VerifiedJws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedJws").field("header", &self.header()).finish_non_exhaustive()
    }
}

/// Signs a payload under the key's standard header.
///
/// # Errors
/// If the cryptographic library fails. An HMAC never does.
pub fn sign(key: &Key, payload: &str) -> Result<String, SigningFailed> {
    sign_encoded(key, &key.standard_header().encoded, payload)
}

/// Signs a payload under the caller's header, which is used unchanged.
///
/// No one accepts the token unless the header is a JSON object with the key's `alg`.
///
/// # Errors
/// If the cryptographic library fails. An HMAC never does.
pub fn sign_with_header(key: &Key, header: &str, payload: &str) -> Result<String, SigningFailed> {
    sign_encoded(key, &base64url::encode(header.as_bytes()), payload)
}

fn sign_encoded(key: &Key, header: &str, payload: &str) -> Result<String, SigningFailed> {
    let mut token = String::with_capacity(header.len() + payload.len() * 4 / 3 + 96);
    token.push_str(header);
    token.push('.');
    base64url::encode_into(payload.as_bytes(), &mut token);
    key.append_signature(&mut token)?;
    Ok(token)
}

/// Checks a token within the default [`Limits`].
///
/// # Errors
/// Unless it is a well-formed token that a key of the ring signed.
pub fn verify(ring: &KeyRing, token: &str) -> Result<VerifiedJws, JwsError> {
    verify_within(Limits::default(), ring, token)
}

/// Checks a token: its length, its form, its header and its signature, in that order.
///
/// # Errors
/// Unless it is a well-formed token that a key of the ring signed.
pub fn verify_within(limits: Limits, ring: &KeyRing, token: &str) -> Result<VerifiedJws, JwsError> {
    verify_by_key(limits, ring, token).map(|(verified, _)| verified)
}

/// Checks a token as [`verify_within`] does, and returns the key that signed it, too.
pub(crate) fn verify_by_key<'r>(
    limits: Limits,
    ring: &'r KeyRing,
    token: &str,
) -> Result<(VerifiedJws, &'r VerifyingKey), JwsError> {
    if token.len() > limits.max_length {
        return Err(JwsError::TooLong { limit: limits.max_length });
    }
    let segments = Segments::split(token, limits.padding)?;
    if let Some(key) = ring.find_by_standard_header(segments.header) {
        if !limits.algorithms.contains(key.algorithm()) {
            return Err(JwsError::AlgorithmNotAllowed);
        }
        segments.check_signature(&[key])?;
        return Ok((VerifiedJws::new(segments.payload, key.standard_header().json.as_bytes())?, key));
    }
    let header_bytes = decode(segments.header, Segment::Header)?;
    let header = Header::parse(&header_bytes)?;
    if !limits.algorithms.contains(header.algorithm) {
        return Err(JwsError::AlgorithmNotAllowed);
    }
    let foreign = limits.typ == Typ::OwnKinds && header.typ.as_deref().is_some_and(|typ| !is_our_type(typ));
    if foreign {
        return Err(JwsError::ForeignType);
    }
    let key = segments.check_signature(&ring.candidates(&header)?)?;
    Ok((VerifiedJws::new(segments.payload, &header_bytes)?, key))
}
