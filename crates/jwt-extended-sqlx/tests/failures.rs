//! A PostgreSQL that is stopped, started again, frozen or not there: errors in time, none that says a secret, and then all
//! goes on by itself.

#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

mod common;

use std::time::{Duration, Instant};

use common::{open, server::Server, standing, turn_to};
use jwt_extended::{
    JwtManager,
    jose::Key,
    session::{RotateOutcome, SessionStore, StoreError, TokenStatus},
    test_util::sessions::{at, end_one},
};
use jwt_extended_sqlx::{
    PostgresStore, SetupError,
    sqlx::{self, Row},
};

const TIMEOUT: Duration = Duration::from_millis(500);

/// The store's own connections, and the app's pool.
async fn both(server: &Server) -> [PostgresStore; 2] {
    let own = PostgresStore::builder().timeout(TIMEOUT).connect(&server.url()).await.unwrap();
    let shared = PostgresStore::builder().timeout(TIMEOUT).with_pool(server.pool().await);
    own.migrate().await.unwrap();
    [own, shared]
}

/// Sixteen questions at once, so that as many connections as may be are open. How many failed.
async fn failures_of_16(store: &PostgresStore) -> usize {
    let started = Instant::now();
    let questions: Vec<_> = (0..16)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { standing(&store, "alice", "session").await })
        })
        .collect();
    let mut failed = 0;
    for question in questions {
        match question.await.unwrap() {
            Ok(standing) => assert_eq!(standing, TokenStatus::Active),
            Err(error) => {
                assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
                assert!(!error.to_string().contains("secret"), "{error}");
                failed += 1;
            }
        }
    }
    assert!(started.elapsed() < TIMEOUT * 2, "{:?}", started.elapsed());
    failed
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_no_question_fails() {
    let mut server = Server::start();
    for store in both(&server).await {
        open(&store, "alice", "session").await.unwrap();
        assert_eq!(failures_of_16(&store).await, 0);
        server.stop();
        assert_eq!(failures_of_16(&store).await, 16, "there is nobody to answer");
        server.start_again();
        assert_eq!(failures_of_16(&store).await, 0);

        // Without a question in between: all connections are dead, and the store does not know.
        server.stop();
        server.start_again();
        let mut failed = 0;
        for _ in 0..20 {
            failed += usize::from(standing(&store, "alice", "session").await.is_err());
        }
        assert_eq!(failed, 0);
        server.stop();
        server.start_again();
        assert_eq!(store.end(&end_one("session", None, at(1))).wait().await, Ok(1), "it is told the truth, too");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_finds_its_connection_dead_is_a_turn() {
    let mut server = Server::start();
    for store in both(&server).await {
        open(&store, "alice", "session").await.unwrap();
        server.stop();
        server.start_again();
        assert_eq!(turn_to(&store, "alice", "session", "session r0", "session r1").await, Ok(RotateOutcome::Rotated));
        assert_eq!(turn_to(&store, "alice", "session", "session r1", "session r2").await, Ok(RotateOutcome::Rotated));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_is_an_error_in_time_and_then_all_goes_on() {
    let server = Server::start();
    for store in both(&server).await {
        open(&store, "alice", "session").await.unwrap();
        assert_eq!(failures_of_16(&store).await, 0);
        server.freeze();
        // More often than there are connections: none may be lost for good.
        for _ in 0..3 {
            assert_eq!(failures_of_16(&store).await, 16);
        }
        server.go_on();
        tokio::time::sleep(Duration::from_millis(200)).await;
        for _ in 0..3 {
            assert_eq!(failures_of_16(&store).await, 0);
        }
        assert_eq!(
            standing(&store, "alice", "none").await,
            Ok(TokenStatus::Revoked),
            "no answer to an earlier question"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_may_be_there_before_its_database() {
    let mut server = Server::start();
    server.stop();
    let refused = PostgresStore::builder().timeout(TIMEOUT).connect(&server.url()).await.unwrap_err();
    assert!(matches!(refused, SetupError::Unavailable(_)));
    let store = PostgresStore::builder().timeout(TIMEOUT).connect_lazily(&server.url()).unwrap();
    assert!(standing(&store, "alice", "session").await.is_err());
    server.start_again();
    store.migrate().await.unwrap();
    assert_eq!(open(&store, "alice", "session").await, Ok(TokenStatus::Active));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_error_and_no_debug_shows_the_url() {
    let url = "postgres://app:s3cr3t@127.0.0.1:1/database";
    let lazy = PostgresStore::connect_lazily(url).unwrap();
    let mut shown = vec![format!("{lazy:?}"), format!("{:?}", PostgresStore::builder())];
    let refused = PostgresStore::connect(url).await.unwrap_err();
    shown.extend([refused.to_string(), format!("{refused:?}")]);
    shown.push(standing(&lazy, "alice", "session").await.unwrap_err().to_string());
    for bad in [
        "s3cr3t",
        "postgres://app:s3cr3t@host:port/x",
        "mysql://app:s3cr3t@host/x",
        "postgres://a?port=s3cr3t",
        "postgres://a?sslmode=s3cr3t",
        "postgres://a:s3cr3t/x",
        "postgres://[s3cr3t/x",
    ] {
        let error = PostgresStore::connect_lazily(bad).unwrap_err();
        assert!(matches!(error, SetupError::BadUrl(_)), "{bad}");
        shown.extend([error.to_string(), format!("{error:?}")]);
    }
    for text in shown {
        assert!(!text.contains("s3cr3t") && !text.contains("127.0.0.1"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_and_nothing_to_make_one_of_is_in_the_database() {
    let server = Server::start();
    let jwt = JwtManager::builder()
        .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place").unwrap())
        .session_store(server.store().await)
        .build()
        .unwrap();
    let pair = jwt.login("alice").label("a phone").await.unwrap();
    let first = pair.refresh.unwrap();
    let second = jwt.refresh(&jwt.decode_token(&first).unwrap()).await.unwrap();
    jwt.revoke_token(&jwt.decode_token(&second.access).unwrap()).await.unwrap();

    let mut connection = server.connection().await;
    let mut kept = String::new();
    for table in ["jwt_sessions", "jwt_revoked_tokens", "jwt_subjects"] {
        let rows = sqlx::AssertSqlSafe(format!("SELECT to_jsonb(one)::text FROM {table} AS one"));
        for row in sqlx::query(rows).fetch_all(&mut connection).await.unwrap() {
            kept += row.get(0);
        }
    }
    assert!(kept.contains("alice"), "{kept}");
    for token in [&pair.access, &first, &second.access, second.refresh.as_ref().unwrap()] {
        for part in token.split('.') {
            assert!(!kept.contains(part), "{kept}");
        }
    }
}
