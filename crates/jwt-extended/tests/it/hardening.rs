//! Ways around a guard that reviews have found. Each is closed, and a test shows it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{sync::Arc, time::Duration};

use crate::common::*;
use jwt_extended::{
    CookieError, JwtManager, ManualClock,
    http::{CsrfError, Location, Reason},
    session::Subject,
    token::{IssueError, Lifetime},
};
use serde_json::json;

const DAY: u64 = 86_400;

fn with_store(clock: &Arc<ManualClock>) -> JwtManager {
    builder().clock(Arc::clone(clock)).revocation_store(Blocklist::default()).build().unwrap()
}

/// Signs an access token of another issuer that shares the key.
fn foreign(issued: u64, end: u64) -> String {
    token(&[("iat", &issued.to_string()), ("nbf", ""), ("exp", &end.to_string())])
}

#[test]
fn a_token_cannot_outlive_the_memory_of_its_revocation() {
    let clock = clock();
    let jwt = with_store(&clock);
    let long_lived = foreign(NOW, NOW + 60 * DAY);
    wait(jwt.end_all_sessions(Subject("alice"))).unwrap();
    for day in [0, 29, 31, 59] {
        clock.set(jwt_extended::Timestamp::from_secs(NOW + day * DAY));
        assert_eq!(complaint(&jwt, &long_lived), "The token lives longer than it may here", "day {day}");
    }
    assert_eq!(complaint(&jwt, &foreign(NOW + 59 * DAY, NOW + 90 * DAY)), "The token lives longer than it may here");
    assert!(jwt.decode_token(&foreign(NOW + 59 * DAY, NOW + 89 * DAY)).is_ok(), "it may live for thirty days");
}

#[test]
fn a_revocation_outlasts_a_token_from_a_clock_ahead() {
    let clock = clock();
    let leeway = Duration::from_secs(300);
    let jwt = builder()
        .clock(Arc::clone(&clock))
        .revocation_store(Blocklist::default())
        .decode_leeway(leeway)
        .build()
        .unwrap();
    let ahead = foreign(NOW + 300, NOW + 300 + 30 * DAY);
    wait(jwt.end_all_sessions(Subject("alice"))).unwrap();
    // The token's `iat` is 300 seconds ahead, so only a revocation after that time covers it.
    clock.advance(leeway + Duration::from_secs(1));
    wait(jwt.end_all_sessions(Subject("alice"))).unwrap();
    clock.set(jwt_extended::Timestamp::from_secs(NOW + 300 + 30 * DAY + 299));
    let token = jwt.decode_token(&ahead).unwrap();
    assert!(wait(jwt.is_revoked(&token)).unwrap(), "it is revoked until its last second");
}

#[test]
fn overriding_one_claim_does_not_allow_another() {
    let jwt = manager();
    let smuggled = jwt.access_token("alice").additional_claims(&json!({ "sub": "admin" }));
    let refused = smuggled.overriding_claims(&json!({ "fresh": true })).create();
    assert_eq!(refused, Err(IssueError::ReservedClaim("sub".to_owned())));
}

#[test]
fn a_revoked_refresh_token_cannot_refresh_without_a_guard() {
    let jwt = with_store(&clock());
    let token = jwt.decode_token(&jwt.create_refresh_token("alice").unwrap()).unwrap();
    wait(jwt.revoke_token(&token)).unwrap();
    assert_eq!(*wait(jwt.refresh(&token)).unwrap_err().reason(), Reason::Revoked);
    assert_eq!(*wait(jwt.refresh(&token).identity("alice")).unwrap_err().reason(), Reason::Revoked);
}

#[test]
fn a_key_for_no_configured_algorithm_is_a_mistake() {
    let mistake = |build: jwt_extended::JwtManagerBuilder| build.build().unwrap_err().to_string();
    let unused = "private_key or public_key is set and algorithm is symmetric; set algorithm, such as \"RS256\"";
    assert_eq!(mistake(keyless().secret_key(SECRET).private_key("garbage")), unused);
    assert_eq!(mistake(keyless().secret_key(SECRET).public_key("garbage")), unused);
    let secret = mistake(keyless().algorithm(jwt_extended::jose::Algorithm::ES256).secret_key(SECRET).private_key("x"));
    assert!(secret.starts_with("secret_key is set and no HMAC algorithm is"), "{secret}");
}

