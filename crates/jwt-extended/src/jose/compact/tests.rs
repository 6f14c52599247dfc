//! Signing and checking with HMAC keys: the tokens that pass, and the error of each that does not.

use base64::{Engine as _, engine::general_purpose::URL_SAFE as PADDED};
use proptest::prelude::*;

use super::*;
use crate::jose::Algorithm;

const SECRET: &str = "a secret of at least thirty-two bytes, from a safe place";

fn ring() -> KeyRing {
    KeyRing::new(Key::hs256(SECRET).unwrap())
}

/// Signs any header and any payload with the ring's secret.
fn signed(header: &str, payload: &[u8]) -> String {
    let mut token = format!("{}.{}", base64url::encode(header.as_bytes()), base64url::encode(payload));
    Key::hs256(SECRET).unwrap().append_signature(&mut token).unwrap();
    token
}

#[test]
fn a_signed_token_verifies() {
    let token = sign(&Key::hs256(SECRET).unwrap(), r#"{"sub":"alice"}"#).unwrap();
    assert!(token.starts_with("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."));
    let verified = verify(&ring(), &token).unwrap();
    assert_eq!(verified.payload(), r#"{"sub":"alice"}"#);
    assert_eq!(verified.header(), r#"{"alg":"HS256","typ":"JWT"}"#);
}

#[test]
fn a_nonstandard_header_finds_the_same_key() {
    let token = signed(r#"{"typ":"at+jwt","alg":"HS256","x":1}"#, b"{}");
    assert_eq!(verify(&ring(), &token).unwrap().header(), r#"{"typ":"at+jwt","alg":"HS256","x":1}"#);
}

/// RFC 7515 appendix A.1.
#[test]
fn the_token_of_the_rfc_is_accepted() {
    let key = Key::from_jwk(
        "{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T\
         -1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}",
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
fn another_typ_is_refused_unless_any_is_allowed() {
    let token = signed(r#"{"alg":"HS256","typ":"dpop+jwt"}"#, b"{}");
    assert_eq!(verify(&ring(), &token).unwrap_err(), JwsError::ForeignType);
    let any = Limits { typ: Typ::Any, ..Limits::default() };
    assert!(verify_within(any, &ring(), &token).is_ok());
}

/// Signs a header and a payload, both padded.
fn padded(header: &str, payload: &str) -> String {
    let pad = |text: &str| PADDED.encode(text);
    let mut token = format!("{}.{}", pad(header), pad(payload));
    Key::hs256(SECRET).unwrap().append_signature(&mut token).unwrap();
    token + "="
}

#[test]
fn padding_is_refused_unless_it_is_ignored() {
    let ignored = Limits { padding: Padding::Ignored, ..Limits::default() };
    // Standard and nonstandard headers, payloads with two, one and no `=`.
    for header in [r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"alg":"HS256"}"#, r#"{"alg":"HS256" }"#] {
        for payload in [r#"{"a":"b"}"#, r#"{"a":"bc"}"#, r#"{"a":"bcd"}"#] {
            let token = padded(header, payload);
            let verified = verify_within(ignored, &ring(), &token).unwrap();
            assert_eq!((verified.header(), verified.payload()), (header, payload));
            assert!(matches!(verify(&ring(), &token), Err(JwsError::Base64(_))), "{token}");
            let unverified = Unverified::parse_within(ignored, &token).unwrap();
            assert_eq!((unverified.header(), unverified.payload()), (header, payload));
            assert_eq!(Unverified::header_within(ignored, &token).unwrap(), header);
            assert!(Unverified::parse(&token).is_err());
        }
    }
}

#[test]
fn the_signature_covers_the_padding() {
    let ignored = Limits { padding: Padding::Ignored, ..Limits::default() };
    let token = padded(r#"{"alg":"HS256"}"#, r#"{"a":"bc"}"#);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let bare = format!("{}.{signature}", signed.replace('=', ""));
    assert_ne!(bare, token);
    assert_eq!(verify_within(ignored, &ring(), &bare).unwrap_err(), JwsError::Signature);
}

#[test]
fn only_the_correct_padding_is_ignored() {
    let ignored = Limits { padding: Padding::Ignored, ..Limits::default() };
    for payload in
        ["e30", "e30=", "e30==", "e30===", "=e30", "e3=0", "e30\n", "e30=====", "e31=", "", "=", "==", "===="]
    {
        let mut token = format!("{}.{payload}", base64url::encode(br#"{"alg":"HS256"}"#));
        Key::hs256(SECRET).unwrap().append_signature(&mut token).unwrap();
        let accepted = verify_within(ignored, &ring(), &token).is_ok();
        assert_eq!(accepted, ["e30", "e30=", ""].contains(&payload), "{payload:?}");
    }
}

#[test]
fn a_kid_selects_its_key_and_no_other() {
    let with_kid = |secret: &str, kid| Key::hs256(secret).unwrap().with_kid(kid).unwrap();
    let (old, new) = (with_kid(SECRET, "old"), with_kid("another secret of at least thirty-two bytes", "new"));
    let ring = KeyRing::new(new.clone()).also_verify(old.clone()).unwrap();
    for key in [&old, &new] {
        assert!(verify(&ring, &sign(key, "{}").unwrap()).is_ok());
    }
    assert!(verify(&ring, &signed(r#"{"alg":"HS256"}"#, b"{}")).is_ok(), "without a kid, every key is tried");
    let unknown = signed(r#"{"alg":"HS256","kid":"../../dev/null"}"#, b"{}");
    assert_eq!(verify(&ring, &unknown).unwrap_err(), JwsError::UnknownKey);
    let swapped = signed(r#"{"alg":"HS256","kid":"new"}"#, b"{}");
    assert_eq!(verify(&ring, &swapped).unwrap_err(), JwsError::Signature);
    assert!(KeyRing::new(old.clone()).also_verify(old).is_err(), "a kid belongs to one key");
}

#[test]
fn keys_without_a_kid_are_all_tried() {
    let retired = Key::hs256("another secret of at least thirty-two bytes").unwrap();
    let ring = ring().also_verify(retired.clone()).unwrap();
    assert!(verify(&ring, &sign(&retired, "{}").unwrap()).is_ok());
    assert!(verify(&ring, &signed(r#"{"alg":"HS256","kid":"hint"}"#, b"{}")).is_ok());
}

#[test]
fn a_key_with_a_kid_does_not_shadow_one_without() {
    let with_kid = Key::hs256("another secret of at least thirty-two bytes").unwrap().with_kid("k").unwrap();
    let without = Key::hs256(SECRET).unwrap();
    for ring in [
        KeyRing::new(with_kid.clone()).also_verify(without.clone()).unwrap(),
        KeyRing::new(without.clone()).also_verify(with_kid.clone()).unwrap(),
    ] {
        assert!(verify(&ring, &sign(&with_kid, "{}").unwrap()).is_ok());
        assert!(verify(&ring, &sign(&without, "{}").unwrap()).is_ok());
        assert!(verify(&ring, &signed(r#"{"alg":"HS256","kid":"k","typ":"JWT"}"#, b"{}")).is_ok());
    }
}

#[test]
fn a_secret_is_bound_to_its_algorithm() {
    let long = "a secret of sixty-four bytes and more, so that it suits every hash of SHA-2";
    let token = sign(&Key::hmac(Algorithm::HS512, long).unwrap(), "{}").unwrap();
    let ring = KeyRing::new(Key::hs256(long).unwrap());
    assert_eq!(verify(&ring, &token).unwrap_err(), JwsError::AlgorithmNotAllowed);
}

#[test]
fn a_payload_must_be_utf8() {
    for payload in [&b"\xff"[..], b"{\"a\":\"\xc3", b"\xed\xa0\x80"] {
        let refused = verify(&ring(), &signed(r#"{"alg":"HS256","typ":"JWT"}"#, payload)).unwrap_err();
        assert_eq!(refused, JwsError::Json(Segment::Payload, json::JsonError::NotUtf8));
    }
}

#[test]
fn debug_shows_no_token() {
    let token = sign(&Key::hs256(SECRET).unwrap(), r#"{"sub":"alice"}"#).unwrap();
    let shown = format!("{:?} {:?} {:?}", verify(&ring(), &token).unwrap(), Unverified::parse(&token).unwrap(), ring());
    assert!(!shown.contains("alice") && !shown.contains("secret"), "{shown}");
}

proptest! {
    /// Changing any character makes the token invalid.
    #[test]
    fn no_changed_token_passes(at in 0..110_usize, byte in any::<char>()) {
        let token = sign(&Key::hs256(SECRET).unwrap(), r#"{"sub":"alice","n":1}"#).unwrap();
        let mut changed: Vec<char> = token.chars().collect();
        let at = at % changed.len();
        prop_assume!(changed[at] != byte);
        changed[at] = byte;
        prop_assert!(verify(&ring(), &changed.into_iter().collect::<String>()).is_err());
    }

    /// Arbitrary texts neither verify nor panic.
    #[test]
    fn no_invented_token_passes(
        token in "[a-zA-Z0-9_.=-]{0,60}|(eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9)?[.]e30[.].{0,50}",
    ) {
        prop_assert!(verify(&ring(), &token).is_err());
        let _ = Unverified::parse(&token);
    }
}
