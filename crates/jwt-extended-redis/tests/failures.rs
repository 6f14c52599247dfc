//! A server that is away, frozen, slow, new or forgetful: calls are errors in time, and the store recovers by itself.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test ends by it")]

mod common;

use std::time::{Duration, Instant};

use common::{Server, token};
use jwt_extended::{
    session::{RotateOutcome, SessionStore, StoreError, TokenStatus},
    test_util::sessions::{at, end_all, end_one, ids, new_session, revoked_token, rotate_request, touch_request},
};
use jwt_extended_redis::{ConnectError, RedisStore};
use test_services::free_port;

const LIMIT: Duration = Duration::from_millis(300);
/// What a busy machine adds.
const SLACK: Duration = Duration::from_millis(700);
const GRACE: Duration = Duration::from_secs(10);

async fn store_of(server: &Server) -> RedisStore {
    RedisStore::builder(server.url()).timeout(LIMIT).connect().await.unwrap()
}

async fn open(store: &RedisStore) -> Result<TokenStatus, StoreError> {
    store.open(&new_session("alice", "session", "r0", at(0), None)).wait().await
}

async fn standing(store: &RedisStore) -> Result<TokenStatus, StoreError> {
    store.status(&token("alice", "session", "a", at(1))).wait().await
}

/// Every call, and that each fails in time and says why.
async fn all_fail(store: &RedisStore, why: &str) {
    let refresh = token("alice", "session", "r0", at(1));
    let check = |what: &str, began: Instant, error: Option<StoreError>| {
        let (took, told) = (began.elapsed(), error.map(|error| error.to_string()).unwrap_or_default());
        assert!(took < LIMIT + SLACK, "{what} took {took:?}");
        assert!(told.starts_with("the store is unavailable: ") && told.contains(why), "{what}: {told:?}");
        assert!(!told.contains("redis://") && !told.contains("127.0.0.1"), "{what}: {told}");
    };
    macro_rules! fails {
        ($call:expr) => {{
            let began = Instant::now();
            check(stringify!($call), began, $call.wait().await.err());
        }};
    }
    fails!(store.status(&refresh));
    fails!(store.revoke(&revoked_token("alice", "a", None, at(1))));
    fails!(store.open(&new_session("alice", "new", "r0", at(1), None)));
    fails!(store.rotate(&rotate_request(refresh, "r1", GRACE, None)));
    fails!(store.touch(&touch_request(refresh, None)));
    fails!(store.list("alice", at(1)));
    fails!(store.end(&end_one("session", None, at(1))));
    fails!(store.end(&end_all("bob", None, at(1))));
}

