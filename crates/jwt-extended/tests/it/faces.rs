//! The engine's interface for faces that call back into an app, or whose framework has already parsed the request.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{borrow::Cow, sync::Arc};

use crate::common::*;
use http::HeaderName;
use jwt_extended::{
    JwtManager, JwtManagerBuilder, Requirement,
    config::Tolerate,
    http::{JsonMember, Location, Request},
    jose::{Algorithm, ExternalKey, JwsError, Key, KeyRing, Limits, Segment, Unverified, json, verify_within},
    session::Subject,
    token::{Claims, TokenError},
};

fn other_key() -> Key {
    Key::hs256("another secret of at least thirty-two bytes").unwrap()
}

fn without_keys() -> JwtManagerBuilder {
    keyless().key_ring(KeyRing::empty())
}

// A key for each token.

#[test]
fn an_empty_ring_accepts_nothing_and_signs_nothing() {
    let jwt = without_keys().build().unwrap();
    assert_eq!(complaint(&jwt, &token(&[])), "The specified alg value is not allowed");
    assert!(jwt.create_access_token("alice").unwrap_err().to_string().contains("no key to sign with"));
    let both = keyless().key_ring(KeyRing::empty()).key(key()).build().unwrap_err();
    assert_eq!(both.to_string(), "give either `key_ring`, or `key` and `verifying_key`");
}

#[test]
fn the_caller_can_choose_the_key_of_a_located_token() {
    let jwt = without_keys().build().unwrap();
    let made = jwt.access_token("alice").signed_by(&other_key()).create().unwrap();
    let request = bearer(&made);
    let asked = Requirement::access();
    let located = jwt.steps().locate(&request, &asked).unwrap();
    assert_eq!((located.token(), located.location()), (&*made, Location::Header));
    assert!(!format!("{located:?}").contains(&*made), "logs must not contain tokens");
    let judged = |ring: KeyRing| {
        let admitted = jwt.steps().authenticate_with(&request, &asked, |found, judge| {
            assert_eq!(found, &*made);
            judge(&ring)
        });
        wait(admitted?)
    };
    assert_eq!(judged(KeyRing::new(other_key())).unwrap().token().subject(), "alice");
    assert_eq!(judged(KeyRing::new(key())).unwrap_err().message(), "Signature verification failed");
    assert!(jwt.steps().decode_with(&KeyRing::new(other_key()), &made).is_ok());
    assert_eq!(jwt.steps().locate(&get(&[]), &asked).unwrap_err().message(), "Missing Authorization Header");
}

