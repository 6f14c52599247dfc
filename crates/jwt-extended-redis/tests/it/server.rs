//! A Redis server for one test or bench: a free port, a temporary folder, gone when it is dropped.

use std::{
    fmt::Debug,
    ops::{Deref, DerefMut},
    time::{Duration, Instant},
};

use jwt_extended::{Timestamp, session::TokenIds, test_util::sessions};
use jwt_extended_redis::{RedisStore, RedisStoreBuilder};
use redis::{Client, Connection, FromRedisValue, ToRedisArgs};
use test_services::Redis;

/// How long something may take that must succeed. It only guards against hanging, so a busy machine fails no test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A Redis server, with ways to look into it.
pub(crate) struct Server(Redis);

impl Server {
    /// Starts a server and waits until it listens.
    pub(crate) fn start() -> Self {
        Self(Redis::start())
    }

    /// Starts a server with further options.
    #[allow(dead_code, reason = "the bench does not use it")]
    pub(crate) fn start_with(options: &[&str]) -> Self {
        Self(Redis::start_with(options))
    }

    /// Starts a server on this port.
    #[allow(dead_code, reason = "the bench does not use it")]
    pub(crate) fn start_on(port: u16, options: &[&str]) -> Self {
        Self(Redis::start_on(port, options))
    }

    /// Returns a store that waits long enough on a busy machine.
    pub(crate) async fn store(&self) -> RedisStore {
        patient(self.url()).connect().await.unwrap()
    }

    /// Connects without the store.
    pub(crate) fn connection(&self) -> Connection {
        Client::open(self.url()).unwrap().get_connection().unwrap()
    }

    /// Sends a command without the store.
    pub(crate) fn ask<T: FromRedisValue>(&self, command: &str, arguments: impl ToRedisArgs) -> T {
        redis::cmd(command).arg(arguments).query(&mut self.connection()).unwrap()
    }

    /// Returns the names of all keys, sorted.
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.ask("KEYS", "*");
        keys.sort();
        keys
    }
}

impl Deref for Server {
    type Target = Redis;

    fn deref(&self) -> &Redis {
        &self.0
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut Redis {
        &mut self.0
    }
}

/// Sets up a store that waits long enough on a busy machine.
pub(crate) fn patient(url: impl Into<String>) -> RedisStoreBuilder {
    RedisStore::builder(url).timeout(PATIENCE)
}

/// Describes a token of this session, as the engine does for a store.
pub(crate) fn token<'a>(subject: &'a str, session: &'a str, jti: &'a str, now: Timestamp) -> TokenIds<'a> {
    sessions::ids(subject, Some(session), Some(jti), sessions::at(0), now)
}

/// Repeats a call until it succeeds, and returns its answer.
#[allow(dead_code, reason = "the bench does not use it")]
pub(crate) async fn eventually<T, E, F>(mut call: impl FnMut() -> F) -> T
where
    E: Debug,
    F: Future<Output = Result<T, E>>,
{
    let began = Instant::now();
    loop {
        match call().await {
            Ok(answer) => return answer,
            Err(error) => assert!(began.elapsed() < PATIENCE, "still no answer: {error:?}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
