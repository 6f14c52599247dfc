//! Models of code that many threads use at once: the store in memory, and the fetches of an issuer's keys.
//!
//! `cargo xtask interleavings` runs them. loom runs each model once for every order in which its threads can take
//! turns, so that a fault which needs an unlucky moment is found every time. A build without its cfg is empty.

#![cfg(all(test, interleavings))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../crates/jwt-extended-jwks/src/board.rs"]
mod board;
#[path = "../../crates/jwt-extended-jwks/src/flight.rs"]
#[allow(dead_code, reason = "the models ask, and never wait")]
mod flight;
mod key_source;
mod memory_store;
#[path = "../../crates/jwt-extended-jwks/src/swap.rs"]
mod swap;

/// How often a thread may be interrupted where it could go on. Without a limit, some models take hours; faults that
/// need more than two interruptions are hardly known.
const INTERRUPTIONS: usize = 3;

/// Runs a model in every order of its threads' steps.
fn every_order(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(INTERRUPTIONS);
    builder.check(model);
}
