//! The store in SQLite: many read, one writes.

mod dialect;
mod migrate;
// The same text serves the other store, over its own kind of connection.
#[allow(clippy::duplicate_mod, reason = "the steps are written once for both databases")]
#[path = "../steps.rs"]
mod steps;
mod store;
mod writer;

pub use store::{SqliteStore, SqliteStoreBuilder};
