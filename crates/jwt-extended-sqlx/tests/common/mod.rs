//! A PostgreSQL that a test starts for itself, and short ways to ask a store.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "each test takes what it needs"
)]

#[cfg(feature = "postgres")]
pub mod server;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jwt_extended::{
    Timestamp,
    session::{RotateOutcome, SessionStore, StoreError, TokenStatus},
    test_util::sessions::{at, end_all, ids, labelled, new_session, revoked_token, rotate_request},
};

pub const SECOND: u64 = 1_000_000;
pub const GRACE: Duration = Duration::from_secs(10);

/// The end of a session that opens at the beginning.
pub fn end() -> Timestamp {
    at(100 * SECOND)
}

/// Opens a session for a hundred seconds, whose refresh token is `{id} r0`.
pub async fn open(store: &dyn SessionStore, subject: &str, id: &str) -> Result<TokenStatus, StoreError> {
    open_at(store, subject, id, 0).await
}

pub async fn open_at(
    store: &dyn SessionStore,
    subject: &str,
    id: &str,
    opened: u64,
) -> Result<TokenStatus, StoreError> {
    store.open(&new_session(subject, id, &format!("{id} r0"), at(opened), Some(at(opened + 100 * SECOND)))).wait().await
}

/// Whether an access token of a session stands.
pub async fn standing(store: &dyn SessionStore, subject: &str, id: &str) -> Result<TokenStatus, StoreError> {
    store.status(&ids(subject, Some(id), Some("an access token"), at(0), at(1))).wait().await
}

/// Presents a session's refresh token.
pub async fn turn_to(
    store: &dyn SessionStore,
    subject: &str,
    id: &str,
    from: &str,
    to: &str,
) -> Result<RotateOutcome, StoreError> {
    let token = ids(subject, Some(id), Some(from), at(0), at(1));
    store.rotate(&rotate_request(token, to, GRACE, Some(end()))).wait().await
}

/// 64 requests present one token at once, on several threads and over several stores: one turns it, and all others are
/// told the same successor.
pub async fn one_of_64_turns_wins(stores: &[Arc<dyn SessionStore>]) {
    for round in 0..5 {
        let id = format!("session {round}");
        assert_eq!(open(&*stores[0], "alice", &id).await, Ok(TokenStatus::Active));
        let turns: Vec<_> = (0..64)
            .map(|number| {
                let (store, id) = (Arc::clone(&stores[number % stores.len()]), id.clone());
                tokio::spawn(async move {
                    turn_to(&*store, "alice", &id, &format!("{id} r0"), &format!("{id} r1 {number}")).await
                })
            })
            .collect();
        let (mut turned, mut repeated) = (Vec::new(), Vec::new());
        for (number, turn) in turns.into_iter().enumerate() {
            match turn.await.unwrap().unwrap() {
                RotateOutcome::Rotated => turned.push(format!("{id} r1 {number}")),
                RotateOutcome::Repeated { successor, rotated_at } => {
                    assert_eq!(rotated_at, at(1));
                    repeated.push(successor);
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((turned.len(), repeated.len()), (1, 63));
        assert!(repeated.iter().all(|successor| *successor == turned[0]));
    }
}

/// What is over is deleted by `purge`, in batches, and by logins in passing. `rows` counts what there is.
pub async fn what_is_over_is_deleted(store: &dyn SessionStore, rows: impl AsyncFn() -> i64) {
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
    let deadline = Instant::now() + Duration::from_secs(10);
    while rows().await != 64 {
        assert!(Instant::now() < deadline, "the 64th login deletes what is over");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Subjects and labels that a database might take for something else come back as they were.
pub async fn awkward_names_come_back(store: &dyn SessionStore) {
    for (number, awkward) in ["", "' OR 1=1 --", "naïve 😀 \u{202e}", "a\0b", "\u{1}0", "$1", "%_"].iter().enumerate()
    {
        let (id, jti) = (format!("{awkward} {number}"), format!("{awkward} r0"));
        let session = labelled(new_session(awkward, &id, &jti, at(0), None), awkward);
        assert_eq!(store.open(&session).wait().await, Ok(TokenStatus::Active));
        let listed = store.list(awkward, at(1)).wait().await.unwrap();
        assert_eq!((listed.len(), &*listed[0].id, listed[0].label.as_deref()), (1, &*id, Some(*awkward)));
        assert_eq!(turn_to(store, awkward, &id, &jti, &format!("{awkward} r1")).await, Ok(RotateOutcome::Rotated));
    }
}
