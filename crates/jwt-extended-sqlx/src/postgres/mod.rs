//! The store in PostgreSQL.

mod call;
mod dialect;
mod migrate;
mod source;
// The same text serves the other store, over its own kind of connection.
#[allow(clippy::duplicate_mod, reason = "the steps are written once for both databases")]
#[path = "../steps.rs"]
mod steps;
mod store;

pub use store::{PostgresStore, PostgresStoreBuilder};
