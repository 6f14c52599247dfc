//! The real server under load, on every store: 64 clients, each with its own connection and session, request an open
//! page, a guarded page and a refresh, as fast as they get responses.
//!
//! Server, store and clients share this machine, so the figures are lower than those of a separate server. Compare only
//! the stores of one run. `--test` runs it for a moment.
//!
//! Run with `cargo bench -p jwt-extended-server --features store-tests --bench load`. Needs Redis and PostgreSQL.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a program for developers")]

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use jwt_extended_axum::{JwtManager, jose::Key, session::SessionStore};
use jwt_extended_redis::RedisStore;
use jwt_extended_sqlx::{PostgresStore, SqliteStore};
use tempfile::TempDir;
use test_services::{Postgres, Redis};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const SECRET: &str = "Zk3vQy8wTn0rXc5uHb2mLs7fJd4gPa9eWi6oKt1qRx-BvNzMhYjUkSgDlFcEpOwA";
const CLIENTS: usize = 64;

/// A server that is killed when dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(store: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_jwt-extended-server"))
            .args(["demo", "--listen", "127.0.0.1:0", "--log-level", "error"])
            .envs([("JWT_SECRET_KEY", SECRET), ("JWT_STORE", store)])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut first).unwrap();
        let address = first.trim().rsplit_once("http://").unwrap().1.to_owned();
        // Read until the end, so that the server never writes into a closed pipe.
        std::thread::spawn(move || output.lines().for_each(drop));
        Self { child, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client with an open connection.
struct Client {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Client {
    async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, answer: Vec::with_capacity(4096) }
    }

    /// Sends a request, and returns the body of the response, whose status must be 200.
    async fn ask(&mut self, line: &str, token: &str) -> &str {
        let request =
            format!("{line} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: 0\r\n\r\n");
        self.stream.write_all(request.as_bytes()).await.unwrap();
        self.answer.clear();
        let body = loop {
            assert!(self.stream.read_buf(&mut self.answer).await.unwrap() > 0, "the server has closed");
            let Some(end) = self.answer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&self.answer[..end]).unwrap();
            let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
            if self.answer.len() >= end + 4 + length.parse::<usize>().unwrap() {
                break end + 4;
            }
        };
        let text = std::str::from_utf8(&self.answer).unwrap();
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        &text[body..]
    }
}

fn member<'a>(body: &'a str, name: &str) -> &'a str {
    body.split(&format!("\"{name}\":\"")).nth(1).unwrap().split('"').next().unwrap()
}

/// Returns the responses per second of all clients together, while each repeats its request.
async fn rate(server: &str, tokens: &[(String, String)], time: Duration, line: &'static str, refreshes: bool) -> f64 {
    let deadline = Instant::now() + time;
    let clients = tokens.iter().cloned().map(|(access, mut refresh)| {
        let server = server.to_owned();
        tokio::spawn(async move {
            let mut client = Client::connect(&server).await;
            let mut answers = 0_u32;
            while Instant::now() < deadline {
                if refreshes {
                    refresh = member(client.ask(line, &refresh).await, "refresh_token").to_owned();
                } else {
                    client.ask(line, &access).await;
                }
                answers += 1;
            }
            answers
        })
    });
    let clients: Vec<_> = clients.collect();
    let started = Instant::now();
    let mut answers = 0;
    for client in clients {
        answers += client.await.unwrap();
    }
    f64::from(answers) / started.elapsed().as_secs_f64()
}

/// Opens a session for each client, beside the server: each login at the server would hash a password.
async fn log_in(store: Arc<dyn SessionStore>) -> Vec<(String, String)> {
    let jwt = JwtManager::builder().key(Key::hs256(SECRET).unwrap()).session_store(store).build().unwrap();
    let mut tokens = Vec::new();
    for number in 0..CLIENTS {
        let pair = jwt.login(["testuser", "admin"][number % 2]).await.unwrap();
        tokens.push((pair.access.into_string(), pair.refresh.unwrap().into_string()));
    }
    tokens
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let test = std::env::args().any(|argument| argument == "--test");
    let time = if test { Duration::from_millis(200) } else { Duration::from_secs(5) };
    let rounds = if test { 1 } else { 3 };
    let (redis, postgres, folder) = (Redis::start(), Postgres::start_with(&[]), TempDir::new().unwrap());
    let file = folder.path().join("load.db");
    let stores =
        [("sqlite", format!("sqlite:{}", file.display())), ("redis", redis.url()), ("postgresql", postgres.url())];
    for round in 1..=rounds {
        for (name, url) in &stores {
            let server = Server::start(url);
            let store: Arc<dyn SessionStore> = match *name {
                "sqlite" => Arc::new(SqliteStore::open(&file).await.unwrap()),
                "redis" => Arc::new(RedisStore::connect(url.as_str()).await.unwrap()),
                _ => Arc::new(PostgresStore::connect(url).await.unwrap()),
            };
            let tokens = log_in(store).await;
            let open = rate(&server.address, &tokens, time, "GET /healthz", false).await;
            let guarded = rate(&server.address, &tokens, time, "GET /protected", false).await;
            let refreshed = rate(&server.address, &tokens, time, "POST /refresh", true).await;
            println!(
                "round {round}, {name}: {open:.0}/s without a guard, {guarded:.0}/s with one, {refreshed:.0} refreshes/s"
            );
        }
    }
}