/// How long it takes until the store answers again.
async fn recovery(store: &RedisStore) -> Duration {
    let began = Instant::now();
    while standing(store).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(5), "the store does not recover");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_stopped_is_an_error_and_found_again_at_once() {
    let mut server = Server::start();
    let store = store_of(&server).await;
    open(&store).await.unwrap();
    for _ in 0..3 {
        server.stop();
        all_fail(&store, "").await;
        server.start_again();
        // The very first call is answered: no error of an earlier attempt is kept.
        assert_eq!(standing(&store).await, Ok(TokenStatus::Revoked), "what it knew is gone");
        assert_eq!(open(&store).await, Ok(TokenStatus::Active), "and so are the scripts");
        assert_eq!(standing(&store).await, Ok(TokenStatus::Active));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_that_no_call_has_seen_fails_no_call() {
    let mut server = Server::start();
    let store = store_of(&server).await;
    open(&store).await.unwrap();
    server.stop();
    server.start_again();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(standing(&store).await, Ok(TokenStatus::Revoked));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_is_an_error_in_time_and_found_again_at_once() {
    let server = Server::start();
    let store = store_of(&server).await;
    open(&store).await.unwrap();
    for _ in 0..2 {
        server.freeze();
        all_fail(&store, "did not answer within 300ms").await;
        server.go_on();
        let took = recovery(&store).await;
        assert!(took < Duration::from_millis(500), "{took:?}");
    }
    // What was sent meanwhile may have been done: `end` of all of bob's, say, but nothing of it shows in later answers.
    for number in 0..100 {
        let subject = format!("user {number}");
        assert_eq!(store.list(&subject, at(2)).wait().await, Ok(Vec::new()));
        let alone = ids(&subject, None, Some("a"), at(0), at(1));
        assert_eq!(store.status(&alone).wait().await, Ok(TokenStatus::Active));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_is_found_again_under_load() {
    let server = Server::start();
    let store = store_of(&server).await;
    open(&store).await.unwrap();
    server.freeze();
    let callers: Vec<_> = (0..64)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let began = Instant::now();
                let mut failures = 0;
                while standing(&store).await.is_err() {
                    failures += 1;
                    assert!(began.elapsed() < Duration::from_secs(10), "it never recovers");
                }
                (failures, Instant::now())
            })
        })
        .collect();
    tokio::time::sleep(LIMIT * 3).await;
    server.go_on();
    let back = Instant::now();
    for caller in callers {
        let (failures, answered) = caller.await.unwrap();
        assert!(failures >= 1, "all saw it frozen");
        let took = answered.saturating_duration_since(back);
        assert!(took < LIMIT + SLACK, "{took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_slow_once_shifts_no_answers() {
    let server = Server::start();
    let store = store_of(&server).await;
    for number in 0..20 {
        let id = format!("session {number}");
        store.open(&new_session(&format!("user {number}"), &id, "r0", at(0), None)).wait().await.unwrap();
    }
    let mut waiting = Vec::new();
    server.freeze();
    for round in 0..10 {
        for number in 0..20 {
            let store = store.clone();
            waiting.push(tokio::spawn(async move {
                let (subject, delay) = (format!("user {number}"), Duration::from_millis(round * 50));
                tokio::time::sleep(delay).await;
                (number, store.list(&subject, at(1)).wait().await)
            }));
        }
    }
    tokio::time::sleep(LIMIT + Duration::from_millis(50)).await;
    server.go_on();
    let (mut good, mut failed) = (0, 0);
    for task in waiting {
        let (number, answer) = task.await.unwrap();
        match answer {
            Ok(sessions) => {
                good += 1;
                assert_eq!((sessions.len(), &*sessions[0].id), (1, &*format!("session {number}")));
            }
            Err(_) => failed += 1,
        }
    }
    assert!(good > 0 && failed > 0, "{good} {failed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_dropped_midway_leaves_the_others_alone() {
    let server = Server::start();
    let store = store_of(&server).await;
    open(&store).await.unwrap();
    for micros in 0..200 {
        let call = store.list("alice", at(1)).wait();
        drop(tokio::time::timeout(Duration::from_micros(micros), call).await);
        assert_eq!(standing(&store).await, Ok(TokenStatus::Active));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_that_were_forgotten_are_sent_again() {
    let server = Server::start();
    let store = server.store().await;
    assert_eq!(open(&store).await, Ok(TokenStatus::Active));
    let _: () = server.ask("SCRIPT", "FLUSH");
    let turned = store.rotate(&rotate_request(token("alice", "session", "r0", at(1)), "r1", GRACE, None)).wait().await;
    assert_eq!(turned, Ok(RotateOutcome::Rotated));
    let _: () = server.ask("SCRIPT", "FLUSH");
    assert_eq!(store.end(&end_all("alice", None, at(2))).wait().await, Ok(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_may_be_there_before_its_server() {
    let port = free_port();
    let url = format!("redis://127.0.0.1:{port}");
    let failure = RedisStore::builder(&url).timeout(LIMIT).connect().await.unwrap_err();
    assert!(matches!(failure, ConnectError::Unavailable(_)), "{failure:?}");
    let store = RedisStore::builder(&url).timeout(LIMIT).connect_lazily().unwrap();
    all_fail(&store, "refused").await;
    let server = Server::start_on(port, &[]);
    assert_eq!(open(&store).await, Ok(TokenStatus::Active));
    drop(server);
}

#[test]
fn a_store_outlives_the_runtime_that_it_was_first_used_in() {
    let server = Server::start();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = RedisStore::connect_lazily(server.url()).unwrap();
    assert_eq!(runtime().block_on(open(&store)), Ok(TokenStatus::Active));
    assert_eq!(runtime().block_on(standing(&store)), Ok(TokenStatus::Active));
    assert_eq!(runtime().block_on(standing(&store)), Ok(TokenStatus::Active));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_redis_is_an_error_and_lets_nobody_in() {
    let server = Server::start_with(&["--maxmemory-policy", "noeviction"]);
    let store = server.store().await;
    assert_eq!(open(&store).await, Ok(TokenStatus::Active));
    let _: () = server.ask("CONFIG", ("SET", "maxmemory", "1"));
    let told = store.revoke(&revoked_token("alice", "a", None, at(1))).wait().await.unwrap_err().to_string();
    assert!(told.contains("OOM"), "{told}");
    assert_eq!(standing(&store).await, Ok(TokenStatus::Active), "reading goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_asked_for_and_never_shown() {
    let server = Server::start_with(&["--requirepass", "sesame-secret"]);
    let url = |password: &str| format!("redis://:{password}@127.0.0.1:{}", server.port());
    let good = RedisStore::connect(url("sesame-secret")).await.unwrap();
    assert_eq!(open(&good).await, Ok(TokenStatus::Active));
    let wrong = RedisStore::connect(url("wrong-secret")).await.unwrap_err();
    assert!(wrong.to_string().starts_with("cannot connect to Redis: WRONGPASS"), "{wrong}");
    let none = RedisStore::connect(server.url()).await.unwrap_err().to_string();
    assert!(none.contains("NOAUTH"), "{none}");
    let builder = RedisStore::builder(url("sesame-secret"));
    for shown in [format!("{good:?}"), format!("{builder:?}"), format!("{wrong:?}")] {
        assert!(!shown.contains("secret") && !shown.contains("127.0.0.1"), "{shown}");
    }
}

#[tokio::test]
async fn a_newcomer_is_told_what_to_do() {
    for url in ["", "localhost", "http://localhost", "redis://", "redis://:pa/ss@host", "redis://host/x"] {
        assert_eq!(RedisStore::connect_lazily(url).unwrap_err(), ConnectError::Url, "{url}");
    }
    let told = RedisStore::builder("redis://host").prefix("{jwt}").connect_lazily().unwrap_err().to_string();
    assert!(told.contains("leave it out"), "{told}");
    let zero = RedisStore::builder("redis://host").timeout(Duration::ZERO).connect_lazily();
    assert_eq!(zero.unwrap_err(), ConnectError::Timeout);
    let tls = RedisStore::connect_lazily("rediss://host");
    assert_eq!(tls.is_ok(), cfg!(feature = "tls"), "{tls:?}");
}
