//! What is in Redis: which keys, for how long, and what does not depend on them.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test ends by it")]

mod common;

use std::time::Duration;

use common::{Server, token};
use jwt_extended::{
    JwtManager,
    jose::Key,
    session::{RotateOutcome, SessionStore, TokenStatus},
    test_util::sessions::{
        at, at_most, end_all, end_one, end_others, labelled, new_session, revoked_token, rotate_request, touch_request,
    },
};
use jwt_extended_redis::RedisStore;

const SECOND: u64 = 1_000_000;
const GRACE: Duration = Duration::from_secs(10);

async fn open(store: &RedisStore, subject: &str, id: &str, opened: u64, ends: Option<u64>) {
    let new = new_session(subject, id, "r0", at(opened), ends.map(at));
    assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
}

async fn is_good(store: &RedisStore, subject: &str, id: &str, now: u64) -> bool {
    store.status(&token(subject, id, "a", at(now))).wait().await == Ok(TokenStatus::Active)
}

/// How many milliseconds a key has left; -1 for no end.
fn time_left(server: &Server, part: &str) -> i64 {
    let key = server.keys().into_iter().find(|key| key.contains(part)).unwrap();
    server.ask("PTTL", key)
}

#[tokio::test]
async fn every_key_lasts_as_long_as_it_is_needed_and_a_second_more() {
    let server = Server::start();
    let store = server.store().await;
    open(&store, "alice", "short", 0, Some(60 * SECOND)).await;
    open(&store, "alice", "long", 0, Some(90 * SECOND)).await;
    open(&store, "alice", "middle", 0, Some(70 * SECOND)).await;
    let revoked = revoked_token("alice", "gone", Some(at(30 * SECOND)), at(0));
    store.revoke(&revoked).wait().await.unwrap();
    store.end(&end_others("alice", "long", Some(at(120 * SECOND)), at(0))).wait().await.unwrap();
    let about = |part: &str, seconds: i64| {
        let left = time_left(&server, part);
        assert!((seconds * 1000 - 5_000..=seconds * 1000 + 1000).contains(&left), "{part}: {left} ms");
    };
    about("}:s:long", 90);
    about(":p:long", 90);
    about("}:i", 90);
    about("}:t:gone", 30);
    about("}:c", 120);
    assert_eq!(server.keys().len(), 7, "{:?}", server.keys());
    // What prolongs a session prolongs all that belongs to it, and nothing shortens it.
    let ends = Some(at(200 * SECOND));
    let turned = store.rotate(&rotate_request(token("alice", "long", "r0", at(0)), "r1", GRACE, ends)).wait().await;
    assert_eq!(turned, Ok(RotateOutcome::Rotated));
    for part in ["}:s:long", ":p:long", "}:i"] {
        about(part, 200);
    }
    for (until, seconds) in [(400, 400), (300, 400)] {
        let touch = touch_request(token("alice", "long", "a", at(0)), Some(at(until * SECOND)));
        assert_eq!(store.touch(&touch).wait().await, Ok(TokenStatus::Active));
        for part in ["}:s:long", ":p:long", "}:i"] {
            about(part, seconds);
        }
    }
}

#[tokio::test]
async fn what_never_ends_has_no_ttl_and_goes_with_its_session() {
    let server = Server::start();
    let store = server.store().await;
    for id in ["one", "two", "three", "four", "five"] {
        open(&store, "alice", id, 0, None).await;
    }
    store.revoke(&revoked_token("alice", "gone", None, at(0))).wait().await.unwrap();
    for part in ["}:s:one", ":p:one", "}:i", "}:t:gone"] {
        assert_eq!(time_left(&server, part), -1, "{part}");
    }
    // However it ends, no pointer stays behind.
    assert_eq!(store.end(&end_one("one", None, at(1))).wait().await, Ok(1));
    let replay = rotate_request(token("alice", "two", "made up", at(1)), "r1", GRACE, None);
    assert_eq!(store.rotate(&replay).wait().await, Ok(RotateOutcome::Replayed));
    let six = new_session("alice", "six", "r0", at(1), None);
    assert_eq!(store.open(&at_most(six, 3)).wait().await, Ok(TokenStatus::Active));
    assert_eq!(store.end(&end_all("alice", None, at(2))).wait().await, Ok(3));
    let late = new_session("alice", "late", "r0", at(1), None);
    assert_eq!(store.open(&late).wait().await, Ok(TokenStatus::Revoked));
    let left = server.keys();
    assert!(left.len() == 2 && left[0].ends_with("}:c") && left[1].ends_with("}:t:gone"), "{left:?}");
    assert_eq!(time_left(&server, "}:c"), -1);
}