#[test]
fn an_unusual_token_is_verified_with_the_key_that_signed_it() {
    let jwt = builder().build().unwrap();
    let other = other_key();
    let replacing =
        |claims: &str| jwt.access_token("alice").signed_by(&other).overriding(Claims::from_json(claims).unwrap());
    assert!(replacing(r#"{"sub":"bob"}"#).create().is_ok());
    assert!(replacing(r#"{"sub":5}"#).create().is_err());
    let made = replacing(r#"{"sub":5,"exp":1}"#).allow_unverifiable().create().unwrap();
    assert!(payload_of(&made).contains(r#""sub":5,"#) && payload_of(&made).contains(r#""exp":1}"#));
    let headers = Claims::from_json(r#"{"x":1}"#).unwrap();
    assert_eq!(
        header_of(&jwt.access_token("alice").headers(headers).create().unwrap()),
        r#"{"alg":"HS256","typ":"JWT","x":1}"#
    );
}

/// Signs with the reversed message. For tests only.
struct Backwards;

impl ExternalKey for Backwards {
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Some(message.iter().rev().copied().take(64).collect())
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.sign(message).as_deref() == Some(signature)
    }
}

#[test]
fn an_external_key_is_used_for_its_one_algorithm() {
    let jwt = keyless().key(Key::external(Algorithm::RS256, Arc::new(Backwards))).build().unwrap();
    let made = jwt.create_access_token("alice").unwrap();
    assert_eq!(header_of(&made), r#"{"alg":"RS256","typ":"JWT"}"#);
    assert_eq!(jwt.decode_token(&made).unwrap().subject(), "alice");
    let (signed, _) = made.rsplit_once('.').unwrap();
    assert_eq!(complaint(&jwt, &format!("{signed}.AAAA")), "Signature verification failed");
    assert_eq!(complaint(&jwt, &token(&[])), "The specified alg value is not allowed");
    assert!(jwt.key_ring().to_jwk_set().keys.is_empty(), "an external key is not published");
}

// Sessions, one token at a time.

#[test]
fn tokens_made_one_by_one_can_share_a_session() {
    let jwt = builder().revocation_store(Blocklist::default()).build().unwrap();
    let session = jwt.steps().new_session().unwrap();
    let [access, refresh] = [jwt.access_token("alice"), jwt.refresh_token("alice")]
        .map(|token| jwt.decode_token(&token.session(&session).create().unwrap()).unwrap());
    assert_eq!((access.session(), refresh.session()), (Some(&*session), Some(&*session)));
    wait(jwt.steps().revoke_by_id(Subject("alice"), access.jti().unwrap(), access.expires_at())).unwrap();
    assert!(wait(jwt.is_revoked(&access)).unwrap());
    let other = jwt.decode_token(&token(&[])).unwrap();
    assert!(!wait(jwt.is_revoked(&other)).unwrap());
    assert!(
        wait(manager().steps().revoke_by_id(Subject("alice"), "a jti", None)).is_err(),
        "without a store, nothing can be revoked"
    );
}

// Requirements of a view.

#[test]
fn a_requirement_can_combine_freshness_with_any_type() {
    let jwt = builder().token_location([Location::Cookie]).build().unwrap();
    let at = |name: &str, token: String| get(&[("Cookie", &format!("{name}_token_cookie={token}"))]);
    let refresh = [("type", "\"refresh\""), ("fresh", "false")];
    let message = |request, asked| check(&jwt, &request, &asked).map(|_| ()).map_err(|no| no.message());
    assert_eq!(message(at("access", token(&refresh)), Requirement::access().of_any_type()), Ok(()));
    assert_eq!(message(at("refresh", token(&[])), Requirement::refresh().of_any_type()), Ok(()));
    let nowhere = "Missing cookie \"access_token_cookie\"";
    assert_eq!(message(at("refresh", token(&[])), Requirement::access().of_any_type()), Err(nowhere.to_owned()));
    let stale = "Fresh token required";
    assert_eq!(message(at("refresh", token(&refresh)), Requirement::refresh().and_fresh()), Err(stale.to_owned()));
    assert_eq!(
        message(at("access", token(&[("fresh", "false")])), Requirement::any().and_fresh()),
        Err(stale.to_owned())
    );
}

// Bodies that a framework has already parsed.

struct Parsed {
    json: JsonMember<'static>,
    form: Option<&'static [u8]>,
    cookie: String,
}

impl Request for Parsed {
    fn method(&self) -> &'static str {
        "POST"
    }

    fn header<'a>(&'a self, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
        (*name == http::header::COOKIE).then_some(self.cookie.as_bytes()).into_iter()
    }

    fn query(&self) -> Option<&str> {
        None
    }

    fn has_body(&self) -> bool {
        true
    }

    fn json_member(&self, name: &str) -> JsonMember<'_> {
        if name == "access_token" { self.json.clone() } else { JsonMember::Absent }
    }

    fn form_field(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        self.form.filter(|_| name == "csrf_token").map(Cow::Borrowed)
    }
}

#[test]
fn a_framework_can_supply_json_members_and_form_fields() {
    let say = |jwt: &JwtManager, json, form, cookie: &str| {
        let request = Parsed { json, form, cookie: cookie.to_owned() };
        check(jwt, &request, &Requirement::access()).map(|found| found.location()).map_err(|no| no.message())
    };
    let json = builder().token_location([Location::Json]).build().unwrap();
    let text = JsonMember::Text(Cow::Owned(token(&[])));
    assert_eq!(say(&json, text, None, ""), Ok(Location::Json));
    for (member, message) in [
        (JsonMember::NotJson, "Invalid content-type. Must be application/json."),
        (JsonMember::Absent, "Missing \"access_token\" key in json data."),
        (JsonMember::NotAString, "The \"access_token\" key in json data must be a string"),
    ] {
        assert_eq!(say(&json, member, None, ""), Err(message.to_owned()));
    }
    let cookies = builder().token_location([Location::Cookie]).csrf_check_form(jwt_extended::config::Switch::On);
    let (jwt, cookie) = (cookies.build().unwrap(), format!("access_token_cookie={}", token(&[])));
    assert_eq!(say(&jwt, JsonMember::NotJson, Some(b"a value"), &cookie), Ok(Location::Cookie));
    let wrong = say(&jwt, JsonMember::NotJson, Some(b"another"), &cookie);
    assert_eq!(wrong, Err("CSRF double submit tokens do not match".to_owned()));
    assert_eq!(say(&jwt, JsonMember::NotJson, None, &cookie), Err("Missing CSRF token".to_owned()));
}

// Reading tokens that are not verified.

#[test]
fn an_unverified_header_is_readable_with_any_payload() {
    let odd = signed(HEADER, "no JSON");
    assert_eq!(Unverified::header_within(Limits::default(), &odd).unwrap(), HEADER);
    let why = |error: JwsError| matches!(error, JwsError::Json(Segment::Payload, _));
    assert!(Unverified::parse(&odd).is_err_and(why));
    assert_eq!(
        Unverified::parse_within(Limits { max_length: 10, ..Limits::default() }, &odd).unwrap_err(),
        JwsError::TooLong { limit: 10 }
    );
    let (unsigned, _) = odd.rsplit_once('.').unwrap();
    let crypto = JwsError::Base64(Segment::Signature);
    assert_eq!(Unverified::header_within(Limits::default(), &format!("{unsigned}.!")).unwrap_err(), crypto);
}

#[test]
fn a_key_of_a_refused_algorithm_verifies_nothing() {
    let limits = |algorithm: Algorithm| Limits { algorithms: [algorithm].into(), ..Limits::default() };
    let ring = KeyRing::new(key());
    assert!(verify_within(limits(Algorithm::HS256), &ring, &token(&[])).is_ok());
    for text in [token(&[]), signed(r#"{"typ":"JWT","alg":"HS256"}"#, "{}")] {
        let refused = verify_within(limits(Algorithm::HS512), &ring, &text);
        assert_eq!(refused.unwrap_err(), JwsError::AlgorithmNotAllowed);
    }
}

#[test]
fn arrays_are_scanned_as_strictly_as_objects() {
    let mut texts = Vec::new();
    json::scan_array(r#" [1, "a" ,[2,{"b":3}]] "#, |element| texts.push(element.text.to_owned())).unwrap();
    assert_eq!(texts, ["1", "\"a\"", r#"[2,{"b":3}]"#]);
    for bad in ["", "{}", "[1,]", "[1]x", r#"[{"a":1,"a":2}]"#, "[\"\\ud800\"]"] {
        assert!(json::scan_array(bad, |_| {}).is_err(), "{bad}");
    }
}

#[test]
fn a_claim_error_names_the_claim() {
    let jwt = builder().tolerate([Tolerate::MissingType]).build().unwrap();
    for (claim, value) in
        [("exp", "\"x\""), ("iat", "null"), ("sub", "5"), ("jti", "5"), ("csrf", "5"), ("fresh", "5.x")]
    {
        match jwt.decode_token(&token(&[(claim, value)])) {
            Err(TokenError::ClaimValue { claim: named, .. }) => assert_eq!(named, claim),
            Err(TokenError::Jws(_)) => assert_eq!(value, "5.x"),
            other => panic!("{claim}: {other:?}"),
        }
    }
}

#[test]
fn a_token_may_be_read_up_to_the_limit() {
    let text = token(&[]);
    let read = |max_length: usize| Unverified::parse_within(Limits { max_length, ..Limits::default() }, &text);
    assert_eq!(format!("{:?}", read(text.len()).unwrap()), "Unverified { .. }");
    assert!(read(text.len() - 1).is_err());
}
