//! Logging out with a request: a valid signature is enough, and the answer clears the cookies.

use std::{sync::Arc, time::Duration};

use http::request::Parts;
use jwt_extended::{
    JwtManager, LoggedOut, ManualClock, Rejection, TokenPair,
    config::Tolerate,
    http::{Location, Reason, SetCookies},
    session::{MemoryStore, Subject},
};

use super::store_failures::Down;
use crate::common::*;

fn browsers(clock: &Arc<ManualClock>) -> JwtManager {
    let places = [Location::Header, Location::Cookie];
    builder().clock(Arc::clone(clock)).token_location(places).session_store(MemoryStore::new()).build().unwrap()
}

/// A POST with both cookies and the CSRF value of the access token.
fn post(pair: &TokenPair) -> Parts {
    let cookies = format!("access_token_cookie={}; refresh_token_cookie={}", pair.access, refresh(pair));
    request("POST", "/logout", &[("Cookie", &cookies), ("X-CSRF-TOKEN", &pair.access.csrf().unwrap())])
}

fn refresh(pair: &TokenPair) -> &str {
    pair.refresh.as_deref().unwrap()
}

fn logout(jwt: &JwtManager, request: &Parts) -> Result<LoggedOut, Rejection> {
    wait(jwt.logout_request(request))
}

fn open(jwt: &JwtManager) -> usize {
    wait(jwt.sessions_of(Subject("alice"))).unwrap().len()
}

fn clears_all(cookies: &SetCookies) -> bool {
    let lines: Vec<_> = cookies.lines().iter().map(|line| line.to_str().unwrap()).collect();
    lines.len() == 4 && lines.iter().all(|line| line.contains("01 Jan 1970"))
}

#[test]
fn an_expired_token_logs_out() {
    let clock = clock();
    let jwt = browsers(&clock);
    let pair = wait(jwt.login("alice")).unwrap();
    clock.advance(Duration::from_secs(3600));
    let narrow = format!("access_token_cookie={}", pair.access);
    let request = request("POST", "/", &[("Cookie", &narrow), ("X-CSRF-TOKEN", &pair.access.csrf().unwrap())]);
    let done = logout(&jwt, &request).unwrap();
    assert_eq!((open(&jwt), done.tokens()[0].subject()), (0, "alice"));
    assert!(clears_all(&done.into_cookies()));
}

#[test]
fn a_second_logout_succeeds_and_clears_the_cookies() {
    let clock = clock();
    let jwt = browsers(&clock);
    let pair = wait(jwt.login("alice")).unwrap();
    assert!(logout(&jwt, &post(&pair)).is_ok());
    assert!(clears_all(&logout(&jwt, &post(&pair)).unwrap().into_cookies()));
}

#[test]
fn a_token_in_a_header_logs_out_its_own_session_only() {
    let clock = clock();
    let jwt = browsers(&clock);
    let [phone, laptop] = [(); 2].map(|()| wait(jwt.login("alice")).unwrap());
    let mut request = post(&phone);
    request.headers.insert("authorization", format!("Bearer {}", refresh(&laptop)).parse().unwrap());
    assert!(logout(&jwt, &request).is_ok());
    assert!(opens(&jwt, &phone.access) && !opens(&jwt, &laptop.access));
}

#[test]
fn a_logout_ends_the_sessions_of_all_cookies_of_one_name() {
    let clock = clock();
    let jwt = browsers(&clock);
    let [one, two] = [(); 2].map(|()| wait(jwt.login("alice")).unwrap());
    let cookies = format!("access_token_cookie={}; access_token_cookie={}", one.access, two.access);
    let get = request("GET", "/logout", &[("Cookie", &cookies)]);
    assert!(clears_all(&logout(&jwt, &get).unwrap().into_cookies()));
    assert_eq!(open(&jwt), 0);
}

#[test]
fn a_rejected_logout_clears_the_cookies() {
    let clock = clock();
    let jwt = browsers(&clock);
    let garbage = request("POST", "/", &[("Cookie", "access_token_cookie=garbage"), ("X-CSRF-TOKEN", "x")]);
    let rejection = logout(&jwt, &garbage).unwrap_err();
    assert!(rejection.status() == 401 && clears_all(rejection.cookies()));
    assert_eq!(rejection.to_response().headers().get_all("set-cookie").iter().count(), 4);
}

#[test]
fn without_a_token_only_an_own_page_clears_the_cookies() {
    let clock = clock();
    let jwt = browsers(&clock);
    for (site, clears) in [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false)] {
        let rejection = logout(&jwt, &request("POST", "/", &[("Sec-Fetch-Site", site)])).unwrap_err();
        assert_eq!(clears_all(rejection.cookies()), clears, "{site}");
    }
    let silent = logout(&jwt, &request("POST", "/", &[])).unwrap_err();
    assert!(silent.cookies().lines().is_empty(), "any page can send a form without cookies");
}

