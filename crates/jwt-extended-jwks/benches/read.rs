//! Compares reading loaded keys with cloning an `Arc<KeyRing>`, the source that never changes, and with the system's
//! clock, which every read looks at.
//!
//! Run with `cargo bench -p jwt-extended-jwks`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench documents nothing and may panic")]

use std::{
    hint::black_box,
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::Arc,
    thread,
};

use criterion::{Criterion, criterion_group, criterion_main};
use jwt_extended::{
    Clock as _, SystemClock, Timestamp,
    jose::{Algorithm, Key, KeyRing, KeySource},
};
use jwt_extended_jwks::{RemoteKeys, RemoteKeysBuilder};

/// Starts a server that publishes this key, and returns a builder for its keys.
fn published(key: &Key) -> RemoteKeysBuilder {
    let set = serde_json::to_string(&KeyRing::new(key.clone()).to_jwk_set()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            let head = format!("HTTP/1.1 200 OK\r\nCache-Control: max-age=86400\r\nContent-Length: {}", set.len());
            stream.write_all(format!("{head}\r\n\r\n{set}").as_bytes()).unwrap();
        }
    });
    RemoteKeys::jwk_set(url).allow_loopback_http()
}

fn read(criterion: &mut Criterion) {
    let key = Key::generate(Algorithm::ES256).unwrap();
    let fixed = Arc::new(KeyRing::new(key.clone()));
    let remote = published(&key).build().unwrap();
    let timeless = published(&key).clock(|| Timestamp::from_secs(1_800_000_000)).build().unwrap();
    remote.ready_blocking().unwrap();
    timeless.ready_blocking().unwrap();
    let mut group = criterion.benchmark_group("current");
    group.bench_function("Arc<KeyRing>", |bencher| bencher.iter(|| black_box(&fixed).current()));
    group.bench_function("RemoteKeys without a clock", |bencher| bencher.iter(|| black_box(&timeless).current()));
    group.bench_function("RemoteKeys", |bencher| bencher.iter(|| black_box(&remote).current()));
    group.bench_function("SystemClock", |bencher| bencher.iter(|| black_box(&SystemClock).now()));
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
