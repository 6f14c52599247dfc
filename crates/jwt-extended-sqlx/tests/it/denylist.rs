//! A denylist over a real server: what another process revokes, and what becomes of a lost feed.

use std::time::{Duration, Instant};

use jwt_extended::{
    session::{Answer, Denylist, SessionStore, TokenStatus},
    test_util::{
        denylist::{END, Ending, is_remembered, open, opened, options, status},
        sessions::{self, at, end_one, ids, revoked_token, rotate_request},
    },
};
use jwt_extended_sqlx::{PostgresStore, sqlx};
use test_services::PgBouncer;

use crate::{common::LONG, server::Server};

/// Longer than any test takes, so that no silence explains why the store was asked.
const BOUND: Duration = Duration::from_hours(1);

/// Returns the store of another process, which follows the feed.
async fn follower(server: &Server) -> Denylist<PostgresStore> {
    let denylist = server.store().await.with_denylist(options(BOUND));
    until("it follows", || denylist.is_following()).await;
    denylist
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < LONG, "{what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn is_refused_soon(other: &Denylist<PostgresStore>, what: &str, name: &str) {
    until(what, || !is_remembered(other, name)).await;
    assert_eq!(status(other, name).await, TokenStatus::Revoked, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_process_revokes_the_other_refuses() {
    let server = Server::start();
    let (one, other) = (server.store().await, follower(&server).await);
    let names = Ending::ALL.map(|ending| (ending, format!("{ending:?}")));
    for (ending, name) in names.into_iter().chain([(Ending::ById, "naïve \0 \u{1}".to_owned())]) {
        opened(&one, &other, &name).await;
        ending.end(&one, &name).await;
        is_refused_soon(&other, &name, &name).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_off_ends_sessions_whose_rows_are_left() {
    let server = Server::start();
    let (one, other) = (server.store().await, follower(&server).await);
    opened(&one, &other, "alice").await;
    // As if very many sessions had ended: the rows are deleted later.
    let [cutoff, ends] = [2, END].map(|micros| at(micros).as_micros());
    server.run(&format!("INSERT INTO jwt_subjects VALUES ('alice', {cutoff}, {ends}, NULL)"));
    is_refused_soon(&other, "the cut-off is heard", "alice").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_earlier_is_asked_about() {
    let server = Server::start();
    let (one, other) = (server.store().await, follower(&server).await);
    opened(&one, &other, "alice").await;
    let rotate = async |from, to, ends| {
        let token = ids("alice", Some("alice"), Some(from), at(1), at(1));
        one.rotate(&rotate_request(token, to, Duration::ZERO, Some(at(ends)))).wait().await.unwrap();
    };
    rotate("r0", "r1", 2).await;
    until("it is heard", || !is_remembered(&other, "alice")).await;
    rotate("r1", "r2", END).await;
    assert_eq!(status(&other, "alice").await, TokenStatus::Active);
    assert!(is_remembered(&other, "alice"), "one that ends later is not");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_revoked_before_the_start_are_known() {
    let server = Server::start();
    let one = server.store().await;
    one.revoke(&revoked_token("alice", "gone", None, at(0))).wait().await.unwrap();
    let other = follower(&server).await;
    opened(&one, &other, "alice").await;
    let [gone, good] = ["gone", "good"].map(|jti| ids("alice", Some("alice"), Some(jti), at(1), at(1)));
    assert!(matches!(other.status(&gone), Answer::Later(_)));
    assert!(matches!(other.status(&good), Answer::Now(Ok(TokenStatus::Active))));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_feed_a_process_asks_the_store() {
    let server = Server::start();
    let (one, other) = (server.store().await, follower(&server).await);
    opened(&one, &other, "alice").await;
    opened(&one, &other, "bob").await;
    // The connection of the feed is cut, and none can start again.
    server.run("ALTER TABLE jwt_subjects DISABLE TRIGGER jwt_feed_cut_off");
    server.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_listening_channels%' \
                AND pid <> pg_backend_pid()",
    );
    until("the loss is noticed", || !other.is_following()).await;
    assert!(!is_remembered(&other, "alice"));
    assert_eq!(one.end(&end_one("alice", None, at(1))).wait().await, Ok(1));
    assert_eq!(status(&other, "alice").await, TokenStatus::Revoked, "at once");
    // It starts again, and vouches for nothing that it knew before.
    server.run("ALTER TABLE jwt_subjects ENABLE TRIGGER jwt_feed_cut_off");
    until("it follows again", || other.is_following()).await;
    assert!(!is_remembered(&other, "bob"));
    assert_eq!(status(&other, "bob").await, TokenStatus::Active);
    assert!(is_remembered(&other, "bob"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_server_is_followed_again() {
    let mut server = Server::start();
    let (one, other) = (server.store().await, follower(&server).await);
    opened(&one, &other, "alice").await;
    server.stop();
    until("the loss is noticed", || !other.is_following()).await;
    server.start_again();
    server.run("DELETE FROM jwt_sessions");
    until("it follows again", || other.is_following()).await;
    is_refused_soon(&other, "what it knew before does not count", "alice").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn emptied_and_replaced_tables_vouch_for_nothing() {
    for change in [
        "TRUNCATE jwt_sessions",
        "DROP TABLE jwt_sessions, jwt_migrations",
        "ALTER TABLE jwt_sessions DISABLE TRIGGER USER",
    ] {
        let server = Server::start();
        let one = server.store().await;
        // A bound that is short enough to read the state soon.
        let other = server.store().await.with_denylist(options(Duration::from_secs(10)));
        until("it follows", || other.is_following()).await;
        opened(&one, &other, "alice").await;
        server.run(change);
        until(change, || !is_remembered(&other, "alice")).await;
        if change.starts_with("DROP") {
            one.migrate().await.unwrap();
        } else if change.starts_with("ALTER") {
            server.run("DELETE FROM jwt_sessions; ALTER TABLE jwt_sessions ENABLE TRIGGER USER");
        }
        until("it follows again", || other.is_following()).await;
        is_refused_soon(&other, change, "alice").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_is_trusted_for_the_bound_only() {
    let server = Server::start();
    let (one, bound) = (server.store().await, Duration::from_secs(3));
    let other = server.store_with_timeout(Duration::from_secs(2)).await.with_denylist(options(bound));
    until("it follows", || other.is_following()).await;
    opened(&one, &other, "alice").await;
    server.freeze();
    let frozen = Instant::now();
    until("the bound passes", || !other.is_following()).await;
    assert!(frozen.elapsed() <= bound + Duration::from_secs(1), "{:?}", frozen.elapsed());
    server.go_on();
    until("it follows again", || other.is_following()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_unless_somebody_follows() {
    let server = Server::start();
    let one = server.store().await;
    let mut listener = sqlx::postgres::PgListener::connect(&server.url()).await.unwrap();
    listener.listen("jwt_feed").await.unwrap();
    one.revoke(&revoked_token("alice", "before", None, at(0))).wait().await.unwrap();
    let other = follower(&server).await;
    one.revoke(&revoked_token("alice", "meanwhile", None, at(0))).wait().await.unwrap();
    let heard = listener.recv().await.unwrap();
    assert!(heard.payload().ends_with(" meanwhile"), "{}", heard.payload());
    drop(other);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_began_before_a_follower_is_waited_for() {
    let server = Server::start();
    let one = server.store().await;
    open(&one, "alice").await;
    let mut connection = server.connection().await;
    let mut ending = sqlx::Connection::begin(&mut connection).await.unwrap();
    // Nobody follows, so this end is not told.
    sqlx::query("DELETE FROM jwt_sessions").execute(&mut *ending).await.unwrap();
    let other = server.store().await.with_denylist(options(BOUND));
    let mut watching = server.connection().await;
    let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
    let began = Instant::now();
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut watching).await.unwrap() == 0 {
        assert!(began.elapsed() < LONG, "it waits for the transaction");
    }
    assert!(!other.is_following());
    ending.commit().await.unwrap();
    until("it follows", || other.is_following()).await;
    assert_eq!(status(&other, "alice").await, TokenStatus::Revoked);
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_pooler_each_check_asks() {
    let server = Server::start();
    let one = server.store().await;
    for lines in ["", "ignore_startup_parameters = options"] {
        let bouncer = PgBouncer::with(&server, 1, lines);
        let store = PostgresStore::builder().timeout(LONG).connect(&bouncer.url()).await.unwrap();
        let other = store.with_denylist(options(BOUND));
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(!other.is_following(), "{lines}");
        let id = format!("session {lines}");
        open(&one, &id).await;
        for _ in 0..2 {
            assert_eq!(status(&other, &id).await, TokenStatus::Active);
            assert!(!is_remembered(&other, &id));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denylist_keeps_the_specification_of_stores() {
    let server = Server::start();
    // The specification's clock is not the denylist's.
    let century = Duration::from_hours(24 * 365 * 100);
    let denylist = server.store_over_pool().await;
    denylist.migrate().await.unwrap();
    let denylist = denylist.with_denylist(options(century));
    until("it follows", || denylist.is_following()).await;
    sessions::check_random(&denylist, 0..10).await;
    assert!(denylist.is_following());
}
