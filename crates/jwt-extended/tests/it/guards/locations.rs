//! Where a token is looked for, in which order, and the message for each location without one.

use http::request::Parts;
use jwt_extended::{
    JwtManager, JwtManagerBuilder, Requirement,
    config::Switch,
    http::{Location, Rejection},
};

use crate::common::*;

fn at(locations: impl IntoIterator<Item = Location>) -> JwtManagerBuilder {
    builder().token_location(locations.into_iter().collect::<Vec<_>>())
}

fn refused(jwt: &JwtManager, request: &impl jwt_extended::http::Request) -> String {
    refusal(jwt, request, &Requirement::access()).message()
}

fn location(jwt: &JwtManager, request: &impl jwt_extended::http::Request) -> Location {
    check(jwt, request, &Requirement::access()).unwrap().location()
}

fn cookie(token: &str) -> String {
    format!("access_token_cookie={token}")
}

// Header.

#[test]
fn a_header_without_a_token_gets_flask_jwt_extendeds_words() {
    let jwt = manager();
    assert_eq!(refused(&jwt, &get(&[])), "Missing Authorization Header");
    let scheme = "Missing 'Bearer' type in 'Authorization' header. Expected 'Authorization: Bearer <JWT>'";
    assert_eq!(refused(&jwt, &get(&[("Authorization", "Basic YTpi")])), scheme);
    assert_eq!(refused(&jwt, &get(&[("Authorization", &token(&[]))])), scheme);
    let bad = "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'";
    assert_eq!(refused(&jwt, &get(&[("Authorization", "Bearer")])), bad);
}

#[test]
fn messages_use_the_configured_header_and_scheme() {
    let jwt = builder().header_name("X-Token").header_type("JWT").build().unwrap();
    assert_eq!(refused(&jwt, &bearer(&token(&[]))), "Missing X-Token Header");
    let value = format!("Bearer {}", token(&[]));
    let expected = "Missing 'JWT' type in 'X-Token' header. Expected 'X-Token: JWT <JWT>'";
    assert_eq!(refused(&jwt, &get(&[("x-token", &value)])), expected);
    assert!(check(&jwt, &get(&[("x-token", &format!("jwt {}", token(&[])))]), &Requirement::access()).is_ok());
}

#[test]
fn with_an_empty_header_type_the_header_is_the_token() {
    let jwt = builder().header_type("").build().unwrap();
    assert!(check(&jwt, &get(&[("Authorization", &token(&[]))]), &Requirement::access()).is_ok());
    let bad = "Bad Authorization header. Expected 'Authorization: <JWT>'";
    assert_eq!(refused(&jwt, &bearer(&token(&[]))), bad);
    assert_eq!(refused(&jwt, &get(&[("Authorization", "")])), "Missing Authorization Header");
}

#[test]
fn other_credentials_in_the_header_are_skipped() {
    let text = token(&[]);
    for value in [
        format!("Basic YTpi, Bearer {text}"),
        format!("Bearer {text}, Basic YTpi"),
        format!("Bearer {text},"),
        format!(" , Bearer  {text} "),
        format!("Digest a=b,Bearer {text}"),
    ] {
        let request = get(&[("Authorization", &value)]);
        assert!(check(&manager(), &request, &Requirement::access()).is_ok(), "{value}");
    }
}

// Cookies, query string, JSON.

#[test]
fn access_and_refresh_tokens_have_their_own_cookies() {
    let jwt = at([Location::Cookie]).build().unwrap();
    let (access, refresh) = (token(&[]), token(&[("type", "\"refresh\"")]));
    let both = format!("access_token_cookie={access}; refresh_token_cookie={refresh}");
    let request = get(&[("Cookie", &both)]);
    for requirement in [Requirement::access(), Requirement::refresh(), Requirement::any()] {
        assert!(check(&jwt, &request, &requirement).is_ok(), "{requirement:?}");
    }
    let swapped = get(&[("Cookie", &format!("access_token_cookie={refresh}; refresh_token_cookie={access}"))]);
    assert_eq!(refusal(&jwt, &swapped, &Requirement::access()).code(), "token_type_wrong");
    assert_eq!(refusal(&jwt, &swapped, &Requirement::refresh()).code(), "token_type_wrong");
    assert_eq!(refused(&jwt, &get(&[])), "Missing cookie \"access_token_cookie\"");
    let none = refusal(&jwt, &get(&[]), &Requirement::refresh());
    assert_eq!(none.message(), "Missing cookie \"refresh_token_cookie\"");
}

