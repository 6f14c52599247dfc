//! The store in memory, used by several threads.

use std::{sync::Arc, time::Duration};

use jwt_extended::{
    Timestamp,
    session::{Answer, MemoryStore, RotateOutcome, SessionStore as _, TokenIds, TokenStatus},
    test_util::sessions::{end_all as end_all_of, ids, new_session, revoked_token, rotate_request},
};
use loom::thread;

use crate::every_order;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const LATER: Timestamp = Timestamp::from_secs(1_800_000_100);

/// Runs a model with a store for this many entries.
fn with_store(capacity: usize, model: impl Fn(&Arc<MemoryStore>) + Send + Sync + 'static) {
    every_order(move || model(&Arc::new(MemoryStore::with_capacity(capacity))));
}

/// Starts a thread that uses the store.
fn start<T: 'static>(
    store: &Arc<MemoryStore>,
    work: impl FnOnce(&MemoryStore) -> T + 'static,
) -> thread::JoinHandle<T> {
    let store = Arc::clone(store);
    thread::spawn(move || work(&store))
}

fn now<T>(answer: Answer<'_, T>) -> T {
    match answer {
        Answer::Now(value) => value,
        Answer::Later(_) => unreachable!("the store in memory answers at once"),
    }
}

fn token(jti: &'static str) -> TokenIds<'static> {
    ids("alice", Some("session"), Some(jti), NOW, LATER)
}

fn open(store: &MemoryStore) -> TokenStatus {
    now(store.open(&new_session("alice", "session", "first", NOW, None))).unwrap()
}

fn rotate(store: &MemoryStore, successor: &'static str) -> RotateOutcome {
    now(store.rotate(&rotate_request(token("first"), successor, Duration::ZERO, None))).unwrap()
}

fn end_all(store: &MemoryStore) -> u64 {
    now(store.end(&end_all_of("alice", None, LATER))).unwrap()
}

fn revoke(store: &MemoryStore, jti: &str, until: Timestamp, at: Timestamp) -> bool {
    now(store.revoke(&revoked_token("alice", jti, Some(until), at))).is_ok()
}

#[test]
fn of_two_rotations_one_wins_and_both_know_it() {
    with_store(8, |store| {
        open(store);
        let other = start(store, |store| rotate(store, "second"));
        let outcomes = (rotate(store, "third"), other.join().unwrap());
        let successor = match outcomes {
            (RotateOutcome::Rotated, RotateOutcome::Repeated { successor, .. }) if successor == "third" => "third",
            (RotateOutcome::Repeated { successor, .. }, RotateOutcome::Rotated) if successor == "second" => "second",
            outcomes => panic!("{outcomes:?}"),
        };
        assert_eq!(now(store.status(&token(successor))).unwrap(), TokenStatus::Active);
        assert_eq!(store.len(), 1);
    });
}

#[test]
fn a_login_beside_the_end_of_all_sessions_does_not_stay() {
    with_store(8, |store| {
        let login = start(store, open);
        let ended = end_all(store);
        let opened = login.join().unwrap();
        // Either the login came first and was ended, or it was told that it is over.
        assert_eq!(opened == TokenStatus::Active, ended == 1);
        assert_eq!(now(store.status(&token("first"))).unwrap(), TokenStatus::Revoked);
        assert!(now(store.list("alice", LATER)).unwrap().is_empty());
        assert_eq!(store.len(), 1);
    });
}

#[test]
fn a_rotation_beside_the_end_of_its_session_leaves_none() {
    with_store(8, |store| {
        open(store);
        let rotation = start(store, |store| rotate(store, "second"));
        assert_eq!(end_all(store), 1);
        let outcome = rotation.join().unwrap();
        assert!(matches!(outcome, RotateOutcome::Rotated | RotateOutcome::Ended), "{outcome:?}");
        assert_eq!(now(store.status(&token("second"))).unwrap(), TokenStatus::Revoked);
    });
}

#[test]
fn a_token_that_two_threads_revoke_takes_one_place() {
    with_store(8, |store| {
        let other = start(store, |store| revoke(store, "a", LATER, NOW));
        assert!(revoke(store, "a", LATER, NOW) && other.join().unwrap());
        assert_eq!(store.len(), 1);
    });
}

#[test]
fn the_last_place_is_taken_once() {
    with_store(1, |store| {
        let other = start(store, |store| revoke(store, "a", LATER, NOW));
        let both = [revoke(store, "b", LATER, NOW), other.join().unwrap()];
        assert_eq!(both.iter().filter(|revoked| **revoked).count(), 1);
        assert_eq!(store.len(), 1);
        let status = |jti| now(store.status(&ids("alice", None, Some(jti), NOW, NOW))).unwrap();
        // What was acknowledged holds, and nothing else was kept.
        assert_eq!([status("b"), status("a")].map(|status| status == TokenStatus::Revoked), both);
    });
}
