//! Compares reading loaded keys with cloning an `Arc<KeyRing>`, the source that never changes, and with the system's
//! clock, which every read looks at. Then compares whole guards: with a key in the app's own ring, with an issuer whose
//! key is fixed, and with one whose key is remote. Their ratios are the medians of interleaved rounds.
//!
//! Run with `cargo bench -p jwt-extended-jwks`.

#![allow(
    missing_docs,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a bench documents nothing, prints and may panic"
)]

use std::{
    hint::black_box,
    io::{Read as _, Write as _},
    net::TcpListener,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    thread,
    time::Instant,
};

use criterion::{Criterion, criterion_group, criterion_main};
use http::request::Parts;
use jwt_extended::{
    Clock as _, JwtManager, JwtManagerBuilder, Requirement, SystemClock, Timestamp,
    jose::{Algorithm, Key, KeyRing, KeySource},
    token::Issuer,
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

/// A guard for tokens with this `iss`.
struct Guarded {
    jwt: JwtManager,
    request: Parts,
}

impl Guarded {
    fn new(builder: JwtManagerBuilder, text: &str) -> Self {
        let request = http::Request::get("/").header("authorization", format!("Bearer {text}")).body(()).unwrap();
        Self { jwt: builder.build().unwrap(), request: request.into_parts().0 }
    }

    fn check(&self) {
        let checked = pin!(self.jwt.authenticate(&self.request, &Requirement::access()));
        // Nothing is waited for: the key is known, and there is no store.
        let Poll::Ready(admitted) = checked.poll(&mut Context::from_waker(Waker::noop())) else { panic!("it waits") };
        black_box(admitted.unwrap());
    }

    /// Returns the nanoseconds of a check.
    fn round(&self) -> f64 {
        const CHECKS: u32 = 500;
        let started = Instant::now();
        (0..CHECKS).for_each(|_| self.check());
        started.elapsed().as_secs_f64() * 1e9 / f64::from(CHECKS)
    }
}

fn guards(criterion: &mut Criterion) {
    const ISSUER: &str = "https://idp.example";
    for algorithm in [Algorithm::ES256, Algorithm::RS256, Algorithm::EdDSA] {
        let key = Key::generate(algorithm).unwrap();
        let issuing =
            JwtManager::builder().key(key.clone()).encode_issuer(ISSUER).encode_audience("us").build().unwrap();
        let text = issuing.create_access_token("alice").unwrap().into_string();
        let remote = published(&key).build().unwrap();
        remote.ready_blocking().unwrap();
        let fixed = Arc::new(KeyRing::verify_only(key.clone()));
        let own = JwtManager::builder().verifying_key(key.clone()).decode_issuer([ISSUER]).decode_audience("us");
        let by = |issuer: Issuer| Guarded::new(JwtManager::builder().issuer(issuer.audience("us")), &text);
        let guards = [
            ("own ring", Guarded::new(own, &text)),
            ("fixed issuer", by(Issuer::new(ISSUER, fixed))),
            ("remote issuer", by(Issuer::new(ISSUER, remote))),
        ];
        let mut group = criterion.benchmark_group(format!("guard {algorithm}"));
        for (name, guard) in &guards {
            group.bench_function(*name, |bencher| bencher.iter(|| guard.check()));
        }
        group.finish();
        let [own, fixed, remote] = &guards;
        let mut ratios: Vec<(f64, f64)> = (0..40)
            .map(|_| {
                let (own, fixed, remote) = (own.1.round(), fixed.1.round(), remote.1.round());
                (remote / own, remote / fixed)
            })
            .collect();
        let mut median = |of: fn(&(f64, f64)) -> f64| {
            ratios.sort_by(|one, two| of(one).total_cmp(&of(two)));
            of(&ratios[ratios.len() / 2])
        };
        let (to_own, to_fixed) = (median(|ratio| ratio.0), median(|ratio| ratio.1));
        eprintln!("guard {algorithm}: remote / own ring = {to_own:.3}, remote / fixed issuer = {to_fixed:.3}");
    }
}

criterion_group!(benches, read, guards);
criterion_main!(benches);
