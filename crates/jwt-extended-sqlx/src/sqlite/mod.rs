//! The store in SQLite: several connections read, one writes.

mod connection;
mod file;
mod memory;
mod migrate;
mod store;
mod url;
mod watch;
mod writer;

pub use store::{SqliteStore, SqliteStoreBuilder};
pub use url::SqliteUrl;
