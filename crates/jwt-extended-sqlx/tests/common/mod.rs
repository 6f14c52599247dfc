//! A PostgreSQL that a test starts for itself, and short ways to ask a store.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "each test takes what it needs"
)]

#[cfg(feature = "postgres")]
mod server;

use std::{sync::Arc, time::Duration};

use jwt_extended::{
    Timestamp,
    session::{SessionStore, Standing, StoreError, Turned},
    test_util::sessions::{at, ids, new_session, turn},
};
#[cfg(feature = "postgres")]
pub use server::Server;

pub const SECOND: u64 = 1_000_000;
pub const GRACE: Duration = Duration::from_secs(10);

/// The end of all sessions here.
pub fn end() -> Option<Timestamp> {
    Some(at(100 * SECOND))
}

/// Opens a session whose refresh token is `{id} r0`.
pub async fn open(store: &dyn SessionStore, subject: &str, id: &str) -> Result<Standing, StoreError> {
    open_at(store, subject, id, 0).await
}

pub async fn open_at(store: &dyn SessionStore, subject: &str, id: &str, opened: u64) -> Result<Standing, StoreError> {
    store.open(&new_session(subject, id, &format!("{id} r0"), at(opened), end())).wait().await
}

/// Whether an access token of a session stands.
pub async fn standing(store: &dyn SessionStore, subject: &str, id: &str) -> Result<Standing, StoreError> {
    store.standing(&ids(subject, Some(id), Some("an access token"), at(0), at(1))).wait().await
}

/// Presents a session's refresh token.
pub async fn turn_to(
    store: &dyn SessionStore,
    subject: &str,
    id: &str,
    from: &str,
    to: &str,
) -> Result<Turned, StoreError> {
    let token = ids(subject, Some(id), Some(from), at(0), at(1));
    store.turn(&turn(token, to, GRACE, end())).wait().await
}

/// 64 requests present one token at once, on several threads and over several stores: one turns it, and all others are
/// told the same successor.
pub async fn one_of_64_turns_wins(stores: &[Arc<dyn SessionStore>]) {
    for round in 0..5 {
        let id = format!("session {round}");
        assert_eq!(open(&*stores[0], "alice", &id).await, Ok(Standing::Good));
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
                Turned::Turned => turned.push(format!("{id} r1 {number}")),
                Turned::Repeated { successor, turned } => {
                    assert_eq!(turned, at(1));
                    repeated.push(successor);
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((turned.len(), repeated.len()), (1, 63));
        assert!(repeated.iter().all(|successor| *successor == turned[0]));
    }
}