#[test]
fn any_prefers_the_access_token() {
    let jwt = at([Location::Cookie, Location::Json]).build().unwrap();
    let (access, refresh) = (token(&[]), token(&[("type", "\"refresh\""), ("jti", "\"refresh\"")]));
    let jti = |request: &Parts, body: &str| {
        let admitted = check(&jwt, &(request, body.as_bytes()), &Requirement::any()).unwrap();
        admitted.token().jti().unwrap().to_owned()
    };
    let both = format!("refresh_token_cookie={refresh}; access_token_cookie={access}");
    assert_eq!(jti(&get(&[("Cookie", &both)]), ""), "a token");
    assert_eq!(jti(&get(&[("Cookie", &format!("refresh_token_cookie={refresh}"))]), ""), "refresh");
    let json = request("POST", "/", &[("Content-Type", "application/json")]);
    assert_eq!(jti(&json, &format!(r#"{{"refresh_token":"{refresh}","access_token":"{access}"}}"#)), "a token");
    assert_eq!(jti(&json, &format!(r#"{{"refresh_token":"{refresh}"}}"#)), "refresh");
    let none = refusal(&jwt, &get(&[]), &Requirement::any()).message();
    assert!(none.contains("Missing cookie \"access_token_cookie\""), "{none}");
}

#[test]
fn the_query_parameter_has_a_name_and_a_prefix() {
    let jwt = at([Location::QueryString]).build().unwrap();
    let text = token(&[]);
    let query = |query: &str| request("GET", &format!("/page?{query}"), &[]);
    assert_eq!(location(&jwt, &query(&format!("a=b&jwt={text}"))), Location::QueryString);
    assert_eq!(location(&jwt, &query(&format!("%6Awt={}", text.replace('.', "%2E")))), Location::QueryString);
    for none in ["", "a=b", "jwt=", "jwt", "JWT=x"] {
        assert_eq!(refused(&jwt, &query(none)), "Missing 'jwt' query paramater", "{none}");
    }
    let jwt = at([Location::QueryString]).query_string_name("t").query_string_value_prefix("Bearer ").build().unwrap();
    assert_eq!(location(&jwt, &query(&format!("t=Bearer%20{text}"))), Location::QueryString);
    assert_eq!(location(&jwt, &query(&format!("t=Bearer+{text}"))), Location::QueryString);
    let prefix = "Invalid value for query parameter 't'. Expected the value to start with 'Bearer '";
    assert_eq!(refused(&jwt, &query(&format!("t={text}"))), prefix);
}

fn post(jwt: &JwtManager, content_type: &str, body: &str) -> Result<Location, Rejection> {
    let request = request("POST", "/", &[("Content-Type", content_type)]);
    let admitted = check(jwt, &(&request, body.as_bytes()), &Requirement::access());
    admitted.map(|admitted| admitted.location())
}

#[test]
fn a_json_body_may_hold_the_token() {
    let jwt = at([Location::Json]).build().unwrap();
    let body = format!(r#"{{"user":{{"access_token":1}},"access_token":"{}"}}"#, token(&[]));
    for content_type in ["application/json", "application/json; charset=utf-8", "application/vnd.api+json"] {
        assert_eq!(post(&jwt, content_type, &body).unwrap(), Location::Json, "{content_type}");
    }
    for content_type in ["", "text/plain", "application/x-www-form-urlencoded"] {
        let refusal = post(&jwt, content_type, &body).unwrap_err();
        assert_eq!(refusal.message(), "Invalid content-type. Must be application/json.");
        assert_eq!(refusal.status(), 401);
    }
    assert_eq!(refused(&jwt, &get(&[])), "Invalid content-type. Must be application/json.");
}

#[test]
fn a_json_body_without_a_token_is_never_a_server_error() {
    let jwt = at([Location::Json]).build().unwrap();
    for body in ["", "{}", "null", "[]", "\"text\"", "5", "{", r#"{"access_token":null}"#, r#"{"refresh_token":"x"}"#] {
        let refusal = post(&jwt, "application/json", body).unwrap_err();
        assert_eq!(refusal.message(), "Missing \"access_token\" key in json data.", "{body}");
        assert_eq!(refusal.code(), "token_missing");
    }
    for value in ["5", "{}", "[]", "true"] {
        let refusal = post(&jwt, "application/json", &format!(r#"{{"access_token":{value}}}"#)).unwrap_err();
        assert_eq!(refusal.message(), "The \"access_token\" key in json data must be a string");
        assert_eq!(refusal.status(), 400);
    }
}

// Several locations.

#[test]
fn only_a_missing_token_leads_on_to_the_next_location() {
    let jwt = at([Location::Header, Location::Cookie]).build().unwrap();
    let cookie = cookie(&token(&[]));
    let with = |value: &str| get(&[("Authorization", value), ("Cookie", &cookie)]);
    assert_eq!(location(&jwt, &with("Basic YTpi")), Location::Cookie);
    assert_eq!(location(&jwt, &with("")), Location::Cookie);
    assert_eq!(location(&jwt, &get(&[("Cookie", &cookie)])), Location::Cookie);
    let lenient = at([Location::Header, Location::Cookie])
        .tolerate([jwt_extended::config::Tolerate::SeveralTokens])
        .build()
        .unwrap();
    for (value, code) in [
        ("Bearer", "request_malformed"),
        ("Bearer bad", "token_invalid"),
        (&format!("Bearer {}", token(&[("type", "\"refresh\"")])), "token_type_wrong"),
        (&format!("Bearer {}", token(&[("exp", "1")])), "token_expired"),
    ] {
        assert_eq!(refusal(&lenient, &with(value), &Requirement::access()).code(), code, "{value}");
    }
}

#[test]
fn the_message_lists_what_each_location_lacks() {
    let jwt = at([Location::Header, Location::Cookie]).build().unwrap();
    assert_eq!(
        refused(&jwt, &get(&[])),
        "Missing JWT in headers or cookies (Missing Authorization Header; Missing cookie \"access_token_cookie\")"
    );
    let jwt = at([Location::QueryString, Location::Json, Location::Header]).build().unwrap();
    assert_eq!(
        refused(&jwt, &get(&[])),
        "Missing JWT in query_string, json or headers (Missing 'jwt' query paramater; \
         Invalid content-type. Must be application/json.; Missing Authorization Header)"
    );
}

#[test]
fn a_route_can_search_other_locations() {
    let jwt = manager();
    let text = token(&[]);
    let download = request("GET", &format!("/?jwt={text}"), &[]);
    assert!(check(&jwt, &download, &Requirement::access()).is_err());
    let in_query = Requirement::access().locations([Location::QueryString]);
    assert_eq!(check(&jwt, &download, &in_query).unwrap().location(), Location::QueryString);
    assert!(check(&jwt, &bearer(&text), &in_query).is_err(), "and only there");
    let in_cookie = Requirement::access().locations([Location::Cookie]);
    let forged = request("POST", "/", &[("Cookie", &cookie(&text))]);
    assert_eq!(refusal(&jwt, &forged, &in_cookie).code(), "csrf_missing", "cookies are protected there too");
    let nowhere = Requirement::access().locations([]);
    assert_eq!(refusal(&jwt, &bearer(&text), &nowhere).code(), "token_missing", "no locations admit no request");
}

// CSRF values in headers and forms.

fn form(jwt: &JwtManager, headers: &[(&str, &str)], body: &str) -> &'static str {
    let cookie = cookie(&token(&[]));
    let headers = [&[("Cookie", cookie.as_str())], headers].concat();
    let request = request("POST", "/", &headers);
    let result = check(jwt, &(&request, body.as_bytes()), &Requirement::access());
    result.map_or_else(|refusal| refusal.code(), |_| "admitted")
}

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

#[test]
fn csrf_check_form_accepts_the_value_in_a_form_field() {
    let jwt = at([Location::Cookie]).csrf_check_form(Switch::On).build().unwrap();
    assert_eq!(form(&jwt, &[FORM], "a=b&csrf_token=a+value"), "admitted");
    assert_eq!(form(&jwt, &[FORM], "csrf%5Ftoken=a%20value"), "admitted");
    assert_eq!(form(&jwt, &[FORM], "csrf_token=wrong"), "csrf_mismatch");
    assert_eq!(form(&jwt, &[FORM, ("X-CSRF-TOKEN", "wrong")], "csrf_token=a+value"), "csrf_mismatch");
    assert_eq!(form(&jwt, &[FORM, ("X-CSRF-TOKEN", "")], "csrf_token=a+value"), "admitted");
    for body in ["", "csrf_token=", "other=a+value", "csrf_token=wrong&csrf_token=a+value"] {
        assert_eq!(form(&jwt, &[FORM], body), "csrf_missing", "{body}");
    }
    assert_eq!(form(&jwt, &[("Content-Type", "text/plain")], "csrf_token=a+value"), "csrf_missing");
    let off = at([Location::Cookie]).build().unwrap();
    assert_eq!(form(&off, &[FORM], "csrf_token=a+value"), "csrf_missing");
}

#[test]
fn csrf_header_field_and_methods_are_configurable() {
    let jwt = at([Location::Cookie])
        .csrf_check_form(Switch::On)
        .access_csrf_header_name("X-Own")
        .access_csrf_field_name("own")
        .build()
        .unwrap();
    assert_eq!(form(&jwt, &[("x-own", "a value")], ""), "admitted");
    assert_eq!(form(&jwt, &[FORM], "own=a+value"), "admitted");
    assert_eq!(form(&jwt, &[("X-CSRF-TOKEN", "a value")], ""), "csrf_missing");
    let only_put = at([Location::Cookie]).csrf_methods(["PUT"]).build().unwrap();
    assert_eq!(form(&only_put, &[], ""), "admitted");
}

// Requests of other types.

#[test]
fn a_request_with_a_body_is_searched_too() {
    let jwt = at([Location::Header, Location::QueryString]).build().unwrap();
    let with =
        |uri: &str, header: &str| http::Request::get(uri).header("Authorization", header).body("a body").unwrap();
    assert_eq!(location(&jwt, &with("/", &format!("Bearer {}", token(&[])))), Location::Header);
    assert_eq!(location(&jwt, &with(&format!("/?jwt={}", token(&[])), "Basic x")), Location::QueryString);
    let cookies = at([Location::Cookie]).build().unwrap();
    let post = http::Request::post("/").header("Cookie", cookie(&token(&[]))).body(()).unwrap();
    assert_eq!(refused(&cookies, &post), "Missing CSRF token");
}

#[test]
fn a_header_that_is_no_text_is_malformed_in_our_scheme_alone() {
    let bytes = |value: &[u8]| {
        let mut request = get(&[]);
        request.headers.insert("authorization", http::HeaderValue::from_bytes(value).unwrap());
        refused(&manager(), &request)
    };
    assert_eq!(bytes(b"bearer \xff"), "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'");
    assert!(bytes(b"Basic \xff").starts_with("Missing 'Bearer' type"));
}

#[test]
fn a_malformed_second_location_is_an_error() {
    let jwt = at([Location::Header, Location::QueryString]).build().unwrap();
    let header = format!("Bearer {}", token(&[]));
    let twice = request("GET", "/?jwt=a&jwt=b", &[("Authorization", &header)]);
    assert_eq!(refused(&jwt, &twice), "More than one 'jwt' query parameter. Send exactly one");
}

#[test]
fn a_body_that_was_not_passed_on_is_the_apps_mistake() {
    let jwt = at([Location::Json]).build().unwrap();
    let unseen = request("POST", "/", &[("Content-Type", "application/json")]);
    assert_eq!(refusal(&jwt, &unseen, &Requirement::access()).code(), "misconfigured");
    let text = request("POST", "/", &[("Content-Type", "text/plain")]);
    assert_eq!(refused(&jwt, &text), "Invalid content-type. Must be application/json.");
}

#[test]
fn one_place_is_named_without_a_list() {
    use jwt_extended::http::Missing;

    let one = Missing::Everywhere(vec![(Location::Header, Missing::Header("X".to_owned()))]);
    assert_eq!(one.to_string(), "Missing JWT in headers (Missing X Header)");
    assert_eq!(Missing::Everywhere(Vec::new()).to_string(), "Missing JWT in  ()");
}
