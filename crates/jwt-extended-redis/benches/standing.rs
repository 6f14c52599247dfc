//! What asking a store costs, beside a bare `GET` of the same key over a connection of the same kind, in one run.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench ends by it")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::{hint::black_box, time::Instant};

use common::{Server, token};
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use jwt_extended::{
    session::{SessionStore, Standing},
    test_util::sessions::{at, labelled, new_session},
};
use jwt_extended_redis::RedisStore;
use redis::{Client, IntoConnectionInfo, aio::MultiplexedConnection, io::tcp::TcpSettings};
use tokio::runtime::{Builder, Runtime};

const SESSION: &str = "0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e";
const REFRESH: &str = "5b7bd64a-6a2e-4f0d-9d3c-0c7f5f2f0a11";
const ACCESS: &str = "b3b1a3a4-7f5c-4a55-8f0b-6f0a3a1c9d02";
/// Tasks that ask at the same time, and how often each does.
const TASKS: usize = 64;
const ROUNDS: usize = 32;

async fn get(connection: &mut MultiplexedConnection, key: &str) {
    let held: Option<Vec<u8>> = redis::cmd("GET").arg(key).query_async(connection).await.unwrap();
    assert!(black_box(held).is_some());
}

async fn standing(store: &RedisStore) {
    let answer = store.standing(&token("alice@example.org", SESSION, ACCESS, at(1))).wait().await;
    assert_eq!(black_box(answer), Ok(Standing::Good));
}

fn sequential(
    group: &mut BenchmarkGroup<'_, WallTime>,
    runtime: &Runtime,
    connection: &MultiplexedConnection,
    key: &str,
    store: &RedisStore,
) {
    group.throughput(Throughput::Elements(1));
    group.bench_function("GET", |bencher| {
        bencher.to_async(runtime).iter_custom(|times| {
            let mut connection = connection.clone();
            async move {
                let began = Instant::now();
                for _ in 0..times {
                    get(&mut connection, key).await;
                }
                began.elapsed()
            }
        });
    });
    group.bench_function("standing", |bencher| bencher.to_async(runtime).iter(|| standing(store)));
}

fn concurrent(
    group: &mut BenchmarkGroup<'_, WallTime>,
    runtime: &Runtime,
    connection: &MultiplexedConnection,
    key: &str,
    store: &RedisStore,
) {
    group.throughput(Throughput::Elements((TASKS * ROUNDS) as u64));
    group.bench_function("GET", |bencher| {
        bencher.to_async(runtime).iter(|| async {
            let task = || {
                let (mut connection, key) = (connection.clone(), key.to_owned());
                tokio::spawn(async move {
                    for _ in 0..ROUNDS {
                        get(&mut connection, &key).await;
                    }
                })
            };
            for task in (0..TASKS).map(|_| task()).collect::<Vec<_>>() {
                task.await.unwrap();
            }
        });
    });
    group.bench_function("standing", |bencher| {
        bencher.to_async(runtime).iter(|| async {
            let task = || {
                let store = store.clone();
                tokio::spawn(async move {
                    for _ in 0..ROUNDS {
                        standing(&store).await;
                    }
                })
            };
            for task in (0..TASKS).map(|_| task()).collect::<Vec<_>>() {
                task.await.unwrap();
            }
        });
    });
}

fn benches(criterion: &mut Criterion) {
    let server = Server::start();
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let info = server.url().into_connection_info().unwrap();
    let client = Client::open(info.set_tcp_settings(TcpSettings::default().set_nodelay(true))).unwrap();
    let (connection, store) = runtime.block_on(async {
        let store = server.store().await;
        let new = new_session("alice@example.org", SESSION, REFRESH, at(0), None);
        let opened = store.open(&labelled(new, "Firefox on Linux")).wait().await;
        assert_eq!(opened, Ok(Standing::Good));
        (client.get_multiplexed_async_connection().await.unwrap(), store)
    });
    let key = server.keys().into_iter().find(|key| key.contains("}:s:")).unwrap();
    sequential(&mut criterion.benchmark_group("one after another"), &runtime, &connection, &key, &store);
    concurrent(&mut criterion.benchmark_group("64 at once"), &runtime, &connection, &key, &store);
}

criterion_group!(all, benches);
criterion_main!(all);
