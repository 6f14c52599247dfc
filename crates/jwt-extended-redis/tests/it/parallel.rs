//! Many calls at once: each is one atomic step.

use std::{sync::Arc, time::Duration};

use jwt_extended::{
    session::{RotateOutcome, SessionStore, TokenStatus},
    test_util::sessions::{at, at_most, new_session, rotate_request},
};

use crate::server::{Server, token};

const GRACE: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn one_of_64_concurrent_rotations_wins() {
    let server = Server::start();
    let stores = [Arc::new(server.store().await), Arc::new(server.store().await)];
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
                    let outcome =
                        store.rotate(&rotate_request(presented, &successor, GRACE, None)).wait().await.unwrap();
                    (successor, outcome)
                })
            })
            .collect();
        let (mut winners, mut repeated) = (Vec::new(), Vec::new());
        for task in tasks {
            match task.await.unwrap() {
                (successor, RotateOutcome::Rotated) => winners.push(successor),
                (_, RotateOutcome::Repeated { successor, rotated_at }) => {
                    assert_eq!(rotated_at, at(1));
                    repeated.push(successor);
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((winners.len(), repeated.len()), (1, 63));
        assert!(repeated.iter().all(|successor| *successor == winners[0]), "all get the winner's successor");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_logins_respect_the_session_limit() {
    let server = Server::start();
    let store = Arc::new(server.store().await);
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
