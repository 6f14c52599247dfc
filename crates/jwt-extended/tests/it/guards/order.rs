//! The requirements of routes, and the order of the checks: location, token, CSRF, type, freshness, revocation, the
//! app's own verification.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use jwt_extended::{
    JwtManager, JwtManagerBuilder, Requirement,
    config::Switch,
    http::{Location, Reason},
    session::MemoryStore,
    token::TokenType,
};

use crate::common::*;

const REFRESH: (&str, &str) = ("type", "\"refresh\"");
const STALE: (&str, &str) = ("fresh", "false");
const EXPIRED: (&str, &str) = ("exp", "1");

/// Returns the outcome for a token in the header.
fn outcome(requirement: &Requirement, changes: &[(&str, &str)]) -> &'static str {
    check(&manager(), &bearer(&token(changes)), requirement).map_or_else(|refusal| refusal.code(), |_| "admitted")
}

#[test]
fn access_admits_access_tokens_fresh_or_not() {
    let access = Requirement::access();
    assert_eq!(outcome(&access, &[]), "admitted");
    assert_eq!(outcome(&access, &[STALE]), "admitted");
    assert_eq!(outcome(&access, &[REFRESH]), "token_type_wrong");
    assert_eq!(outcome(&access, &[EXPIRED]), "token_expired");
}

#[test]
fn fresh_admits_only_fresh_access_tokens() {
    let fresh = Requirement::fresh();
    assert_eq!(outcome(&fresh, &[]), "admitted");
    assert_eq!(outcome(&fresh, &[STALE]), "token_not_fresh");
    assert_eq!(outcome(&fresh, &[("fresh", "1799999999")]), "token_not_fresh");
    assert_eq!(outcome(&fresh, &[("fresh", "1800000000")]), "admitted");
    assert_eq!(outcome(&fresh, &[REFRESH]), "token_type_wrong", "even if the refresh token says it is fresh");
}

#[test]
fn refresh_admits_only_refresh_tokens() {
    let refresh = Requirement::refresh();
    assert_eq!(outcome(&refresh, &[REFRESH]), "admitted");
    assert_eq!(outcome(&refresh, &[REFRESH, STALE]), "admitted");
    assert_eq!(outcome(&refresh, &[]), "token_type_wrong");
    assert_eq!(outcome(&refresh, &[REFRESH, EXPIRED]), "token_expired");
}

#[test]
fn any_admits_both_types() {
    let any = Requirement::any();
    assert_eq!(outcome(&any, &[]), "admitted");
    assert_eq!(outcome(&any, &[REFRESH]), "admitted");
    assert_eq!(outcome(&any, &[EXPIRED]), "token_expired");
    assert_eq!(outcome(&any, &[("type", "\"x\"")]), "token_invalid");
}

#[test]
fn an_admitted_request_has_its_token_and_location() {
    let admitted = check(&manager(), &bearer(&token(&[])), &Requirement::access()).unwrap();
    assert_eq!((admitted.token().subject(), admitted.location()), ("alice", Location::Header));
    assert_eq!(admitted.into_token().token_type(), TokenType::Access);
}

// Optional.

#[test]
fn optional_admits_no_token_but_rejects_a_bad_one() {
    let jwt = builder().token_location([Location::Header, Location::Cookie]).build().unwrap();
    let optional = |request: &http::request::Parts| wait(jwt.authenticate_optional(request, &Requirement::access()));
    let cookie = |text: &str| format!("access_token_cookie={text}");
    for anonymous in [
        get(&[]),
        get(&[("Authorization", "Basic YTpi")]),
        get(&[("Authorization", "")]),
        get(&[("Cookie", "access_token_cookie=")]),
        get(&[("Cookie", "other=1")]),
    ] {
        assert!(optional(&anonymous).unwrap().is_none());
    }
    assert_eq!(optional(&bearer(&token(&[]))).unwrap().unwrap().token().subject(), "alice");
    for (request, code) in [
        (bearer("garbage"), "token_invalid"),
        (get(&[("Authorization", "Bearer")]), "request_malformed"),
        (bearer(&token(&[EXPIRED])), "token_expired"),
        (bearer(&token(&[REFRESH])), "token_type_wrong"),
        (request("POST", "/", &[("Cookie", &cookie(&token(&[])))]), "csrf_missing"),
        (request("POST", "/", &[("Cookie", &cookie(&token(&[]))), ("X-CSRF-TOKEN", "x")]), "csrf_mismatch"),
    ] {
        assert_eq!(optional(&request).unwrap_err().code(), code);
    }
}

#[test]
fn optional_still_checks_freshness_and_revocation() {
    let jwt = builder()
        .session_store(MemoryStore::new())
        .token_verification(|token| token.subject() != "mallory")
        .build()
        .unwrap();
    let revoked = token(&[("jti", "\"revoked\"")]);
    wait(jwt.revoke_token(&jwt.decode_token(&revoked).unwrap())).unwrap();
    for (text, code) in [
        (token(&[STALE]), "token_not_fresh"),
        (revoked, "token_revoked"),
        (token(&[("sub", "\"mallory\"")]), "claims_refused"),
    ] {
        let refusal = wait(jwt.authenticate_optional(&bearer(&text), &Requirement::fresh())).unwrap_err();
        assert_eq!(refusal.code(), code);
    }
}

// The order.

