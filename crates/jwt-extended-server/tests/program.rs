//! The real program: what it says, when it does not start, what it listens to, what it logs, and how it ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

#[path = "program/lifetimes.rs"]
mod lifetimes;
#[path = "program/logs.rs"]
mod logs;
#[path = "program/options.rs"]
mod options;
#[path = "program/refusals.rs"]
mod refusals;
#[path = "program/restarts.rs"]
mod restarts;
#[path = "program/users.rs"]
mod users;
