//! Compares the engine with jsonwebtoken 11, in one run, on the 333-byte HS256 token of DESIGN.md.
//!
//! - `verify/jsonwebtoken`: checks signature, `exp` and `nbf`, and decodes the claims into a struct.
//! - `verify/jwt-extended`: locates the token in a request and checks the signature, all claims, type, freshness and
//!   the memory store, which holds a thousand revocations.
//! - `verify/jwt-extended, replaceable keys`: the same with a schedule that `replace_key_schedule` can replace.
//! - `sign/…`: both sign the same claims. `sign/create_access_token` also makes the claims, with two random UUIDs.
//! - `floor/…`: the lower bound for any library: one HMAC, the randomness for two UUIDs, and the clock.
//!
//! Run with `cargo bench -p jwt-extended --bench engine`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench documents nothing and may panic")]

use std::{
    future::Future,
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
};

use criterion::{Criterion, criterion_group, criterion_main};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use jwt_extended::{
    JwtManager, JwtManagerBuilder, Requirement,
    config::{KeySchedule, ScheduledKey},
    jose::{self, Key, KeyRing},
    session::MemoryStore,
};
use serde::{Deserialize, Serialize};

const SECRET: &str = "a secret of at least thirty-two bytes, from a safe place";

#[derive(Serialize, Deserialize)]
struct Claims {
    fresh: bool,
    iat: u64,
    jti: String,
    #[serde(rename = "type")]
    kind: String,
    sub: String,
    nbf: u64,
    csrf: String,
    exp: u64,
}

fn manager() -> JwtManager {
    manager_of(JwtManager::builder().key(Key::hs256(SECRET).unwrap()))
}

fn manager_of(builder: JwtManagerBuilder) -> JwtManager {
    let jwt = builder.session_store(MemoryStore::new()).build().unwrap();
    for _ in 0..1000 {
        let token = jwt.decode_token(&jwt.create_access_token("alice").unwrap()).unwrap();
        now(jwt.revoke_token(&token)).unwrap();
    }
    jwt
}

/// Polls a future that is ready at once.
fn now<T>(future: impl IntoFuture<Output = T>) -> T {
    match pin!(future.into_future()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("the memory store never waits"),
    }
}

fn verify(criterion: &mut Criterion) {
    let jwt = manager();
    let token = jwt.access_token("alice@example.com").fresh(jwt_extended::token::Fresh::Always).create().unwrap();
    let (request, ()) =
        http::Request::builder().header("Authorization", format!("Bearer {token}")).body(()).unwrap().into_parts();
    let (cookie, ()) = http::Request::builder()
        .header("Cookie", format!("theme=dark; access_token_cookie={token}"))
        .body(())
        .unwrap()
        .into_parts();

    let mut group = criterion.benchmark_group("verify");
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    let mut validation = Validation::new(jsonwebtoken::Algorithm::HS256);
    validation.validate_nbf = true;
    group.bench_function("jsonwebtoken", |bencher| {
        bencher.iter(|| jsonwebtoken::decode::<Claims>(black_box(token.as_str()), &key, &validation).unwrap());
    });
    let requirement = Requirement::fresh();
    group.bench_function("jwt-extended", |bencher| {
        bencher.iter(|| now(jwt.authenticate(black_box(&request), &requirement)).unwrap());
    });
    let cookies = Requirement::fresh().locations([jwt_extended::http::Location::Cookie]);
    group.bench_function("jwt-extended from a cookie", |bencher| {
        bencher.iter(|| now(jwt.authenticate(black_box(&cookie), &cookies)).unwrap());
    });
    let schedule = KeySchedule::new().key(ScheduledKey::new(Key::hs256(SECRET).unwrap()));
    let replaceable = manager_of(JwtManager::builder().key_schedule(schedule));
    group.bench_function("jwt-extended, replaceable keys", |bencher| {
        bencher.iter(|| now(replaceable.authenticate(black_box(&request), &requirement)).unwrap());
    });
    let ring = jwt.key_ring();
    group.bench_function("jwt-extended, signature only", |bencher| {
        bencher.iter(|| jose::verify(&ring, black_box(&token)).unwrap());
    });
    group.finish();
}

fn sign(criterion: &mut Criterion) {
    let jwt = manager();
    let token = jwt.create_access_token("alice@example.com").unwrap();
    let claims: Claims = jwt.decode_token(&token).unwrap().claims().unwrap();

    let mut group = criterion.benchmark_group("sign");
    let (header, encoding) = (Header::default(), EncodingKey::from_secret(SECRET.as_bytes()));
    group.bench_function("jsonwebtoken", |bencher| {
        bencher.iter(|| jsonwebtoken::encode(&header, black_box(&claims), &encoding).unwrap());
    });
    let ring = KeyRing::new(Key::hs256(SECRET).unwrap());
    group.bench_function("jwt-extended", |bencher| {
        let key = ring.signing_key().unwrap();
        bencher.iter(|| jose::sign(key, &serde_json::to_string(black_box(&claims)).unwrap()).unwrap());
    });
    group.bench_function("jwt-extended, create_access_token", |bencher| {
        bencher.iter(|| jwt.create_access_token(black_box("alice@example.com")).unwrap());
    });
    group.finish();
}

fn floor(criterion: &mut Criterion) {
    use hmac::{KeyInit, Mac};
    let mut group = criterion.benchmark_group("floor");
    let keyed = hmac::Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    let message = vec![b'x'; 289];
    group.bench_function("one HMAC-SHA256 of 289 bytes", |bencher| {
        bencher.iter(|| keyed.clone().chain_update(black_box(&message)).finalize());
    });
    group.bench_function("32 random bytes", |bencher| {
        bencher.iter(|| {
            let mut bytes = [0; 32];
            getrandom::fill(black_box(&mut bytes)).unwrap();
            bytes
        });
    });
    group.bench_function("the system's clock", |bencher| bencher.iter(std::time::SystemTime::now));
    group.finish();
}

criterion_group!(benches, verify, sign, floor);
criterion_main!(benches);
