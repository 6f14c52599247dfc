//! What is sent: one command for each call, of few kinds, and no other app's keys.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test ends by it")]

mod common;

use std::{collections::BTreeMap, time::Duration};

use common::{Server, token};
use jwt_extended::{
    session::{RotateOutcome, SessionStore, TokenStatus},
    test_util::sessions::{self, at, end_all, end_one, ids, new_session, revoked_token, rotate_request, touch_request},
};
use jwt_extended_redis::RedisStore;

/// How often which command was called since the last time, by clients and in scripts.
fn calls(server: &Server) -> BTreeMap<String, u64> {
    let info: String = server.ask("INFO", "commandstats");
    let _: () = server.ask("CONFIG", "RESETSTAT");
    let read = |line: &str| -> Option<(String, u64)> {
        let (command, stats) = line.strip_prefix("cmdstat_")?.split_once(':')?;
        let count = stats.split(',').next()?.strip_prefix("calls=")?.parse().ok()?;
        Some((command.to_owned(), count))
    };
    let beside = ["info", "config|resetstat", "client|setinfo", "hello", "keys"];
    info.lines().filter_map(read).filter(|(command, _)| !beside.contains(&&**command)).collect()
}

fn counted(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
    pairs.iter().map(|&(command, count)| (command.to_owned(), count)).collect()
}

#[tokio::test]
async fn asking_whether_a_token_stands_is_one_command() {
    let server = Server::start();
    let store = server.store().await;
    let new = new_session("alice", "session", "r0", at(0), None);
    assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
    calls(&server);
    let questions = [
        ids("alice", Some("session"), Some("a"), at(0), at(1)),
        ids("alice", Some("session"), None, at(0), at(1)),
        ids("alice", None, Some("a"), at(0), at(1)),
        ids("alice", None, None, at(0), at(1)),
    ];
    for token in questions {
        assert_eq!(store.status(&token).wait().await, Ok(TokenStatus::Active));
        assert_eq!(calls(&server), counted(&[("mget", 1)]), "{token:?}");
    }
}

#[tokio::test]
async fn every_other_call_is_one_script_and_what_tends_its_pointer() {
    let server = Server::start();
    let store = server.store().await;
    // The first time, Redis has not seen the scripts.
    scripts_of(&server, &store, "bob").await;
    let scripts = scripts_of(&server, &store, "alice").await;
    let expected = [("open", 1), ("turn", 2), ("touch", 2), ("list", 1), ("revoke", 1), ("end one", 1), ("end all", 1)];
    assert_eq!(scripts, expected);
}

/// Makes every call for this subject, and counts the scripts of each.
async fn scripts_of(server: &Server, store: &RedisStore, subject: &str) -> Vec<(&'static str, u64)> {
    let mut scripts = Vec::new();
    let mut count = |call| {
        let calls = calls(server);
        scripts.push((call, calls.get("evalsha").copied().unwrap_or_default()));
    };
    let (refresh, access) = (token(subject, subject, "r0", at(1)), token(subject, subject, "a", at(1)));
    let new = new_session(subject, subject, "r0", at(0), None);
    assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
    count("open");
    let turned = store.rotate(&rotate_request(refresh, "r1", Duration::from_secs(10), None)).wait().await;
    assert_eq!(turned, Ok(RotateOutcome::Rotated));
    count("turn");
    assert_eq!(store.touch(&touch_request(access, None)).wait().await, Ok(TokenStatus::Active));
    count("touch");
    assert_eq!(store.list(subject, at(1)).wait().await.map(|list| list.len()), Ok(1));
    count("list");
    assert_eq!(store.revoke(&revoked_token(subject, "a", None, at(1))).wait().await, Ok(()));
    count("revoke");
    assert_eq!(store.end(&end_one(subject, Some(subject), at(1))).wait().await, Ok(1));
    count("end one");
    assert_eq!(store.end(&end_all(subject, None, at(2))).wait().await, Ok(0));
    count("end all");
    scripts
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rights_that_the_readme_names_are_enough() {
    let readme = include_str!("../README.md");
    let rule = readme.lines().find_map(|line| line.strip_prefix("ACL SETUSER ")).unwrap();
    let rule = rule.replace(">password", ">sesame").replace("~jwt:*", "~shop:*");
    let server = Server::start();
    let _: () = server.ask("ACL", [&["SETUSER"][..], &rule.split(' ').collect::<Vec<_>>()].concat());
    let url = format!("redis://app:sesame@127.0.0.1:{}", server.port());
    let store = RedisStore::builder(url).prefix("shop").connect().await.unwrap();
    sessions::check_random(&store, 0..5).await;
    let new = new_session("alice", "session", "r0", at(0), None);
    assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
    assert_eq!(
        store.touch(&touch_request(token("alice", "session", "a", at(1)), None)).wait().await,
        Ok(TokenStatus::Active)
    );
    assert_eq!(store.end(&end_one("session", None, at(1))).wait().await, Ok(1));
}
