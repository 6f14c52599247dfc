//! Cookies that are no longer good: what public pages and rejections make of them.

use std::{sync::Arc, time::Duration};

use http::request::Parts;
use jwt_extended::{
    JwtManager, ManualClock, Requirement, TokenPair,
    config::Switch,
    http::{Location, Reason},
    session::{MemoryStore, RevocationStore, StoreError, TokenIds, TokenStatus},
};

use crate::common::*;

fn cookies(pair: &TokenPair) -> Parts {
    get(&[("Cookie", &format!("access_token_cookie={}", pair.access))])
}

fn at(clock: &Arc<ManualClock>) -> jwt_extended::JwtManagerBuilder {
    builder().clock(Arc::clone(clock)).token_location([Location::Header, Location::Cookie])
}

/// Returns the subject of a visitor, and how many cookies are cleared, or the code of the rejection.
fn visit(jwt: &JwtManager, request: &Parts) -> Result<(Option<String>, usize), &'static str> {
    let visitor = wait(jwt.authenticate_visitor(request, &Requirement::access())).map_err(|error| error.code())?;
    let (admitted, cookies) = visitor.into_parts();
    Ok((admitted.map(|admitted| admitted.token().subject().to_owned()), cookies.lines().len()))
}

#[test]
fn a_visitor_with_a_stale_cookie_has_no_token() {
    let clock = clock();
    let jwt = at(&clock).session_store(MemoryStore::new()).build().unwrap();
    let pair = wait(jwt.login("alice")).unwrap();
    assert_eq!(visit(&jwt, &get(&[])), Ok((None, 0)));
    assert_eq!(visit(&jwt, &cookies(&pair)), Ok((Some("alice".to_owned()), 0)));
    assert_eq!(visit(&jwt, &get(&[("Cookie", "access_token_cookie=garbage")])), Ok((None, 2)));
    wait(jwt.logout(&jwt.decode_token(&pair.access).unwrap())).unwrap();
    assert_eq!(visit(&jwt, &cookies(&pair)), Ok((None, 4)), "revoked");
    clock.advance(Duration::from_secs(3600));
    assert_eq!(visit(&jwt, &cookies(&pair)), Ok((None, 2)), "expired: the refresh token is still good");
}

#[test]
fn a_cookie_that_may_become_valid_is_kept() {
    let jwt = at(&clock()).build().unwrap();
    let early = get(&[("Cookie", &format!("access_token_cookie={}", token(&[("nbf", "1800000060")])))]);
    assert_eq!(visit(&jwt, &early), Err("token_invalid"));
}

#[test]
fn a_visitor_with_a_bad_token_in_a_header_is_rejected() {
    let clock = clock();
    let jwt = at(&clock).build().unwrap();
    let token = jwt.create_access_token("alice").unwrap();
    clock.advance(Duration::from_secs(3600));
    assert_eq!(visit(&jwt, &bearer(&token)), Err("token_expired"));
    assert_eq!(visit(&jwt, &bearer("garbage")), Err("token_invalid"));
}

struct Broken;

impl RevocationStore for Broken {
    fn status<'a>(&'a self, _: &'a TokenIds<'_>) -> jwt_extended::session::Answer<'a, Result<TokenStatus, StoreError>> {
        jwt_extended::session::Answer::Now(Err(StoreError::Unavailable("it is down".to_owned())))
    }

    fn revoke<'a>(
        &'a self,
        _: &'a jwt_extended::session::RevokeRequest<'_>,
    ) -> jwt_extended::session::Answer<'a, Result<(), StoreError>> {
        jwt_extended::session::Answer::Now(Err(StoreError::Unavailable("it is down".to_owned())))
    }
}

#[test]
fn a_visitor_is_rejected_while_the_store_is_down() {
    let jwt = at(&clock()).revocation_store(Broken).build().unwrap();
    assert_eq!(visit(&jwt, &cookies(&wait(manager().login("alice")).unwrap())), Err("store_unavailable"));
}