#[test]
fn of_several_faults_the_first_in_order_is_reported() {
    let jwt = builder()
        .token_location([Location::Cookie])
        .session_store(MemoryStore::new())
        .token_verification(|_| false)
        .build()
        .unwrap();
    let text = |changes: &[(&str, &str)]| {
        let text = token(changes);
        if let Ok(token) = jwt.decode_token(&text) {
            wait(jwt.revoke_token(&token)).unwrap();
        }
        text
    };
    let code = |method: &str, csrf: &str, text: &str, requirement: &Requirement| {
        let cookie = format!("access_token_cookie={text}");
        let request = request(method, "/", &[("Cookie", &cookie), ("X-CSRF-TOKEN", csrf)]);
        refusal(&jwt, &request, requirement).code()
    };
    let (access, fresh) = (Requirement::access(), Requirement::fresh());
    assert_eq!(code("POST", "", "garbage", &access), "csrf_missing");
    assert_eq!(code("POST", "wrong", "garbage", &access), "token_invalid");
    assert_eq!(code("POST", "wrong", &text(&[EXPIRED]), &access), "csrf_mismatch");
    assert_eq!(code("POST", "wrong", &text(&[REFRESH, STALE]), &fresh), "csrf_mismatch");
    assert_eq!(code("GET", "", &text(&[REFRESH, STALE, EXPIRED]), &fresh), "token_expired");
    assert_eq!(code("GET", "", &text(&[REFRESH, STALE]), &fresh), "token_type_wrong");
    assert_eq!(code("GET", "", &text(&[STALE]), &fresh), "token_not_fresh");
    assert_eq!(code("GET", "", &text(&[]), &fresh), "token_revoked");
    assert_eq!(code("GET", "", &token(&[("jti", "\"unrevoked\"")]), &fresh), "claims_refused");
}

#[test]
fn a_csrf_claim_is_required_only_where_it_is_compared() {
    let jwt = builder().token_location([Location::Header, Location::Cookie]).build().unwrap();
    let bare = token(&[("csrf", "")]);
    assert!(check(&jwt, &bearer(&bare), &Requirement::access()).is_ok());
    let cookie = format!("access_token_cookie={bare}");
    assert!(check(&jwt, &get(&[("Cookie", &cookie)]), &Requirement::access()).is_ok());
    let unprotected = builder().token_location([Location::Cookie]).cookie_csrf_protect(Switch::Off).build().unwrap();
    let post = request("POST", "/", &[("Cookie", &cookie)]);
    assert!(check(&unprotected, &post, &Requirement::access()).is_ok());
    assert_eq!(refusal(&jwt, &post, &Requirement::access()).code(), "csrf_missing");
}

// Revocation and the app's own verification.

#[test]
fn a_route_can_skip_the_revocation_check_only() {
    let jwt = builder().session_store(MemoryStore::new()).build().unwrap();
    let text = token(&[]);
    wait(jwt.revoke_token(&jwt.decode_token(&text).unwrap())).unwrap();
    assert_eq!(refusal(&jwt, &bearer(&text), &Requirement::access()).code(), "token_revoked");
    let skipping = Requirement::access().skip_revocation_check();
    assert!(check(&jwt, &bearer(&text), &skipping).is_ok());
    assert_eq!(refusal(&jwt, &bearer(&token(&[EXPIRED])), &skipping).code(), "token_expired");
}

fn counting(answer: bool) -> (JwtManagerBuilder, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let builder = builder().token_verification(move |token| {
        assert_eq!(token.subject(), "alice");
        counter.fetch_add(1, Ordering::SeqCst);
        answer
    });
    (builder, asked)
}

#[test]
fn app_verification_sees_only_otherwise_valid_tokens() {
    let (builder, asked) = counting(false);
    let jwt: JwtManager = builder.build().unwrap();
    let refused = refusal(&jwt, &bearer(&token(&[])), &Requirement::access());
    assert_eq!(*refused.reason(), Reason::Verification);
    assert_eq!(refused.message(), "User claims verification failed");
    assert_eq!(refused.token().unwrap().subject(), "alice");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    for bad in [get(&[]), bearer("x"), bearer(&token(&[EXPIRED])), bearer(&token(&[REFRESH]))] {
        assert_ne!(*refusal(&jwt, &bad, &Requirement::access()).reason(), Reason::Verification);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let (builder, asked) = counting(true);
    assert!(check(&builder.build().unwrap(), &bearer(&token(&[])), &Requirement::access()).is_ok());
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[test]
fn a_rejection_carries_a_token_with_a_good_signature() {
    let jwt = builder().session_store(MemoryStore::new()).build().unwrap();
    let revoked = token(&[("jti", "\"revoked\"")]);
    wait(jwt.revoke_token(&jwt.decode_token(&revoked).unwrap())).unwrap();
    for text in [token(&[EXPIRED]), token(&[REFRESH]), token(&[STALE]), revoked] {
        let refusal = refusal(&jwt, &bearer(&text), &Requirement::fresh());
        assert_eq!(refusal.token().unwrap().subject(), "alice", "{refusal}");
    }
    for bad in [get(&[]), bearer("garbage"), bearer(&token(&[("type", "")]))] {
        assert!(refusal(&jwt, &bad, &Requirement::fresh()).token().is_none());
    }
}

// Questions of faces.

#[test]
fn json_location_and_csrf_form_field_need_the_body() {
    let needs = |builder: JwtManagerBuilder, requirement: &Requirement| {
        builder.build().unwrap().steps().needs_body(requirement)
    };
    let access = Requirement::access();
    let json = Requirement::access().locations([Location::Json]);
    let header = Requirement::access().locations([Location::Header]);
    assert!(!needs(builder(), &access));
    assert!(needs(builder(), &json));
    assert!(needs(builder().token_location([Location::Header, Location::Json]), &access));
    assert!(!needs(builder().token_location([Location::Header, Location::Json]), &header));
    let form = || builder().token_location([Location::Cookie]).csrf_check_form(Switch::On);
    assert!(needs(form(), &access));
    assert!(!needs(form(), &header));
    assert!(!needs(form().cookie_csrf_protect(Switch::Off), &access));
}
