//! The compact serialisation (RFC 7515 section 7.1): `header.payload.signature`.
//!
//! Signs and checks texts; what a payload means is for `token` to say.

use std::borrow::Cow;

use super::{
    JwsError, Key, KeyRing, Segment, SigningFailed, VerifyingKey, base64url,
    header::{Header, is_our_type},
    json,
};

/// The longest signature: RSA of 8,192 bits.
const MAX_SIGNATURE: usize = 1024;
/// The longest signature that is decoded on a small piece of stack: HMAC, ECDSA and Ed25519.
const SMALL_SIGNATURE: usize = 136;

/// What is refused before a token is looked at closely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest token, in bytes.
    pub max_length: usize,
    /// Which `typ` headers are accepted.
    pub typ: Typ,
}

/// Which `typ` headers are accepted (RFC 8725 section 3.11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Typ {
    /// None at all, `JWT` or `at+jwt`: tokens of another kind are refused.
    #[default]
    OwnKinds,
    /// Any, as PyJWT does.
    Any,
}

impl Default for Limits {
    /// 8,192 bytes, the usual limit of a whole request head; own kinds only.
    fn default() -> Self {
        Self { max_length: 8192, typ: Typ::OwnKinds }
    }
}

/// Payload and header of a token whose signature is good.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifiedJws {
    /// The payload's JSON, and behind it the header's: one buffer, one allocation.
    text: String,
    payload_len: usize,
}

impl VerifiedJws {
    /// The payload's text: UTF-8, not yet known to be JSON.
    pub fn payload(&self) -> &str {
        &self.text[..self.payload_len]
    }

    /// The header's JSON text.
    pub fn header(&self) -> &str {
        &self.text[self.payload_len..]
    }

    /// The buffer itself, and where in it the payload ends and the header begins.
    pub(crate) fn into_parts(self) -> (String, usize) {
        (self.text, self.payload_len)
    }
}

impl std::fmt::Debug for VerifiedJws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifiedJws").field("header", &self.header()).finish_non_exhaustive()
    }
}

/// Signs a payload under the key's own header.
///
/// # Errors
/// If the cryptographic library fails; an HMAC never does.
pub fn sign(key: &Key, payload: &str) -> Result<String, SigningFailed> {
    sign_encoded(key, &key.standard_header().encoded, payload)
}

/// Signs a payload under a header of the caller's, which is taken as it stands: unless it is a JSON object whose `alg` is the
/// key's, nobody will accept the token.
///
/// # Errors
/// If the cryptographic library fails; an HMAC never does.
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

/// Checks a token with the default [`Limits`].
///
/// # Errors
/// Unless it is a well-formed token that a key of the ring signed.
pub fn verify(ring: &KeyRing, token: &str) -> Result<VerifiedJws, JwsError> {
    verify_within(Limits::default(), ring, token)
}

/// Checks a token: its length, its form, its header, its signature, in that order.
///
/// # Errors
/// Unless it is a well-formed token that a key of the ring signed.
pub fn verify_within(limits: Limits, ring: &KeyRing, token: &str) -> Result<VerifiedJws, JwsError> {
    if token.len() > limits.max_length {
        return Err(JwsError::TooLong { limit: limits.max_length });
    }
    let segments = Segments::split(token)?;
    if let Some(key) = ring.find_by_standard_header(segments.header) {
        segments.check_signature(&[key])?;
        return segments.into_verified(key.standard_header().json.as_bytes());
    }
    let header_bytes = decode(segments.header, Segment::Header)?;
    let header = Header::parse(&header_bytes)?;
    let foreign = limits.typ == Typ::OwnKinds && header.typ.as_deref().is_some_and(|typ| !is_our_type(typ));
    if foreign {
        return Err(JwsError::ForeignType);
    }
    segments.check_signature(&ring.candidates(&header)?)?;
    segments.into_verified(&header_bytes)
}