#[test]
fn a_rejection_clears_useless_cookies_if_the_app_wants_it() {
    let clock = clock();
    let jwt = at(&clock).session_store(MemoryStore::new()).clear_rejected_cookies(Switch::On).build().unwrap();
    let pair = wait(jwt.login("alice")).unwrap();
    let cleared = |request: &Parts| {
        let response = refusal(&jwt, request, &Requirement::access()).to_response();
        response.headers().get_all("set-cookie").iter().count()
    };
    assert_eq!(cleared(&get(&[("Cookie", "access_token_cookie=garbage")])), 2, "that of the access token");
    assert_eq!(cleared(&bearer("garbage")), 0);
    let forged = request("POST", "/", &[("Cookie", &format!("access_token_cookie={}", pair.access))]);
    assert_eq!(cleared(&forged), 0, "the cookie is good, and the CSRF value is missing");
    clock.advance(Duration::from_secs(3600));
    assert_eq!(cleared(&cookies(&pair)), 2, "expired; the refresh token is still good");
    wait(jwt.logout(&jwt.decode_token(pair.refresh.as_deref().unwrap()).unwrap())).unwrap();
    let refresh = get(&[("Cookie", &format!("refresh_token_cookie={}", &**pair.refresh.as_ref().unwrap()))]);
    let over = refusal(&jwt, &refresh, &Requirement::refresh());
    assert_eq!((over.reason(), over.cookies().lines().len()), (&Reason::Revoked, 4));
}

#[test]
fn a_replayed_cookie_is_cleared_if_the_app_wants_it() {
    let clock = clock();
    let jwt = at(&clock).session_store(MemoryStore::new()).clear_rejected_cookies(Switch::On).build().unwrap();
    let pair = wait(jwt.login("alice")).unwrap();
    let request = get(&[("Cookie", &format!("refresh_token_cookie={}", &**pair.refresh.as_ref().unwrap()))]);
    let token = check(&jwt, &request, &Requirement::refresh()).unwrap().into_token();
    assert!(wait(jwt.refresh(&token)).is_ok());
    clock.advance(Duration::from_secs(60));
    let replayed = wait(jwt.refresh(&token)).unwrap_err();
    assert_eq!((replayed.reason(), replayed.cookies().lines().len()), (&Reason::Replayed, 4));
}

#[test]
fn by_default_a_rejection_clears_nothing() {
    let jwt = at(&clock()).build().unwrap();
    let refused = refusal(&jwt, &get(&[("Cookie", "access_token_cookie=garbage")]), &Requirement::access());
    assert!(refused.cookies().lines().is_empty());
}

#[test]
fn a_stale_refresh_cookie_is_cleared_alone() {
    let jwt = at(&clock()).build().unwrap();
    let stale = format!("refresh_token_cookie={}", token(&[("type", "\"refresh\""), ("exp", "1")]));
    let visitor = wait(jwt.authenticate_visitor(&get(&[("Cookie", &stale)]), &Requirement::refresh())).unwrap();
    assert!(visitor.admitted().is_none());
    let (_, cookies) = visitor.into_parts();
    let lines: Vec<_> = cookies.lines().iter().map(|line| line.to_str().unwrap()).collect();
    assert!(
        lines.len() == 2
            && lines.iter().all(|line| line.contains("refresh_token=;") || line.contains("refresh_token_cookie=;")),
        "{lines:?}"
    );
}

#[test]
fn a_broken_cookie_is_cleared_with_its_own_csrf_cookie() {
    let jwt = at(&clock()).build().unwrap();
    let cleared = |requirement: &Requirement, name: &str| {
        let mut request = get(&[]);
        let cookie = [name.as_bytes(), b"=\xff"].concat();
        request.headers.insert("cookie", http::HeaderValue::from_bytes(&cookie).unwrap());
        let visitor = wait(jwt.authenticate_visitor(&request, requirement)).unwrap();
        let lines = visitor.into_parts().1.lines().to_vec();
        lines.iter().map(|line| line.to_str().unwrap().split('=').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let access = cleared(&Requirement::access(), "access_token_cookie");
    let refresh = cleared(&Requirement::refresh(), "refresh_token_cookie");
    assert_eq!(access, ["access_token_cookie", "csrf_access_token"]);
    assert_eq!(refresh, ["refresh_token_cookie", "csrf_refresh_token"]);
}
