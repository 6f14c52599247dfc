//! The cost of a guard's call, `status`, beside the simplest query for a session over the same kind of connection. The
//! goal is at most 1.3 times the query.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a program for developers")]

#[allow(dead_code, reason = "a bench uses a part of it")]
#[path = "../tests/it/common.rs"]
mod common;
#[allow(dead_code, reason = "a bench uses a part of it")]
#[path = "../tests/it/server.rs"]
mod server;

use std::hint::black_box;

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

use crate::{common::open, server::Server};

const BARE: &str = "SELECT ends_at FROM jwt_sessions WHERE id = $1";
const SESSIONS: usize = 1000;

/// Uses one thread, because waking another one costs more than the query and happens at random.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn fill(store: &dyn SessionStore) {
    for number in 0..SESSIONS {
        assert_eq!(open(store, &format!("user {number}"), &format!("session {number}")).await, Ok(TokenStatus::Active));
    }
}

async fn status(store: &dyn SessionStore) {
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
    group.bench_function("status", |bencher| bencher.iter(|| runtime.block_on(status(&store))));
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
    group.bench_function("status", |bencher| bencher.iter(|| runtime.block_on(status(&store))));
    group.bench_function("bare query, sqlx's pool", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let row = pool.fetch_one(sqlx::query(BARE).bind("session 500")).await.unwrap();
                black_box(row.get::<i64, _>(0))
            })
        });
    });
    group.bench_function("status, sqlx's pool", |bencher| bencher.iter(|| runtime.block_on(status(&over_pool))));
    group.finish();
    drop(server);
}

criterion_group!(benches, sqlite, postgres);
criterion_main!(benches);
