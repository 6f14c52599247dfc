//! Checks the commands that the store sends: how many each call takes, and which rights they need.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use jwt_extended::{
    session::{DenylistOptions, RotateOutcome, SessionStore, TokenStatus},
    test_util::sessions::{
        self, at, at_most, end_all, end_one, end_others, ids, new_session, revoked_token, rotate_request, touch_request,
    },
};
use jwt_extended_redis::RedisStore;

use crate::server::{PATIENCE, Server, patient, token};

/// In microseconds.
const SECOND: u64 = 1_000_000;

/// Counts the calls of each command since the last time, by clients and in scripts.
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
async fn checking_a_token_takes_one_command() {
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
async fn every_other_call_takes_one_script_and_one_for_its_pointer() {
    let server = Server::start();
    let store = server.store().await;
    // The first round loads the scripts.
    scripts_of(&server, &store, "bob").await;
    let scripts = scripts_of(&server, &store, "alice").await;
    let expected =
        [("open", 1), ("rotate", 2), ("touch", 2), ("list", 1), ("revoke", 1), ("end one", 1), ("end all", 1)];
    assert_eq!(scripts, expected);
}

/// Makes every call for this subject and counts the scripts of each.
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
    let outcome = store.rotate(&rotate_request(refresh, "r1", Duration::from_secs(10), None)).wait().await;
    assert_eq!(outcome, Ok(RotateOutcome::Rotated));
    count("rotate");
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
async fn the_rights_in_the_readme_are_enough() {
    let readme = include_str!("../../README.md");
    let rule = readme.lines().find_map(|line| line.strip_prefix("ACL SETUSER ")).unwrap();
    let rule = rule.replace(">password", ">sesame").replace("~jwt:*", "~shop:*");
    let server = Server::start();
    let _: () = server.ask("ACL", [&["SETUSER"][..], &rule.split(' ').collect::<Vec<_>>()].concat());
    let url = format!("redis://app:sesame@127.0.0.1:{}", server.port());
    let store = patient(url).prefix("shop").connect().await.unwrap();
    sessions::check_random(&store, 0..5).await;
    let new = new_session("alice", "session", "r0", at(0), None);
    assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
    assert_eq!(
        store.touch(&touch_request(token("alice", "session", "a", at(1)), None)).wait().await,
        Ok(TokenStatus::Active)
    );
    assert_eq!(store.end(&end_one("session", None, at(1))).wait().await, Ok(1));
    let _: () = server.ask("SET", ("other", "key"));
    very_many_sessions_end_at_once(&store, &server).await;
    let more: Vec<_> =
        readme.lines().find(|line| line.contains("+xread")).unwrap().split('`').nth(1).unwrap().split(' ').collect();
    let _: () = server.ask("ACL", [&["SETUSER", "app"][..], &more].concat());
    let denylist = store.with_denylist(DenylistOptions::new().staleness(PATIENCE)).unwrap();
    let began = Instant::now();
    while !denylist.is_following() {
        assert!(began.elapsed() < PATIENCE, "the rights of a denylist are enough");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// More sessions than a script reads. They all end at once, and are counted once.
async fn very_many_sessions_end_at_once(store: &RedisStore, server: &Server) {
    const MANY: u64 = 3500;
    const NOW: u64 = (MANY + 1) * SECOND;
    for ends in [Some(at(100_000 * SECOND)), None] {
        let _: u64 = server.ask("DEL", server.keys());
        let open = async |number: u64, limit: Option<u32>| {
            let id = format!("session {number}");
            let new = new_session("carol", &id, "r0", at(number * SECOND), ends);
            let new = limit.map_or(new, |limit| at_most(new, limit));
            assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
        };
        for number in 1..=MANY {
            open(number, None).await;
        }
        assert_eq!(store.list("carol", at(NOW)).wait().await.unwrap().len(), 1000, "a list is bounded");
        open(MANY + 1, Some(10)).await;
        let left = MANY + 1 - 1000;
        let kept = format!("session {}", MANY + 1);
        let others = end_others("carol", &kept, Some(at(200_000 * SECOND)), at(NOW + 2));
        assert_eq!(store.end(&others).wait().await, Ok(left - 1));
        let listed = store.list("carol", at(NOW + 3)).wait().await.unwrap();
        assert_eq!(listed.iter().map(|session| &session.id).collect::<Vec<_>>(), [&kept]);
        for number in [1, 1500, MANY] {
            let id = format!("session {number}");
            let token = ids("carol", Some(&id), Some("a"), at((number + 5) * SECOND), at(NOW + 3));
            assert_eq!(store.status(&token).wait().await, Ok(TokenStatus::Revoked), "{id}");
            assert_eq!(store.end(&end_one(&id, Some("carol"), at(NOW + 3))).wait().await, Ok(0), "{id}");
        }
        let all = end_all("carol", Some(at(200_000 * SECOND)), at(NOW + 4));
        assert_eq!(store.end(&all).wait().await, Ok(1), "none is counted twice");
        let began = Instant::now();
        // Of a session with an end, the pointer expires by itself.
        let is_swept = || server.keys().iter().all(|key| !key.contains("}:s:session"));
        while !is_swept() {
            assert!(began.elapsed() < PATIENCE, "the sessions are deleted");
        }
    }
}
