//! What asking a store costs, beside a bare `GET` of the same key over a connection of the same kind, in one run.
//!
//! Last, both are measured in turn, a few milliseconds each, and the median of their ratios is printed: it holds on a
//! machine that has other things to do as well.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a bench ends by it")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use common::{Server, token};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jwt_extended::{
    session::{SessionStore, TokenStatus},
    test_util::sessions::{at, labelled, new_session},
};
use jwt_extended_redis::RedisStore;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo, aio::MultiplexedConnection, io::tcp::TcpSettings};
use tokio::runtime::{Builder, Runtime};

const SESSION: &str = "0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e";
const REFRESH: &str = "5b7bd64a-6a2e-4f0d-9d3c-0c7f5f2f0a11";
const ACCESS: &str = "b3b1a3a4-7f5c-4a55-8f0b-6f0a3a1c9d02";
/// How often each task asks.
const ROUNDS: usize = 32;

async fn get(connection: &mut MultiplexedConnection, key: &str) {
    let held: Option<Vec<u8>> = redis::cmd("GET").arg(key).query_async(connection).await.unwrap();
    assert!(black_box(held).is_some());
}

/// The same three keys as [`standing`] asks for, as the client has them: no store can be faster.
async fn mget(connection: &mut MultiplexedConnection, keys: &[String; 3]) {
    let held: Vec<Option<Vec<u8>>> = redis::cmd("MGET").arg(&keys[..]).query_async(connection).await.unwrap();
    assert!(black_box(held)[1].is_some());
}

async fn standing(store: &RedisStore) {
    let answer = store.status(&token("alice@example.org", SESSION, ACCESS, at(1))).wait().await;
    assert_eq!(black_box(answer), Ok(TokenStatus::Active));
}

/// The store, and what it is compared with.
struct Setting {
    runtime: Runtime,
    connection: MultiplexedConnection,
    key: String,
    store: RedisStore,
}

impl Setting {
    /// So many tasks `GET` so often, at the same time.
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

    /// So many tasks `MGET` so often, at the same time.
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

    /// So many tasks ask the store so often, at the same time.
    async fn standings(&self, tasks: usize, times: usize) -> Duration {
        spawned(tasks, || {
            let store = self.store.clone();
            async move {
                for _ in 0..times {
                    standing(&store).await;
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
        group.bench_function("standing", |bencher| {
            bencher.to_async(&self.runtime).iter(|| self.standings(tasks, ROUNDS));
        });
        group.finish();
        let (standings, mgets) = self.runtime.block_on(async {
            let (mut standings, mut mgets) = (Vec::new(), Vec::new());
            for _ in 0..301 {
                let get = self.gets(tasks, ROUNDS).await.as_secs_f64();
                standings.push(self.standings(tasks, ROUNDS).await.as_secs_f64() / get);
                mgets.push(self.mgets(tasks, ROUNDS).await.as_secs_f64() / get);
            }
            (median(standings), median(mgets))
        });
        println!("{name}: a standing costs {standings:.2} times a GET, and its bare MGET {mgets:.2} times");
    }
}

/// How long it takes until all of so many tasks are done.
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
    setting.compare(criterion, "one after another", 1);
    setting.compare(criterion, "64 at once", 64);
}

criterion_group!(all, benches);
criterion_main!(all);
