//! What a route asks and what a refused client gets: the order of the checks, the places, the answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "guards/answers.rs"]
mod answers;
#[path = "guards/locations.rs"]
mod locations;
#[path = "guards/order.rs"]
mod order;
