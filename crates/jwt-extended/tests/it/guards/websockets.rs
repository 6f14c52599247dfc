//! WebSocket handshakes: cookies only from pages of the same origin, and tokens as a subprotocol.

use http::request::Parts;
use jwt_extended::{
    JwtManager, Requirement,
    config::Switch,
    http::{Location, Rejection},
};

use crate::common::*;

fn jwt() -> JwtManager {
    builder().token_location([Location::Cookie, Location::WebSocketProtocol]).build().unwrap()
}

fn handshake(headers: &[(&str, &str)]) -> Parts {
    let cookie = format!("access_token_cookie={}", token(&[]));
    let upgrade = [("Host", "app.example:8443"), ("Upgrade", "WebSocket"), ("Cookie", cookie.as_str())];
    get(&[&upgrade, headers].concat())
}

fn code(result: Result<jwt_extended::Admitted, Rejection>) -> Result<Location, &'static str> {
    result.map(|admitted| admitted.location()).map_err(|rejection| rejection.code())
}

#[test]
fn a_page_of_the_same_origin_opens_a_websocket_with_cookies() {
    for header in [
        ("Sec-Fetch-Site", "same-origin"),
        ("Origin", "https://app.example:8443"),
        ("Origin", "http://APP.example:8443"),
        ("User-Agent", "no browser sends neither of the two"),
    ] {
        assert_eq!(
            code(check(&jwt(), &handshake(&[header]), &Requirement::access())),
            Ok(Location::Cookie),
            "{header:?}"
        );
    }
}

#[test]
fn a_page_of_another_origin_opens_no_websocket_with_cookies() {
    for header in [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Sec-Fetch-Site", "none"),
        ("Origin", "https://evil.example"),
        ("Origin", "https://app.example"),
        ("Origin", "https://app.example:8443.evil.example"),
        ("Origin", "null"),
    ] {
        let refused = check(&jwt(), &handshake(&[header]), &Requirement::access());
        assert_eq!(code(refused), Err("csrf_cross_site"), "{header:?}");
    }
}

#[test]
fn a_handshake_of_http_2_is_one_too() {
    let cookie = format!("access_token_cookie={}", token(&[]));
    for (method, header) in [("CONNECT", ("X", "y")), ("GET", ("Sec-WebSocket-Version", "13"))] {
        let foreign = request(method, "/", &[("Cookie", &cookie), ("Origin", "https://evil.example"), header]);
        assert_eq!(code(check(&jwt(), &foreign, &Requirement::access())), Err("csrf_cross_site"), "{method}");
    }
}

#[test]
fn the_check_of_the_origin_can_be_turned_off() {
    let open = builder().token_location([Location::Cookie]).csrf_refuse_cross_site(Switch::Off).build().unwrap();
    assert!(check(&open, &handshake(&[("Origin", "https://evil.example")]), &Requirement::access()).is_ok());
}

#[test]
fn a_token_may_be_a_subprotocol_where_that_is_configured() {
    let text = token(&[]);
    for value in [format!("bearer, {text}"), format!("chat, Bearer , {text} , other")] {
        let request = get(&[("Upgrade", "websocket"), ("Sec-WebSocket-Protocol", &value)]);
        let admitted = check(&jwt(), &request, &Requirement::access());
        assert_eq!(code(admitted), Ok(Location::WebSocketProtocol), "{value}");
        assert_eq!(code(check(&manager(), &request, &Requirement::access())), Err("token_missing"));
    }
    let two = get(&[("Sec-WebSocket-Protocol", &format!("bearer, {text}, bearer, {text}"))]);
    assert_eq!(code(check(&jwt(), &two, &Requirement::access())), Err("request_malformed"));
    for value in ["", "chat", "bearer", "bearer,"] {
        let request = get(&[("Sec-WebSocket-Protocol", value)]);
        let refused = refusal(&jwt(), &request, &Requirement::access());
        assert!(refused.message().contains("Sec-WebSocket-Protocol: bearer, <JWT>"), "{value}: {refused}");
    }
}
