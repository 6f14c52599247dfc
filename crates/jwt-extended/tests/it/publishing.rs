//! The responses that the engine makes itself: the published keys, and a pair of tokens.

use jwt_extended::session::MemoryStore;

use crate::common::*;

#[test]
fn the_key_set_may_be_kept_for_a_while() {
    let jwt = builder().jwks_max_age(std::time::Duration::from_secs(60)).build().unwrap();
    let response = jwt.jwk_set_response(&get(&[]));
    assert_eq!((response.status().as_u16(), response.body().as_slice()), (200, b"{\"keys\":[]}".as_slice()));
    assert_eq!(response.headers()["cache-control"], "public, max-age=60");
    assert_eq!(response.headers()["content-type"], "application/jwk-set+json");
}

#[test]
fn a_client_that_knows_the_key_set_gets_no_body() {
    let jwt = manager();
    let etag = jwt.jwk_set_response(&get(&[])).headers()["etag"].to_str().unwrap().to_owned();
    let status = |known: &str| {
        let response = jwt.jwk_set_response(&get(&[("If-None-Match", known)]));
        (response.status().as_u16(), response.body().is_empty())
    };
    for known in [etag.clone(), format!("\"other\", W/{etag}"), "*".to_owned()] {
        assert_eq!(status(&known), (304, true), "{known}");
    }
    assert_eq!(status("\"other\""), (200, false));
}

#[cfg(feature = "asymmetric")]
#[test]
fn other_keys_have_another_tag() {
    use jwt_extended::jose::{Algorithm, Key, KeyRing};

    let jwt = manager();
    let tag = |ring: &KeyRing| jwt.steps().jwk_set_response_of(ring, &get(&[])).headers()["etag"].clone();
    let [one, two] = [(); 2].map(|()| KeyRing::new(Key::generate(Algorithm::ES256).unwrap()));
    assert_eq!(tag(&one), tag(&one));
    assert_ne!(tag(&one), tag(&two));
    let named = Key::generate(Algorithm::ES256).unwrap().with_kid("k1").unwrap();
    assert_eq!(named.verifying_key().to_jwk().unwrap().kid(), Some("k1"));
}

#[test]
fn no_cache_may_keep_a_pair() {
    let jwt = builder().session_store(MemoryStore::new()).build().unwrap();
    let pair = wait(jwt.login("alice")).unwrap();
    let response = pair.to_response();
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(serde_json::from_slice::<serde_json::Value>(response.body()).unwrap(), pair.to_json());
}
