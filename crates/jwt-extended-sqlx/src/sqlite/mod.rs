//! The store in SQLite: several connections read, one writes.

mod connection;
mod migrate;
mod store;
mod writer;

pub use store::{SqliteStore, SqliteStoreBuilder};
