//! The engine's tests from outside, as one program: linking one is several times faster than linking eleven.
//!
//! A test that needs its own process gets its own file beside this folder. Counting allocations needs none: the
//! counter is per thread.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

mod allocations;
mod asymmetric;
mod configuration;
#[cfg(feature = "test-util")]
mod conformance;
mod faces;
mod guards;
mod hardening;
mod security;
mod tokens;
mod tolerance;