/// A token that was taken apart and **not** checked: anyone may have written it.
///
/// For looking at a token's header or claims before the right key is known, as Flask-JWT-Extended's
/// `get_unverified_jwt_headers` does.
#[derive(Clone, PartialEq, Eq)]
pub struct Unverified {
    header: String,
    payload: String,
}

impl Unverified {
    /// Takes a token apart.
    ///
    /// # Errors
    /// If it is too long, does not have three segments, or header and payload are not strict JSON objects.
    pub fn parse(token: &str) -> Result<Self, JwsError> {
        Self::parse_within(Limits::default().max_length, token)
    }

    /// Takes a token apart that has so many bytes at most.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_within(limit: usize, token: &str) -> Result<Self, JwsError> {
        let (header, payload) = Self::take_apart(limit, token)?;
        Ok(Self { header, payload: object(&payload, Segment::Payload)? })
    }

    /// The header's JSON text alone, of a token whose payload may be anything. Trust nothing in it.
    ///
    /// # Errors
    /// If the token has more than so many bytes, is not three segments of base64url, or its header no strict JSON object.
    pub fn header_within(limit: usize, token: &str) -> Result<String, JwsError> {
        Self::take_apart(limit, token).map(|(header, _)| header)
    }

    /// The header's JSON text. Trust nothing in it.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// The payload's JSON text. Trust nothing in it.
    pub fn payload(&self) -> &str {
        &self.payload
    }

    /// The header's text, and the bytes of the payload.
    fn take_apart(limit: usize, token: &str) -> Result<(String, Vec<u8>), JwsError> {
        if token.len() > limit {
            return Err(JwsError::TooLong { limit });
        }
        let segments = Segments::split(token)?;
        let header = object(&decode(segments.header, Segment::Header)?, Segment::Header)?;
        let payload = decode(segments.payload, Segment::Payload)?;
        decode(segments.signature, Segment::Signature)?;
        Ok((header, payload.into_owned()))
    }
}

impl std::fmt::Debug for Unverified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unverified").finish_non_exhaustive()
    }
}

struct Segments<'t> {
    header: &'t str,
    payload: &'t str,
    signature: &'t str,
    signed: &'t str,
}

impl<'t> Segments<'t> {
    fn split(token: &'t str) -> Result<Self, JwsError> {
        // From both ends, where the short segments are. A dot too many is then in the payload.
        let dot = |byte: &u8| *byte == b'.';
        let bytes = token.as_bytes();
        let first = bytes.iter().position(dot).ok_or(JwsError::NotEnoughSegments)?;
        let last = bytes.iter().rposition(dot).filter(|last| *last > first).ok_or(JwsError::NotEnoughSegments)?;
        let (header, payload, signature) = (&token[..first], &token[first + 1..last], &token[last + 1..]);
        if payload.as_bytes().contains(&b'.') {
            return Err(JwsError::TooManySegments);
        }
        Ok(Self { header, payload, signature, signed: &token[..last] })
    }

    fn check_signature(&self, keys: &[&VerifyingKey]) -> Result<(), JwsError> {
        if self.signature.len() <= SMALL_SIGNATURE / 3 * 4 {
            self.check_signature_on_stack::<SMALL_SIGNATURE>(keys)
        } else {
            self.check_signature_on_stack::<MAX_SIGNATURE>(keys)
        }
    }

    fn check_signature_on_stack<const ROOM: usize>(&self, keys: &[&VerifyingKey]) -> Result<(), JwsError> {
        let mut bytes = [0; ROOM];
        let length =
            base64url::decode_to(self.signature, &mut bytes).map_err(|_| JwsError::Base64(Segment::Signature))?;
        let signature = &bytes[..length];
        let good = keys.iter().any(|key| key.verify(self.signed.as_bytes(), signature));
        if good { Ok(()) } else { Err(JwsError::Signature) }
    }

