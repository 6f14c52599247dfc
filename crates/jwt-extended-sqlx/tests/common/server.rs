//! A PostgreSQL that a test starts for itself, and ways to reach it beside the store.

use std::ops::{Deref, DerefMut};

use jwt_extended_sqlx::{
    PostgresStore,
    sqlx::{Connection, PgConnection, PgPool, postgres::PgPoolOptions},
};
use test_services::Postgres;

/// A server.
pub struct Server(Postgres);

impl Server {
    /// Starts one that does not wait for its disk.
    pub fn start() -> Self {
        Self(Postgres::start())
    }

    /// Starts one with these settings.
    pub fn start_with(settings: &[&str]) -> Self {
        let options: Vec<&str> = settings.iter().flat_map(|setting| ["-c", setting]).collect();
        Self(Postgres::start_with(&options))
    }

    /// With a password in it, which the server does not ask for.
    pub fn url(&self) -> String {
        format!("postgres://test:secret@127.0.0.1:{}/postgres", self.port())
    }

    /// A store on it, with its tables.
    pub async fn store(&self) -> PostgresStore {
        let store = PostgresStore::connect(&self.url()).await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    /// A pool of an app.
    pub async fn pool(&self) -> PgPool {
        PgPoolOptions::new().max_connections(8).connect(&self.url()).await.unwrap()
    }

    /// A connection beside the store's.
    pub async fn connection(&self) -> PgConnection {
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
