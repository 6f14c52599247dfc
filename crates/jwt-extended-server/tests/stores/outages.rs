//! A store that is stopped, frozen and back again: 503 with Retry-After within the limit, never "allowed", no request that
//! hangs, and recovery by itself.

use std::{
    thread,
    time::{Duration, Instant},
};

use sqlx::Connection as _;
use tempfile::TempDir;
use test_services::{Postgres, Redis};

use crate::support::{SECRET, member, process::*};

/// The store's own limit is a second; the rest is for a busy computer.
const LIMIT: Duration = Duration::from_millis(2500);
/// How soon it must be well again after the store is back.
const RECOVERY: Duration = Duration::from_secs(5);

struct Site {
    server: Server,
    access: String,
    refresh: String,
}

impl Site {
    fn new(store: &str) -> Self {
        let server = Server::demo(&[], &[("JWT_SECRET_KEY", SECRET), ("JWT_STORE", store)]);
        let (access, refresh) = server.tokens();
        Self { server, access, refresh }
    }

    fn send(&self, path: &str, token: &str) -> (Answer, Duration) {
        let asked = Instant::now();
        let body = (path == "/refresh" || path == "/logout").then_some("");
        let answer = self.server.send(path, &[("authorization", &format!("Bearer {token}"))], body);
        (answer, asked.elapsed())
    }

    /// Asks everything that asks the store, over and over from many clients at once: all must be refused in time.
    fn is_refused_in_time(&self, what: &str) {
        thread::scope(|scope| {
            for client in 0..16 {
                scope.spawn(move || {
                    for round in 0..3 {
                        let (path, token) = match (client + round) % 4 {
                            0 => ("/protected", &self.access),
                            1 => ("/refresh", &self.refresh),
                            2 => ("/partially-protected", &self.access),
                            _ => ("/sessions", &self.access),
                        };
                        let (answer, took) = self.send(path, token);
                        assert_eq!(answer.status, 503, "{what}, {path}: {answer:?}");
                        assert_eq!(answer.header("retry-after"), "1", "{what}, {path}");
                        assert!(took < LIMIT, "{what}, {path}: {took:?}");
                    }
                });
            }
        });
        let (answer, took) = (self.server.send("/token", &[JSON], Some(CREDENTIALS)), Instant::now());
        assert_eq!(answer.status, 503, "{what}, a login: {answer:?}");
        assert!(took.elapsed() < LIMIT);
        assert_eq!(self.server.send("/healthz", &[], None).status, 200, "the server itself is well");
    }

    /// Waits until the store is asked again, and gives back what it then says to the access token.
    fn recovers(&self, what: &str) -> u16 {
        let back = Instant::now();
        loop {
            let (answer, _) = self.send("/protected", &self.access);
            if answer.status != 503 {
                return answer.status;
            }
            assert!(back.elapsed() < RECOVERY, "{what}: it does not recover");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn redis_frozen_stopped_and_back() {
    let mut redis = Redis::start();
    let site = Site::new(&redis.url());
    for _ in 0..2 {
        redis.freeze();
        site.is_refused_in_time("frozen");
        redis.go_on();
        assert_eq!(site.recovers("after the frost"), 200);
    }
    redis.stop();
    site.is_refused_in_time("stopped");
    redis.start_again();
    assert_eq!(site.recovers("started again"), 401, "it has lost what it knew, and lets nobody in for it");
    let login = site.server.send("/token", &[JSON], Some(CREDENTIALS));
    assert_eq!(site.send("/protected", &member(&login.body, "access_token")).0.status, 200);
}

#[test]
fn postgresql_frozen_stopped_and_back() {
    let mut postgres = Postgres::start();
    let site = Site::new(&postgres.url());
    for _ in 0..2 {
        postgres.freeze();
        site.is_refused_in_time("frozen");
        postgres.go_on();
        assert_eq!(site.recovers("after the frost"), 200);
    }
    postgres.stop();
    site.is_refused_in_time("stopped");
    postgres.start_again();
    assert_eq!(site.recovers("started again"), 200, "it has kept what it knew");
    let login = site.server.send("/token", &[JSON], Some(CREDENTIALS));
    assert_eq!(site.send("/protected", &member(&login.body, "access_token")).0.status, 200);
}

#[test]
fn an_sqlite_file_that_somebody_else_has_locked() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("locked.db");
    let site = Site::new(&format!("sqlite:{}", path.display()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let connect = sqlx::SqliteConnection::connect(path.to_str().unwrap());
    let mut lock = runtime.block_on(connect).unwrap();
    runtime.block_on(sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut lock)).unwrap();
    let (logout, took) = site.send("/logout", &site.access);
    assert_eq!((logout.status, logout.header("retry-after")), (503, "1"), "{logout:?}");
    assert!(took < LIMIT, "{took:?}");
    assert_eq!(site.send("/protected", &site.access).0.status, 200, "in WAL mode, reading goes on");
    runtime.block_on(sqlx::raw_sql("COMMIT").execute(&mut lock)).unwrap();
    assert_eq!(site.send("/logout", &site.access).0.status, 200);
    assert_eq!(site.send("/protected", &site.access).0.status, 401);
}
