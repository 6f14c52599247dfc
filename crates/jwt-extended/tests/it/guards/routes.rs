//! Guards around routes: which requests pass without a check, and which patterns name them.

use jwt_extended::{Requirement, RouteGuard};

use crate::common::*;

fn guard() -> RouteGuard {
    RouteGuard::new(manager(), Requirement::access())
}

/// Returns whether a request passes a guard with some exceptions.
fn passes(method: &str, path: &str) -> bool {
    let guard = guard().except("/login").unwrap().except("/users/{id}").unwrap().except("/files/{*file}").unwrap();
    guard.passes(&request(method, "/", &[]), path)
}

#[test]
fn only_options_requests_pass_everywhere() {
    for (method, exempt) in [("OPTIONS", true), ("GET", false), ("HEAD", false), ("POST", false), ("options", false)] {
        assert_eq!(passes(method, "/accounts"), exempt, "{method}");
    }
}

#[test]
fn a_pattern_admits_its_paths() {
    for path in ["/login", "/users/7", "/users/a.b", "/files/a", "/files/a/b.css", "/files/a..b", "/files/%2e"] {
        assert!(passes("POST", path), "{path}");
    }
}

#[test]
fn a_pattern_admits_no_similar_path() {
    for path in ["/login/", "//login", "/Login", "/%6cogin", "/users", "/users/7/keys", "/files", "/files/", "", "*"] {
        assert!(!passes("GET", path), "{path}");
    }
}

#[test]
fn a_path_that_climbs_is_no_exception() {
    let encoded = ["/files/%2E%2e/a", "/files/.%2e/a", "/files/..%2fa", "/files/a%5Cb", "/files/%2F"];
    for path in ["/files/../a", "/files/a/..", "/files/..\\a", "/files/a\\..\\b"].into_iter().chain(encoded) {
        assert!(!passes("GET", path), "{path}");
    }
}

#[test]
fn a_malformed_exception_is_an_error() {
    let error = |path| guard().except(path).unwrap_err().to_string();
    assert_eq!(error("login"), "\"login\" cannot be an exception: it must begin with /");
    for other in ["/files/{file:.*}", "/files/{file}*", "/{a}/{b:[0-9]+}"] {
        assert!(error(other).ends_with("write {name} for one segment, and {*name} for the rest of the path"));
    }
    assert!(guard().except("/items:batch").is_ok());
    assert!(guard().except("/{").is_err());
    assert!(guard().except("/a").unwrap().except("/a").is_err());
}

#[test]
fn only_a_guard_that_searches_bodies_needs_them() {
    assert_eq!(guard().needed_body(), None);
    let json = Requirement::access().locations([jwt_extended::http::Location::Json]);
    let guard = RouteGuard::new(manager(), json);
    assert_eq!(guard.needed_body(), Some(jwt_extended::BODY_LIMIT));
    assert_eq!(guard.body_limit(10).needed_body(), Some(10));
}

#[test]
fn a_guard_checks_what_it_requires() {
    let admitted = wait(guard().authenticate(&bearer(&token(&[])))).unwrap();
    assert_eq!(admitted.token().subject(), "alice");
    assert_eq!(wait(guard().authenticate(&get(&[]))).unwrap_err().code(), "token_missing");
}
