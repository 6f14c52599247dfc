//! Checks what the store keeps in Redis: which keys, for how long, and what happens if they are lost.

use std::time::{Duration, Instant};

use jwt_extended::{
    JwtManager,
    jose::Key,
    session::{RotateOutcome, SessionStore, TokenStatus},
    test_util::sessions::{
        at, at_most, end_all, end_one, end_others, labelled, new_session, revoked_token, rotate_request, touch_request,
    },
};
use jwt_extended_redis::RedisStore;

use crate::server::{PATIENCE, Server, patient, token};

const SECOND: u64 = 1_000_000;
const GRACE: Duration = Duration::from_secs(10);

async fn open(store: &RedisStore, subject: &str, id: &str, opened: u64, ends: Option<u64>) {
    let new = new_session(subject, id, "r0", at(opened), ends.map(at));
    assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
}

async fn is_active(store: &RedisStore, subject: &str, id: &str, now: u64) -> bool {
    store.status(&token(subject, id, "a", at(now))).wait().await == Ok(TokenStatus::Active)
}

/// Returns for how many milliseconds Redis keeps a key; -1 means forever.
fn time_left(server: &Server, part: &str) -> i64 {
    let key = server.keys().into_iter().find(|key| key.contains(part)).unwrap();
    server.ask("PTTL", key)
}

/// Checks that a key lasts about so many seconds: one more than needed, less what the test itself took.
fn lasts(server: &Server, part: &str, seconds: i64) {
    let left = time_left(server, part);
    assert!((seconds * 1000 - 100_000..=seconds * 1000 + 1000).contains(&left), "{part}: {left} ms");
}

#[tokio::test]
async fn keys_expire_a_second_after_they_are_needed() {
    let server = Server::start();
    let store = server.store().await;
    open(&store, "alice", "short", 0, Some(1000 * SECOND)).await;
    open(&store, "alice", "long", 0, Some(4000 * SECOND)).await;
    open(&store, "alice", "middle", 0, Some(2000 * SECOND)).await;
    let revoked = revoked_token("alice", "gone", Some(at(500 * SECOND)), at(0));
    store.revoke(&revoked).wait().await.unwrap();
    store.end(&end_others("alice", "long", Some(at(8000 * SECOND)), at(0))).wait().await.unwrap();
    for (part, seconds) in
        [("}:s:long", 4000), (":p:long", 4000), ("}:i", 4000), ("}:t:gone", 500), (":feed:t", 500), ("}:c", 8000)]
    {
        lasts(&server, part, seconds);
    }
    assert_eq!(server.keys().len(), 8, "{:?}", server.keys());
}

#[tokio::test]
async fn prolonging_a_session_prolongs_all_its_keys() {
    let server = Server::start();
    let store = server.store().await;
    open(&store, "alice", "session", 0, Some(1000 * SECOND)).await;
    let ends = Some(at(2000 * SECOND));
    let outcome = store.rotate(&rotate_request(token("alice", "session", "r0", at(0)), "r1", GRACE, ends)).wait().await;
    assert_eq!(outcome, Ok(RotateOutcome::Rotated));
    for part in ["}:s:session", ":p:session", "}:i"] {
        lasts(&server, part, 2000);
    }
    // A later end prolongs it, an earlier one does not shorten it.
    for (until, seconds) in [(4000, 4000), (3000, 4000)] {
        let touch = touch_request(token("alice", "session", "a", at(0)), Some(at(until * SECOND)));
        assert_eq!(store.touch(&touch).wait().await, Ok(TokenStatus::Active));
        for part in ["}:s:session", ":p:session", "}:i"] {
            lasts(&server, part, seconds);
        }
    }
}

#[tokio::test]
async fn sessions_without_an_end_leave_no_keys_behind() {
    let server = Server::start();
    let store = server.store().await;
    for id in ["one", "two", "three", "four", "five"] {
        open(&store, "alice", id, 0, None).await;
    }
    store.revoke(&revoked_token("alice", "gone", None, at(0))).wait().await.unwrap();
    for part in ["}:s:one", ":p:one", "}:i", "}:t:gone"] {
        assert_eq!(time_left(&server, part), -1, "{part}");
    }
    // Sessions end in different ways, and each way must delete the session's pointer.
    assert_eq!(store.end(&end_one("one", None, at(1))).wait().await, Ok(1));
    let replay = rotate_request(token("alice", "two", "made up", at(1)), "r1", GRACE, None);
    assert_eq!(store.rotate(&replay).wait().await, Ok(RotateOutcome::Replayed));
    let six = new_session("alice", "six", "r0", at(1), None);
    assert_eq!(store.open(&at_most(six, 3)).wait().await, Ok(TokenStatus::Active));
    assert_eq!(store.end(&end_all("alice", None, at(2))).wait().await, Ok(3));
    let late = new_session("alice", "late", "r0", at(1), None);
    assert_eq!(store.open(&late).wait().await, Ok(TokenStatus::Revoked));
    let left = server.keys();
    assert!(left.len() == 3 && left[0] == "jwt:feed:t", "{left:?}");
    assert!(left[1].ends_with("}:c") && left[2].ends_with("}:t:gone"), "{left:?}");
    assert_eq!(time_left(&server, "}:c"), -1);
}

