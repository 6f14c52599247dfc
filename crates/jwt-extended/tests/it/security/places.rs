//! Lines 18 and 19: one token, sent one way.

use jwt_extended::{
    JwtManager, Requirement,
    config::Tolerate,
    http::{Location, Reason, RequestError},
};

use crate::common::*;

fn everywhere() -> JwtManager {
    builder()
        .token_location([Location::Header, Location::Cookie, Location::QueryString, Location::Json])
        .build()
        .unwrap()
}

fn another() -> String {
    token(&[("jti", "\"another\"")])
}

// Line 18: two places.

#[test]
fn different_tokens_in_two_places_are_refused_as_an_invalid_request() {
    let (one, two) = (token(&[]), another());
    let (header, cookie) = (format!("Bearer {one}"), format!("access_token_cookie={two}"));
    let header = ("Authorization", header.as_str());
    let both = request("GET", "/", &[header, ("Cookie", &cookie)]);
    let refusal = refusal(&everywhere(), &both, &Requirement::access());
    assert_eq!((refusal.status().as_u16(), refusal.code()), (400, "request_malformed"));
    assert_eq!(refusal.message(), "Different tokens in headers and cookies. Send exactly one");

    let in_query = request("GET", &format!("/?jwt={two}"), &[header]);
    assert!(check(&everywhere(), &in_query, &Requirement::access()).is_err());
    let in_body = request("POST", "/", &[header, ("Content-Type", "application/json")]);
    let text = format!(r#"{{"access_token":"{two}"}}"#);
    assert!(check(&everywhere(), &(&in_body, text.as_bytes()), &Requirement::access()).is_err());
    let last_two = request("GET", &format!("/?jwt={one}"), &[("Cookie", &cookie)]);
    assert!(check(&everywhere(), &last_two, &Requirement::access()).is_err());
}

#[test]
fn a_second_token_is_refused_whether_it_is_good_or_not() {
    let cookie = "access_token_cookie=garbage";
    let header = format!("Bearer {}", token(&[]));
    let both = get(&[("Authorization", &header), ("Cookie", cookie)]);
    assert_eq!(refusal(&everywhere(), &both, &Requirement::access()).code(), "request_malformed");
}

#[test]
fn the_same_token_in_two_places_does_no_harm() {
    let one = token(&[]);
    let (header, cookie) = (format!("Bearer {one}"), format!("access_token_cookie={one}"));
    let request = request("GET", &format!("/?jwt={one}"), &[("Authorization", &header), ("Cookie", &cookie)]);
    assert_eq!(check(&everywhere(), &request, &Requirement::access()).unwrap().location(), Location::Header);
}

#[test]
fn a_second_place_that_is_itself_malformed_is_refused_too() {
    let jwt = builder().token_location([Location::Cookie, Location::Header]).build().unwrap();
    let one = token(&[]);
    let cookie = format!("access_token_cookie={one}");
    let two = format!("Bearer {}, Bearer {}", another(), another());
    let request = get(&[("Cookie", &cookie), ("Authorization", &two)]);
    assert_eq!(
        check(&jwt, &request, &Requirement::access()).map_err(|refusal| refusal.code()),
        Err("request_malformed")
    );
}

#[test]
fn a_place_where_nobody_looks_is_no_second_place() {
    let cookie = format!("access_token_cookie={}", another());
    let header = format!("Bearer {}", token(&[]));
    let request = get(&[("Authorization", &header), ("Cookie", &cookie)]);
    assert!(check(&manager(), &request, &Requirement::access()).is_ok());
    let narrowed = Requirement::access().locations([Location::Header]);
    assert!(check(&everywhere(), &request, &narrowed).is_ok());
}

#[test]
fn several_tokens_can_be_tolerated_by_name_and_then_the_first_place_counts() {
    let jwt = builder()
        .token_location([Location::Cookie, Location::Header])
        .tolerate([Tolerate::SeveralTokens])
        .build()
        .unwrap();
    let (cookie, header) = (format!("access_token_cookie={}", another()), format!("Bearer {}", token(&[])));
    let admitted =
        check(&jwt, &get(&[("Authorization", &header), ("Cookie", &cookie)]), &Requirement::access()).unwrap();
    assert_eq!((admitted.location(), admitted.token().jti()), (Location::Cookie, Some("another")));
}

#[test]
fn one_place_that_holds_two_tokens_is_refused() {
    let (one, two) = (token(&[]), another());
    let several_headers = Reason::Request(RequestError::SeveralInHeader("Authorization".to_owned()));
    let comma = get(&[("Authorization", &format!("Bearer {one}, Bearer {two}"))]);
    assert_eq!(*refusal(&manager(), &comma, &Requirement::access()).reason(), several_headers);
    let query = request("GET", &format!("/?jwt={one}&jwt={two}"), &[]);
    let several = Reason::Request(RequestError::SeveralParameters("jwt".to_owned()));
    assert_eq!(*refusal(&everywhere(), &query, &Requirement::access()).reason(), several);
    let json = request("POST", "/", &[("Content-Type", "application/json")]);
    let text = format!(r#"{{"access_token":"{one}","access_token":"{two}"}}"#);
    assert!(check(&everywhere(), &(&json, text.as_bytes()), &Requirement::access()).is_err());
}

// Line 19: the Authorization header.

#[test]
fn bearer_is_accepted_in_any_case() {
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let request = get(&[("authorization", &format!("{scheme} {}", token(&[])))]);
        assert!(check(&manager(), &request, &Requirement::access()).is_ok(), "{scheme}");
        let second = get(&[("authorization", &format!("Basic YTpi, {scheme} {}", token(&[])))]);
        assert!(check(&manager(), &second, &Requirement::access()).is_ok(), "{scheme}");
    }
}

#[test]
fn what_only_resembles_bearer_is_another_scheme() {
    for scheme in ["Bearer:", "Bearers", "Bear", "Basic", "JWT", "\"Bearer\""] {
        let request = get(&[("authorization", &format!("{scheme} {}", token(&[])))]);
        assert_eq!(refusal(&manager(), &request, &Requirement::access()).code(), "token_missing", "{scheme}");
    }
}

#[test]
fn two_authorization_headers_are_refused_whatever_they_hold() {
    let good = format!("Bearer {}", token(&[]));
    for (one, two) in [(&*good, &*good), (&good, "Basic YTpi"), ("Basic YTpi", &good), (&good, ""), ("", &good)] {
        let request = get(&[("Authorization", one), ("Authorization", two)]);
        let refusal = refusal(&manager(), &request, &Requirement::access());
        assert_eq!((refusal.status().as_u16(), refusal.code()), (400, "request_malformed"));
        assert_eq!(refusal.message(), "More than one token in the Authorization header. Send exactly one");
    }
}

#[test]
fn bearer_with_no_token_or_more_than_one_word_is_refused() {
    let good = token(&[]);
    for value in
        ["Bearer".to_owned(), "Bearer ,".to_owned(), format!("Bearer {good} {good}"), format!("Bearer {good} x")]
    {
        let refusal = refusal(&manager(), &get(&[("Authorization", &value)]), &Requirement::access());
        assert_eq!((refusal.status().as_u16(), refusal.code()), (400, "request_malformed"), "{value}");
        assert_eq!(refusal.message(), "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'");
    }
}
