//! Short ways to call a store, and tests that both databases share.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jwt_extended::{
    Timestamp,
    session::{RotateOutcome, SessionStore, StoreError, TokenStatus},
    test_util::sessions::{
        at, at_most, end_all, end_one, end_others, ids, labelled, new_session, revoked_token, rotate_request, since,
    },
};

pub(crate) const SECOND: u64 = 1_000_000;
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// The timeout of a store in tests that do not test the timeout. No call takes that long on a busy computer.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// More sessions than a store deletes, lists or ends in one step.
pub(crate) const MANY: u64 = 5_000;

/// The end of a session that opens at the start.
pub(crate) fn end() -> Timestamp {
    at(100 * SECOND)
}

/// Opens a session for a hundred seconds, whose refresh token is `{id} r0`.
pub(crate) async fn open(store: &dyn SessionStore, subject: &str, id: &str) -> Result<TokenStatus, StoreError> {
    open_at(store, subject, id, 0).await
}

pub(crate) async fn open_at(
    store: &dyn SessionStore,
    subject: &str,
    id: &str,
    opened: u64,
) -> Result<TokenStatus, StoreError> {
    store.open(&new_session(subject, id, &format!("{id} r0"), at(opened), Some(at(opened + 100 * SECOND)))).wait().await
}

/// Checks an access token of a session.
pub(crate) async fn status(store: &dyn SessionStore, subject: &str, id: &str) -> Result<TokenStatus, StoreError> {
    store.status(&ids(subject, Some(id), Some("an access token"), at(0), at(1))).wait().await
}

/// Presents a session's refresh token.
pub(crate) async fn rotate(
    store: &dyn SessionStore,
    subject: &str,
    id: &str,
    from: &str,
    to: &str,
) -> Result<RotateOutcome, StoreError> {
    let token = ids(subject, Some(id), Some(from), at(0), at(1));
    store.rotate(&rotate_request(token, to, GRACE, Some(end()))).wait().await
}

