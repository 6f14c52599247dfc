//! Requirements of routes and their rejections: the order of the checks, the locations, the responses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "guards/answers.rs"]
mod answers;
#[path = "guards/locations.rs"]
mod locations;
#[path = "guards/order.rs"]
mod order;
#[cfg(feature = "routes")]
#[path = "guards/routes.rs"]
mod routes;
#[path = "guards/visitors.rs"]
mod visitors;
#[path = "guards/websockets.rs"]
mod websockets;
