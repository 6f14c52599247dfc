//! What a guard asks of a store, beside the barest query for a session over the same kind of connection: `standing` may
//! cost 1.3 times as much.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench ends by a panic")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;

use common::{open, server::Server};
use criterion::{Criterion, criterion_group, criterion_main};
use jwt_extended::{
    session::{SessionStore, TokenStatus},
    test_util::sessions::{at, ids},
};
use jwt_extended_sqlx::{
    PostgresStore, SqliteStore,
    sqlx::{self, Connection, Executor, Row, SqliteConnection, sqlite::SqliteConnectOptions},
};
use tokio::runtime::{Builder, Runtime};

const BARE: &str = "SELECT ends_at FROM jwt_sessions WHERE id = $1";
const SESSIONS: usize = 1000;

/// One thread: waking another one costs more than the query, and how often that happens is chance.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn fill(store: &dyn SessionStore) {
    for number in 0..SESSIONS {
        assert_eq!(open(store, &format!("user {number}"), &format!("session {number}")).await, Ok(TokenStatus::Active));
    }
}

async fn standing(store: &dyn SessionStore) {
    let token = ids("user 500", Some("session 500"), Some("an access token"), at(0), at(1));
    assert_eq!(black_box(store.status(&token).wait().await), Ok(TokenStatus::Active));
}

fn sqlite(criterion: &mut Criterion) {
    let runtime = runtime();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.db");
    let (store, mut bare) = runtime.block_on(async {
        let store = SqliteStore::open(&path).await.unwrap();
        store.migrate().await.unwrap();
        fill(&store).await;
        let bare = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await.unwrap();
        (store, bare)
    });
    let mut group = criterion.benchmark_group("sqlite");
    group.bench_function("bare query, one connection", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let row = bare.fetch_one(sqlx::query(BARE).bind("session 500")).await.unwrap();
                black_box(row.get::<i64, _>(0))
            })
        });
    });
    group.bench_function("standing", |bencher| bencher.iter(|| runtime.block_on(standing(&store))));
    group.finish();
}

fn postgres(criterion: &mut Criterion) {
    let runtime = runtime();
    let (server, store, pool, mut bare) = runtime.block_on(async {
        let server = Server::start();
        let store = server.store().await;
        fill(&store).await;
        let (pool, bare) = (server.pool().await, server.connection().await);
        (server, store, pool, bare)
    });
    let over_pool = PostgresStore::new(pool.clone());
    let mut group = criterion.benchmark_group("postgres");
    group.bench_function("bare query, one connection", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let row = bare.fetch_one(sqlx::query(BARE).bind("session 500")).await.unwrap();
                black_box(row.get::<i64, _>(0))
            })
        });
    });
    group.bench_function("standing", |bencher| bencher.iter(|| runtime.block_on(standing(&store))));
    group.bench_function("bare query, sqlx's pool", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let row = pool.fetch_one(sqlx::query(BARE).bind("session 500")).await.unwrap();
                black_box(row.get::<i64, _>(0))
            })
        });
    });
    group.bench_function("standing, sqlx's pool", |bencher| bencher.iter(|| runtime.block_on(standing(&over_pool))));
    group.finish();
    drop(server);
}

criterion_group!(benches, sqlite, postgres);
criterion_main!(benches);
