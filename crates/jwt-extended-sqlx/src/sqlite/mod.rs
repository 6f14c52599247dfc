//! The store in SQLite: several connections read, one writes.

mod connection;
mod file;
mod migrate;
mod store;
mod url;
mod writer;

pub use store::{SqliteStore, SqliteStoreBuilder};
pub use url::SqliteUrl;
