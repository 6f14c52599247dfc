//! The store in PostgreSQL.

mod call;
mod connection;
mod feed;
mod migrate;
mod session;
mod source;
mod store;
mod url;

pub use store::{PostgresStore, PostgresStoreBuilder};
