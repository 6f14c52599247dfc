//! Compares checking asymmetric tokens through the engine with the bare primitive. The engine may add at most 5 %.
//!
//! - `…/bare`: checks the signature over the same bytes with a parsed key of aws-lc-rs.
//! - `…/jose::verify`: splits and decodes the token, finds the key and checks the signature.
//! - `…/authenticate`: checks a whole guarded request.
//! - `…/authenticate, cached`: the same token again, with `verification_cache` and a memory store.
//!
//! Run with `cargo bench -p jwt-extended --features asymmetric --bench asymmetric`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench documents nothing and may panic")]

use std::{
    future::Future,
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
};

use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use criterion::{Criterion, criterion_group, criterion_main};
use jwt_extended::{
    JwtManager, Requirement,
    jose::{self, Algorithm, Key},
    session::MemoryStore,
};
use serde_json::Value;

/// Returns the public key in the form that aws-lc-rs expects: a curve point, a raw Ed25519 key, or PKCS#1 for RSA.
fn public_bytes(jwk: &Value) -> Vec<u8> {
    let member = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    match jwk["kty"].as_str().unwrap() {
        "EC" => [&[4][..], &member("x"), &member("y")].concat(),
        "OKP" => member("x"),
        _ => {
            // SEQUENCE { INTEGER n, INTEGER e } of a 2048-bit key: only the exponent's length fits in one byte.
            let (n, e) = (member("n"), member("e"));
            let integer_n = [&[0x02, 0x82, 0x01, 0x01, 0x00][..], &n].concat();
            let integer_e = [&[0x02, u8::try_from(e.len()).unwrap()][..], &e].concat();
            let length = u16::try_from(integer_n.len() + integer_e.len()).unwrap().to_be_bytes();
            [&[0x30, 0x82][..], &length, &integer_n, &integer_e].concat()
        }
    }
}

/// Polls a future that is ready at once.
fn now<T>(future: impl IntoFuture<Output = T>) -> T {
    match pin!(future.into_future()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("there is no store to wait for"),
    }
}

fn verify(criterion: &mut Criterion) {
    let schemes: [(Algorithm, &'static dyn VerificationAlgorithm); 3] = [
        (Algorithm::RS256, &signature::RSA_PKCS1_2048_8192_SHA256),
        (Algorithm::ES256, &signature::ECDSA_P256_SHA256_FIXED),
        (Algorithm::Ed25519, &signature::ED25519),
    ];
    for (algorithm, primitive) in schemes {
        let jwt = JwtManager::builder().key(Key::generate(algorithm).unwrap()).build().unwrap();
        let token = jwt.create_access_token("alice@example.com").unwrap();
        let (signed, encoded) = token.rsplit_once('.').unwrap();
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(encoded).unwrap();
        let jwk = serde_json::to_value(jwt.key_ring().verifying_keys()[0].to_jwk().unwrap()).unwrap();
        let key = ParsedPublicKey::new(primitive, public_bytes(&jwk)).unwrap();
        let (request, ()) =
            http::Request::builder().header("Authorization", format!("Bearer {token}")).body(()).unwrap().into_parts();

        let mut group = criterion.benchmark_group(algorithm.name());
        group.bench_function("bare", |bencher| {
            bencher.iter(|| key.verify_sig(black_box(signed.as_bytes()), black_box(&bytes)).unwrap());
        });
        group.bench_function("jose::verify", |bencher| {
            bencher.iter(|| jose::verify(&jwt.key_ring(), black_box(&token)).unwrap());
        });
        group.bench_function("authenticate", |bencher| {
            bencher.iter(|| now(jwt.authenticate(black_box(&request), &Requirement::access())).unwrap());
        });
        let jwt = JwtManager::builder()
            .key(Key::generate(algorithm).unwrap())
            .session_store(MemoryStore::new())
            .verification_cache(1000_usize)
            .build()
            .unwrap();
        let token = jwt.create_access_token("alice@example.com").unwrap();
        let (request, ()) =
            http::Request::builder().header("Authorization", format!("Bearer {token}")).body(()).unwrap().into_parts();
        group.bench_function("authenticate, cached", |bencher| {
            bencher.iter(|| now(jwt.authenticate(black_box(&request), &Requirement::access())).unwrap());
        });
        group.finish();
    }
}

criterion_group!(benches, verify);
criterion_main!(benches);