#[test]
fn a_token_in_the_query_string_clears_no_cookies() {
    let jwt = builder().token_location([Location::QueryString, Location::Cookie]).build().unwrap();
    let token = jwt.create_access_token("mallory").unwrap();
    let linked = request("POST", &format!("/?jwt={token}"), &[]);
    assert!(logout(&jwt, &linked).unwrap().into_cookies().lines().is_empty());
    assert!(logout(&jwt, &request("POST", "/?jwt=x", &[])).unwrap_err().cookies().lines().is_empty());
}

#[test]
fn a_planted_cookie_does_not_hide_a_missing_csrf_value() {
    let clock = clock();
    let jwt = browsers(&clock);
    let pair = wait(jwt.login("alice")).unwrap();
    let planted = ["a", "b", "c", "d", "e"].map(|text| format!("access_token_cookie={text}; ")).concat();
    let cookies = format!("{planted}refresh_token_cookie={}", refresh(&pair));
    let rejection = logout(&jwt, &request("POST", "/", &[("Cookie", &cookies)])).unwrap_err();
    assert!(matches!(rejection.reason(), Reason::Csrf(_)) && rejection.cookies().lines().is_empty());
}

#[test]
fn a_forged_logout_ends_and_clears_nothing() {
    let clock = clock();
    let jwt = browsers(&clock);
    let pair = wait(jwt.login("alice")).unwrap();
    for forged in ["", "a guess"] {
        let mut request = post(&pair);
        request.headers.insert("x-csrf-token", forged.parse().unwrap());
        let rejection = logout(&jwt, &request).unwrap_err();
        assert!(matches!(rejection.reason(), Reason::Csrf(_)) && rejection.cookies().lines().is_empty());
    }
    clock.advance(Duration::from_secs(3600));
    let mut request = post(&pair);
    request.headers.insert("x-csrf-token", "a guess".parse().unwrap());
    assert!(logout(&jwt, &request).is_err(), "also with an expired token");
    assert_eq!(open(&jwt), 1);
}

#[test]
fn a_store_that_is_down_clears_the_cookies_too() {
    let down = builder().token_location([Location::Cookie]).session_store(Down::default()).build().unwrap();
    let pair = wait(manager().login("alice")).unwrap();
    let rejection = logout(&down, &post(&pair)).unwrap_err();
    assert!(rejection.status() == 503 && clears_all(rejection.cookies()));
}

#[test]
fn without_a_store_a_logout_clears_the_cookies() {
    let jwt = builder().token_location([Location::Cookie]).build().unwrap();
    let pair = wait(jwt.login("alice")).unwrap();
    assert!(clears_all(&logout(&jwt, &post(&pair)).unwrap().into_cookies()));
}

#[test]
fn a_login_replaces_the_session_of_the_same_browser() {
    let clock = clock();
    let jwt = browsers(&clock);
    let first = wait(jwt.login("alice")).unwrap();
    let elsewhere = wait(jwt.login("alice")).unwrap();
    clock.advance(Duration::from_secs(3600));
    let again = wait(jwt.login("alice").replacing(&post(&first))).unwrap();
    assert_eq!(open(&jwt), 2);
    assert!(opens(&jwt, refresh(&again)) && opens(&jwt, refresh(&elsewhere)) && !opens(&jwt, refresh(&first)));
    let bob = wait(jwt.login("bob").replacing(&post(&again))).unwrap();
    assert!(opens(&jwt, refresh(&bob)) && opens(&jwt, refresh(&again)), "another user's session stays");
}

#[test]
fn only_the_first_request_of_a_login_is_replaced() {
    let clock = clock();
    let jwt = browsers(&clock);
    let [one, two] = [(); 2].map(|()| wait(jwt.login("alice")).unwrap());
    wait(jwt.login("alice").replacing(&post(&one)).replacing(&post(&two))).unwrap();
    assert!(!opens(&jwt, &one.access) && opens(&jwt, &two.access));
}

#[test]
fn a_login_replaces_the_session_of_a_token_in_the_query_string() {
    let places = [Location::QueryString, Location::Header];
    let jwt = builder().token_location(places).session_store(MemoryStore::new()).build().unwrap();
    let first = wait(jwt.login("alice")).unwrap();
    let request = request("POST", &format!("/login?jwt={}", first.access), &[]);
    wait(jwt.login("alice").replacing(&request)).unwrap();
    assert!(!opens(&jwt, &first.access) && open(&jwt) == 1);
}

