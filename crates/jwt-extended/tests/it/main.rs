//! The engine's integration tests, through its public interface alone.
//!
//! They are one program, because linking one is several times faster than linking eleven. A test that needs a separate
//! process belongs in its own file beside this folder. The tests that count allocations do not: they count per thread.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

mod allocations;
mod asymmetric;
mod configuration;
#[cfg(feature = "test-util")]
mod conformance;
mod faces;
mod failures;
mod grants;
mod guards;
mod hardening;
mod issuers;
mod publishing;
mod security;
mod shown;
mod tokens;
mod tolerance;
