//! Starts, freezes, resumes, stops and restarts both servers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Command,
    time::Duration,
};

use test_services::{Postgres, Redis, free_port};

/// How long a test waits for an answer that must come. It only guards against hanging.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a test waits for an answer that must not come.
const MOMENT: Duration = Duration::from_secs(1);

/// Returns Redis's answer to PING, or nothing if there is none within the limit.
fn pong(redis: &Redis, limit: Duration) -> String {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", redis.port())) else { return String::new() };
    stream.set_read_timeout(Some(limit)).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    let mut answer = [0; 7];
    let _ = stream.read_exact(&mut answer);
    String::from_utf8_lossy(&answer).trim_matches('\0').to_owned()
}

#[test]
fn redis_freezes_and_restarts() {
    let mut redis = Redis::start();
    assert_eq!(pong(&redis, PATIENCE), "+PONG\r\n");
    redis.freeze();
    assert_eq!(pong(&redis, MOMENT), "");
    redis.go_on();
    assert_eq!(pong(&redis, PATIENCE), "+PONG\r\n");
    redis.stop();
    assert_eq!(pong(&redis, PATIENCE), "");
    redis.start_again();
    assert_eq!(pong(&redis, PATIENCE), "+PONG\r\n");
}

#[test]
fn postgresql_freezes_and_keeps_its_data_across_restarts() {
    let mut postgres = Postgres::start();
    // `timeout` exits with 124 if it had to end psql.
    let ask = |url: &str, sql: &str, limit: Duration| {
        let seconds = limit.as_secs().to_string();
        let output = Command::new("timeout").args([&seconds, "psql", "-At", "-c", sql, url]).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let success = |answer: &str| (Some(0), answer.to_owned());
    let url = postgres.new_database("another");
    assert_eq!(ask(&url, "CREATE TABLE kept AS SELECT 42 AS number", PATIENCE), success("SELECT 1"));
    postgres.freeze();
    assert_eq!(ask(&url, "SELECT number FROM kept", MOMENT), (Some(124), String::new()), "frozen, not gone");
    postgres.go_on();
    assert_eq!(ask(&url, "SELECT number FROM kept", PATIENCE), success("42"));
    postgres.stop();
    assert_eq!(ask(&url, "SELECT number FROM kept", PATIENCE), (Some(2), String::new()), "connection refused");
    postgres.start_again();
    assert_eq!(ask(&url, "SELECT number FROM kept", PATIENCE), success("42"));
}

#[test]
fn no_port_is_handed_out_twice() {
    let mut ports: Vec<_> = (0..100).map(|_| free_port()).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 100);
}
