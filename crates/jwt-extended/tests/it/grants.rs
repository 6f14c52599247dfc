//! Scopes, permissions and roles; when and how the user logged in. Lines 36 and 37 of SECURITY.md.

use std::{borrow::Cow, time::Duration};

use jwt_extended::{
    JwtManager, Requirement, Timestamp, Token, TokenPair,
    http::{Handler, Reason},
    session::MemoryStore,
    token::{Claims, ClaimsError, Fresh, Identity},
};
use serde_json::json;

use crate::common::*;

fn sessions() -> JwtManager {
    builder().session_store(MemoryStore::new()).build().unwrap()
}

fn read(jwt: &JwtManager, text: &str) -> Token {
    jwt.decode_token(text).unwrap()
}

fn scopes(jwt: &JwtManager, pair: &TokenPair) -> (Vec<String>, Vec<String>) {
    (read(jwt, &pair.access).scopes(), refresh_token(jwt, pair).scopes())
}

/// A user whose own claims state scopes.
struct User(&'static str);

impl Identity for User {
    fn subject(&self) -> Cow<'_, str> {
        "alice".into()
    }

    fn additional_claims(&self) -> Result<Claims, ClaimsError> {
        Claims::new(&json!({ "scope": self.0 }))
    }
}

#[test]
fn scopes_are_written_as_the_standard_claim() {
    let jwt = manager();
    let text = jwt.access_token("alice").scopes(["read:orders", "write:orders"]).create().unwrap();
    assert!(payload_of(&text).ends_with(r#","scope":"read:orders write:orders"}"#));
    assert_eq!(read(&jwt, &text).scopes(), ["read:orders", "write:orders"]);
    assert!(read(&jwt, &token(&[])).scopes().is_empty());
}

#[test]
fn all_or_any_of_the_scopes_are_asked_for() {
    let jwt = manager();
    let text = jwt.access_token("alice").scopes(["a", "b"]).create().unwrap();
    let admits = |requirement: Requirement| check(&jwt, &bearer(&text), &requirement).is_ok();
    assert!(admits(Requirement::access().scopes(["a"])) && admits(Requirement::access().scopes(["b", "a"])));
    assert!(!admits(Requirement::access().scopes(["a", "c"])));
    assert!(admits(Requirement::access().any_scope(["c", "b"])) && !admits(Requirement::access().any_scope(["c"])));
    assert!(admits(Requirement::access().scopes(["a b"])) && !admits(Requirement::access().scopes(["a b c"])));
    assert!(!admits(Requirement::access().any_scope(Vec::<String>::new())));
    assert!(!admits(Requirement::access().scopes(["A"])));
    assert!(!admits(Requirement::access().scopes(["a"]).scopes(["c"])), "each demand counts");
}

#[test]
fn a_missing_scope_gets_403_with_a_challenge_that_names_it() {
    let refused = refusal(&manager(), &bearer(&token(&[])), &Requirement::access().scopes(["a", "b"]));
    assert_eq!((refused.status().as_u16(), refused.code()), (403, "insufficient_scope"));
    let expected =
        "Bearer error=\"insufficient_scope\", error_description=\"The token needs the scope a b\", scope=\"a b\"";
    assert_eq!(challenge(&refused), expected);
    assert_eq!(refused.token().map(Token::subject), Some("alice"));
}

#[test]
fn permissions_and_roles_are_the_same_guard_on_another_claim() {
    let jwt = manager();
    let text = token(&[("permissions", r#"["refund","ship"]"#), ("realm_access", r#"{"roles":["auditor"]}"#)]);
    let refusal = |requirement| check(&jwt, &bearer(&text), &requirement).err().map(|refused| refused.message());
    assert_eq!(refusal(Requirement::access().claim_has("permissions", ["ship", "refund"])), None);
    assert_eq!(refusal(Requirement::access().claim_has_any("realm_access.roles", ["admin", "auditor"])), None);
    let message = "The token's claim permissions does not include hire";
    assert_eq!(refusal(Requirement::access().claim_has("permissions", ["hire"])).as_deref(), Some(message));
}

#[test]
fn an_app_answers_a_missing_scope_itself() {
    let jwt = builder().on(Handler::InsufficientScope, |_| http::Response::new(b"no".to_vec())).build().unwrap();
    let refused = refusal(&jwt, &bearer(&token(&[])), &Requirement::access().scopes(["a"]));
    assert_eq!(refused.to_response().body(), b"no");
}

#[test]
fn a_refresh_keeps_the_scopes_of_its_login() {
    let jwt = sessions();
    let pair = wait(jwt.login("alice").scopes(["a", "b"])).unwrap();
    assert_eq!(scopes(&jwt, &pair), (vec!["a".into(), "b".into()], vec!["a".into(), "b".into()]));
    let next = wait(jwt.refresh(&refresh_token(&jwt, &pair))).unwrap();
    assert_eq!(scopes(&jwt, &next), scopes(&jwt, &pair));
}

#[test]
fn a_refresh_narrows_the_access_token_and_never_widens() {
    let jwt = sessions();
    let pair = wait(jwt.login("alice").scopes(["a", "b"])).unwrap();
    let narrowed = wait(jwt.refresh(&refresh_token(&jwt, &pair)).scopes(["b"])).unwrap();
    assert_eq!(scopes(&jwt, &narrowed), (vec!["b".into()], vec!["a".into(), "b".into()]));
    let token = refresh_token(&jwt, &narrowed);
    let refused = wait(jwt.refresh(&token).scopes(["b", "c"])).unwrap_err();
    assert_eq!((refused.status().as_u16(), refused.message().as_str()), (403, "The token needs the scope c"));
    assert!(wait(jwt.refresh(&token)).is_ok(), "a refused refresh does not use the token up");
}

#[test]
fn what_was_taken_from_a_user_is_gone_with_the_next_refresh() {
    let jwt = sessions();
    let pair = wait(jwt.login(&User("a b"))).unwrap();
    let next = wait(jwt.refresh(&refresh_token(&jwt, &pair)).identity(&User("b c"))).unwrap();
    assert_eq!(scopes(&jwt, &next), (vec!["b".into()], vec!["a".into(), "b".into()]));
}

#[test]
fn a_login_without_scopes_gets_none_later() {
    let jwt = sessions();
    let pair = wait(jwt.login("alice")).unwrap();
    let next = wait(jwt.refresh(&refresh_token(&jwt, &pair)).identity(&User("a"))).unwrap();
    assert_eq!(scopes(&jwt, &next), (vec![], vec![]));
}

#[test]
fn implicit_refresh_keeps_the_scopes() {
    let clock = clock();
    let jwt = builder().clock(clock.clone()).token_location([jwt_extended::http::Location::Cookie]);
    let jwt = jwt.session_store(MemoryStore::new()).build().unwrap();
    let pair = wait(jwt.login("alice").scopes(["a"]).acr("gold")).unwrap();
    let cookie = get(&[("Cookie", &format!("access_token_cookie={}", pair.access))]);
    clock.advance(Duration::from_secs(800));
    let expiring = jwt.steps().expiring(&cookie, Duration::from_secs(300)).unwrap();
    let cookies = wait(jwt.steps().renew(&expiring, [])).unwrap();
    let line = cookies.lines()[0].to_str().unwrap();
    let text = line.strip_prefix("access_token_cookie=").unwrap().split(';').next().unwrap();
    assert_eq!(read(&jwt, text).scopes(), ["a"]);
    assert_eq!(read(&jwt, text).acr().as_deref(), Some("gold"));
}

// When and how the user logged in (RFC 9470).

#[test]
fn how_and_when_a_user_logged_in_survives_a_refresh() {
    let jwt = sessions();
    let earlier = Timestamp::from_secs(NOW - 100);
    let login = jwt.login("alice").auth_time(earlier).acr("gold").amr(["pwd", "otp"]);
    let pair = wait(login).unwrap();
    let next = wait(jwt.refresh(&refresh_token(&jwt, &pair)).identity(&User(""))).unwrap();
    for text in [&pair.access, next.refresh.as_ref().unwrap(), &next.access] {
        let token = read(&jwt, text);
        assert_eq!((token.auth_time(), token.acr().as_deref()), (Some(earlier), Some("gold")));
        assert_eq!(token.claim::<Vec<String>>("amr").unwrap().unwrap(), ["pwd", "otp"]);
    }
}

#[test]
fn the_time_of_a_login_is_that_of_its_session() {
    let clock = clock();
    let jwt = builder().clock(clock.clone()).session_store(MemoryStore::new()).build().unwrap();
    let pair = wait(jwt.login("alice")).unwrap();
    clock.advance(Duration::from_secs(600));
    let next = wait(jwt.refresh(&refresh_token(&jwt, &pair))).unwrap();
    assert_eq!(read(&jwt, &next.access).auth_time().unwrap().as_secs(), NOW);
    let admits = |age| check(&jwt, &bearer(&next.access), &Requirement::access().max_age(Duration::from_secs(age)));
    assert!(admits(600).is_ok());
    let refused = admits(599).unwrap_err();
    let expected = Reason::InsufficientLogin {
        message: "A more recent login is required",
        max_age: Some(599),
        acr_values: String::new(),
    };
    assert_eq!((refused.reason(), refused.status().as_u16()), (&expected, 401));
    let expected = "Bearer error=\"insufficient_user_authentication\", \
                    error_description=\"A more recent login is required\", max_age=\"599\"";
    assert_eq!(challenge(&refused), expected);
}

#[test]
fn a_token_that_does_not_say_when_is_too_old() {
    let jwt = manager();
    let fresh = jwt.access_token("alice").fresh(Fresh::Always).create().unwrap();
    let hour = Requirement::access().max_age(Duration::from_secs(3600));
    assert!(check(&jwt, &bearer(&fresh), &hour).is_err());
    for auth_time in ["\"1800000000\"", "null", "[]", "1800000006"] {
        assert!(check(&jwt, &bearer(&token(&[("auth_time", auth_time)])), &hour).is_err(), "{auth_time}");
    }
    assert!(check(&jwt, &bearer(&token(&[("auth_time", "1800000005")])), &hour).is_ok(), "a clock may be ahead");
}

#[test]
fn one_of_the_classes_of_login_is_enough() {
    let jwt = manager();
    let gold = jwt.access_token("alice").acr("gold").create().unwrap();
    assert!(check(&jwt, &bearer(&gold), &Requirement::access().acr(["silver", "gold"])).is_ok());
    let refused = refusal(&jwt, &bearer(&gold), &Requirement::access().acr(["silver", "mfa"]));
    let expected = "Bearer error=\"insufficient_user_authentication\", \
                    error_description=\"A stronger login is required\", acr_values=\"silver mfa\"";
    assert_eq!(challenge(&refused), expected);
}

#[test]
fn a_login_claim_that_cannot_be_read_grants_nothing() {
    let jwt = manager();
    let unreadable = token(&[("type", "\"refresh\""), ("acr", "1e999")]);
    let next = wait(jwt.refresh(&read(&jwt, &unreadable))).unwrap();
    assert!(payload_of(&next.access).contains("\"acr\":null"), "{}", payload_of(&next.access));
}

#[test]
fn each_demand_for_a_class_of_login_counts() {
    let jwt = manager();
    let gold = jwt.access_token("alice").acr("gold").create().unwrap();
    let admits = |asked: Requirement| check(&jwt, &bearer(&gold), &asked).is_ok();
    assert!(admits(Requirement::access().acr(["gold", "silver"]).acr(["gold"])));
    assert!(!admits(Requirement::access().acr(["gold"]).acr(["silver"])));
}
