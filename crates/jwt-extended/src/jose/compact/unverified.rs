//! Tokens that are taken apart without a key.

use std::fmt;

use super::{
    limits::Limits,
    segments::{Segments, decode, object},
};
use crate::jose::{JwsError, Segment};

/// A token that was taken apart and **not** checked: anyone may have written it.
///
/// Use it to look at a token's header or claims before the right key is known, like Flask-JWT-Extended's
/// `get_unverified_jwt_headers`.
#[derive(Clone, PartialEq, Eq)]
pub struct Unverified {
    header: String,
    payload: String,
}

impl Unverified {
    /// Takes a token apart.
    ///
    /// # Errors
    /// If the token is too long or does not have three segments, or if its header or payload is not a strict JSON
    /// object.
    pub fn parse(token: &str) -> Result<Self, JwsError> {
        Self::parse_within(Limits::default(), token)
    }

    /// Takes a token apart within these limits, of which only the length and the padding matter.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_within(limits: Limits, token: &str) -> Result<Self, JwsError> {
        let (header, payload) = take_apart(limits, token)?;
        Ok(Self { header, payload: object(&payload, Segment::Payload)? })
    }

    /// Returns only the header's JSON text, as [`parse_within`](Self::parse_within) does. The payload may be anything.
    /// Trust nothing in the header.
    ///
    /// # Errors
    /// If the token is too long or is not three segments of base64url, or if its header is not a strict JSON object.
    pub fn header_within(limits: Limits, token: &str) -> Result<String, JwsError> {
        take_apart(limits, token).map(|(header, _)| header)
    }

    /// Returns the header's JSON text. Trust nothing in it.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// Returns the payload's JSON text. Trust nothing in it.
    pub fn payload(&self) -> &str {
        &self.payload
    }
}

impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unverified").finish_non_exhaustive()
    }
}

/// Returns the payload's bytes, whatever they are; `None` if the token is too long or has no payload that can be
/// decoded.
pub(crate) fn peek_payload(limits: Limits, token: &str) -> Option<Vec<u8>> {
    if token.len() > limits.max_length {
        return None;
    }
    decode(Segments::split(token, limits.padding).ok()?.payload, Segment::Payload).ok()
}

/// Returns the header's text and the payload's bytes.
fn take_apart(limits: Limits, token: &str) -> Result<(String, Vec<u8>), JwsError> {
    if token.len() > limits.max_length {
        return Err(JwsError::TooLong { limit: limits.max_length });
    }
    let segments = Segments::split(token, limits.padding)?;
    let header = object(&decode(segments.header, Segment::Header)?, Segment::Header)?;
    let payload = decode(segments.payload, Segment::Payload)?;
    decode(segments.signature, Segment::Signature)?;
    Ok((header, payload))
}