#[test]
fn an_expired_token_of_no_session_needs_no_revocation() {
    let clock = clock();
    let jwt = browsers(&clock);
    let token = jwt.create_access_token("alice").unwrap();
    clock.advance(Duration::from_secs(3600));
    assert_eq!(logout(&jwt, &bearer(&token)).unwrap().tokens()[0].subject(), "alice");
}

#[test]
fn a_token_without_its_csrf_claim_logs_nobody_out() {
    let jwt = browsers(&clock());
    let cookie = format!("access_token_cookie={}", token(&[("csrf", "")]));
    let request = request("POST", "/", &[("Cookie", &cookie), ("X-CSRF-TOKEN", "x")]);
    assert!(matches!(logout(&jwt, &request).unwrap_err().reason(), Reason::Token(_)));
}

#[test]
fn a_caller_may_choose_the_key_of_each_token_that_leaves() {
    let jwt = browsers(&clock());
    let pair = wait(jwt.login("alice")).unwrap();
    let request = bearer(&pair.access);
    let ring = jwt.key_ring();
    let refuse = |_: &str| Err(jwt.reject(Reason::Misconfigured("no key"), None));
    let refused = jwt.steps().logout_with(&request, refuse).map(drop).unwrap_err();
    assert_eq!(*refused.reason(), Reason::Misconfigured("no key"));
    let ours = |text: &str| {
        assert_eq!(text, &*pair.access);
        Ok::<_, Rejection>(std::borrow::Cow::Borrowed(&*ring))
    };
    let done = wait(jwt.steps().logout_with(&request, ours).unwrap()).unwrap();
    assert_eq!((done.tokens().len(), open(&jwt)), (1, 0));
}

#[test]
fn the_configured_order_says_which_token_leaves() {
    let places = [Location::Cookie, Location::Header];
    let jwt = builder().token_location(places).tolerate([Tolerate::SeveralTokens]).build().unwrap();
    let header = format!("Bearer {}", token(&[("sub", "\"bob\"")]));
    let cookie = format!("access_token_cookie={}", token(&[]));
    let subject = |headers: &[(&str, &str)]| logout(&jwt, &get(headers)).unwrap().tokens()[0].subject().to_owned();
    assert_eq!(subject(&[("Cookie", &cookie), ("Authorization", &header)]), "alice");
    assert_eq!(subject(&[("Authorization", &header)]), "bob");
}

#[test]
fn an_app_without_cookies_needs_a_token_to_log_out() {
    let rejection = logout(&manager(), &get(&[])).unwrap_err();
    assert_eq!(rejection.message(), "Missing Authorization Header");
}

#[test]
fn a_malformed_header_logs_nobody_out() {
    let jwt = browsers(&clock());
    let rejection = logout(&jwt, &get(&[("Authorization", "Bearer a b")])).unwrap_err();
    assert!(matches!(rejection.reason(), Reason::Request(_)));
}

#[test]
fn a_broken_cookie_does_not_keep_the_other_one() {
    let jwt = browsers(&clock());
    let good = format!("; refresh_token_cookie={}", token(&[("type", "\"refresh\"")]));
    let mut request = get(&[]);
    let cookies = [b"access_token_cookie=\xff", good.as_bytes()].concat();
    request.headers.insert("cookie", http::HeaderValue::from_bytes(&cookies).unwrap());
    assert_eq!(logout(&jwt, &request).unwrap().tokens().len(), 1);
}

#[test]
fn a_cookie_before_the_header_leaves_first() {
    let places = [Location::QueryString, Location::Cookie, Location::Header];
    let jwt = builder().token_location(places).tolerate([Tolerate::SeveralTokens]).build().unwrap();
    let header = format!("Bearer {}", token(&[("sub", "\"bob\"")]));
    let cookie = format!("access_token_cookie={}", token(&[]));
    let uri = format!("/?jwt={}", token(&[("sub", "\"carol\"")]));
    let subject = |uri: &str| {
        let request = request("GET", uri, &[("Cookie", &cookie), ("Authorization", &header)]);
        logout(&jwt, &request).unwrap().tokens()[0].subject().to_owned()
    };
    assert_eq!([subject("/"), subject(&uri)], ["alice", "carol"]);
}

#[test]
fn two_broken_cookies_log_nobody_out() {
    let mut request = get(&[]);
    let cookies = b"access_token_cookie=\xff; refresh_token_cookie=\xff";
    request.headers.insert("cookie", http::HeaderValue::from_bytes(cookies).unwrap());
    assert!(matches!(logout(&browsers(&clock()), &request).unwrap_err().reason(), Reason::Request(_)));
}
