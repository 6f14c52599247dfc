//! What the store in SQLite remembers ends with any commit: of this store, of another one, and of anybody else.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use jwt_extended::{
    session::{SessionStore, TokenStatus},
    test_util::sessions::{at, end_one},
};
use jwt_extended_sqlx::sqlx;

use crate::{
    common::{open, status},
    sqlite::File,
};

#[tokio::test(flavor = "multi_thread")]
async fn another_store_sees_a_change_at_once() {
    let file = File::new();
    let (one, other) = (file.store().await, file.store().await);
    assert_eq!(open(&one, "alice", "session").await, Ok(TokenStatus::Active));
    assert_eq!(status(&other, "alice", "session").await, Ok(TokenStatus::Active));
    assert_eq!(other.end(&end_one("session", None, at(2))).wait().await, Ok(1));
    assert_eq!(status(&one, "alice", "session").await, Ok(TokenStatus::Revoked));
    drop((one, other));
    assert_eq!(status(&file.store().await, "alice", "session").await, Ok(TokenStatus::Revoked));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remembered_token_ends_with_any_commit_that_ends_it() {
    let file = File::new();
    let (store, other) = (file.store().await, file.store().await);
    for (number, ender) in [&store, &other].into_iter().enumerate() {
        let session = format!("session {number}");
        assert_eq!(open(&store, "alice", &session).await, Ok(TokenStatus::Active));
        for _ in 0..3 {
            assert_eq!(status(&store, "alice", &session).await, Ok(TokenStatus::Active));
        }
        assert_eq!(ender.end(&end_one(&session, None, at(2))).wait().await, Ok(1));
        assert_eq!(status(&store, "alice", &session).await, Ok(TokenStatus::Revoked));
    }
    // A statement that nobody of ours has written counts as well.
    assert_eq!(open(&store, "alice", "session").await, Ok(TokenStatus::Active));
    assert_eq!(status(&store, "alice", "session").await, Ok(TokenStatus::Active));
    sqlx::query("DELETE FROM jwt_sessions").execute(&mut file.connection().await).await.unwrap();
    assert_eq!(status(&store, "alice", "session").await, Ok(TokenStatus::Revoked));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_check_that_begins_after_an_end_finds_the_session_open() {
    let file = File::new();
    let (store, other) = (file.store().await, file.store().await);
    for round in 0..40 {
        let session = format!("session {round}");
        assert_eq!(open(&store, "alice", &session).await, Ok(TokenStatus::Active));
        let has_ended = Arc::new(AtomicBool::new(false));
        let checks: Vec<_> = (0..8)
            .map(|_| {
                let (store, session, has_ended) = (store.clone(), session.clone(), Arc::clone(&has_ended));
                tokio::spawn(async move {
                    loop {
                        let over = has_ended.load(Ordering::SeqCst);
                        let found = status(&store, "alice", &session).await;
                        // A remembered token is found without waiting, which would leave no thread to the others.
                        tokio::task::yield_now().await;
                        assert!(!over || found == Ok(TokenStatus::Revoked), "{found:?}");
                        if over {
                            return;
                        }
                    }
                })
            })
            .collect();
        let ender = if round % 2 == 0 { &store } else { &other };
        assert_eq!(ender.end(&end_one(&session, None, at(2))).wait().await, Ok(1));
        has_ended.store(true, Ordering::SeqCst);
        for check in checks {
            check.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_in_a_restored_file_counts_at_once() {
    let file = File::new();
    let store = file.store().await;
    assert_eq!(open(&store, "alice", "session").await, Ok(TokenStatus::Active));
    for _ in 0..2 {
        assert_eq!(status(&store, "alice", "session").await, Ok(TokenStatus::Active));
    }
    // The file breaks, and is replaced by another one.
    sqlx::query("DROP TABLE jwt_sessions").execute(&mut file.connection().await).await.unwrap();
    assert!(status(&store, "alice", "session").await.is_err());
    for name in ["sessions.db", "sessions.db-wal", "sessions.db-shm"] {
        std::fs::remove_file(file.path().with_file_name(name)).unwrap();
    }
    let other = file.store().await;
    assert_eq!(open(&other, "alice", "session").await, Ok(TokenStatus::Active));
    for _ in 0..2 {
        assert_eq!(status(&store, "alice", "session").await, Ok(TokenStatus::Active));
    }
    assert_eq!(other.end(&end_one("session", None, at(2))).wait().await, Ok(1));
    assert_eq!(status(&store, "alice", "session").await, Ok(TokenStatus::Revoked));
}
