//! What `Debug` shows of the types that apps log: enough to recognize them, and no token, key or address.

use std::sync::Arc;

use jwt_extended::{
    Requirement,
    config::IssuerOptions,
    jose::{Algorithm, Algorithms, KeyRing, Limits, verify_within},
    session::{Answer, Denylist, DenylistOptions, MemoryStore},
    token::Issuer,
};

use crate::common::*;

#[test]
fn the_options_of_an_issuer_show_its_provider_alone() {
    let options: IssuerOptions = serde_json::from_str(
        r#"{"issuer": "https://idp.example/?key=x", "audience": "us", "provider": "okta", "jwks": {"keys": []}}"#,
    )
    .unwrap();
    assert_eq!(format!("{options:?}"), "IssuerOptions { provider: Some(Okta), .. }");
}

#[test]
fn an_issuer_shows_its_rules() {
    let issuer = Issuer::new("https://idp.example", Arc::new(KeyRing::verify_only(key()))).audience("us");
    let shown = format!("{:?}", issuer.subjects(["alice"]));
    for part in ["https://idp.example", "audiences: [\"us\"]", "subjects: Some([\"alice\"])"] {
        assert!(shown.contains(part), "{shown}");
    }
    assert!(!shown.contains(SECRET));
    assert_eq!(format!("{:?}", key()), "Key { algorithm: HS256, kid: None, .. }");
    assert_eq!(format!("{:?}", key().verifying_key()), "VerifyingKey { algorithm: HS256, kid: None, .. }");
}

#[test]
fn a_set_of_algorithms_shows_its_members() {
    let some: Algorithms = [Algorithm::ES256, Algorithm::HS256].into();
    assert_eq!(format!("{some:?}"), "{HS256, ES256}");
}

#[test]
fn a_login_and_a_refresh_show_no_user() {
    let jwt = builder().session_store(MemoryStore::new()).build().unwrap();
    let login = jwt.password_changed("alice").label("phone");
    assert_eq!(format!("{login:?}"), "Login { label: Some(\"phone\"), earlier: End, .. }");
    let pair = wait(jwt.login("alice")).unwrap();
    let token = refresh_token(&jwt, &pair);
    let shown = format!("{:?}", jwt.refresh(&token));
    assert!(shown.starts_with("Refreshing { token: Token { type: \"refresh\"") && !shown.contains("alice"), "{shown}");
}

#[cfg(feature = "routes")]
#[test]
fn a_route_guard_shows_what_it_requires() {
    let guard = jwt_extended::RouteGuard::new(manager(), Requirement::access());
    let shown = format!("{guard:?}");
    assert!(shown.starts_with("RouteGuard { requirement: ") && !shown.contains(SECRET), "{shown}");
}

#[test]
fn an_answer_shows_its_value_if_it_is_there() {
    assert_eq!(format!("{:?}", Answer::Now(5)), "Now(5)");
    assert_eq!(format!("{:?}", Answer::later(async { 5 })), "Later(..)");
}

#[test]
fn a_denylist_shows_its_store_and_bounds() {
    let options = DenylistOptions::default().capacity(7);
    assert_eq!(format!("{options:?}"), "DenylistOptions { staleness: 0ns, capacity: 7, .. }");
    let denylist = Denylist::new(MemoryStore::with_capacity(9), options);
    assert_eq!(format!("{denylist:?}"), "Denylist { store: MemoryStore { capacity: 9, .. }, .. }");
}

#[test]
fn an_algorithm_named_twice_is_in_the_set() {
    let twice: Algorithms = [Algorithm::ES256, Algorithm::ES256].into();
    assert_eq!(format!("{twice:?}"), "{ES256}");
}

#[test]
fn what_a_request_carries_is_shown_without_the_token() {
    let (jwt, text) = (manager(), token(&[]));
    let request = bearer(&text);
    let located = jwt.steps().locate(&request, &Requirement::access()).unwrap();
    assert_eq!(format!("{located:?}"), "Located { location: Header, .. }");
    let issued = format!("{:?}", jwt.create_access_token("alice").unwrap());
    assert!(issued.starts_with("Issued { type: \"access\", expires_at: Some("), "{issued}");
    let verified = verify_within(Limits::default(), &KeyRing::new(key()), &text).unwrap();
    let shown = format!("{verified:?}");
    assert!(shown.starts_with("VerifiedJws { header: ") && !shown.contains("alice"), "{shown}");
    let refused = format!("{:?}", refusal(&jwt, &request, &Requirement::refresh()));
    assert!(refused.starts_with("Rejection {") && !refused.contains(&text) && !refused.contains("alice"), "{refused}");
}
