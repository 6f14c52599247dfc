//! The real program on real stores: several processes on one store, stores that fail, a server that is killed.
//!
//! They need Redis and PostgreSQL, and so the feature `store-tests`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it has counted"
)]

mod support;

#[path = "stores/killed.rs"]
mod killed;
#[path = "stores/outages.rs"]
mod outages;
#[path = "stores/two_processes.rs"]
mod two_processes;
