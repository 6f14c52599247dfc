//! The real program on real stores: several processes on one store, stores that fail, a server that is killed.
//!
//! They need Redis and PostgreSQL, and therefore the feature `store-tests`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints its counts"
)]

#[path = "../support/mod.rs"]
mod support;

mod keys;
mod killed;
mod outages;
mod two_processes;
mod users;
