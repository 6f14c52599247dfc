//! What the store in PostgreSQL does beside the specifications of every store.

#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, reason = "the helpers of a test are tests")]

mod common;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use common::{
    awkward_names_come_back, one_of_64_turns_wins, open, open_at, server::Server, standing, turn_to,
    what_is_over_is_deleted,
};
use jwt_extended::{
    session::{RotateOutcome, SessionStore, TokenStatus},
    test_util::sessions::{at, at_most, end_all, end_one, new_session},
};
use jwt_extended_sqlx::{
    PostgresStore, SetupError,
    sqlx::{self, Row},
};

#[tokio::test(flavor = "multi_thread")]
async fn of_64_turns_at_once_one_wins_over_three_stores_on_one_database() {
    let server = Server::start();
    let over_pool = PostgresStore::new(server.pool().await);
    one_of_64_turns_wins(&[Arc::new(server.store().await), Arc::new(server.store().await), Arc::new(over_pool)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_number_may_make_the_tables_at_once_and_again() {
    let server = Server::start();
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let url = server.url();
            tokio::spawn(async move {
                let store = PostgresStore::connect(&url).await.unwrap();
                store.migrate().await.unwrap();
                store.migrate().await.unwrap();
            })
        })
        .collect();
    for start in starts {
        start.await.unwrap();
    }
    let mut connection = server.connection().await;
    let versions = sqlx::query("SELECT version, name FROM jwt_migrations").fetch_all(&mut connection).await.unwrap();
    assert_eq!(versions.len(), 1);
    assert_eq!((versions[0].get::<i64, _>(0), versions[0].get::<&str, _>(1)), (1, "sessions"));
    sqlx::query("INSERT INTO jwt_migrations VALUES (99, 'of the future')").execute(&mut connection).await.unwrap();
    let store = PostgresStore::connect(&server.url()).await.unwrap();
    assert!(matches!(store.migrate().await, Err(SetupError::FromLater { found: 99, known: 1 })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_tables_says_how_they_are_made_and_the_plain_files_make_them_too() {
    let server = Server::start();
    let store = PostgresStore::connect(&server.url()).await.unwrap();
    let error = standing(&store, "alice", "session").await.unwrap_err().to_string();
    assert!(error.contains("make the tables with `migrate`"), "{error}");
    let plain = include_str!("../migrations/postgres/0001_sessions.sql");
    sqlx::raw_sql(plain).execute(&mut server.connection().await).await.unwrap();
    assert_eq!(open(&store, "alice", "session").await, Ok(TokenStatus::Active));
    store.migrate().await.unwrap();
    assert_eq!(standing(&store, "alice", "session").await, Ok(TokenStatus::Active));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_survives_an_end_of_all_that_came_after_its_opening() {
    let server = Server::start();
    let stores = [server.store().await, server.store().await];
    for round in 0..20 {
        let subject = format!("user {round}");
        let logins: Vec<_> = (0..16)
            .map(|number| {
                let (store, subject) = (stores[number % 2].clone(), subject.clone());
                tokio::spawn(async move { open_at(&store, &subject, &format!("{subject} {number}"), 5).await })
            })
            .collect();
        stores[0].end(&end_all(&subject, None, at(6))).wait().await.unwrap();
        for login in logins {
            login.await.unwrap().unwrap();
        }
        assert_eq!(stores[1].list(&subject, at(7)).wait().await, Ok(vec![]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_at_once_do_not_exceed_the_limit() {
    let server = Server::start();
    let store = server.store().await;
    let logins: Vec<_> = (0..32_u64)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let (id, jti) = (format!("session {number}"), format!("session {number} r0"));
                let session = at_most(new_session("alice", &id, &jti, at(number), None), 3);
                store.open(&session).wait().await
            })
        })
        .collect();
    for login in logins {
        assert_eq!(login.await.unwrap(), Ok(TokenStatus::Active));
    }
    assert_eq!(store.list("alice", at(100)).wait().await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_the_app_keeps_locked_is_an_error_in_time() {
    let server = Server::start();
    let timeout = Duration::from_millis(400);
    let store = PostgresStore::builder().timeout(timeout).max_connections(2).connect(&server.url()).await.unwrap();
    store.migrate().await.unwrap();
    open(&store, "alice", "session").await.unwrap();
    let mut connection = server.connection().await;
    sqlx::raw_sql("BEGIN; SELECT 1 FROM jwt_sessions FOR UPDATE").execute(&mut connection).await.unwrap();
    let started = Instant::now();
    for _ in 0..3 {
        assert!(turn_to(&store, "alice", "session", "session r0", "session r1").await.is_err());
        assert_eq!(standing(&store, "alice", "session").await, Ok(TokenStatus::Active), "who reads need not wait");
    }
    assert!(started.elapsed() < timeout * 5);
    // The server gives up as well, so that no turn is done that nobody waits for.
    tokio::time::sleep(timeout).await;
    sqlx::raw_sql("COMMIT").execute(&mut connection).await.unwrap();
    assert_eq!(turn_to(&store, "alice", "session", "session r0", "session r1").await, Ok(RotateOutcome::Rotated));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_given_up_leave_the_store_as_good_as_before() {
    let server = Server::start();
    let over_pool = PostgresStore::new(server.pool().await);
    for store in [server.store().await, over_pool] {
        open(&store, "alice", "session").await.unwrap();
        for micros in 0..300 {
            let given_up = Duration::from_micros(micros * 5);
            let _ = tokio::time::timeout(given_up, standing(&store, "alice", "session")).await;
            let _ = tokio::time::timeout(given_up, open(&store, "bob", "another")).await;
        }
        for _ in 0..30 {
            assert_eq!(standing(&store, "alice", "session").await, Ok(TokenStatus::Active));
            assert_eq!(standing(&store, "alice", "none").await, Ok(TokenStatus::Revoked));
            assert_eq!(open(&store, "carol", "carol's").await, Ok(TokenStatus::Active));
        }
        assert_eq!(store.end(&end_one("session", None, at(1))).wait().await, Ok(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_deleted_in_batches_and_in_passing() {
    let server = Server::start();
    let store = server.store().await;
    what_is_over_is_deleted(&store, async || rows(&server).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn awkward_subjects_and_labels_come_back_as_they_were() {
    let server = Server::start();
    let store = server.store().await;
    awkward_names_come_back(&store).await;
    // Nothing that compresses: an index holds 2,700 bytes.
    let long: String = (0..20_000_u32).map(|number| char::from_u32(0x4e00 + number * 7919 % 20_000).unwrap()).collect();
    let error = open(&store, &long, "session").await.unwrap_err().to_string();
    assert!(error.contains("index row") && error.len() < 300, "{error}");
    assert_eq!(standing(&store, "' OR 1=1 --", "' OR 1=1 -- 1").await, Ok(TokenStatus::Active));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_s_own_tables_and_its_pool() {
    let server = Server::start();
    let store = server.store().await;
    sqlx::raw_sql("CREATE TABLE users (name text); INSERT INTO users VALUES ('alice')")
        .execute(store.pool())
        .await
        .unwrap();
    let over_pool = PostgresStore::new(store.pool().clone());
    let name: String = sqlx::query_scalar("SELECT name FROM users").fetch_one(over_pool.pool()).await.unwrap();
    assert_eq!(name, "alice");
}

async fn rows(server: &Server) -> i64 {
    let count = "SELECT (SELECT count(*) FROM jwt_sessions) + (SELECT count(*) FROM jwt_revoked_tokens) \
                 + (SELECT count(*) FROM jwt_subjects)";
    sqlx::query_scalar(count).fetch_one(&mut server.connection().await).await.unwrap()
}