#[tokio::test]
async fn expired_keys_are_deleted() {
    let server = Server::start();
    let store = server.store().await;
    open(&store, "alice", "session", 0, Some(1000)).await;
    store.revoke(&revoked_token("alice", "gone", Some(at(1000)), at(0))).wait().await.unwrap();
    store.end(&end_others("alice", "session", Some(at(1000)), at(0))).wait().await.unwrap();
    let began = Instant::now();
    while !server.keys().is_empty() {
        assert!(began.elapsed() < PATIENCE, "{:?}", server.keys());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn expired_sessions_leave_the_index() {
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
async fn all_keys_of_a_subject_share_one_slot() {
    let server = Server::start();
    let store = patient(server.url()).prefix("shop").connect().await.unwrap();
    let long = "x".repeat(10_000);
    for subject in ["}{", "", "{}", "älice \u{1f98a}\0\r\n", &long] {
        open(&store, subject, "}{ {a}", 0, Some(60 * SECOND)).await;
        store.revoke(&revoked_token(subject, "}{", None, at(0))).wait().await.unwrap();
        store.end(&end_others(subject, "}{ {a}", None, at(0))).wait().await.unwrap();
        assert_eq!(store.list(subject, at(1)).wait().await.unwrap().len(), 1);
        let mut keys = server.keys();
        assert!(keys.iter().all(|key| key.starts_with("shop:")), "{keys:?}");
        // A cluster has none.
        keys.retain(|key| key != "shop:feed:t");
        let (pointers, of_subject): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| key.starts_with("shop:p:"));
        assert_eq!((pointers.len(), of_subject.len()), (1, 4), "{of_subject:?}");
        let tags: Vec<_> = of_subject.iter().map(|key| key.split(['{', '}']).nth(1).unwrap()).collect();
        assert!(tags.iter().all(|tag| tag.len() == 22 && *tag == tags[0]), "{tags:?}");
        assert_eq!(store.end(&end_one("}{ {a}", None, at(1))).wait().await, Ok(1));
        let _: () = server.ask("FLUSHALL", "SYNC");
    }
}

#[tokio::test]
async fn prefixes_separate_stores() {
    let server = Server::start();
    let (one, two) = (server.store().await, patient(server.url()).prefix("two").connect().await.unwrap());
    open(&one, "alice", "session", 0, Some(60 * SECOND)).await;
    assert!(is_active(&one, "alice", "session", 1).await && !is_active(&two, "alice", "session", 1).await);
    assert_eq!(two.end(&end_one("session", None, at(1))).wait().await, Ok(0));
    assert_eq!(two.end(&end_all("alice", None, at(1))).wait().await, Ok(0));
    assert!(is_active(&one, "alice", "session", 1).await);
}

#[tokio::test]
async fn no_part_of_a_token_or_secret_is_kept() {
    let server = Server::start();
    // DUMP compresses long values, which would hide a text from the search below.
    let _: () = server.ask("CONFIG", &["SET", "rdbcompression", "no"]);
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
    assert!(holds("laptop"), "the label is kept as plain text");
    for text in texts {
        for part in text.split('.') {
            assert!(!holds(part), "a part of a token is kept");
        }
    }
    assert!(!holds(secret) && !holds("alice"), "neither the secret nor the subject is kept");
}

#[tokio::test]
async fn emptying_redis_ends_all_sessions() {
    let server = Server::start();
    let store = server.store().await;
    open(&store, "alice", "session", 0, None).await;
    assert!(is_active(&store, "alice", "session", 1).await);
    let _: () = server.ask("FLUSHALL", "SYNC");
    assert!(!is_active(&store, "alice", "session", 1).await);
    let rotation = rotate_request(token("alice", "session", "r0", at(1)), "r1", GRACE, None);
    assert_eq!(store.rotate(&rotation).wait().await, Ok(RotateOutcome::Ended));
    let touch = touch_request(token("alice", "session", "a", at(1)), None);
    assert_eq!(store.touch(&touch).wait().await, Ok(TokenStatus::Revoked));
    assert_eq!(server.keys(), Vec::<String>::new(), "these calls must not bring keys back");
}

#[tokio::test]
async fn sessions_can_be_ended_without_their_index() {
    let server = Server::start();
    let store = server.store().await;
    open(&store, "alice", "kept", 0, None).await;
    open(&store, "alice", "other", 1, None).await;
    let index = server.keys().into_iter().find(|key| key.ends_with("}:i")).unwrap();
    let _: u64 = server.ask("DEL", index);
    assert_eq!(
        store.end(&end_others("alice", "kept", None, at(10))).wait().await,
        Ok(0),
        "without the index nothing is counted"
    );
    assert!(!is_active(&store, "alice", "other", 11).await && is_active(&store, "alice", "kept", 11).await);
    let rotation_of = |id| rotate_request(token("alice", id, "r0", at(11)), "r1", GRACE, None);
    assert_eq!(store.rotate(&rotation_of("other")).wait().await, Ok(RotateOutcome::Ended));
    assert_eq!(store.rotate(&rotation_of("kept")).wait().await, Ok(RotateOutcome::Rotated));
    let listed = store.list("alice", at(11)).wait().await.unwrap();
    assert_eq!(listed.len(), 1, "the rotation has put it back into the index");
}

#[tokio::test]
async fn opening_a_session_twice_replaces_it() {
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
async fn a_key_written_by_another_program_is_an_error() {
    let server = Server::start();
    let store = server.store().await;
    open(&store, "alice", "session", 0, None).await;
    let key = server.keys().into_iter().find(|key| key.contains("}:s:")).unwrap();
    let _: () = server.ask("SET", (&key, "something else"));
    let error = store.status(&token("alice", "session", "a", at(1))).wait().await.unwrap_err().to_string();
    assert!(error.contains("give this store its own prefix"), "{error}");
    let rotation = rotate_request(token("alice", "session", "r0", at(1)), "r1", GRACE, None);
    let error = store.rotate(&rotation).wait().await.unwrap_err().to_string();
    assert!(error.contains("not written by this store"), "{error}");
}
