//! A store that is frozen, stopped and started again: requests get 503 with `Retry-After` in time, and the server
//! recovers automatically. No request is let through, and none hangs.

use std::{
    thread,
    time::{Duration, Instant},
};

use sqlx::Connection as _;
use tempfile::TempDir;
use test_services::{Postgres, Redis};

use crate::support::{SECRET, member, process::*};

/// The store's own limit is a second. The rest is for a busy machine.
const LIMIT: Duration = Duration::from_secs(5);
/// How soon the server must work again after the store is back, also on a busy machine.
const RECOVERY: Duration = Duration::from_secs(15);

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

    /// Sends many parallel requests to every route that uses the store: all must be refused in time.
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
        let asked = Instant::now();
        let answer = self.server.send("/token", &[JSON], Some(CREDENTIALS));
        assert_eq!(answer.status, 503, "{what}, a login: {answer:?}");
        assert!(asked.elapsed() < LIMIT, "{what}, a login: {:?}", asked.elapsed());
        assert_eq!(self.server.send("/healthz", &[], None).status, 200, "the server itself is alive");
        let asked = Instant::now();
        let ready = self.server.send("/readyz", &[], None);
        assert_eq!((ready.status, &*ready.body), (503, r#"{"status":"the store does not answer"}"#), "{what}");
        assert!(asked.elapsed() < LIMIT, "{what}, a question whether it is ready: {:?}", asked.elapsed());
    }

    /// Waits until the store answers again, and returns the status of a request with the access token.
    fn recovers(&self, what: &str) -> u16 {
        let back = Instant::now();
        loop {
            let (answer, _) = self.send("/protected", &self.access);
            if answer.status != 503 {
                assert_eq!(self.server.send("/readyz", &[], None).status, 200, "{what}");
                return answer.status;
            }
            assert!(back.elapsed() < RECOVERY, "{what}: it does not recover");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn redis_is_frozen_stopped_and_restarted() {
    let mut redis = Redis::start();
    let site = Site::new(&redis.url());
    for _ in 0..2 {
        redis.freeze();
        site.is_refused_in_time("frozen");
        redis.go_on();
        assert_eq!(site.recovers("after the freeze"), 200);
    }
    redis.stop();
    site.is_refused_in_time("stopped");
    redis.start_again();
    assert_eq!(site.recovers("started again"), 401, "it has lost its data, so nobody is let in");
    let login = site.server.send("/token", &[JSON], Some(CREDENTIALS));
    assert_eq!(site.send("/protected", &member(&login.body, "access_token")).0.status, 200);
}

#[test]
fn postgresql_is_frozen_stopped_and_restarted() {
    let mut postgres = Postgres::start();
    let site = Site::new(&postgres.url());
    for _ in 0..2 {
        postgres.freeze();
        site.is_refused_in_time("frozen");
        postgres.go_on();
        assert_eq!(site.recovers("after the freeze"), 200);
    }
    postgres.stop();
    site.is_refused_in_time("stopped");
    postgres.start_again();
    assert_eq!(site.recovers("started again"), 200, "it has kept its data");
    let login = site.server.send("/token", &[JSON], Some(CREDENTIALS));
    assert_eq!(site.send("/protected", &member(&login.body, "access_token")).0.status, 200);
}

#[test]
fn the_sqlite_file_is_locked_by_another_process() {
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
