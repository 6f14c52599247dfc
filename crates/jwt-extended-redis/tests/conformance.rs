//! The specifications that every store of sessions must meet, run against a Redis server.

mod common;

use std::sync::Arc;

use common::Server;
use jwt_extended::test_util::sessions;

#[tokio::test(flavor = "multi_thread")]
async fn the_store_keeps_sessions_as_every_store_must() {
    let server = Server::start();
    sessions::check(Arc::new(server.store().await)).await;
}
