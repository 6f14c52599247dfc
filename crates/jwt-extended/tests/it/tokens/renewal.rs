//! Implicit renewal: an active browser stays logged in, and an ended session stays ended.

use std::{borrow::Cow, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, header::SET_COOKIE, request::Parts};
use jwt_extended::{
    JwtManager, JwtManagerBuilder, ManualClock,
    http::{Location, SetCookies},
    session::{Answer, RevocationStore, RevokeRequest, StoreError, TokenIds, TokenStatus},
    token::{Claims, ClaimsError, Freshness, Identity},
};
use serde_json::json;

use crate::common::*;

const SOON: Duration = Duration::from_secs(300);

fn with_cookies(clock: &Arc<ManualClock>) -> JwtManagerBuilder {
    builder()
        .clock(Arc::clone(clock))
        .token_location([Location::Header, Location::Cookie])
        .revocation_store(Blocklist::default())
}

fn page(token: &str) -> Parts {
    get(&[("Cookie", &format!("access_token_cookie={token}"))])
}

fn value(cookies: &SetCookies, name: &str) -> String {
    let mut lines = cookies.lines().iter().map(|line| line.to_str().unwrap());
    let line = lines.find_map(|line| line.strip_prefix(&format!("{name}="))).unwrap();
    line.split(';').next().unwrap().to_owned()
}

fn renewed(jwt: &JwtManager, request: &Parts, response: &HeaderMap) -> Option<SetCookies> {
    wait(
        jwt.steps().renew(
            &jwt.steps().expiring(request, SOON)?,
            response.get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes),
        ),
    )
}

#[test]
fn only_a_valid_access_cookie_about_to_expire_is_expiring() {
    let clock = clock();
    let jwt = with_cookies(&clock).build().unwrap();
    let pair = wait(jwt.login("alice")).unwrap();
    let request = page(&pair.access);
    let expires_soon = |request: &Parts| jwt.steps().expiring(request, SOON).is_some();
    assert!(!expires_soon(&request));
    clock.advance(Duration::from_micros(599_999_999));
    assert!(!expires_soon(&request));
    clock.advance(Duration::from_micros(1));
    assert!(expires_soon(&request), "the limit is included");
    assert!(!expires_soon(&bearer(&pair.access)), "a client that sends a header refreshes explicitly");
    assert!(!expires_soon(&page(pair.refresh.as_ref().unwrap())));
    assert!(!expires_soon(&page("garbage")) && !expires_soon(&get(&[])));
    clock.advance(SOON);
    assert!(!expires_soon(&request), "an expired token is not renewed");
}

#[test]
fn an_unsafe_request_is_renewed_without_a_csrf_value() {
    let clock = clock();
    let jwt = with_cookies(&clock).build().unwrap();
    let cookie = format!("access_token_cookie={}", wait(jwt.login("alice")).unwrap().access);
    clock.advance(Duration::from_secs(700));
    assert!(jwt.steps().expiring(&request("POST", "/", &[("Cookie", &cookie)]), SOON).is_some());
}

struct Admin;

impl Identity for Admin {
    fn subject(&self) -> Cow<'_, str> {
        "alice".into()
    }

    fn additional_claims(&self) -> Result<Claims, ClaimsError> {
        Claims::new(&json!({ "role": "admin" }))
    }
}

#[test]
fn a_renewed_token_keeps_its_session_csrf_value_and_claims() {
    let clock = clock();
    let jwt = with_cookies(&clock).build().unwrap();
    let text = wait(jwt.login(&Admin)).unwrap().access;
    clock.advance(Duration::from_secs(700));
    let before = jwt.decode_token(&text).unwrap();
    let cookies = renewed(&jwt, &page(&text), &HeaderMap::new()).unwrap();
    let after = jwt.decode_token(&value(&cookies, "access_token_cookie")).unwrap();
    assert_eq!((after.subject(), after.session()), ("alice", before.session()));
    assert_eq!(after.csrf(), before.csrf());
    assert_eq!(value(&cookies, "csrf_access_token"), before.csrf().unwrap(), "open pages keep working");
    assert_eq!(after.claim::<String>("role").unwrap().unwrap(), "admin");
    assert_eq!(after.freshness(), Freshness::Stale);
    assert_ne!(after.jti(), before.jti());
    assert_eq!(after.expires_at().unwrap().as_secs(), NOW + 700 + 900);
}

