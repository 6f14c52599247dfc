//! Tokens: their bytes, and login, refresh, logout, renewal and rotation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "tokens/identities.rs"]
mod identities;
#[path = "tokens/lifetimes.rs"]
mod lifetimes;
#[path = "tokens/logout.rs"]
mod logout;
#[path = "tokens/making.rs"]
mod making;
#[path = "tokens/renewal.rs"]
mod renewal;
#[path = "tokens/rotation.rs"]
mod rotation;
#[path = "tokens/sessions.rs"]
mod sessions;
#[path = "tokens/skew.rs"]
mod skew;
#[path = "tokens/store_failures.rs"]
mod store_failures;
#[path = "tokens/subjects.rs"]
mod subjects;
