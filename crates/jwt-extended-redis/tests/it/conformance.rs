//! Runs the specification that every session store must meet.

use std::sync::Arc;

use jwt_extended::test_util::sessions;

use crate::server::Server;

#[tokio::test]
async fn the_store_meets_the_specification() {
    let server = Server::start();
    sessions::check(Arc::new(server.store().await)).await;
}