#[tokio::test]
async fn what_is_over_goes_by_itself() {
    let server = Server::start();
    let store = server.store().await;
    open(&store, "alice", "session", 0, Some(1000)).await;
    store.revoke(&revoked_token("alice", "gone", Some(at(1000)), at(0))).wait().await.unwrap();
    store.end(&end_others("alice", "session", Some(at(1000)), at(0))).wait().await.unwrap();
    assert_eq!(server.keys().len(), 5);
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(server.keys(), Vec::<String>::new());
}

#[tokio::test]
async fn the_index_forgets_what_is_over() {
    let server = Server::start();
    let store = server.store().await;
    open(&store, "alice", "kept", 0, None).await;
    for number in 0..50 {
        open(&store, "alice", &format!("session {number}"), number * SECOND, Some((number + 2) * SECOND)).await;
    }
    let index = server.keys().into_iter().find(|key| key.ends_with("}:i")).unwrap();
    let size: u64 = server.ask("ZCARD", index);
    assert!(size <= 5, "{size}");
}

#[tokio::test]
async fn all_keys_of_a_subject_are_in_one_slot_whatever_it_is_called() {
    let server = Server::start();
    let store = RedisStore::builder(server.url()).prefix("shop").connect().await.unwrap();
    let long = "x".repeat(10_000);
    for subject in ["}{", "", "{}", "älice \u{1f98a}\0\r\n", &long] {
        open(&store, subject, "}{ {a}", 0, Some(60 * SECOND)).await;
        store.revoke(&revoked_token(subject, "}{", None, at(0))).wait().await.unwrap();
        store.end(&end_others(subject, "}{ {a}", None, at(0))).wait().await.unwrap();
        assert_eq!(store.list(subject, at(1)).wait().await.unwrap().len(), 1);
        let keys = server.keys();
        assert!(keys.iter().all(|key| key.starts_with("shop:")), "{keys:?}");
        let (pointers, of_subject): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| key.starts_with("shop:p:"));
        assert_eq!((pointers.len(), of_subject.len()), (1, 4), "{of_subject:?}");
        let tags: Vec<_> = of_subject.iter().map(|key| key.split(['{', '}']).nth(1).unwrap()).collect();
        assert!(tags.iter().all(|tag| tag.len() == 22 && *tag == tags[0]), "{tags:?}");
        assert_eq!(store.end(&end_one("}{ {a}", None, at(1))).wait().await, Ok(1));
        let _: () = server.ask("FLUSHALL", "SYNC");
    }
}

#[tokio::test]
async fn stores_of_two_prefixes_know_nothing_of_each_other() {
    let server = Server::start();
    let (one, two) = (server.store().await, RedisStore::builder(server.url()).prefix("two").connect().await.unwrap());
    open(&one, "alice", "session", 0, Some(60 * SECOND)).await;
    assert!(is_good(&one, "alice", "session", 1).await && !is_good(&two, "alice", "session", 1).await);
    assert_eq!(two.end(&end_one("session", None, at(1))).wait().await, Ok(0));
    assert_eq!(two.end(&end_all("alice", None, at(1))).wait().await, Ok(0));
    assert!(is_good(&one, "alice", "session", 1).await);
}

