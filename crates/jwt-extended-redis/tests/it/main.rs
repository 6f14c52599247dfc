//! Runs the store against real Redis servers. Each test starts its own.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(feature = "sentinel")]
mod addresses;
mod app_script;
#[cfg(feature = "cluster")]
mod cluster;
mod commands;
mod conformance;
mod denylist;
mod failures;
mod keys;
mod outages;
mod parallel;
mod server;
#[cfg(feature = "tls")]
mod tls;
