//! Many at once: each call is one atomic step.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test ends by it")]

mod common;

use std::time::Duration;

use common::{Server, shared, token};
use jwt_extended::{
    session::{RotateOutcome, SessionStore, TokenStatus},
    test_util::sessions::{at, at_most, new_session, rotate_request},
};

const GRACE: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn of_64_turns_of_one_token_one_turns_and_all_get_the_same_successor() {
    let server = Server::start();
    let stores = [shared(&server.store().await), shared(&server.store().await)];
    for round in 0..20 {
        let id = format!("session {round}");
        let new = new_session("alice", &id, "r0", at(0), None);
        assert_eq!(stores[0].open(&new).wait().await, Ok(TokenStatus::Active));
        let tasks: Vec<_> = (0..64)
            .map(|number| {
                let (store, id) = (stores[number % 2].clone(), id.clone());
                tokio::spawn(async move {
                    let successor = format!("r1 of {number}");
                    let presented = token("alice", &id, "r0", at(1));
                    let turned =
                        store.rotate(&rotate_request(presented, &successor, GRACE, None)).wait().await.unwrap();
                    (successor, turned)
                })
            })
            .collect();
        let (mut turned, mut repeated) = (Vec::new(), Vec::new());
        for task in tasks {
            match task.await.unwrap() {
                (successor, RotateOutcome::Rotated) => turned.push(successor),
                (_, RotateOutcome::Repeated { successor, rotated_at }) => {
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

#[tokio::test(flavor = "multi_thread")]
async fn logins_at_once_leave_no_more_sessions_than_there_may_be() {
    let server = Server::start();
    let store = shared(&server.store().await);
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let id = format!("session {number}");
                store.open(&at_most(new_session("alice", &id, "r0", at(number), None), 3)).wait().await
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Ok(TokenStatus::Active));
    }
    assert_eq!(store.list("alice", at(100)).wait().await.unwrap().len(), 3);
}
