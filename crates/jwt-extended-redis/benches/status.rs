//! Compares checking a token with a bare `GET` of the same key, over the same kind of connection and in one run.
//!
//! At the end it measures both alternately, a few milliseconds each, and prints the median of their ratios. That figure
//! is reliable on a busy machine too.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench fails by panicking and prints figures"
)]

#[path = "../tests/it/server.rs"]
mod server;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jwt_extended::{
    session::{SessionStore, TokenStatus},
    test_util::sessions::{at, labelled, new_session},
};
use jwt_extended_redis::RedisStore;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo, aio::MultiplexedConnection, io::tcp::TcpSettings};
use server::{Server, token};
use tokio::runtime::{Builder, Runtime};

const SESSION: &str = "0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e";
const REFRESH: &str = "5b7bd64a-6a2e-4f0d-9d3c-0c7f5f2f0a11";
const ACCESS: &str = "b3b1a3a4-7f5c-4a55-8f0b-6f0a3a1c9d02";
/// How many requests each task sends.
const ROUNDS: usize = 32;

async fn get(connection: &mut MultiplexedConnection, key: &str) {
    let held: Option<Vec<u8>> = redis::cmd("GET").arg(key).query_async(connection).await.unwrap();
    assert!(black_box(held).is_some());
}

/// Reads the same three keys as [`status`] without the store, which cannot be faster than this.
async fn mget(connection: &mut MultiplexedConnection, keys: &[String; 3]) {
    let held: Vec<Option<Vec<u8>>> = redis::cmd("MGET").arg(&keys[..]).query_async(connection).await.unwrap();
    assert!(black_box(held)[1].is_some());
}

async fn status(store: &RedisStore) {
    let answer = store.status(&token("alice@example.org", SESSION, ACCESS, at(1))).wait().await;
    assert_eq!(black_box(answer), Ok(TokenStatus::Active));
}

/// The store, and the connection that it is compared with.
struct Setting {
    runtime: Runtime,
    connection: MultiplexedConnection,
    key: String,
    store: RedisStore,
}

impl Setting {
    /// Measures concurrent tasks that send `GET`.
    async fn gets(&self, tasks: usize, times: usize) -> Duration {
        spawned(tasks, || {
            let (mut connection, key) = (self.connection.clone(), self.key.clone());
            async move {
                for _ in 0..times {
                    get(&mut connection, &key).await;
                }
            }
        })
        .await
    }

    /// Measures concurrent tasks that send `MGET`.
    async fn mgets(&self, tasks: usize, times: usize) -> Duration {
        let root = self.key.strip_suffix(SESSION).and_then(|key| key.strip_suffix("s:")).unwrap();
        let keys = [format!("{root}c"), self.key.clone(), format!("{root}t:{ACCESS}")];
        spawned(tasks, || {
            let (mut connection, keys) = (self.connection.clone(), keys.clone());
            async move {
                for _ in 0..times {
                    mget(&mut connection, &keys).await;
                }
            }
        })
        .await
    }

    /// Measures concurrent tasks that check a token in the store.
    async fn checks(&self, tasks: usize, times: usize) -> Duration {
        spawned(tasks, || {
            let store = self.store.clone();
            async move {
                for _ in 0..times {
                    status(&store).await;
                }
            }
        })
        .await
    }

    fn compare(&self, criterion: &mut Criterion, name: &str, tasks: usize) {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements((tasks * ROUNDS) as u64));
        group.bench_function("GET", |bencher| {
            bencher.to_async(&self.runtime).iter(|| self.gets(tasks, ROUNDS));
        });
        group.bench_function("status", |bencher| {
            bencher.to_async(&self.runtime).iter(|| self.checks(tasks, ROUNDS));
        });
        group.finish();
        let (checks, mgets) = self.runtime.block_on(async {
            let (mut checks, mut mgets) = (Vec::new(), Vec::new());
            for _ in 0..301 {
                let get = self.gets(tasks, ROUNDS).await.as_secs_f64();
                checks.push(self.checks(tasks, ROUNDS).await.as_secs_f64() / get);
                mgets.push(self.mgets(tasks, ROUNDS).await.as_secs_f64() / get);
            }
            (median(checks), median(mgets))
        });
        println!("{name}: checking a token costs {checks:.2} times a GET, its bare MGET {mgets:.2} times");
    }
}

/// Runs tasks at the same time, and returns how long all of them took.
async fn spawned<F: Future<Output = ()> + Send + 'static>(tasks: usize, task: impl Fn() -> F) -> Duration {
    let began = Instant::now();
    for task in (0..tasks).map(|_| tokio::spawn(task())).collect::<Vec<_>>() {
        task.await.unwrap();
    }
    began.elapsed()
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn benches(criterion: &mut Criterion) {
    let server = Server::start();
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let info = server.url().into_connection_info().unwrap();
    let client = Client::open(info.set_tcp_settings(TcpSettings::default().set_nodelay(true))).unwrap();
    let config = AsyncConnectionConfig::new().set_pipeline_buffer_size(1024);
    let (connection, store) = runtime.block_on(async {
        let store = server.store().await;
        let new = new_session("alice@example.org", SESSION, REFRESH, at(0), None);
        let opened = store.open(&labelled(new, "Firefox on Linux")).wait().await;
        assert_eq!(opened, Ok(TokenStatus::Active));
        (client.get_multiplexed_async_connection_with_config(&config).await.unwrap(), store)
    });
    let key = server.keys().into_iter().find(|key| key.contains("}:s:")).unwrap();
    let setting = Setting { runtime, connection, key, store };
    setting.compare(criterion, "sequential", 1);
    setting.compare(criterion, "64 concurrent", 64);
}

criterion_group!(all, benches);
criterion_main!(all);
