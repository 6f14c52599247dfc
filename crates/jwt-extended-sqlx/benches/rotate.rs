//! Rotations per second with one client and with 64, with commits that wait for the disk.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a program for developers")]

#[allow(dead_code, reason = "a bench uses a part of it")]
#[path = "../tests/it/common.rs"]
mod common;
#[allow(dead_code, reason = "a bench uses a part of it")]
#[path = "../tests/it/server.rs"]
mod server;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jwt_extended::session::{RotateOutcome, SessionStore, TokenStatus};
use jwt_extended_sqlx::SqliteStore;

use crate::{
    common::{LONG, open, rotate},
    server::Server,
};

const FOR: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::builder().timeout(LONG);
    let store = store.open(folder.path().join("sessions.db")).await.unwrap();
    store.migrate().await.unwrap();
    report("sqlite", Arc::new(store)).await;

    let server = Server::start_durable();
    report("postgres", Arc::new(server.store().await)).await;
}

async fn report(name: &str, store: Arc<dyn SessionStore>) {
    for clients in [1, 64] {
        let started = Instant::now();
        let clients: Vec<_> =
            (0..clients).map(|client| tokio::spawn(rotations(Arc::clone(&store), clients, client, started))).collect();
        let (count, mut rotated) = (clients.len(), 0);
        for client in clients {
            rotated += client.await.unwrap();
        }
        let per_second = f64::from(rotated) / started.elapsed().as_secs_f64();
        println!("{name}: {count} clients, {per_second:.0} rotations per second");
    }
}

/// Opens a session and rotates its token repeatedly.
async fn rotations(store: Arc<dyn SessionStore>, clients: usize, client: usize, started: Instant) -> u32 {
    let (subject, id) = (format!("user {client}"), format!("session {client} of {clients}"));
    assert_eq!(open(&*store, &subject, &id).await, Ok(TokenStatus::Active));
    let mut rotated = 0;
    while started.elapsed() < FOR {
        let (from, to) = (format!("{id} r{rotated}"), format!("{id} r{}", rotated + 1));
        assert_eq!(rotate(&*store, &subject, &id, &from, &to).await, Ok(RotateOutcome::Rotated));
        rotated += 1;
    }
    rotated
}
