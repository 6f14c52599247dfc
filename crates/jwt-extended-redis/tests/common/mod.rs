//! A Redis that a test starts for itself: on a free port of this machine, in a folder of its own, gone when it is dropped.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "each test takes what it needs"
)]

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use jwt_extended::{Timestamp, session::TokenIds, test_util::sessions};
use jwt_extended_redis::RedisStore;
use redis::{Client, Connection, FromRedisValue, ToRedisArgs};
use test_services::Redis;

/// A Redis server, and ways to look into it.
pub struct Server(Redis);

impl Server {
    /// Starts one, and waits until it answers.
    pub fn start() -> Self {
        Self(Redis::start())
    }

    /// Starts one with further options.
    pub fn start_with(options: &[&str]) -> Self {
        Self(Redis::start_with(options))
    }

    /// Starts one on this port.
    pub fn start_on(port: u16, options: &[&str]) -> Self {
        Self(Redis::start_on(port, options))
    }

    /// A store on it, which bears a busy machine.
    pub async fn store(&self) -> RedisStore {
        RedisStore::builder(self.url()).timeout(Duration::from_secs(20)).connect().await.unwrap()
    }

    /// A connection beside the store's.
    pub fn connection(&self) -> Connection {
        Client::open(self.url()).unwrap().get_connection().unwrap()
    }

    /// Sends a command beside the store.
    pub fn ask<T: FromRedisValue>(&self, command: &str, arguments: impl ToRedisArgs) -> T {
        redis::cmd(command).arg(arguments).query(&mut self.connection()).unwrap()
    }

    /// The keys there are, in order.
    pub fn keys(&self) -> Vec<String> {
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

/// What a store is told of a token of this session.
pub fn token<'a>(subject: &'a str, session: &'a str, jti: &'a str, now: Timestamp) -> TokenIds<'a> {
    sessions::ids(subject, Some(session), Some(jti), sessions::at(0), now)
}

/// A store that many may share.
pub fn shared(store: &RedisStore) -> Arc<RedisStore> {
    Arc::new(store.clone())
}
