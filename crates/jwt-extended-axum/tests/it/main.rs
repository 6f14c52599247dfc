//! The axum face's tests from outside, as one program: linking one is faster than linking three.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conformance;
mod cors;
mod face;
mod leaving;
mod readme;
mod renewal;
mod responses;
#[cfg(feature = "testing")]
mod testing;
