//! What the store in PostgreSQL does beyond the checks of every store.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jwt_extended::{
    session::{RotateOutcome, SessionStore, TokenStatus},
    test_util::sessions::{
        at, at_most, end_all, end_one, ids, new_session, revoked_token, rotate_request, touch_request,
    },
};
use jwt_extended_sqlx::{
    PostgresStore, SetupError,
    sqlx::{self, Row},
};

use crate::{
    common::{
        LONG, MANY, SECOND, ended_rows_are_deleted, eventually, many_sessions, many_sessions_are_counted_once,
        many_sessions_end_at_once, one_of_64_rotations_wins, open, open_at, rotate, special_characters_are_kept,
        status,
    },
    server::Server,
};

#[tokio::test(flavor = "multi_thread")]
async fn one_of_64_rotations_wins_over_three_stores() {
    let server = Server::start();
    let over_pool = server.store_over_pool().await;
    let stores: [Arc<dyn SessionStore>; 3] =
        [Arc::new(server.store().await), Arc::new(server.store().await), Arc::new(over_pool)];
    one_of_64_rotations_wins(&stores).await;
}

/// A store whose tables are not created yet.
fn empty_store(server: &Server) -> PostgresStore {
    PostgresStore::builder().timeout(LONG).connect_lazily(&server.url()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_may_run_many_times_at_once() {
    let server = Server::start();
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let store = empty_store(&server);
            tokio::spawn(async move {
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
    assert_eq!(versions.len(), 2);
    assert_eq!((versions[0].get::<i64, _>(0), versions[0].get::<&str, _>(1)), (1, "sessions"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_a_later_version_are_an_error() {
    let server = Server::start();
    let store = server.store().await;
    let mut connection = server.connection().await;
    sqlx::query("INSERT INTO jwt_migrations VALUES (99, 'of the future')").execute(&mut connection).await.unwrap();
    assert!(matches!(store.migrate().await, Err(SetupError::FromLater { found: 99, known: 2 })));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_missing_tables_error_points_to_migrate() {
    let server = Server::start();
    let error = status(&empty_store(&server), "alice", "session").await.unwrap_err().to_string();
    assert!(error.contains("create the tables with `migrate`"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_the_tables_can_be_refused() {
    let server = Server::start();
    let store = empty_store(&server);
    for _ in 0..2 {
        assert!(matches!(store.refuse_unless_migrated().await, Err(SetupError::NoStore)), "it creates nothing");
    }
    store.migrate().await.unwrap();
    assert!(store.refuse_unless_migrated().await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_or_touch_without_a_session_changes_nothing() {
    let server = Server::start();
    let store = server.store().await;
    open(&store, "alice", "session").await.unwrap();
    let token = ids("alice", None, Some("session r0"), at(0), at(1));
    let rotate = rotate_request(token, "session r1", Duration::ZERO, None);
    assert_eq!(store.rotate(&rotate).wait().await, Ok(RotateOutcome::Ended));
    assert_eq!(store.touch(&touch_request(token, None)).wait().await, Ok(TokenStatus::Active));
    store.revoke(&revoked_token("alice", "session r0", None, at(1))).wait().await.unwrap();
    assert_eq!(store.touch(&touch_request(token, None)).wait().await, Ok(TokenStatus::Revoked));
    assert_eq!(status(&store, "alice", "session").await, Ok(TokenStatus::Active));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_without_rights_gets_the_statement_that_helps() {
    let server = Server::start();
    server.run("CREATE ROLE \"the app\" LOGIN");
    let url = |database: &str| format!("postgres://the%20app@127.0.0.1:{}/{database}", server.port());
    for number in 0..2 {
        let database = format!("database{number}");
        server.new_database(&database);
        let store = PostgresStore::builder().timeout(LONG).connect_lazily(&url(&database)).unwrap();
        let error = store.migrate().await.unwrap_err().to_string();
        assert!(error.starts_with("the role \"the app\" may not create tables in the schema public; "), "{error}");
        // The first and the second statement each help.
        let statement = error.split('`').nth(1 + 2 * number).unwrap();
        server.run_in(&database, statement);
        store.migrate().await.unwrap();
        assert_eq!(open(&store, "alice", "session").await, Ok(TokenStatus::Active));
    }
    server.run_in("database0", "REVOKE ALL ON jwt_sessions FROM \"the app\"");
    let store = PostgresStore::builder().timeout(LONG).connect_lazily(&url("database0")).unwrap();
    let error = status(&store, "alice", "session").await.unwrap_err().to_string();
    assert!(error.contains("grant its role SELECT, INSERT, UPDATE and DELETE"), "{error}");
    server.run("ALTER ROLE \"the app\" SET search_path = nowhere");
    let store = PostgresStore::builder().timeout(LONG).connect_lazily(&url("database0")).unwrap();
    let error = store.migrate().await.unwrap_err().to_string();
    assert!(error.contains("`CREATE SCHEMA AUTHORIZATION \"the app\"`"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unix_socket_is_an_address() {
    let server = Server::start();
    let (folder, port) = (server.socket_folder().display(), server.port());
    let url = format!("postgresql+psycopg2://test:secret@/postgres?host={folder}&port={port}");
    let store = PostgresStore::builder().timeout(LONG).connect(&url).await.unwrap();
    store.migrate().await.unwrap();
    assert_eq!(open(&store, "alice", "session").await, Ok(TokenStatus::Active));
    let is_local = "SELECT count(*) FROM pg_stat_activity WHERE client_port = -1 AND pid <> pg_backend_pid()";
    let local: i64 = sqlx::query_scalar(is_local).fetch_one(&mut server.connection().await).await.unwrap();
    assert!(local >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_sql_creates_the_same_tables() {
    let server = Server::start();
    let store = empty_store(&server);
    let plain = include_str!("../../migrations/postgres/0001_sessions.sql");
    sqlx::raw_sql(plain).execute(&mut server.connection().await).await.unwrap();
    assert_eq!(open(&store, "alice", "session").await, Ok(TokenStatus::Active));
    store.migrate().await.unwrap();
    assert_eq!(status(&store, "alice", "session").await, Ok(TokenStatus::Active));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_earlier_login_survives_ending_all_sessions() {
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
async fn parallel_logins_do_not_exceed_the_limit() {
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
async fn a_locked_row_is_an_error_in_time() {
    let server = Server::start();
    let timeout = Duration::from_secs(1);
    let store = PostgresStore::builder().timeout(timeout).max_connections(2).connect_lazily(&server.url()).unwrap();
    store.migrate().await.unwrap();
    let patient = server.store().await;
    open(&patient, "alice", "session").await.unwrap();
    let mut connection = server.connection().await;
    sqlx::raw_sql("BEGIN; SELECT 1 FROM jwt_sessions FOR UPDATE").execute(&mut connection).await.unwrap();
    for _ in 0..3 {
        let started = Instant::now();
        assert!(rotate(&store, "alice", "session", "session r0", "session r1").await.is_err());
        assert!(started.elapsed() < timeout * 10, "{:?}", started.elapsed());
        // Reading does not wait for the lock.
        let status = eventually(async || status(&store, "alice", "session").await).await;
        assert_eq!(status, TokenStatus::Active);
    }
    // The server cancels the statements as well.
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    let deadline = Instant::now() + LONG;
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut server.connection().await).await.unwrap() > 0 {
        assert!(Instant::now() < deadline, "no statement goes on waiting for the lock");
    }
    sqlx::raw_sql("COMMIT").execute(&mut connection).await.unwrap();
    let rotated = rotate(&patient, "alice", "session", "session r0", "session r1").await;
    assert_eq!(rotated, Ok(RotateOutcome::Rotated), "no rotation was carried out after its call had failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_calls_do_no_harm() {
    let server = Server::start();
    for store in [server.store().await, server.store_over_pool().await] {
        open(&store, "alice", "session").await.unwrap();
        for micros in 0..300 {
            let limit = Duration::from_micros(micros * 5);
            let _ = tokio::time::timeout(limit, status(&store, "alice", "session")).await;
            let _ = tokio::time::timeout(limit, open(&store, "bob", "another")).await;
        }
        for _ in 0..30 {
            assert_eq!(status(&store, "alice", "session").await, Ok(TokenStatus::Active));
            assert_eq!(status(&store, "alice", "none").await, Ok(TokenStatus::Revoked));
            assert_eq!(open(&store, "carol", "carol's").await, Ok(TokenStatus::Active));
        }
        assert_eq!(store.end(&end_one("session", None, at(1))).wait().await, Ok(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_rows_are_deleted_in_batches_and_by_logins() {
    let server = Server::start();
    let store = server.store().await;
    ended_rows_are_deleted(&store, async || rows(&server).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn very_many_sessions_end_at_once() {
    let server = Server::start();
    let store = server.store().await;
    server.run(&many_sessions(MANY));
    // As the server does by itself, which is switched off in tests.
    server.run("ANALYZE jwt_sessions");
    let rows = async || {
        let count = "SELECT count(*) FROM jwt_sessions";
        sqlx::query_scalar(count).fetch_one(&mut server.connection().await).await.unwrap()
    };
    many_sessions_end_at_once(&store, MANY, rows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_very_many_sessions_does_not_wait_for_their_rows() {
    let server = Server::start();
    let store = server.store().await;
    server.run(&many_sessions(MANY));
    let mut connection = server.connection().await;
    let lock = "BEGIN; SELECT 1 FROM jwt_sessions WHERE id = 'session 1' FOR UPDATE";
    sqlx::raw_sql(lock).execute(&mut connection).await.unwrap();
    many_sessions_are_counted_once(&store, MANY).await;
    let held: i64 = sqlx::query_scalar("SELECT count(*) FROM jwt_sessions WHERE id = 'session 1'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(held, 1);
    let session = ids("alice", Some("session 1"), Some("a"), at(1), at(MANY * SECOND + 1));
    assert_eq!(store.status(&session).wait().await, Ok(TokenStatus::Revoked));
}

#[tokio::test(flavor = "multi_thread")]
async fn special_characters_in_names_are_kept() {
    let server = Server::start();
    let store = server.store().await;
    special_characters_are_kept(&store).await;
    assert_eq!(status(&store, "' OR 1=1 --", "' OR 1=1 -- 1").await, Ok(TokenStatus::Active));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_too_long_for_an_index_is_a_short_error() {
    let server = Server::start();
    // A text that does not compress, because the limit of 2,700 bytes is for the compressed one.
    let long: String = (0..20_000_u32).map(|number| char::from_u32(0x4e00 + number * 7919 % 20_000).unwrap()).collect();
    let error = open(&server.store().await, &long, "session").await.unwrap_err().to_string();
    assert!(error.contains("index row") && error.len() < 300, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_can_use_the_pool_for_its_own_tables() {
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
