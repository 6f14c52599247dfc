//! The store in memory with a million entries: what a check costs, and how much memory an entry takes.
//!
//! - `check/…`: asks about tokens that stand, another one each time, so that no answer is in the processor's caches;
//!   with a million revoked tokens, as a store of revocations and as a store of sessions, and with a hundred thousand
//!   sessions.
//! - The memory for each entry is printed first.
//!
//! Run with `cargo bench -p jwt-extended --features test-util --bench store`.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a program for developers")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use jwt_extended::{
    Timestamp,
    session::{Answer, MemoryStore, SessionStore, StoreError, TokenIds, TokenStatus},
    test_util::sessions::{Random, at, ids, new_session, revoked_token},
};

const MILLION: usize = 1_000_000;
/// How long the subjects are.
const SUBJECT: usize = "user000000@example.com".len();
const SINCE: Timestamp = Timestamp::from_secs(1_800_000_001);
/// Later than all else.
const END: Option<Timestamp> = Some(Timestamp::from_secs(2_800_000_000));
const NOW: Timestamp = Timestamp::from_secs(1_800_000_002);

fn uuid(random: &mut Random) -> String {
    let parts = [8, 4, 4, 4, 12].map(|digits| format!("{:0digits$x}", random.below(1 << (4 * digits))));
    parts.join("-")
}

fn now<T>(answer: Answer<'_, Result<T, StoreError>>) -> T {
    match answer {
        Answer::Now(result) => result.unwrap(),
        Answer::Later(_) => unreachable!("the memory store answers at once"),
    }
}

/// Bytes that are held after the work and were not before.
fn held<T>(entries: usize, what: &str, work: impl FnOnce() -> T) -> T {
    let mut made = None;
    let info = allocation_counter::measure(|| made = Some(work()));
    #[allow(clippy::cast_precision_loss, reason = "it is for reading")]
    let each = info.bytes_current as f64 / entries as f64;
    println!("memory/{what}: {each:.0} bytes an entry");
    made.unwrap()
}

/// A store with one open session per user, and revoked tokens of these users.
fn filled(users: &[(String, String)], sessions: usize, revoked: usize) -> MemoryStore {
    let store = MemoryStore::with_capacity(2 * MILLION);
    let mut random = Random::new(2);
    for (subject, session) in &users[..sessions] {
        let jti = uuid(&mut random);
        now(store.open(&new_session(subject, session, &jti, at(0), END)));
    }
    for number in 0..revoked {
        let jti = uuid(&mut random);
        now(store.revoke(&revoked_token(&users[number % users.len()].0, &jti, END, at(0))));
    }
    store
}

fn check(criterion: &mut Criterion) {
    let mut random = Random::new(3);
    let users: Vec<_> =
        (0..MILLION / 10).map(|number| (format!("user{number:06}@example.com"), uuid(&mut random))).collect();
    // One text after the other, as a request brings them: they are at hand, and what the store looks up for them is
    // not.
    let requests: Vec<[u8; 128]> =
        users.iter().map(|(subject, session)| request(subject, session, &uuid(&mut random))).collect();
    let mut next = (0..requests.len()).cycle();

    let mut group = criterion.benchmark_group("check");
    let store = held(MILLION, "a revoked token", || filled(&users, 0, MILLION));
    group.bench_function("a million revocations", |bencher| {
        bencher.iter(|| {
            let mut token = parts(&requests[next.next().unwrap()]);
            token.session = None;
            assert_eq!(now(store.status(black_box(&token))), TokenStatus::Active);
        });
    });
    drop(store);

    let alone = held(users.len(), "a session", || filled(&users, users.len(), 0));
    drop(alone);
    let store = filled(&users, users.len(), MILLION);
    group.bench_function("a million revocations and a hundred thousand sessions", |bencher| {
        bencher.iter(|| {
            let token = parts(&requests[next.next().unwrap()]);
            assert_eq!(now(store.status(black_box(&token))), TokenStatus::Active);
        });
    });
    group.bench_function("the same, one session over and over", |bencher| {
        let token = parts(&requests[0]);
        bencher.iter(|| assert_eq!(now(store.status(black_box(&token))), TokenStatus::Active));
    });
    group.bench_function("reading the request alone", |bencher| {
        bencher.iter(|| black_box(parts(&requests[next.next().unwrap()])).now);
    });
    group.finish();
}

/// Session, token and subject in one place.
fn request(subject: &str, session: &str, jti: &str) -> [u8; 128] {
    let mut request = [b' '; 128];
    for (at, part) in [(0, session), (36, jti), (72, subject)] {
        request[at..at + part.len()].copy_from_slice(part.as_bytes());
    }
    request
}

fn parts(request: &[u8; 128]) -> TokenIds<'_> {
    let text = std::str::from_utf8(request).unwrap();
    ids(&text[72..72 + SUBJECT], Some(&text[..36]), Some(&text[36..72]), SINCE, NOW)
}

criterion_group!(benches, check);
criterion_main!(benches);
