//! The store behind `PgBouncer` in transaction mode, where each transaction may get another connection to the server.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jwt_extended::{
    session::{SessionStore, TokenStatus},
    test_util::sessions::{at, end_all, fresh_name},
};
use jwt_extended_sqlx::{
    PostgresStore,
    sqlx::{
        self, Connection, PgConnection, Row,
        postgres::{PgConnectOptions, PgPoolOptions},
    },
};
use test_services::PgBouncer;

use crate::{
    common::{LONG, eventually, one_of_64_rotations_wins, open, rotate, status},
    server::Server,
};

async fn store(url: &str) -> PostgresStore {
    let store = PostgresStore::builder().timeout(LONG).connect(url).await.unwrap();
    store.migrate().await.unwrap();
    store
}

/// Connects through `PgBouncer` like another client, without prepared statements.
async fn another_client(bouncer: &PgBouncer) -> PgConnection {
    let options: PgConnectOptions = bouncer.url().parse().unwrap();
    PgConnection::connect_with(&options.extra_float_digits(None)).await.unwrap()
}

/// Uses the store in every way, and from several tasks. The users are new ones.
async fn use_store(store: &PostgresStore) {
    let names = fresh_name("user");
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let (store, subject) = (store.clone(), format!("{names} {number}"));
            tokio::spawn(async move {
                for round in 0..10 {
                    let id = format!("{subject} {round}");
                    assert_eq!(open(&store, &subject, &id).await, Ok(TokenStatus::Active));
                    rotate(&store, &subject, &id, &format!("{id} r0"), &format!("{id} r1")).await.unwrap();
                    assert_eq!(status(&store, &subject, &id).await, Ok(TokenStatus::Active));
                }
                assert_eq!(store.list(&subject, at(2)).wait().await.unwrap().len(), 10);
                assert_eq!(store.end(&end_all(&subject, None, at(2))).wait().await, Ok(10));
                assert_eq!(status(&store, &subject, &format!("{subject} 0")).await, Ok(TokenStatus::Revoked));
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// Nothing of the store may be left on the only connection to the server.
async fn leaves_nothing(bouncer: &PgBouncer) {
    let mut other = another_client(bouncer).await;
    let left = "SELECT current_setting('statement_timeout'), current_setting('default_transaction_isolation'), \
                (SELECT count(*)::text FROM pg_prepared_statements)";
    let row = sqlx::Executor::fetch_one(&mut other, sqlx::raw_sql(left)).await.unwrap();
    let left: Vec<&str> = (0..3).map(|column| row.get(column)).collect();
    assert_eq!(left, ["0", "repeatable read", "0"]);
}

/// A server whose default isolation level is not what the store needs.
fn server() -> Server {
    let server = Server::start();
    server.run("ALTER DATABASE postgres SET default_transaction_isolation = 'repeatable read'");
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_leave_nothing_with_other_clients() {
    let server = server();
    // The second one pretends to accept the settings of a session.
    for lines in ["", "ignore_startup_parameters = options"] {
        let bouncer = PgBouncer::with(&server, 1, lines);
        use_store(&store(&bouncer.url()).await).await;
        leaves_nothing(&bouncer).await;
        let by_name = format!("{}?statement-cache-capacity=0", bouncer.url());
        use_store(&store(&by_name).await).await;
        leaves_nothing(&bouncer).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_over_the_pool_of_an_app_leaves_nothing_either() {
    let server = server();
    let bouncer = PgBouncer::in_front_of(&server, 1);
    let options: PgConnectOptions = bouncer.url().parse().unwrap();
    let pool = PgPoolOptions::new().connect_with(options.extra_float_digits(None)).await.unwrap();
    let store = PostgresStore::builder().timeout(LONG).transaction_pooling().with_pool(pool);
    store.migrate().await.unwrap();
    use_store(&store).await;
    leaves_nothing(&bouncer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_with_and_without_pgbouncer_agree() {
    let server = server();
    let bouncer = PgBouncer::in_front_of(&server, 4);
    let pooled = [store(&bouncer.url()).await, store(&bouncer.url()).await];
    let [one, two] = pooled.map(|store| Arc::new(store) as Arc<dyn SessionStore>);
    let direct = Arc::new(server.store().await);
    one_of_64_rotations_wins(&[one, two, direct]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_row_is_an_error_in_time_and_is_cancelled() {
    let server = server();
    let bouncer = PgBouncer::in_front_of(&server, 4);
    let patient = store(&bouncer.url()).await;
    open(&patient, "alice", "session").await.unwrap();
    let timeout = Duration::from_secs(1);
    let store = PostgresStore::builder().timeout(timeout).connect_lazily(&bouncer.url()).unwrap();
    eventually(async || status(&store, "alice", "session").await).await;
    let mut connection = server.connection().await;
    sqlx::raw_sql("BEGIN; SELECT 1 FROM jwt_sessions FOR UPDATE").execute(&mut connection).await.unwrap();
    assert!(rotate(&store, "alice", "session", "session r0", "session r1").await.is_err());
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    let deadline = Instant::now() + LONG;
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut server.connection().await).await.unwrap() > 0 {
        assert!(Instant::now() < deadline, "no statement goes on waiting for the lock");
    }
    sqlx::raw_sql("COMMIT").execute(&mut connection).await.unwrap();
    assert!(rotate(&patient, "alice", "session", "session r0", "session r1").await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_connection_keeps_its_settings_and_statements() {
    let server = server();
    let store = server.store_with_timeout(Duration::from_secs(7)).await;
    eventually(async || status(&store, "alice", "session").await).await;
    let of_store = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT CASE WHEN NOT EXISTS%'";
    let count: i64 = sqlx::query_scalar(of_store).fetch_one(&mut server.connection().await).await.unwrap();
    assert_eq!(count, 1, "its last statement is the query, and no COMMIT");
}
