//! The server among strangers: npm `jose` verifies its tokens, and it accepts those of npm `oidc-provider`.
//!
//! Needs Node.js and npm.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;

use jwt_extended_axum::jose::{Algorithm, Key};
use serde_json::{Value, json};
use test_services::{Node, Program};

#[path = "../support/mod.rs"]
mod support;

use support::{SECRET, listed_user, member, process::*};

const ISSUER: &str = "https://login.example";

/// A server that signs with a key pair.
fn serve_with(algorithm: Algorithm) -> Server {
    let pem = tempfile::NamedTempFile::new().unwrap();
    fs::write(pem.path(), Key::generate(algorithm).unwrap().to_pem().unwrap().as_bytes()).unwrap();
    let variables = [
        ("JWT_ALGORITHM", algorithm.name()),
        ("JWT_PRIVATE_KEY_FILE", pem.path().to_str().unwrap()),
        ("JWT_ENCODE_ISSUER", ISSUER),
        ("JWT_ENCODE_AUDIENCE", "orders"),
    ];
    Server::serve(&listed_user("testuser"), &variables)
}

#[test]
fn npm_jose_verifies_our_tokens_by_the_published_keys() {
    let mut jose = Node::start(Program::Verifier);
    for algorithm in [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA] {
        let server = serve_with(algorithm);
        let (access, _) = server.tokens();
        let jwks = format!("http://{}/.well-known/jwks.json", server.address);
        let mut verify = |audience: &str| {
            let options = json!({ "issuer": ISSUER, "audience": audience });
            let asked = json!({ "jwks": jwks, "token": access, "options": options }).to_string();
            serde_json::from_str::<Value>(&jose.ask(&asked)).unwrap()
        };
        let verified = verify("orders");
        assert_eq!(verified["claims"]["sub"], "testuser", "{algorithm}: {verified}");
        assert_eq!(verified["header"]["alg"], algorithm.name());
        assert_eq!(verify("others")["error"], "ERR_JWT_CLAIM_VALIDATION_FAILED", "{algorithm}");
    }
}

#[test]
fn a_token_of_an_openid_provider_opens_our_routes() {
    let provider = Node::start(Program::OidcProvider);
    let issuer = member(provider.greeting(), "issuer");
    let config = format!(
        "{}\n[[issuers]]\nissuer = \"{issuer}\"\naudience = [\"https://orders.example\"]\nallow_loopback_http = true\n",
        listed_user("testuser")
    );
    let server = Server::serve(&config, &[("JWT_SECRET_KEY", SECRET)]);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "shop"),
        ("client_secret", "a secret of the tests alone"),
        ("resource", "https://orders.example"),
        ("scope", "read:orders"),
    ];
    let answer = ureq::post(format!("{issuer}/token")).send_form(form).unwrap().into_body().read_to_string().unwrap();
    let bearer = format!("Bearer {}", member(&answer, "access_token"));
    let send = |path: &str, body: Option<&str>| server.send(path, &[("authorization", &bearer)], body);
    assert_eq!(send("/protected", None).body, format!(r#"{{"issuer":"{issuer}","logged_in_as":"shop"}}"#));
    assert_eq!(send("/transfer", Some("")).status, 401, "it is not fresh");
    assert_eq!(send("/refresh", Some("")).status, 401, "it cannot be refreshed");
    assert_eq!(send("/logout", Some("")).status, 200);
    assert_eq!(send("/protected", None).body, r#"{"msg":"Token has been revoked"}"#);
}