#[tokio::test]
async fn nothing_that_is_kept_makes_a_token() {
    let server = Server::start();
    let secret = "a secret of at least thirty-two bytes, from a safe place";
    let key = Key::hs256(secret).unwrap();
    let jwt = JwtManager::builder().key(key).session_store(server.store().await).build().unwrap();
    let pair = jwt.login("alice@example.org").label("laptop").await.unwrap();
    let refresh = jwt.decode_token(&pair.refresh.unwrap()).unwrap();
    let next = jwt.refresh(&refresh).await.unwrap();
    jwt.revoke_token(&jwt.decode_token(&pair.access).unwrap()).await.unwrap();
    let texts = [&pair.access, &next.access, next.refresh.as_ref().unwrap()];
    let mut kept = Vec::new();
    for key in server.keys() {
        let dump: Vec<u8> = server.ask("DUMP", &key);
        kept.extend(key.into_bytes());
        kept.extend(dump);
    }
    let holds = |text: &str| kept.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("laptop"), "the label is kept as it is");
    for text in texts {
        for part in text.split('.') {
            assert!(!holds(part), "a part of a token is kept");
        }
    }
    assert!(!holds(secret) && !holds("alice"), "nor who it is");
}

#[tokio::test]
async fn whoever_empties_redis_logs_everybody_out() {
    let server = Server::start();
    let store = server.store().await;
    open(&store, "alice", "session", 0, None).await;
    assert!(is_good(&store, "alice", "session", 1).await);
    let _: () = server.ask("FLUSHALL", "SYNC");
    assert!(!is_good(&store, "alice", "session", 1).await);
    let turn = rotate_request(token("alice", "session", "r0", at(1)), "r1", GRACE, None);
    assert_eq!(store.rotate(&turn).wait().await, Ok(RotateOutcome::Ended));
    let touch = touch_request(token("alice", "session", "a", at(1)), None);
    assert_eq!(store.touch(&touch).wait().await, Ok(TokenStatus::Revoked));
    assert_eq!(server.keys(), Vec::<String>::new(), "and asking brings nothing back");
}

#[tokio::test]
async fn a_lost_index_lets_nobody_stay() {
    let server = Server::start();
    let store = server.store().await;
    open(&store, "alice", "kept", 0, None).await;
    open(&store, "alice", "other", 1, None).await;
    let index = server.keys().into_iter().find(|key| key.ends_with("}:i")).unwrap();
    let _: u64 = server.ask("DEL", index);
    assert_eq!(store.end(&end_others("alice", "kept", None, at(10))).wait().await, Ok(0), "it cannot be counted");
    assert!(!is_good(&store, "alice", "other", 11).await && is_good(&store, "alice", "kept", 11).await);
    let turn_of = |id| rotate_request(token("alice", id, "r0", at(11)), "r1", GRACE, None);
    assert_eq!(store.rotate(&turn_of("other")).wait().await, Ok(RotateOutcome::Ended));
    assert_eq!(store.rotate(&turn_of("kept")).wait().await, Ok(RotateOutcome::Rotated));
    let listed = store.list("alice", at(11)).wait().await.unwrap();
    assert_eq!(listed.len(), 1, "a turn has put it back into the index");
}

#[tokio::test]
async fn a_session_that_is_opened_again_is_one_session() {
    let server = Server::start();
    let store = server.store().await;
    for (opened, label) in [(0, "first"), (5, "second")] {
        let new = new_session("alice", "session", "r0", at(opened), Some(at(60 * SECOND)));
        assert_eq!(store.open(&labelled(new, label)).wait().await, Ok(TokenStatus::Active));
    }
    let listed = store.list("alice", at(6)).wait().await.unwrap();
    assert_eq!((listed.len(), listed[0].opened, listed[0].label.as_deref()), (1, at(5), Some("second")));
    assert_eq!(store.end(&end_all("alice", None, at(6))).wait().await, Ok(1));
}

#[tokio::test]
async fn a_key_of_somebody_else_is_an_error_and_no_answer() {
    let server = Server::start();
    let store = server.store().await;
    open(&store, "alice", "session", 0, None).await;
    let key = server.keys().into_iter().find(|key| key.contains("}:s:")).unwrap();
    let _: () = server.ask("SET", (&key, "something else"));
    let told = store.status(&token("alice", "session", "a", at(1))).wait().await.unwrap_err().to_string();
    assert!(told.contains("give the store a prefix of its own"), "{told}");
    let turn = rotate_request(token("alice", "session", "r0", at(1)), "r1", GRACE, None);
    let told = store.rotate(&turn).wait().await.unwrap_err().to_string();
    assert!(told.contains("not of this store"), "{told}");
}