#[test]
fn a_token_without_a_session_is_not_renewed() {
    // Its login time is unknown, so renewals could go on forever.
    let clock = clock();
    let jwt = with_cookies(&clock).build().unwrap();
    let text = jwt.create_access_token("alice").unwrap();
    clock.advance(Duration::from_secs(700));
    assert!(renewed(&jwt, &page(&text), &HeaderMap::new()).is_none());
}

#[test]
fn a_response_that_changes_token_cookies_is_not_touched() {
    let clock = clock();
    let jwt = with_cookies(&clock).build().unwrap();
    let pair = wait(jwt.login("alice")).unwrap();
    clock.advance(Duration::from_secs(700));
    for cookies in [
        jwt.unset_cookies(),
        jwt.cookies().unset_access(),
        jwt.cookies().unset_refresh(),
        jwt.set_cookies(&wait(jwt.login("bob")).unwrap()).unwrap(),
    ] {
        let mut response = HeaderMap::new();
        cookies.append_to(&mut response);
        assert!(renewed(&jwt, &page(&pair.access), &response).is_none());
    }
    let mut response = HeaderMap::new();
    response.append("set-cookie", "theirs=access_token_cookie=1; Path=/".parse().unwrap());
    response.append("set-cookie", "access_token_cookie_too=1".parse().unwrap());
    assert!(renewed(&jwt, &page(&pair.access), &response).is_some(), "cookies of other names do not matter");
}

#[test]
fn a_token_revoked_during_its_request_is_not_renewed() {
    let clock = clock();
    let jwt = with_cookies(&clock).build().unwrap();
    let pair = wait(jwt.login("alice")).unwrap();
    clock.advance(Duration::from_secs(700));
    let expiring = jwt.steps().expiring(&page(&pair.access), SOON).unwrap();
    wait(jwt.logout(&jwt.decode_token(&pair.access).unwrap())).unwrap();
    assert!(wait(jwt.steps().renew(&expiring, [])).is_none());
}

struct Down;

impl RevocationStore for Down {
    fn status<'a>(&'a self, _: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        Answer::Now(Err(StoreError::Unavailable("down".to_owned())))
    }

    fn revoke<'a>(&'a self, _: &'a RevokeRequest<'_>) -> Answer<'a, Result<(), StoreError>> {
        Answer::Now(Err(StoreError::Unavailable("down".to_owned())))
    }
}

#[test]
fn nothing_is_renewed_while_the_store_is_down() {
    let clock = clock();
    let jwt = with_cookies(&clock).revocation_store(Down).build().unwrap();
    let text = wait(jwt.login("alice")).unwrap().access;
    clock.advance(Duration::from_secs(700));
    assert!(renewed(&jwt, &page(&text), &HeaderMap::new()).is_none());
}

#[test]
fn renewals_end_with_the_lifetime_of_a_refresh_token() {
    let clock = clock();
    let jwt = with_cookies(&clock).refresh_token_expires(Duration::from_secs(3600)).build().unwrap();
    let mut text = wait(jwt.login("alice")).unwrap().access.into_string();
    let mut renewals = 0;
    for _ in 0..20 {
        clock.advance(Duration::from_secs(700));
        if let Some(cookies) = renewed(&jwt, &page(&text), &HeaderMap::new()) {
            text = value(&cookies, "access_token_cookie");
            renewals += 1;
        } else {
            break;
        }
    }
    assert_eq!(renewals, 5, "the last renewal is after 3,500 seconds, since 4,200 exceed the hour");
}
