//! Any bytes as the header or the claims of a token with a good signature: the engine decides as the model does.

use jwt_extended::jose;

use super::setup::{MANAGERS, RING};
use crate::model::token::{self, KEYS, Verdict};

/// The first byte says which of the two the rest is.
pub(crate) fn payloads(data: &[u8]) {
    match data.split_first() {
        Some((b'h', data)) => header(data),
        Some((_, data)) => claims(data),
        None => {}
    }
}

fn header(data: &[u8]) {
    // The key without `kid` is tried for every header.
    let text = token::sign(KEYS[1].secret, data, b"{}");
    assert_eq!(jose::verify(&RING, &text).is_ok(), token::signed(&text).is_some());
    // The key with one is tried for its own `kid`, and for tokens without.
    let text = token::sign(KEYS[0].secret, data, b"{}");
    assert_eq!(jose::verify(&RING, &text).is_ok(), token::signed(&text).is_some());
}

fn claims(data: &[u8]) {
    let text = token::sign(KEYS[0].secret, br#"{"alg":"HS256","kid":"one","typ":"JWT"}"#, data);
    let decoded = MANAGERS[0].decode_token(&text);
    match (token::judge(&text), decoded) {
        (Verdict::Unsure, _) | (Verdict::Invalid, Err(_)) => {}
        (Verdict::Valid(facts), Ok(token)) => {
            assert_eq!(token.subject(), facts.subject);
            assert_eq!(token.csrf(), facts.csrf.as_deref());
            assert_eq!(token.token_type().name(), if facts.is_refresh { "refresh" } else { "access" });
            assert_eq!(token.claims_json().as_bytes(), data);
            assert_eq!(token.claim::<String>("sub").ok().flatten().as_deref(), Some(&*facts.subject));
        }
        (model, engine) => panic!("the model says {model:?}, and the engine {engine:?}"),
    }
}
