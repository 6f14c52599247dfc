//! Keys of an issuer that is known by its name.

use std::{
    io::Write as _,
    sync::{Arc, OnceLock},
};

use jwt_extended_jwks::{FetchFailure, RemoteKeys, UrlError};

use crate::{
    server::{Server, answer, ok, set},
    wait::{kids, refusal},
};

const OPENID: &str = "/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server";

/// A server whose document at that path is made from its own address; other documents are not found.
fn issuer(document_at: &'static str, document: impl Fn(&str) -> String + Send + Sync + 'static) -> Server {
    let root: Arc<OnceLock<String>> = Arc::default();
    let known = Arc::clone(&root);
    let server = Server::scripted(move |_, path, mut stream| {
        let root = known.wait();
        let text = match path {
            "/keys" => ok(&set(&["a"])),
            path if path == document_at => document(root),
            _ => answer("404 Not Found", "", "{}"),
        };
        stream.write_all(text.as_bytes()).unwrap();
    });
    root.set(server.url("")).unwrap();
    server
}

fn document(issuer: &str, keys: &str) -> String {
    ok(&serde_json::json!({ "issuer": issuer, "jwks_uri": keys, "scopes_supported": ["openid"] }).to_string())
}

fn discovered(server: &Server, path: &str) -> RemoteKeys {
    RemoteKeys::discover(server.url(path)).allow_loopback_http().build().unwrap()
}

fn paths(server: &Server) -> Vec<String> {
    server.requests().iter().map(|request| request.split(' ').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn an_issuer_says_where_its_keys_are() {
    let server = issuer(OPENID, |root| document(&format!("{root}/"), &format!("{root}/keys")));
    let keys = discovered(&server, "/");
    keys.ready_blocking().unwrap();
    assert_eq!(kids(&keys).unwrap(), ["a"]);
    assert_eq!(paths(&server), [OPENID, "/keys"]);
}

#[test]
fn if_it_is_not_found_the_other_standard_is_tried() {
    let server = issuer("/.well-known/oauth-authorization-server/shop", |root| {
        document(&format!("{root}/shop"), &format!("{root}/keys"))
    });
    let keys = discovered(&server, "/shop");
    keys.ready_blocking().unwrap();
    assert_eq!(kids(&keys).unwrap(), ["a"]);
    assert_eq!(paths(&server), [format!("/shop{OPENID}"), format!("{OAUTH}/shop"), "/keys".to_owned()]);
}

#[test]
fn no_other_status_leads_to_the_other_standard() {
    for status in [401, 500] {
        let server = Server::answering([answer(&format!("{status} Some"), "", "")]);
        assert_eq!(refusal(&discovered(&server, "")), FetchFailure::Status { status });
        assert_eq!(server.count(), 1);
    }
    let server = Server::answering([answer("302 Found", "Location: /keys", "")]);
    assert_eq!(refusal(&discovered(&server, "")), FetchFailure::Redirect { status: 302 });
}

#[test]
fn an_issuer_that_has_neither_is_a_failure() {
    let server = Server::answering([answer("404 Not Found", "", "")]);
    let error = discovered(&server, "").ready_blocking().unwrap_err();
    assert_eq!(error.why, FetchFailure::Status { status: 404 });
    assert_eq!(error.url, server.url(OAUTH));
}

#[test]
fn a_document_of_another_issuer_is_refused() {
    // Without the slash it is another issuer.
    let server = issuer(OPENID, |root| document(root, &format!("{root}/keys")));
    assert_eq!(refusal(&discovered(&server, "/")), FetchFailure::OtherIssuer { named: server.url("") });
    assert_eq!(server.count(), 1);
}

#[test]
fn keys_elsewhere_meet_the_same_rules() {
    for (uri, why) in [
        ("http://idp.example/keys", UrlError::NotHttps),
        ("ftp://127.0.0.1/keys", UrlError::NotHttps),
        ("https://user@idp.example/keys", UrlError::UserInfo),
        ("https://idp.example/keys#a", UrlError::Fragment),
        ("/keys", UrlError::Malformed),
    ] {
        let server = issuer(OPENID, move |root| document(root, uri));
        assert_eq!(refusal(&discovered(&server, "")), FetchFailure::JwksUri(why));
        assert_eq!(server.count(), 1);
    }
}

#[test]
fn a_document_that_cannot_be_read_is_refused() {
    for text in ["", "[]", "<html></html>", r#"{"issuer": 5}"#] {
        let server = issuer(OPENID, move |_| ok(text));
        assert_eq!(refusal(&discovered(&server, "")), FetchFailure::Discovery);
    }
}

#[test]
fn a_document_that_is_too_large_is_refused() {
    let server = issuer(OPENID, |_| ok(&" ".repeat(512 * 1024 + 1)));
    assert_eq!(refusal(&discovered(&server, "")), FetchFailure::TooLarge);
}
