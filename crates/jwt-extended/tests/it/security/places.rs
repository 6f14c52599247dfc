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

// Line 18: two locations.

#[test]
fn different_tokens_in_two_locations_are_an_invalid_request() {
    let (one, two) = (token(&[]), another());
    let header = format!("Bearer {one}");
    let header = ("Authorization", header.as_str());
    let in_query = request("GET", &format!("/?jwt={two}"), &[header]);
    let refusal = refusal(&everywhere(), &in_query, &Requirement::access());
    assert_eq!((refusal.status().as_u16(), refusal.code()), (400, "request_malformed"));
    assert_eq!(refusal.message(), "Different tokens in headers and query_string. Send exactly one");
    let in_body = request("POST", "/", &[header, ("Content-Type", "application/json")]);
    let text = format!(r#"{{"access_token":"{two}"}}"#);
    assert!(check(&everywhere(), &(&in_body, text.as_bytes()), &Requirement::access()).is_err());
    let of_three = request("POST", &format!("/?jwt={one}"), &[("Content-Type", "application/json")]);
    assert!(check(&everywhere(), &(&of_three, text.as_bytes()), &Requirement::access()).is_err());
}

#[test]
fn a_cookie_beside_an_explicit_token_is_ignored() {
    let one = token(&[]);
    let header = format!("Bearer {one}");
    for order in [[Location::Header, Location::Cookie], [Location::Cookie, Location::Header]] {
        let jwt = builder().token_location(order).build().unwrap();
        for cookie in ["access_token_cookie=x", &format!("access_token_cookie={}", another())] {
            let both = request("POST", "/", &[("Authorization", &header), ("Cookie", cookie)]);
            let admitted = check(&jwt, &both, &Requirement::access()).unwrap();
            assert_eq!((admitted.location(), admitted.token().subject()), (Location::Header, "alice"));
        }
    }
}

#[test]
fn a_second_token_is_rejected_even_if_invalid() {
    let header = format!("Bearer {}", token(&[]));
    let both = request("GET", "/?jwt=garbage", &[("Authorization", &header)]);
    assert_eq!(refusal(&everywhere(), &both, &Requirement::access()).code(), "request_malformed");
}

#[test]
fn the_same_token_in_two_locations_is_accepted() {
    let one = token(&[]);
    let (header, cookie) = (format!("Bearer {one}"), format!("access_token_cookie={one}"));
    let request = request("GET", &format!("/?jwt={one}"), &[("Authorization", &header), ("Cookie", &cookie)]);
    assert_eq!(check(&everywhere(), &request, &Requirement::access()).unwrap().location(), Location::Header);
}

#[test]
fn a_malformed_second_location_is_rejected() {
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
fn a_token_in_an_unsearched_location_is_ignored() {
    let cookie = format!("access_token_cookie={}", another());
    let header = format!("Bearer {}", token(&[]));
    let request = get(&[("Authorization", &header), ("Cookie", &cookie)]);
    assert!(check(&manager(), &request, &Requirement::access()).is_ok());
    let narrowed = Requirement::access().locations([Location::Header]);
    assert!(check(&everywhere(), &request, &narrowed).is_ok());
}

#[test]
fn if_several_tokens_are_tolerated_the_first_location_counts() {
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
fn two_tokens_in_one_location_are_rejected() {
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
fn a_scheme_that_resembles_bearer_is_another_scheme() {
    for scheme in ["Bearer:", "Bearers", "Bear", "Basic", "JWT", "\"Bearer\""] {
        let request = get(&[("authorization", &format!("{scheme} {}", token(&[])))]);
        assert_eq!(refusal(&manager(), &request, &Requirement::access()).code(), "token_missing", "{scheme}");
    }
}

#[test]
fn two_authorization_headers_are_always_rejected() {
    let good = format!("Bearer {}", token(&[]));
    for (one, two) in [(&*good, &*good), (&good, "Basic YTpi"), ("Basic YTpi", &good), (&good, ""), ("", &good)] {
        let request = get(&[("Authorization", one), ("Authorization", two)]);
        let refusal = refusal(&manager(), &request, &Requirement::access());
        assert_eq!((refusal.status().as_u16(), refusal.code()), (400, "request_malformed"));
        assert_eq!(refusal.message(), "More than one token in the Authorization header. Send exactly one");
    }
}

#[test]
fn bearer_must_be_followed_by_one_word() {
    let good = token(&[]);
    for value in
        ["Bearer".to_owned(), "Bearer ,".to_owned(), format!("Bearer {good} {good}"), format!("Bearer {good} x")]
    {
        let refusal = refusal(&manager(), &get(&[("Authorization", &value)]), &Requirement::access());
        assert_eq!((refusal.status().as_u16(), refusal.code()), (400, "request_malformed"), "{value}");
        assert_eq!(refusal.message(), "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'");
    }
}
