//! The specifications that every store of sessions must meet, run against both databases.

#![cfg(any(feature = "sqlite", feature = "postgres"))]

mod common;

use std::sync::Arc;

use jwt_extended::test_util::sessions;

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_sqlite_keeps_sessions_as_every_store_must() {
    let folder = tempfile::tempdir().unwrap();
    let store = jwt_extended_sqlx::SqliteStore::open(folder.path().join("sessions.db")).await.unwrap();
    store.migrate().await.unwrap();
    sessions::check(Arc::new(store)).await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_postgresql_keeps_sessions_as_every_store_must() {
    let server = common::server::Server::start();
    sessions::check(Arc::new(server.store().await)).await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn the_store_over_an_app_s_pool_does_so_too() {
    let server = common::server::Server::start();
    let store = jwt_extended_sqlx::PostgresStore::new(server.pool().await);
    store.migrate().await.unwrap();
    // The steps are the same; what differs is where connections come from, and that takes longer.
    sessions::check_random(&store, 0..10).await;
}
