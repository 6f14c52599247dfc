//! The guard over a denylist beside the guard over the memory store, in turns.
//!
//! Each round runs both guards for less than a millisecond, and the differences are those within a round. So a machine
//! whose speed changes hardly changes them. The middle half leaves out the rounds that something else interrupted.
//! With one session, everything is in the processor's caches; with a hundred thousand, each request is of another user.
//!
//! Run with `cargo bench -p jwt-extended --bench denylist`. The number of rounds is its argument, 501 by default.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a program for developers")]

use std::{
    future::{Future, pending},
    hint::black_box,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use http::request::Parts;
use jwt_extended::{
    JwtManager, JwtManagerBuilder, Requirement,
    jose::Key,
    session::{Change, Denylist, DenylistOptions, Feed, MemoryStore, StoreError},
};

const SECRET: &str = "a secret of at least thirty-two bytes, from a safe place";
/// Longer than the bench runs: the feed is heard once.
const BOUND: Duration = Duration::from_secs(3600);
/// How many requests a guard checks in a turn.
const TURN: usize = 400;

/// A feed that reports nothing.
struct Silence;

impl Feed for Silence {
    async fn start(&mut self) -> Result<Vec<Change>, StoreError> {
        Ok(Vec::new())
    }

    async fn wait(&mut self, _: Duration) -> Result<(), StoreError> {
        pending().await
    }

    async fn read(&mut self) -> Result<Vec<Change>, StoreError> {
        Ok(Vec::new())
    }

    async fn sleep(&self, _: Duration) {}
}

/// A manager, and a request for each of its sessions.
struct Side {
    jwt: JwtManager,
    requests: Vec<Parts>,
    next: usize,
}

impl Side {
    fn new(store: impl FnOnce(JwtManagerBuilder) -> JwtManagerBuilder, sessions: usize, revoked: usize) -> Self {
        let jwt = store(JwtManager::builder().key(Key::hs256(SECRET).unwrap())).build().unwrap();
        let request = |number| {
            let pair = now(jwt.login(&*format!("user{number:06}@example.com"))).unwrap();
            let value = format!("Bearer {}", pair.access);
            http::Request::builder().header("Authorization", value).body(()).unwrap().into_parts().0
        };
        let requests: Vec<_> = (0..sessions).map(request).collect();
        for _ in 0..revoked {
            let token = jwt.decode_token(&jwt.create_access_token("alice").unwrap()).unwrap();
            now(jwt.revoke_token(&token)).unwrap();
        }
        let mut side = Self { jwt, requests, next: 0 };
        // The denylist asks its store about each session once.
        side.run(sessions);
        side
    }

    fn run(&mut self, count: usize) {
        let requirement = Requirement::access();
        for _ in 0..count {
            let request = &self.requests[self.next];
            black_box(now(self.jwt.authenticate(black_box(request), &requirement)).unwrap());
            self.next = (self.next + 1) % self.requests.len();
        }
    }

    /// Returns how long one request takes, in nanoseconds.
    #[allow(clippy::cast_precision_loss, reason = "a turn has few requests")]
    fn turn(&mut self) -> f64 {
        let started = Instant::now();
        self.run(TURN);
        started.elapsed().as_secs_f64() * 1e9 / TURN as f64
    }
}

fn now<T>(future: impl IntoFuture<Output = T>) -> T {
    match pin!(future.into_future()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("neither store waits"),
    }
}

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let rounds = if is_test { 1 } else { std::env::args().find_map(|rounds| rounds.parse().ok()).unwrap_or(501) };
    let many = if is_test { 10 } else { 100_000 };
    println!("| sessions | revoked tokens | memory store | denylist | difference (middle half of {rounds} rounds) |");
    println!("|---|---|---|---|---|");
    for (sessions, revoked) in [(1, 0), (1, 1000), (many, 0), (many, 1000)] {
        let mut memory = Side::new(|builder| builder.session_store(MemoryStore::new()), sessions, revoked);
        let denylist = Denylist::new(Arc::new(MemoryStore::new()), DenylistOptions::new().staleness(BOUND));
        let mut follower = pin!(denylist.follow(Silence));
        assert!(follower.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert!(denylist.is_following());
        let mut other = Side::new(|builder| builder.session_store(denylist.clone()), sessions, revoked);
        let (mut times, mut others, mut differences) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..rounds {
            // Neither is always the one that finds the caches filled by the other.
            let (one, two) = if round % 2 == 0 {
                (memory.turn(), other.turn())
            } else {
                let two = other.turn();
                (memory.turn(), two)
            };
            times.push(one);
            others.push(two);
            differences.push(two - one);
        }
        let (one, two, difference) = (median(&mut times), median(&mut others), median(&mut differences));
        // Sorted by `median`.
        let (least, most) = (differences[rounds / 4], differences[rounds * 3 / 4]);
        println!(
            "| {sessions} | {revoked} | {one:.0} ns | {two:.0} ns | {difference:+.0} ns ({least:+.0} to {most:+.0}) |"
        );
    }
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
