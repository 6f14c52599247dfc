//! What a guard adds to a request, in-process: the same route with and without it, through the whole app.
//!
//! Run with `cargo bench -p jwt-extended-actix`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a program for developers")]

use std::{
    future::Future,
    hint::black_box,
    pin::pin,
    task::{Context, Poll, Waker},
};

use actix_web::{
    App,
    dev::Service,
    rt,
    test::{TestRequest, init_service},
    web,
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use jwt_extended_actix::{
    Access, BodyLayer, GuardLayer, JwtManager, Location, Optional, RefreshLayer, Requirement, jose::Key,
    session::MemoryStore,
};

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
        .token_location([Location::Header])
        .session_store(MemoryStore::new())
        .build()
        .unwrap();
    let token = jwt.create_access_token("alice@example.com").unwrap();
    let hello = async || "hello";
    let app = App::new()
        .app_data(web::Data::new(jwt.clone()))
        .route("/open", web::get().to(hello))
        .route("/extractor", web::get().to(async |_: Access| "hello"))
        .route("/optional", web::get().to(async |_: Optional<Access>| "hello"))
        .service(
            web::resource("/layer")
                .route(web::get().to(hello))
                .wrap(GuardLayer::new(jwt.clone(), Requirement::access())),
        )
        .service(web::resource("/body").route(web::get().to(hello)).wrap(BodyLayer::new()))
        .service(
            web::resource("/refresh")
                .route(web::get().to(hello))
                .wrap(RefreshLayer::new(jwt, std::time::Duration::from_secs(60))),
        );
    let app = rt::System::new().block_on(init_service(app));

    let mut group = criterion.benchmark_group("route");
    for path in ["/open", "/extractor", "/layer", "/optional", "/body", "/refresh"] {
        group.bench_function(path, |bencher| {
            bencher.iter_batched(
                || {
                    let request = TestRequest::with_uri(path);
                    request.insert_header(("authorization", format!("Bearer {token}"))).to_request()
                },
                |request| now(app.call(black_box(request))).unwrap(),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, guard);
criterion_main!(benches);
