//! A Redis that a test starts for itself: on a free port of this machine, in a folder of its own, gone when it is dropped.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "each test takes what it needs"
)]

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

use jwt_extended::{Timestamp, session::TokenIds, test_util::sessions};
use jwt_extended_redis::RedisStore;
use redis::{Client, Connection, FromRedisValue, ToRedisArgs};
use tempfile::TempDir;

/// A Redis server.
pub struct Server {
    process: Option<Child>,
    pub port: u16,
    arguments: Vec<String>,
    folder: TempDir,
}

impl Server {
    /// Starts one, and waits until it answers.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with further options.
    pub fn start_with(options: &[&str]) -> Self {
        Self::start_on(free_port(), options)
    }

    /// Starts one on this port.
    pub fn start_on(port: u16, options: &[&str]) -> Self {
        let arguments = options.iter().map(|&option| option.to_owned()).collect();
        let mut server = Self { process: None, port, arguments, folder: TempDir::new().unwrap() };
        server.start_again();
        server
    }

    /// Starts it again on the same port, with nothing in it.
    pub fn start_again(&mut self) {
        let port = self.port.to_string();
        let process = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(&self.arguments)
            .current_dir(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.process = Some(process.expect("redis-server is missing; install Debian's redis-server"));
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "redis-server did not start on port {port}");
            sleep(Duration::from_millis(5));
        }
    }

    /// Ends it at once.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Freezes it: connections stay open, and nothing is answered.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let process = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
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

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A port that was free just now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What a store is told of a token of this session.
pub fn token<'a>(subject: &'a str, session: &'a str, jti: &'a str, now: Timestamp) -> TokenIds<'a> {
    sessions::ids(subject, Some(session), Some(jti), sessions::at(0), now)
}

/// A store that many may share.
pub fn shared(store: &RedisStore) -> Arc<RedisStore> {
    Arc::new(store.clone())
}
