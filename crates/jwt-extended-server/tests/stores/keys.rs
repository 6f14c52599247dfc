//! The sealed keys in PostgreSQL: two servers, and a rotation that both take up.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use test_services::{PgBouncer, Postgres};

use crate::support::{listed_user, process::*};

const MASTER: (&str, &str) = ("JWT_MASTER_KEY", "pNe0Zl1dGJQ8m5xrYw2uV7cTkHs9oLfB4aXqEiR3tU8=");

#[track_caller]
fn key(store: &str, arguments: &[&str]) -> Value {
    let ended = run(&[&["key", "--json"], arguments].concat(), &[MASTER, ("JWT_STORE", store)], b"");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    serde_json::from_str(&ended.out).unwrap()
}

fn a_rotation_reaches_both_servers(store: &str) {
    key(store, &["generate"]);
    let config = format!("[keys]\nsource = \"store\"\n{}", listed_user("testuser"));
    let servers = [(); 2].map(|()| Server::serve(&config, &[MASTER, ("JWT_STORE", store)]));
    let (access, _) = servers[0].tokens();
    let next = key(store, &["next"])["kid"].as_str().unwrap().to_owned();
    let started = Instant::now();
    let is_published = |server: &Server| server.send("/.well-known/jwks.json", &[], None).body.contains(&next);
    while !servers.iter().all(is_published) {
        assert!(started.elapsed() < Duration::from_mins(1), "the next key is not published");
        thread::sleep(Duration::from_millis(100));
    }
    key(store, &["rotate", "--now"]);
    let bearer = format!("Bearer {access}");
    for server in &servers {
        assert_eq!(server.send("/protected", &[("authorization", &bearer)], None).status, 200);
    }
    let listed = key(store, &["list"]);
    let states: Vec<_> = listed.as_array().unwrap().iter().map(|key| &key["state"]).collect();
    assert_eq!(states, ["retired", "active"]);
    let retired = listed[0]["kid"].as_str().unwrap();
    key(store, &["retire", retired]);
    let is_refused = |server: &Server| server.send("/protected", &[("authorization", &bearer)], None).status != 200;
    while !servers.iter().all(is_refused) {
        assert!(started.elapsed() < Duration::from_mins(1), "the tokens of a retired key are accepted");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn keys_rotate_in_postgresql() {
    a_rotation_reaches_both_servers(&Postgres::start().url());
}

#[test]
fn keys_rotate_in_postgresql_behind_pgbouncer() {
    let postgres = Postgres::start();
    a_rotation_reaches_both_servers(&PgBouncer::in_front_of(&postgres, 2).url());
}
