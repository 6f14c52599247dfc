//! The store in PostgreSQL.

mod call;
mod connection;
mod migrate;
mod source;
mod store;

pub use store::{PostgresStore, PostgresStoreBuilder};
