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
        Self::parse_within(Limits::default().max_length, token)
    }

    /// Takes a token of at most `limit` bytes apart.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_within(limit: usize, token: &str) -> Result<Self, JwsError> {
        let (header, payload) = take_apart(limit, token)?;
        Ok(Self { header, payload: object(&payload, Segment::Payload)? })
    }

    /// Returns only the header's JSON text. The payload may be anything. Trust nothing in the header.
    ///
    /// # Errors
    /// If the token has more than `limit` bytes or is not three segments of base64url, or if its header is not a strict
    /// JSON object.
    pub fn header_within(limit: usize, token: &str) -> Result<String, JwsError> {
        take_apart(limit, token).map(|(header, _)| header)
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

/// Returns the payload's bytes, whatever they are; `None` if the token is too long or has no payload that can be decoded.
pub(crate) fn peek_payload(limits: Limits, token: &str) -> Option<Vec<u8>> {
    if token.len() > limits.max_length {
        return None;
    }
    decode(Segments::split(token).ok()?.payload, Segment::Payload).ok()
}

/// Returns the header's text and the payload's bytes.
fn take_apart(limit: usize, token: &str) -> Result<(String, Vec<u8>), JwsError> {
    if token.len() > limit {
        return Err(JwsError::TooLong { limit });
    }
    let segments = Segments::split(token)?;
    let header = object(&decode(segments.header, Segment::Header)?, Segment::Header)?;
    let payload = decode(segments.payload, Segment::Payload)?;
    decode(segments.signature, Segment::Signature)?;
    Ok((header, payload))
}
