//! `[[issuers]]` in the configuration file, and the keys that the program publishes.

use std::fs;

use serde_json::Value;

use super::refusals::refused_file;
use crate::support::{SECRET, listed_user, process::*};

fn issuer(lines: &str) -> String {
    format!("{}\n[[issuers]]\n{lines}\n", listed_user("testuser"))
}

#[test]
fn an_issuer_whose_keys_cannot_be_fetched_gets_503() {
    let server = Server::serve(
        &issuer("issuer = \"http://127.0.0.1:1\"\naudience = [\"us\"]\nallow_loopback_http = true"),
        &[("JWT_SECRET_KEY", SECRET)],
    );
    // {"iss":"http://127.0.0.1:1"}, unsigned.
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwOi8vMTI3LjAuMC4xOjEifQ.AAAA";
    let answer = server.send("/protected", &[("authorization", &format!("Bearer {token}"))], None);
    assert_eq!(answer.status, 503);
    let (access, _) = server.tokens();
    let own = server.send("/protected", &[("authorization", &format!("Bearer {access}"))], None);
    assert_eq!(own.status, 200, "the server's own tokens do not depend on it");
}

#[test]
fn mistakes_in_an_issuer_say_what_to_set() {
    for (lines, expected) in [
        ("issuer = \"https://a.example\"", "missing field `audience`"),
        ("issuer = \"http://a.example\"\naudience = \"us\"", "https"),
        ("issuer = \"https://a.example\"\naudience = \"us\"\nprovider = \"facebook\"", "expected one of"),
        ("issuer = \"https://a.example\"\naudience = []", "has no audience"),
    ] {
        let error = refused_file(issuer(lines), &[("JWT_SECRET_KEY", SECRET)]);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_log_says_why_no_key_is_published() {
    let server = Server::serve(&listed_user("testuser"), &[("JWT_SECRET_KEY", SECRET)]);
    assert_eq!(server.send("/.well-known/jwks.json", &[], None).body, r#"{"keys":[]}"#);
    let metadata = server.send("/.well-known/oauth-authorization-server", &[], None);
    assert_eq!(metadata.status, 404);
    let (_, _, log) = server.end("TERM");
    assert!(log.contains("jwks.json has no keys"), "{log}");
}

#[test]
fn a_key_pair_is_published_under_the_issuers_name() {
    let pem = tempfile::NamedTempFile::new().unwrap();
    let key = jwt_extended_axum::jose::Key::generate(jwt_extended_axum::jose::Algorithm::ES256).unwrap();
    fs::write(pem.path(), key.to_pem().unwrap().as_bytes()).unwrap();
    let variables = [
        ("JWT_ALGORITHM", "ES256"),
        ("JWT_PRIVATE_KEY_FILE", pem.path().to_str().unwrap()),
        ("JWT_ENCODE_ISSUER", "https://login.example"),
    ];
    let server = Server::serve(&listed_user("testuser"), &variables);
    let set: Value = serde_json::from_str(&server.send("/.well-known/jwks.json", &[], None).body).unwrap();
    assert_eq!(set["keys"][0]["kid"], key.kid().unwrap());
    let metadata: Value =
        serde_json::from_str(&server.send("/.well-known/oauth-authorization-server", &[], None).body).unwrap();
    assert_eq!(metadata["jwks_uri"], "https://login.example/.well-known/jwks.json");
}
