//! The engine: the whole guard of a request, and signing.

use std::hint::black_box;

use jwt_extended::{
    JwtManager, JwtManagerBuilder, Requirement,
    jose::{self},
    session::MemoryStore,
};
use jwt_extended_benches::now;

use crate::{program, rounds::Program, token::Sample};

/// Finds the token in a request, verifies it, and asks a memory store with a thousand revocations.
pub(crate) fn guard(sample: &Sample) -> Program {
    guard_of(JwtManager::builder(), sample)
}

/// The same with a cache of verified tokens.
pub(crate) fn cached_guard(sample: &Sample) -> Program {
    guard_of(JwtManager::builder().verification_cache(1000_usize), sample)
}

fn guard_of(builder: JwtManagerBuilder, sample: &Sample) -> Program {
    let jwt = builder.key(sample.key.clone()).session_store(MemoryStore::new()).build().unwrap();
    for _ in 0..1000 {
        let other = JwtManager::builder().key(jose::Key::hs256(crate::token::SECRET).unwrap()).build().unwrap();
        let token = other.decode_token(&other.create_access_token("bob").unwrap()).unwrap();
        now(jwt.revoke_token(&token)).unwrap();
    }
    let request =
        http::Request::builder().header("Authorization", format!("Bearer {}", sample.token)).body(()).unwrap();
    let (request, ()) = request.into_parts();
    let requirement = Requirement::access();
    program(move || {
        black_box(now(jwt.authenticate(black_box(&request), &requirement)).unwrap());
    })
}

/// Serializes the claims, into a buffer that is large enough as in the engine itself, and signs them.
pub(crate) fn sign(sample: &Sample) -> Program {
    let (key, claims) = (sample.key.clone(), sample.claims.clone());
    program(move || {
        let mut json = Vec::with_capacity(256);
        serde_json::to_writer(&mut json, black_box(&claims)).unwrap();
        black_box(jose::sign(&key, str::from_utf8(&json).unwrap()).unwrap());
    })
}
