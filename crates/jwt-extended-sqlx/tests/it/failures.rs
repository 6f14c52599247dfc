//! A PostgreSQL server that is stopped, restarted, frozen or absent: calls fail in time, no error shows a secret, and
//! the store recovers.

use std::time::{Duration, Instant};

use jwt_extended::{
    JwtManager,
    jose::Key,
    session::{RotateOutcome, SessionStore, StoreError, TokenStatus},
    test_util::sessions::{at, end_one},
};
use jwt_extended_sqlx::{
    PostgresStore, SetupError,
    sqlx::{self, Row, postgres::PgPoolOptions},
};
use proptest::prelude::*;

use crate::{
    common::{LONG, eventually, open, rotate, status},
    server::Server,
};

/// A store over its own connections, and one over an app's pool.
async fn both(server: &Server, timeout: Duration) -> [PostgresStore; 2] {
    let own = server.store_with_timeout(timeout).await;
    let shared = PostgresStore::builder().timeout(timeout).with_pool(server.pool().await);
    [own, shared]
}

/// Makes 16 calls at once, so that the store opens all the connections it may, and counts the calls that failed.
async fn failures_of_16(store: &PostgresStore) -> usize {
    let calls: Vec<_> = (0..16)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { status(&store, "alice", "session").await })
        })
        .collect();
    let mut failed = 0;
    for call in calls {
        match call.await.unwrap() {
            Ok(status) => assert_eq!(status, TokenStatus::Active),
            Err(error) => {
                assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
                assert!(!error.to_string().contains("secret"), "{error}");
                failed += 1;
            }
        }
    }
    failed
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_fails_after_a_restart() {
    let mut server = Server::start();
    for store in both(&server, LONG).await {
        open(&store, "alice", "session").await.unwrap();
        assert_eq!(failures_of_16(&store).await, 0);
        server.stop();
        assert_eq!(failures_of_16(&store).await, 16, "no server is running");
        server.start_again();
        assert_eq!(failures_of_16(&store).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_idle_connections_fail_no_call() {
    let mut server = Server::start();
    for store in both(&server, LONG).await {
        open(&store, "alice", "session").await.unwrap();
        assert_eq!(failures_of_16(&store).await, 0);
        server.stop();
        server.start_again();
        for _ in 0..20 {
            assert_eq!(status(&store, "alice", "session").await, Ok(TokenStatus::Active));
        }
        server.stop();
        server.start_again();
        assert_eq!(store.end(&end_one("session", None, at(1))).wait().await, Ok(1), "the count is right");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_tests_no_connection_fails_no_call() {
    let mut server = Server::start();
    let pool = PgPoolOptions::new().max_connections(8).test_before_acquire(false);
    let pool = pool.connect(&server.url()).await.unwrap();
    let store = PostgresStore::builder().timeout(LONG).with_pool(pool.clone());
    store.migrate().await.unwrap();
    open(&store, "alice", "session").await.unwrap();
    // Several connections are idle when the server stops.
    let busy = [pool.acquire().await.unwrap(), pool.acquire().await.unwrap(), pool.acquire().await.unwrap()];
    drop(busy);
    server.stop();
    server.start_again();
    assert_eq!(rotate(&store, "alice", "session", "session r0", "session r1").await, Ok(RotateOutcome::Rotated));
    assert_eq!(store.end(&end_one("session", None, at(1))).wait().await, Ok(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn setting_up_a_store_on_a_frozen_server_fails_in_time() {
    let server = Server::start();
    let store = server.store().await;
    drop(store);
    let hasty = || PostgresStore::builder().timeout(Duration::from_millis(200));
    let lazy = hasty().connect_lazily(&server.url()).unwrap();
    server.freeze();
    for refused in [hasty().connect(&server.url()).await.map(drop), lazy.refuse_unless_migrated().await] {
        assert!(matches!(&refused, Err(SetupError::Unavailable(why)) if why.contains("within 200ms")), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_does_not_count_as_empty() {
    let mut server = Server::start();
    server.stop();
    let store = PostgresStore::builder().timeout(LONG).connect_lazily(&server.url()).unwrap();
    assert!(matches!(store.refuse_unless_migrated().await, Err(SetupError::Unavailable(_))));
    assert!(matches!(store.migrate().await, Err(SetupError::Unavailable(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_over_a_dead_connection_succeeds() {
    let mut server = Server::start();
    for store in both(&server, LONG).await {
        open(&store, "alice", "session").await.unwrap();
        server.stop();
        server.start_again();
        assert_eq!(rotate(&store, "alice", "session", "session r0", "session r1").await, Ok(RotateOutcome::Rotated));
        assert_eq!(rotate(&store, "alice", "session", "session r1", "session r2").await, Ok(RotateOutcome::Rotated));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_to_a_frozen_server_time_out_and_then_recover() {
    let server = Server::start();
    let timeout = Duration::from_secs(1);
    for store in both(&server, timeout).await {
        eventually(async || open(&store, "alice", "session").await).await;
        let deadline = Instant::now() + LONG;
        while failures_of_16(&store).await > 0 {
            assert!(Instant::now() < deadline, "the store works before the server is frozen");
        }
        server.freeze();
        // More calls than there are connections, so that none may be lost for good.
        for _ in 0..3 {
            let started = Instant::now();
            assert_eq!(failures_of_16(&store).await, 16);
            assert!(started.elapsed() < timeout * 10, "{:?}", started.elapsed());
        }
        server.go_on();
        let deadline = Instant::now() + LONG;
        while failures_of_16(&store).await > 0 {
            assert!(Instant::now() < deadline, "the store recovers");
        }
        let other = eventually(async || status(&store, "alice", "none").await).await;
        assert_eq!(other, TokenStatus::Revoked, "no answer to an earlier call");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lazy_store_may_start_before_its_database() {
    let mut server = Server::start();
    server.stop();
    let refused = PostgresStore::builder().timeout(LONG).connect(&server.url()).await.unwrap_err();
    assert!(matches!(refused, SetupError::Unavailable(_)));
    let store = PostgresStore::builder().timeout(LONG).connect_lazily(&server.url()).unwrap();
    assert!(status(&store, "alice", "session").await.is_err());
    server.start_again();
    store.migrate().await.unwrap();
    assert_eq!(open(&store, "alice", "session").await, Ok(TokenStatus::Active));
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_and_debug_do_not_show_the_url() {
    let url = "postgres://app:s3cr3t@127.0.0.1:1/database";
    let lazy = PostgresStore::connect_lazily(url).unwrap();
    let mut shown = vec![format!("{lazy:?}"), format!("{:?}", PostgresStore::builder())];
    let refused = PostgresStore::connect(url).await.unwrap_err();
    shown.extend([refused.to_string(), format!("{refused:?}")]);
    shown.push(status(&lazy, "alice", "session").await.unwrap_err().to_string());
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

proptest! {
    #[test]
    fn no_url_shows_a_part_of_its_password(
        secret in "[#/?@:%&=+,;A-Z\\[\\]]{0,6}XSECRETX[#/?@:%&=+,;A-Z\\[\\]]{0,6}",
        form in 0..6_usize,
    ) {
        let url = match form {
            0 => format!("postgres://me:{secret}@127.0.0.1:1/db"),
            1 => format!("postgresql+asyncpg://me:{secret}@127.0.0.1/db?sslmode=require"),
            2 => format!("postgres://me:{secret}@/db?host=/no/socket"),
            3 => format!("postgres://127.0.0.1:1/db?password={secret}"),
            4 => format!("postgres://127.0.0.1:1/db?port={secret}&sslmode={secret}&{secret}={secret}"),
            _ => format!("mysql://me:{secret}@127.0.0.1:1"),
        };
        let shown = match PostgresStore::connect_lazily(&url) {
            Ok(store) => format!("{store:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        prop_assert!(!shown.contains("SECRET"), "{}", shown);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_hold_nothing_that_makes_a_token() {
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
