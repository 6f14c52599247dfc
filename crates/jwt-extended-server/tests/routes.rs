//! The server's routes, driven without a program: every one with good and with bad input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

#[path = "routes/guarded.rs"]
mod guarded;
#[path = "routes/hostile.rs"]
mod hostile;
#[path = "routes/login.rs"]
mod login;
#[path = "routes/logout.rs"]
mod logout;
#[path = "routes/refresh.rs"]
mod refresh;
#[path = "routes/sessions.rs"]
mod sessions;
