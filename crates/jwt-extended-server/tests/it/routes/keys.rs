//! What others need to verify the server's tokens: its keys, and its metadata.

use jwt_extended_axum::{
    JwtManager,
    config::{KeySchedule, ScheduledKey},
    jose::{Algorithm, Key},
    jwt_extended::{ManualClock, Timestamp},
    session::MemoryStore,
};
use serde_json::{Value, json};

use crate::support::app::*;

const KEYS: &str = "/.well-known/jwks.json";
const METADATA: &str = "/.well-known/oauth-authorization-server";

fn key(kid: &str) -> Key {
    Key::generate(Algorithm::ES256).unwrap().with_kid(kid).unwrap()
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

#[tokio::test]
async fn the_public_keys_are_published_and_nothing_else() {
    let app = app_with(JwtManager::builder().key(key("a")).session_store(MemoryStore::new()));
    let answer = app.get(KEYS, &[]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/jwk-set+json"));
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    let set: Value = serde_json::from_str(&answer.body).unwrap();
    let members: Vec<_> = set["keys"][0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
}

#[tokio::test]
async fn a_shared_secret_is_never_published() {
    assert_eq!(app().get(KEYS, &[]).await.body, r#"{"keys":[]}"#);
}

#[tokio::test]
async fn a_client_that_knows_the_keys_gets_304() {
    let app = app_with(JwtManager::builder().key(key("a")).session_store(MemoryStore::new()));
    let etag = app.get(KEYS, &[]).await.header("etag").to_owned();
    for known in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
        let answer = app.get(KEYS, &[("if-none-match", &known)]).await;
        assert_eq!((answer.status, answer.body.as_str(), answer.header("etag")), (304, "", &*etag), "{known}");
    }
    assert_eq!(app.get(KEYS, &[("if-none-match", "\"x\"")]).await.status, 200);
}

#[tokio::test]
async fn a_key_is_published_before_and_after_it_signs() {
    let clock = std::sync::Arc::new(ManualClock::new(at(1_800_000_000)));
    let keys = KeySchedule::new()
        .key(ScheduledKey::new(key("old")).retire_at(at(1_800_000_100)))
        .key(ScheduledKey::new(key("new")).not_before(at(1_800_000_100)));
    let builder = JwtManager::builder().key_schedule(keys).clock(clock.clone()).session_store(MemoryStore::new());
    let app = app_with(builder);
    let kids = async || {
        let set: Value = serde_json::from_str(&app.get(KEYS, &[]).await.body).unwrap();
        set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kids().await, ["old", "new"]);
    let early = app.jwt.create_access_token("testuser").unwrap();
    clock.advance(std::time::Duration::from_secs(100));
    assert_eq!(kids().await, ["new", "old"]);
    assert!(app.jwt.decode_token(&early).is_ok(), "the old key still verifies");
    clock.advance(std::time::Duration::from_hours(720));
    assert_eq!(kids().await, ["new"]);
}

#[tokio::test]
async fn the_metadata_names_the_issuer_and_its_keys() {
    let answer = app().get(METADATA, &[]).await;
    assert_eq!(answer.header("content-type"), "application/json");
    let expected = json!({
        "issuer": ISSUER, "jwks_uri": format!("{ISSUER}{KEYS}"), "response_types_supported": [],
        "grant_types_supported": [], "service_documentation": format!("{ISSUER}/openapi.json"),
    });
    let mut document: Value = serde_json::from_str(&answer.body).unwrap();
    // Another test looks at the endpoints for clients.
    document.as_object_mut().unwrap().retain(|name, _| !name.contains("introspection") && !name.contains("revocation"));
    assert_eq!(document, expected);
}
