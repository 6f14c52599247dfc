//! The three segments of a token's text, before anything is known about their content.

use memchr::{memchr, memrchr};

use super::limits::Padding;
use crate::jose::{JwsError, Segment, VerifyingKey, base64url, json};

/// The longest signature that is decoded into a small stack buffer: HMAC, ECDSA and Ed25519.
const SMALL_SIGNATURE: usize = 136;
/// The longest signature that is decoded into a large one: RSA with 8,192 bits. Longer ones are those of ML-DSA and of
/// external keys.
const LARGE_SIGNATURE: usize = 1032;

/// The segments, without padding if it is ignored.
pub(super) struct Segments<'t> {
    pub(super) header: &'t str,
    pub(super) payload: &'t str,
    pub(super) signature: &'t str,
    /// The text that the signature covers: header, dot, payload, each as sent.
    signed: &'t str,
}

impl<'t> Segments<'t> {
    /// Splits a token at its two dots.
    pub(super) fn split(token: &'t str, padding: Padding) -> Result<Self, JwsError> {
        // Searching from both ends is quick, because the short segments are there. An extra dot ends up in the payload.
        let bytes = token.as_bytes();
        let first = memchr(b'.', bytes).ok_or(JwsError::NotEnoughSegments)?;
        let last = memrchr(b'.', bytes).filter(|last| *last > first).ok_or(JwsError::NotEnoughSegments)?;
        let (mut header, mut payload, mut signature) = (&token[..first], &token[first + 1..last], &token[last + 1..]);
        if memchr(b'.', payload.as_bytes()).is_some() {
            return Err(JwsError::TooManySegments);
        }
        if padding == Padding::Ignored {
            for segment in [&mut header, &mut payload, &mut signature] {
                *segment = without_padding(segment);
            }
        }
        Ok(Self { header, payload, signature, signed: &token[..last] })
    }

    /// Returns the key that made the signature.
    pub(super) fn check_signature<'k>(&self, keys: &[&'k VerifyingKey]) -> Result<&'k VerifyingKey, JwsError> {
        if self.signature.len() <= SMALL_SIGNATURE / 3 * 4 {
            self.check_signature_on_stack::<SMALL_SIGNATURE>(keys)
        } else if self.signature.len() <= LARGE_SIGNATURE / 3 * 4 {
            self.check_signature_on_stack::<LARGE_SIGNATURE>(keys)
        } else {
            self.check_decoded(&decode(self.signature, Segment::Signature)?, keys)
        }
    }

    fn check_signature_on_stack<'k, const ROOM: usize>(
        &self,
        keys: &[&'k VerifyingKey],
    ) -> Result<&'k VerifyingKey, JwsError> {
        let mut bytes = [0; ROOM];
        let length =
            base64url::decode_to(self.signature, &mut bytes).map_err(|_| JwsError::Base64(Segment::Signature))?;
        self.check_decoded(&bytes[..length], keys)
    }

    fn check_decoded<'k>(&self, signature: &[u8], keys: &[&'k VerifyingKey]) -> Result<&'k VerifyingKey, JwsError> {
        let good = keys.iter().find(|key| key.verify(self.signed.as_bytes(), signature));
        good.copied().ok_or(JwsError::Signature)
    }
}

/// Removes the padding of a segment, if it is correct. Any other `=` stays, and decoding refuses it.
fn without_padding(segment: &str) -> &str {
    if !segment.len().is_multiple_of(4) {
        return segment;
    }
    segment.strip_suffix("==").or_else(|| segment.strip_suffix('=')).unwrap_or(segment)
}

/// Decodes one segment.
pub(super) fn decode(text: &str, segment: Segment) -> Result<Vec<u8>, JwsError> {
    base64url::decode(text).map_err(|_| JwsError::Base64(segment))
}

/// Checks that the bytes are exactly one strict JSON object, and returns its text.
pub(super) fn object(bytes: &[u8], segment: Segment) -> Result<String, JwsError> {
    json::scan_bytes(bytes, |_, _| {}).map_err(|error| JwsError::Json(segment, error))?;
    // The scan refuses bytes that are not UTF-8, so nothing gets lost here.
    Ok(String::from_utf8_lossy(bytes).into_owned())
}
