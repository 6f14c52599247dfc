//! What a guard adds to a request, in-process: the same route with and without it, through the whole router.
//!
//! Run with `cargo bench -p jwt-extended-axum`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a program for developers")]

use std::{
    future::Future,
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
};

use axum::{Router, body::Body, routing::get};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use http::Request;
use jwt_extended_axum::{Access, GuardLayer, JwtManager, Requirement, jose::Key, session::MemoryStore};
use tower::Service;

/// The outcome of a future that does not wait.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

fn guard(criterion: &mut Criterion) {
    let jwt = JwtManager::builder()
        .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place").unwrap())
        .session_store(MemoryStore::new())
        .build()
        .unwrap();
    let token = jwt.create_access_token("alice@example.com").unwrap();
    let layered = Router::new()
        .route("/layer", get(async || "hello"))
        .route_layer(GuardLayer::new(jwt.clone(), Requirement::access()));
    let mut app: Router = Router::new()
        .route("/open", get(async || "hello"))
        .route("/extractor", get(async |_: Access| "hello"))
        .merge(layered)
        .with_state(jwt);

    let mut group = criterion.benchmark_group("route");
    for path in ["/open", "/extractor", "/layer"] {
        group.bench_function(path, |bencher| {
            bencher.iter_batched(
                || Request::get(path).header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap(),
                |request| now(app.call(black_box(request))).unwrap(),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, guard);
criterion_main!(benches);