#[cfg(feature = "asymmetric")]
#[test]
fn a_public_key_that_does_not_match_is_a_mistake() {
    use jwt_extended::jose::{Algorithm, Key};
    let build = |pem: &str, public: &str| {
        keyless()
            .algorithm(Algorithm::ES256)
            .private_key(pem)
            .public_key(public)
            .build()
            .map_err(|error| error.to_string())
    };
    let pem = Key::generate(Algorithm::ES256).unwrap().to_pem().unwrap();
    let mistake = build(&pem, "garbage").unwrap_err();
    assert!(mistake.starts_with("public_key: no key found in the PEM text"), "{mistake}");
}

#[test]
fn a_cross_site_login_can_be_rejected() {
    let login = |site: &str| request("POST", "/login", &[("Sec-Fetch-Site", site)]);
    let refused = manager().refuse_cross_site(&login("cross-site")).unwrap_err();
    assert_eq!(*refused.reason(), Reason::Csrf(CsrfError::CrossSite));
    for site in ["same-origin", "same-site", "none"] {
        assert!(manager().refuse_cross_site(&login(site)).is_ok(), "{site}");
    }
    let open = builder().csrf_refuse_cross_site(jwt_extended::config::Switch::Off).build().unwrap();
    assert!(open.refuse_cross_site(&login("cross-site")).is_ok());
}

#[test]
fn a_token_that_app_verification_rejects_is_not_renewed() {
    let jwt = builder().token_location([Location::Cookie]).token_verification(|_| false).build().unwrap();
    let text = wait(jwt.login("alice")).unwrap().access;
    let page = get(&[("Cookie", &format!("access_token_cookie={text}"))]);
    assert!(jwt.steps().expiring(&page, Duration::from_secs(DAY)).is_none());
}

#[test]
fn a_cookie_rejects_a_token_of_the_wrong_type() {
    let jwt = manager();
    let access = jwt.create_access_token("alice").unwrap();
    let refresh = jwt.create_refresh_token("alice").unwrap();
    let wrong = |name: &str| Err(CookieError::WrongType(name.to_owned()));
    assert_eq!(jwt.cookies().set_access(&refresh), wrong("access_token_cookie"));
    assert_eq!(jwt.cookies().set_refresh(&access), wrong("refresh_token_cookie"));
    for csrf in ["", "\"x; Domain=example.com\"", "\"\"", "\"\\u0007\""] {
        let refused = jwt.cookies().set_access(&token(&[("csrf", csrf)]));
        assert_eq!(refused, Err(CookieError::Csrf("access_token_cookie".to_owned())), "{csrf}");
    }
}

#[test]
fn a_token_with_a_later_nbf_is_still_checked_when_made() {
    let jwt = manager();
    let later = jwt.access_token("alice").overriding_claims(&json!({ "nbf": NOW + 60 })).create();
    assert!(later.is_ok());
    let broken = jwt.access_token("alice").overriding_claims(&json!({ "nbf": NOW + 60, "type": "zzz" })).create();
    assert!(matches!(broken, Err(IssueError::WouldBeRefused(_))), "{broken:?}");
}

#[test]
fn a_malformed_cookie_is_not_a_missing_token() {
    let jwt = builder().token_location([Location::Cookie]).build().unwrap();
    let mut parts = get(&[]);
    parts.headers.insert("cookie", http::HeaderValue::from_bytes(b"access_token_cookie=\xff").unwrap());
    let refused = wait(jwt.authenticate_optional(&parts, &jwt_extended::Requirement::access())).unwrap_err();
    assert_eq!(refused.status(), 400);
}

#[test]
fn a_renewed_token_does_not_outlive_its_session() {
    let clock = clock();
    let jwt = builder()
        .clock(Arc::clone(&clock))
        .token_location([Location::Cookie])
        .refresh_token_expires(Lifetime::minutes(20))
        .build()
        .unwrap();
    let text = wait(jwt.login("alice")).unwrap().access;
    clock.advance(Duration::from_secs(14 * 60));
    let page = get(&[("Cookie", &format!("access_token_cookie={text}"))]);
    let expiring = jwt.steps().expiring(&page, Duration::from_secs(120)).unwrap();
    let cookies = wait(jwt.steps().renew(&expiring, [])).unwrap();
    let line = cookies.lines()[0].to_str().unwrap();
    let renewed = jwt.decode_token(line.split(['=', ';']).nth(1).unwrap()).unwrap();
    assert_eq!(renewed.expires_at().unwrap().as_secs(), NOW + 20 * 60);
}

#[test]
fn a_session_can_be_ended_by_its_id() {
    let jwt = with_store(&clock());
    let token = jwt.decode_token(&wait(jwt.login("alice")).unwrap().access).unwrap();
    wait(jwt.steps().end_session_by_id(token.session().unwrap())).unwrap();
    assert!(wait(jwt.is_revoked(&token)).unwrap());
}
