//! How many refresh tokens are turned in a second, by one client and by 64 at once, on a disk that is waited for.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a bench ends by a panic, and prints")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use common::{open, server::Server, turn_to};
use jwt_extended::session::{RotateOutcome, SessionStore, TokenStatus};
use jwt_extended_sqlx::SqliteStore;

const FOR: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::builder().timeout(Duration::from_secs(10));
    let store = store.open(folder.path().join("sessions.db")).await.unwrap();
    store.migrate().await.unwrap();
    report("sqlite", Arc::new(store)).await;

    let server = Server::start_with(&[]);
    report("postgres", Arc::new(server.store().await)).await;
}

async fn report(name: &str, store: Arc<dyn SessionStore>) {
    for clients in [1, 64] {
        let started = Instant::now();
        let clients: Vec<_> =
            (0..clients).map(|client| tokio::spawn(turns(Arc::clone(&store), clients, client, started))).collect();
        let (count, mut turned) = (clients.len(), 0);
        for client in clients {
            turned += client.await.unwrap();
        }
        let each_second = f64::from(turned) / started.elapsed().as_secs_f64();
        println!("{name}: {count} clients turn {each_second:.0} tokens a second");
    }
}

/// Opens a session and turns its token again and again.
async fn turns(store: Arc<dyn SessionStore>, clients: usize, client: usize, started: Instant) -> u32 {
    let (subject, id) = (format!("user {client}"), format!("session {client} of {clients}"));
    assert_eq!(open(&*store, &subject, &id).await, Ok(TokenStatus::Active));
    let mut turned = 0;
    while started.elapsed() < FOR {
        let (from, to) = (format!("{id} r{turned}"), format!("{id} r{}", turned + 1));
        assert_eq!(turn_to(&*store, &subject, &id, &from, &to).await, Ok(RotateOutcome::Rotated));
        turned += 1;
    }
    turned
}