    fn into_verified(self, header: &[u8]) -> Result<VerifiedJws, JwsError> {
        let mut bytes =
            base64url::decode_with_room(self.payload, header.len()).map_err(|_| JwsError::Base64(Segment::Payload))?;
        let payload_len = bytes.len();
        bytes.extend_from_slice(header);
        let not_utf8 = |_| JwsError::Json(Segment::Payload, json::JsonError::NotUtf8);
        let text = String::from_utf8(bytes).map_err(not_utf8)?;
        // A payload that ends inside a character was found out too: the header's `{` does not complete it.
        Ok(VerifiedJws { text, payload_len })
    }
}

/// The text of one strict JSON object.
fn object(bytes: &[u8], segment: Segment) -> Result<String, JwsError> {
    json::scan_bytes(bytes, |_, _| {}).map_err(|error| JwsError::Json(segment, error))?;
    // The scan has found it to be UTF-8.
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

fn decode(text: &str, segment: Segment) -> Result<Cow<'_, [u8]>, JwsError> {
    base64url::decode(text).map(Cow::Owned).map_err(|_| JwsError::Base64(segment))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::jose::Algorithm;

    const SECRET: &str = "a secret of at least thirty-two bytes, from a safe place";

    fn ring() -> KeyRing {
        KeyRing::new(Key::hs256(SECRET).unwrap())
    }

    /// Signs any header and payload, whatever they say, with the ring's secret.
    fn signed(header: &str, payload: &[u8]) -> String {
        let mut token = format!("{}.{}", base64url::encode(header.as_bytes()), base64url::encode(payload));
        Key::hs256(SECRET).unwrap().append_signature(&mut token).unwrap();
        token
    }

    #[test]
    fn reads_back_what_it_signed() {
        let token = sign(&Key::hs256(SECRET).unwrap(), r#"{"sub":"alice"}"#).unwrap();
        assert!(token.starts_with("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."));
        let verified = verify(&ring(), &token).unwrap();
        assert_eq!(verified.payload(), r#"{"sub":"alice"}"#);
        assert_eq!(verified.header(), r#"{"alg":"HS256","typ":"JWT"}"#);
    }

    #[test]
    fn a_header_in_another_order_leads_to_the_same_key() {
        let token = signed(r#"{"typ":"at+jwt","alg":"HS256","x":1}"#, b"{}");
        assert_eq!(verify(&ring(), &token).unwrap().header(), r#"{"typ":"at+jwt","alg":"HS256","x":1}"#);
    }

    /// RFC 7515 appendix A.1: a token that others made.
    #[test]
    fn accepts_the_token_of_the_rfc() {
        let key = Key::from_jwk(
            r#"{"kty":"oct","alg":"HS256","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#,
        );
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9\
                     .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ\
                     .dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(verify(&KeyRing::new(key.unwrap()), token).unwrap().payload().contains("\"iss\":\"joe\""));
    }

    #[test]
    fn length_is_checked_before_anything_else() {
        let limits = Limits { max_length: 10, ..Limits::default() };
        assert_eq!(verify_within(limits, &ring(), "!!!!!!!!!!!").unwrap_err(), JwsError::TooLong { limit: 10 });
    }

    #[test]
    fn another_kind_of_token_is_refused_unless_any_is_allowed() {
        let token = signed(r#"{"alg":"HS256","typ":"dpop+jwt"}"#, b"{}");
        assert_eq!(verify(&ring(), &token).unwrap_err(), JwsError::ForeignType);
        let any = Limits { typ: Typ::Any, ..Limits::default() };
        assert!(verify_within(any, &ring(), &token).is_ok());
    }

    #[test]
    fn the_kid_finds_the_key_and_an_unknown_one_finds_none() {
        let named = |secret: &str, kid| Key::hs256(secret).unwrap().with_kid(kid).unwrap();
        let (old, new) = (named(SECRET, "old"), named("another secret of at least thirty-two bytes", "new"));
        let ring = KeyRing::new(new.clone()).also_verify(old.clone()).unwrap();
        for key in [&old, &new] {
            assert!(verify(&ring, &sign(key, "{}").unwrap()).is_ok());
        }
        assert!(verify(&ring, &signed(r#"{"alg":"HS256"}"#, b"{}")).is_ok(), "without a kid every key is tried");
        let unknown = signed(r#"{"alg":"HS256","kid":"../../dev/null"}"#, b"{}");
        assert_eq!(verify(&ring, &unknown).unwrap_err(), JwsError::UnknownKey);
        let swapped = signed(r#"{"alg":"HS256","kid":"new"}"#, b"{}");
        assert_eq!(verify(&ring, &swapped).unwrap_err(), JwsError::Signature);
        assert!(KeyRing::new(old.clone()).also_verify(old).is_err(), "a kid names one key");
    }

    #[test]
    fn keys_without_a_name_are_all_tried() {
        let retired = Key::hs256("another secret of at least thirty-two bytes").unwrap();
        let ring = ring().also_verify(retired.clone()).unwrap();
        assert!(verify(&ring, &sign(&retired, "{}").unwrap()).is_ok());
        assert!(verify(&ring, &signed(r#"{"alg":"HS256","kid":"hint"}"#, b"{}")).is_ok());
    }

    #[test]
    fn a_named_key_beside_an_unnamed_one_shadows_it_in_no_order() {
        let named = Key::hs256("another secret of at least thirty-two bytes").unwrap().with_kid("k").unwrap();
        let unnamed = Key::hs256(SECRET).unwrap();
        for ring in [
            KeyRing::new(named.clone()).also_verify(unnamed.clone()).unwrap(),
            KeyRing::new(unnamed.clone()).also_verify(named.clone()).unwrap(),
        ] {
            assert!(verify(&ring, &sign(&named, "{}").unwrap()).is_ok());
            assert!(verify(&ring, &sign(&unnamed, "{}").unwrap()).is_ok());
            assert!(verify(&ring, &signed(r#"{"alg":"HS256","kid":"k","typ":"JWT"}"#, b"{}")).is_ok());
        }
    }

    #[test]
    fn the_same_secret_under_another_algorithm_is_another_key() {
        let long = "a secret of sixty-four bytes and more, so that every hash of SHA-2 is content";
        let token = sign(&Key::hmac(Algorithm::HS512, long).unwrap(), "{}").unwrap();
        let ring = KeyRing::new(Key::hs256(long).unwrap());
        assert_eq!(verify(&ring, &token).unwrap_err(), JwsError::AlgorithmNotAllowed);
    }

    #[test]
    fn a_payload_must_be_utf8_on_its_own() {
        for payload in [&b"\xff"[..], b"{\"a\":\"\xc3", b"\xed\xa0\x80"] {
            let refused = verify(&ring(), &signed(r#"{"alg":"HS256","typ":"JWT"}"#, payload)).unwrap_err();
            assert_eq!(refused, JwsError::Json(Segment::Payload, json::JsonError::NotUtf8));
        }
    }

    #[test]
    fn debug_shows_no_token() {
        let token = sign(&Key::hs256(SECRET).unwrap(), r#"{"sub":"alice"}"#).unwrap();
        let shown =
            format!("{:?} {:?} {:?}", verify(&ring(), &token).unwrap(), Unverified::parse(&token).unwrap(), ring());
        assert!(!shown.contains("alice") && !shown.contains("secret"), "{shown}");
    }

    proptest! {
        /// Any change of any byte is a refusal.
        #[test]
        fn no_changed_token_passes(at in 0..110_usize, byte in any::<char>()) {
            let token = sign(&Key::hs256(SECRET).unwrap(), r#"{"sub":"alice","n":1}"#).unwrap();
            let mut changed: Vec<char> = token.chars().collect();
            let at = at % changed.len();
            prop_assume!(changed[at] != byte);
            changed[at] = byte;
            prop_assert!(verify(&ring(), &changed.into_iter().collect::<String>()).is_err());
        }

        /// No text makes it panic, and none that it did not sign passes.
        #[test]
        fn no_invented_token_passes(token in "[a-zA-Z0-9_.=-]{0,60}|(eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9)?[.]e30[.].{0,50}") {
            prop_assert!(verify(&ring(), &token).is_err());
            let _ = Unverified::parse(&token);
        }
    }
}