/// Repeats a call until it succeeds, for stores with a short timeout: a busy computer may exceed it.
pub(crate) async fn eventually<T>(call: impl AsyncFn() -> Result<T, StoreError>) -> T {
    let deadline = Instant::now() + LONG;
    loop {
        match call().await {
            Ok(value) => return value,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
    }
}

/// 64 tasks present one token at once, over several stores. One rotates it, and all others get the same successor.
pub(crate) async fn one_of_64_rotations_wins(stores: &[Arc<dyn SessionStore>]) {
    for round in 0..5 {
        let id = format!("session {round}");
        assert_eq!(open(&*stores[0], "alice", &id).await, Ok(TokenStatus::Active));
        let rotations: Vec<_> = (0..64)
            .map(|number| {
                let (store, id) = (Arc::clone(&stores[number % stores.len()]), id.clone());
                tokio::spawn(async move {
                    rotate(&*store, "alice", &id, &format!("{id} r0"), &format!("{id} r1 {number}")).await
                })
            })
            .collect();
        let (mut rotated, mut repeated) = (Vec::new(), Vec::new());
        for (number, rotation) in rotations.into_iter().enumerate() {
            match rotation.await.unwrap().unwrap() {
                RotateOutcome::Rotated => rotated.push(format!("{id} r1 {number}")),
                RotateOutcome::Repeated { successor, rotated_at } => {
                    assert_eq!(rotated_at, at(1));
                    repeated.push(successor);
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((rotated.len(), repeated.len()), (1, 63));
        assert!(repeated.iter().all(|successor| *successor == rotated[0]));
    }
}

/// SQL that opens this many sessions of alice, one each second. Both databases understand it.
pub(crate) fn many_sessions(count: u64) -> String {
    let (base, end) = (at(0).as_micros(), at(2 * count * SECOND).as_micros());
    format!(
        "INSERT INTO jwt_sessions (id, subject, current_jti, turned_at, opened_at, used_at, ends_at) \
         WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) \
         SELECT 'session ' || n, 'alice', 'session ' || n || ' r0', {base}, {base} + CAST(n AS bigint) * {SECOND}, {base}, {end} \
         FROM numbers"
    )
}

/// A user has so many sessions that their rows cannot be deleted in one step: all end at once, and are counted once.
pub(crate) async fn many_sessions_end_at_once(store: &dyn SessionStore, count: u64, rows: impl AsyncFn() -> i64) {
    let (now, until) = (count * SECOND, Some(at(3 * count * SECOND)));
    assert_eq!(store.list("alice", at(now)).wait().await.unwrap().len(), 1000, "a list is bounded");
    let new = at_most(new_session("alice", "new", "new r0", at(now + 1), until), 100);
    assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
    let open = count + 1 - 1000;
    let end_others = end_others("alice", "new", until, at(now + 10));
    assert_eq!(store.end(&end_others).wait().await, Ok(open - 1));
    // A login of a computer whose clock is behind.
    let behind = since(new_session("alice", "later", "later r0", at(now - SECOND), until), at(now + 4 * SECOND));
    assert_eq!(store.open(&behind).wait().await, Ok(TokenStatus::Active));
    // Whatever is left of the rows, no session is. The times are those of tokens, which count as issued later.
    let listed = async || {
        let listed = store.list("alice", at(now + 20)).wait().await.unwrap();
        listed.into_iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(listed().await, ["new", "later"]);
    for opened in [1, 500, count - 1100, count - 30, count] {
        let id = format!("session {opened}");
        let since = at((opened + 5) * SECOND);
        let token = ids("alice", Some(&id), Some("an access token"), since, at(now + 20));
        assert_eq!(store.status(&token).wait().await, Ok(TokenStatus::Revoked), "{id}");
        assert_eq!(store.end(&end_one(&id, None, at(now + 20))).wait().await, Ok(0), "{id}");
    }
    let deadline = Instant::now() + LONG;
    while rows().await > 2 {
        assert!(Instant::now() < deadline, "the rows are deleted");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(listed().await, ["new", "later"]);
    assert_eq!(store.end(&end_all("alice", until, at(now + 30))).wait().await, Ok(2), "none is counted twice");
    assert_eq!(rows().await, 0);
}

/// Ended twice before the rows are deleted, very many sessions are counted once.
pub(crate) async fn many_sessions_are_counted_once(store: &dyn SessionStore, count: u64) {
    let (now, until) = (at(count * SECOND), Some(at(3 * count * SECOND)));
    assert_eq!(store.end(&end_all("alice", until, now)).wait().await, Ok(count));
    assert_eq!(store.end(&end_all("alice", until, now)).wait().await, Ok(0));
}

/// `purge` deletes what has ended, in batches, and so do logins. `rows` counts the rows of all tables.
pub(crate) async fn ended_rows_are_deleted(store: &dyn SessionStore, rows: impl AsyncFn() -> i64) {
    for number in 0..10 {
        open(store, "alice", &format!("session {number}")).await.unwrap();
        store.revoke(&revoked_token("alice", &format!("token {number}"), Some(at(5)), at(0))).wait().await.unwrap();
    }
    store.end(&end_all("bob", Some(at(5)), at(0))).wait().await.unwrap();
    assert_eq!(rows().await, 21);
    assert_eq!(store.purge(at(4), 100).wait().await, Ok(0));
    assert_eq!(store.purge(at(100 * SECOND), 12).wait().await, Ok(12));
    assert_eq!(rows().await, 9);
    assert_eq!(store.purge(at(100 * SECOND), 100).wait().await, Ok(9));

    store.revoke(&revoked_token("alice", "token", Some(at(5)), at(0))).wait().await.unwrap();
    for number in 0..64 {
        open_at(store, "alice", &format!("session {number}"), 25 * 3600 * SECOND).await.unwrap();
    }
    let deadline = Instant::now() + LONG;
    while rows().await != 64 {
        assert!(Instant::now() < deadline, "the 64th login deletes what has ended");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Subjects, ids and labels with special characters are stored unchanged.
pub(crate) async fn special_characters_are_kept(store: &dyn SessionStore) {
    for (number, text) in ["", "' OR 1=1 --", "naïve 😀 \u{202e}", "a\0b", "\u{1}0", "$1", "%_"].iter().enumerate() {
        let (id, jti) = (format!("{text} {number}"), format!("{text} r0"));
        let session = labelled(new_session(text, &id, &jti, at(0), None), text);
        assert_eq!(store.open(&session).wait().await, Ok(TokenStatus::Active));
        let listed = store.list(text, at(1)).wait().await.unwrap();
        assert_eq!((listed.len(), &*listed[0].id, listed[0].label.as_deref()), (1, &*id, Some(*text)));
        assert_eq!(rotate(store, text, &id, &jti, &format!("{text} r1")).await, Ok(RotateOutcome::Rotated));
    }
}
