//! Which answers count, and what becomes of the keys in them.

use std::time::Duration;

use jwt_extended::jose::{self, Algorithm, Algorithms, JwsError, Key, KeyError, KeySource};
use jwt_extended_jwks::{FetchFailure, RemoteKeys};

use crate::{
    server::{Server, answer, jwk, keys, ok, set},
    wait::{block_on, kids, refusal, renew},
};

fn ready(server: &Server) -> RemoteKeys {
    let keys = server.keys().build().unwrap();
    keys.ready_blocking().unwrap();
    keys
}

#[test]
fn published_keys_check_tokens() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::Ed25519] {
        let key = Key::generate(algorithm).unwrap().with_kid("a").unwrap();
        let server = Server::answering([ok(&format!(r#"{{"keys": [{}]}}"#, jwk(&key, "a")))]);
        let ring = ready(&server).current().unwrap();
        let token = jose::sign(&key, r#"{"sub":"alice"}"#).unwrap();
        assert_eq!(jose::verify(&ring, &token).unwrap().payload(), r#"{"sub":"alice"}"#);
        let stranger = Key::generate(algorithm).unwrap().with_kid("a").unwrap();
        let forged = jose::sign(&stranger, r#"{"sub":"alice"}"#).unwrap();
        assert_eq!(jose::verify(&ring, &forged).unwrap_err(), JwsError::Signature);
    }
}

#[test]
fn a_key_without_use_is_used() {
    let mut jwk: serde_json::Value =
        serde_json::from_str(&jwk(&Key::generate(Algorithm::ES256).unwrap(), "a")).unwrap();
    jwk.as_object_mut().unwrap().remove("use");
    let server = Server::answering([ok(&serde_json::json!({ "keys": [jwk] }).to_string())]);
    assert_eq!(kids(&ready(&server)).unwrap(), ["a"]);
}

#[test]
fn keys_of_other_algorithms_are_left_out() {
    let server = Server::answering([keys(&["a"])]);
    let keys = server.keys().algorithms([Algorithm::RS256]).build().unwrap();
    keys.ready_blocking().unwrap();
    assert_eq!(kids(&keys).unwrap(), [""; 0]);
    let keys = server.keys().algorithms(Algorithms::ASYMMETRIC).build().unwrap();
    block_on(keys.ready()).unwrap();
    assert_eq!(kids(&keys).unwrap(), ["a"]);
}

#[test]
fn a_request_names_the_path_and_the_crate() {
    let server = Server::answering([keys(&["a"])]);
    let keys = RemoteKeys::jwk_set(server.url("/tenant/jwks?version=2")).allow_loopback_http().build().unwrap();
    keys.ready_blocking().unwrap();
    let request = server.requests().remove(0).to_ascii_lowercase();
    assert!(request.starts_with("get /tenant/jwks?version=2 http/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("host: 127.0.0.1:{}\r\n", server.port)), "{request}");
    assert!(request.contains("user-agent: jwt-extended-jwks/"), "{request}");
    assert!(!request.contains("authorization") && !request.contains("cookie"), "{request}");
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Server::answering([keys(&["a"])]);
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: {}", elsewhere.url("/jwks.json"));
        let server = Server::answering([answer(&format!("{status} Moved"), &location, "")]);
        assert_eq!(refusal(&server.keys().build().unwrap()), FetchFailure::Redirect { status });
        assert_eq!(server.count(), 1);
    }
    assert_eq!(elsewhere.count(), 0);
}

#[test]
fn only_status_200_counts() {
    for status in [201, 203, 204, 206, 304, 400, 401, 404, 500, 503] {
        let server = Server::answering([answer(&format!("{status} Some"), "", "")]);
        assert_eq!(refusal(&server.keys().build().unwrap()), FetchFailure::Status { status });
    }
}

#[test]
fn the_content_type_does_not_matter() {
    for headers in ["", "Content-Type: application/jwk-set+json", "Content-Type: text/html; charset=latin1"] {
        let server = Server::answering([answer("200 OK", headers, &set(&["a"]))]);
        assert_eq!(kids(&ready(&server)).unwrap(), ["a"]);
    }
}

#[test]
fn a_set_that_is_refused_keeps_the_keys() {
    let page = "<html><body>Please wait</body></html>";
    for body in [page, "", "{}"] {
        let server = Server::answering([keys(&["a"]), ok(body)]);
        let (keys, clock) = server.timed();
        renew(&keys);
        clock.advance(Duration::from_secs(30));
        renew(&keys);
        assert_eq!(server.count(), 2);
        assert_eq!(kids(&keys).unwrap(), ["a"]);
        assert!(matches!(keys.last_error().unwrap().why, FetchFailure::Keys(_)), "{body}");
    }
}

/// Who publishes a private key has lost it, and nobody knows which others.
#[test]
fn a_published_private_key_ends_all_keys_at_once() {
    let private = r#"{"keys": [{"kty": "EC", "crv": "P-256", "kid": "b", "d": "AAAA"}]}"#;
    let server = Server::answering([keys(&["a"]), ok(private)]);
    let (keys, clock) = server.timed();
    renew(&keys);
    clock.advance(Duration::from_secs(30));
    renew(&keys);
    assert_eq!((server.count(), kids(&keys)), (2, None));
    assert_eq!(keys.last_error().unwrap().why, FetchFailure::Keys(KeyError::PrivateKeyPublished));
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    let server = Server::scripted(|_, _, mut stream| {
        use std::io::Write as _;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\xfe").unwrap();
    });
    assert_eq!(refusal(&server.keys().build().unwrap()), FetchFailure::NotText);
}

#[test]
fn a_set_without_usable_keys_removes_all_keys() {
    let encryption = r#"{"keys": [{"kty": "EC", "crv": "P-256", "use": "enc", "kid": "e", "x": "AA", "y": "AA"}]}"#;
    for body in [r#"{"keys": []}"#, encryption] {
        let server = Server::answering([keys(&["a"]), ok(body)]);
        let (keys, clock) = server.timed();
        renew(&keys);
        clock.advance(Duration::from_secs(30));
        renew(&keys);
        assert_eq!(kids(&keys).unwrap(), [""; 0]);
        assert_eq!(keys.last_error(), None);
    }
}

#[test]
fn without_keys_there_is_no_ring() {
    let server = Server::answering([answer("500 Broken", "", "")]);
    let keys = server.keys().build().unwrap();
    assert!(keys.current().is_none());
    assert_eq!(keys.last_error(), None);
    let error = block_on(keys.ready()).unwrap_err();
    assert!(keys.current().is_none());
    assert_eq!(keys.last_error(), Some(error));
}

#[test]
fn an_error_says_where_and_why() {
    let server = Server::answering([answer("500 Broken", "", "")]);
    let keys = RemoteKeys::jwk_set(server.url("/jwks?key=secret")).allow_loopback_http().build().unwrap();
    let error = keys.ready_blocking().unwrap_err().to_string();
    let address = server.url("/jwks");
    assert_eq!(error, format!("cannot get keys from {address}: it answers with status 500 instead of 200"));
}
