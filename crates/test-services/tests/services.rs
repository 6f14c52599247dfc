//! The servers start, freeze, go on, stop and start again.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::Command,
    time::{Duration, Instant},
};

use test_services::{Postgres, Redis};

/// What Redis says to PING within a moment; nothing if it does not answer.
fn pong(redis: &Redis) -> String {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", redis.port())) else { return String::new() };
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    let mut answer = [0; 7];
    let _ = stream.read_exact(&mut answer);
    String::from_utf8_lossy(&answer).trim_matches('\0').to_owned()
}

#[test]
fn redis_comes_and_goes() {
    let mut redis = Redis::start();
    assert_eq!(pong(&redis), "+PONG\r\n");
    redis.freeze();
    assert_eq!(pong(&redis), "");
    redis.go_on();
    assert_eq!(pong(&redis), "+PONG\r\n");
    redis.stop();
    assert_eq!(pong(&redis), "");
    redis.start_again();
    assert_eq!(pong(&redis), "+PONG\r\n");
}

#[test]
fn postgresql_comes_and_goes_and_keeps_what_it_knew() {
    let mut postgres = Postgres::start();
    let ask = |url: &str, sql: &str| {
        let output = Command::new("timeout").args(["2", "psql", "-At", "-c", sql, url]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let url = postgres.new_database("another");
    assert_eq!(ask(&url, "CREATE TABLE kept AS SELECT 42 AS number"), "SELECT 1");
    postgres.freeze();
    let frozen = Instant::now();
    assert_eq!(ask(&url, "SELECT number FROM kept"), "");
    assert!(frozen.elapsed() > Duration::from_secs(1), "it is frozen, not gone");
    postgres.go_on();
    assert_eq!(ask(&url, "SELECT number FROM kept"), "42");
    postgres.stop();
    assert_eq!(ask(&url, "SELECT number FROM kept"), "");
    postgres.start_again();
    assert_eq!(ask(&url, "SELECT number FROM kept"), "42");
}
