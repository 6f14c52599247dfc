//! A PostgreSQL server that a test starts for itself, and ways to reach it.

use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};

use jwt_extended_sqlx::{
    PostgresStore,
    sqlx::{Connection, PgConnection, PgPool, postgres::PgPoolOptions},
};
use test_services::Postgres;

use crate::common::LONG;

pub(crate) struct Server(Postgres);

impl Server {
    /// Starts a server that does not wait for its disk.
    pub(crate) fn start() -> Self {
        Self(Postgres::start())
    }

    /// Starts a server that waits for its disk.
    #[allow(dead_code, reason = "only the bench of rotation starts it")]
    pub(crate) fn start_durable() -> Self {
        Self(Postgres::start_with(&[]))
    }

    /// Returns its URL with a password, which the server does not ask for.
    pub(crate) fn url(&self) -> String {
        format!("postgres://test:secret@127.0.0.1:{}/postgres", self.port())
    }

    /// Returns a store with its tables.
    pub(crate) async fn store(&self) -> PostgresStore {
        self.store_with_timeout(LONG).await
    }

    pub(crate) async fn store_with_timeout(&self, timeout: Duration) -> PostgresStore {
        // Connects lazily, because connecting has the same timeout.
        let store = PostgresStore::builder().timeout(timeout).connect_lazily(&self.url()).unwrap();
        store.migrate().await.unwrap();
        store
    }

    /// Returns a store over a pool.
    pub(crate) async fn store_over_pool(&self) -> PostgresStore {
        PostgresStore::builder().timeout(LONG).with_pool(self.pool().await)
    }

    /// Returns a pool of an app.
    pub(crate) async fn pool(&self) -> PgPool {
        PgPoolOptions::new().max_connections(8).connect(&self.url()).await.unwrap()
    }

    /// Returns a connection that is not the store's.
    pub(crate) async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.url()).await.unwrap()
    }
}

impl Deref for Server {
    type Target = Postgres;

    fn deref(&self) -> &Postgres {
        &self.0
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut Postgres {
        &mut self.0
    }
}
