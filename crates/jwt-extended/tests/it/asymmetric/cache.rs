//! The option `verification_cache`: a token that comes again is refused whenever a new one would be.
//!
//! Line 29 of SECURITY.md.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use jwt_extended::{
    JwtManager, JwtManagerBuilder, ManualClock, Requirement,
    config::{KeySchedule, ScheduledKey},
    http::Reason,
    jose::{Algorithm, JwsError, Key, KeyRing, KeySource},
    session::MemoryStore,
    token::{Issuer, TokenError},
};

use crate::common::*;

fn es256(kid: &str) -> Key {
    Key::generate(Algorithm::ES256).unwrap().with_kid(kid).unwrap()
}

fn cached() -> JwtManagerBuilder {
    keyless().verification_cache(64_usize)
}

fn good(jwt: &JwtManager, text: &str) {
    for _ in 0..3 {
        assert_eq!(jwt.decode_token(text).unwrap().subject(), "alice");
        check(jwt, &bearer(text), &Requirement::access()).unwrap();
    }
}

#[test]
fn a_cached_token_expires() {
    let clock = clock();
    let jwt = cached().clock(Arc::clone(&clock)).key(es256("a")).build().unwrap();
    let text = jwt.create_access_token("alice").unwrap();
    good(&jwt, &text);
    clock.advance(Duration::from_secs(15 * 60 - 1));
    good(&jwt, &text);
    clock.advance(Duration::from_secs(1));
    assert!(matches!(jwt.decode_token(&text), Err(TokenError::Expired(_))));
    assert_eq!(check(&jwt, &bearer(&text), &Requirement::access()).unwrap_err().code(), "token_expired");
}

#[test]
fn a_cached_token_is_not_valid_before_its_time() {
    let clock = clock();
    let jwt = cached().clock(Arc::clone(&clock)).key(es256("a")).build().unwrap();
    let text = jwt.create_access_token("alice").unwrap();
    good(&jwt, &text);
    // The clock is set back.
    clock.set(jwt_extended::Timestamp::from_secs(NOW - 6));
    assert_eq!(jwt.decode_token(&text), Err(TokenError::NotYetValid("iat")));
}

#[test]
fn a_cached_token_ends_with_its_key() {
    let schedule = |key: &Key| KeySchedule::new().key(ScheduledKey::new(key.clone()));
    let (old, new) = (es256("old"), es256("new"));
    let jwt = cached().key_schedule(schedule(&old)).build().unwrap();
    let text = jwt.create_access_token("alice").unwrap();
    good(&jwt, &text);
    jwt.replace_key_schedule(&schedule(&new)).unwrap();
    assert!(matches!(jwt.decode_token(&text), Err(TokenError::Jws(_))));
    jwt.replace_key_schedule(&schedule(&old)).unwrap();
    good(&jwt, &text);
}

#[test]
fn another_key_with_the_same_kid_verifies_nothing_cached() {
    let schedule = |key: Key| KeySchedule::new().key(ScheduledKey::new(key));
    let jwt = cached().key_schedule(schedule(es256("a"))).build().unwrap();
    let text = jwt.create_access_token("alice").unwrap();
    good(&jwt, &text);
    jwt.replace_key_schedule(&schedule(es256("a"))).unwrap();
    assert_eq!(jwt.decode_token(&text).unwrap_err().to_string(), "Signature verification failed");
}

#[test]
fn a_cached_token_ends_with_the_name_of_its_key() {
    let schedule = |key: &Key| KeySchedule::new().key(ScheduledKey::new(key.clone()));
    let key = es256("a");
    let jwt = cached().key_schedule(schedule(&key)).build().unwrap();
    let text = jwt.create_access_token("alice").unwrap();
    good(&jwt, &text);
    jwt.replace_key_schedule(&schedule(&key.with_kid("b").unwrap())).unwrap();
    assert_eq!(jwt.decode_token(&text), Err(TokenError::Jws(JwsError::UnknownKey)));
}

#[test]
fn a_cached_token_can_be_revoked() {
    let jwt = cached().key(es256("a")).session_store(MemoryStore::new()).build().unwrap();
    let text = jwt.create_access_token("alice").unwrap();
    good(&jwt, &text);
    wait(jwt.revoke_token(&jwt.decode_token(&text).unwrap())).unwrap();
    let refused = check(&jwt, &bearer(&text), &Requirement::access()).unwrap_err();
    assert!(matches!(refused.reason(), Reason::Revoked));
}

