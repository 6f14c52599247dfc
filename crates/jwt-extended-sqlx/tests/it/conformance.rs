//! The checks that every session store must pass.

use std::sync::Arc;

use jwt_extended::test_util::sessions;

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_passes_the_store_checks() {
    let file = crate::sqlite::File::new();
    sessions::check(Arc::new(file.store().await)).await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn postgres_passes_the_store_checks() {
    let server = crate::server::Server::start();
    sessions::check(Arc::new(server.store().await)).await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn postgres_over_a_pool_passes_the_random_checks() {
    let server = crate::server::Server::start();
    let store = server.store_over_pool().await;
    store.migrate().await.unwrap();
    // Fewer runs: the steps are the same, and a pool is slower.
    sessions::check_random(&store, 0..10).await;
}