#[test]
fn a_cached_token_is_compared_whole() {
    let jwt = cached().key(es256("a")).build().unwrap();
    let text = jwt.create_access_token("alice").unwrap().into_string();
    good(&jwt, &text);
    for at in (0..text.len()).filter(|at| text.as_bytes()[*at] != b'.') {
        let mut other = text.clone().into_bytes();
        other[at] = if other[at] == b'A' { b'B' } else { b'A' };
        let other = String::from_utf8(other).unwrap();
        assert!(jwt.decode_token(&other).is_err(), "{at}");
    }
}

#[test]
fn a_cached_token_meets_each_requirement_anew() {
    let jwt = cached().key(es256("a")).build().unwrap();
    let text = jwt.create_access_token("alice").unwrap();
    good(&jwt, &text);
    assert!(check(&jwt, &bearer(&text), &Requirement::fresh()).is_err());
    assert!(check(&jwt, &bearer(&text), &Requirement::refresh()).is_err());
    assert!(check(&jwt, &bearer(&text), &Requirement::access().scopes(["admin"])).is_err());
}

/// The keys of another issuer, which can be replaced.
#[derive(Clone, Debug)]
struct Keys(Arc<Mutex<Option<Arc<KeyRing>>>>);

impl KeySource for Keys {
    fn current(&self) -> Option<Arc<KeyRing>> {
        self.0.lock().unwrap().clone()
    }

    fn renew(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

#[test]
fn a_cached_token_of_another_issuer_ends_with_its_key() {
    let key = es256("idp");
    let ring = || Some(Arc::new(KeyRing::verify_only(key.verifying_key().clone())));
    let keys = Keys(Arc::new(Mutex::new(ring())));
    let issuer = Issuer::new("https://idp.example", keys.clone()).algorithms([Algorithm::ES256]).audience("us");
    let jwt = cached().key(es256("own")).issuer(issuer).build().unwrap();
    let claims = payload(&[("type", ""), ("iss", "\"https://idp.example\""), ("aud", "\"us\"")]);
    let text = jwt_extended::jose::sign_with_header(&key, r#"{"alg":"ES256","kid":"idp","typ":"at+jwt"}"#, &claims);
    let text = text.unwrap();
    for _ in 0..3 {
        assert_eq!(jwt.decode_token(&text).unwrap().issuer(), Some("https://idp.example"));
    }
    *keys.0.lock().unwrap() = None;
    assert!(matches!(jwt.decode_token(&text), Err(TokenError::NoKeys(_))));
    *keys.0.lock().unwrap() = Some(Arc::new(KeyRing::verify_only(es256("idp").verifying_key().clone())));
    assert!(jwt.decode_token(&text).is_err());
    *keys.0.lock().unwrap() = ring();
    assert!(jwt.decode_token(&text).is_ok());
}

#[test]
fn a_small_cache_serves_many_tokens_on_many_threads() {
    let jwt = JwtManager::builder().verification_cache(8_usize).key(es256("a")).build().unwrap();
    let tokens: Vec<_> = (0..40)
        .map(|number| (format!("user {number}"), jwt.create_access_token(&format!("user {number}")).unwrap()))
        .collect();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (jwt, tokens) = (&jwt, &tokens);
            scope.spawn(move || {
                for round in 0..200 {
                    let (name, text) = &tokens[(round * 7 + thread * 3) % tokens.len()];
                    assert_eq!(jwt.decode_token(text).unwrap().subject(), name);
                }
            });
        }
    });
}

#[test]
fn expired_tokens_make_room() {
    let clock: Arc<ManualClock> = clock();
    let jwt = keyless().verification_cache(1_usize).clock(Arc::clone(&clock)).key(es256("a")).build().unwrap();
    for _ in 0..20 {
        let text = jwt.create_access_token("alice").unwrap();
        good(&jwt, &text);
        clock.advance(Duration::from_secs(15 * 60));
        assert!(matches!(jwt.decode_token(&text), Err(TokenError::Expired(_))));
    }
}

#[test]
fn only_signatures_of_key_pairs_are_kept() {
    let pair = es256("a");
    let jwt = cached().key(key()).verifying_key(pair.clone()).build().unwrap();
    good(&jwt, &jwt.create_access_token("alice").unwrap());
    good(&jwt, &jwt.access_token("alice").signed_by(&pair).create().unwrap());
}
