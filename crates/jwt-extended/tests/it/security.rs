//! The attacks that tokens must withstand: the lines of SECURITY.md that concern the engine, each with its tests.
//!
//! Tokens are forged by hand; key pairs (parts of lines 2 and 7) have their tests in `asymmetric.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "security/challenges.rs"]
mod challenges;
#[path = "security/claims.rs"]
mod claims;
#[path = "security/cookies.rs"]
mod cookies;
#[path = "security/csrf.rs"]
mod csrf;
#[path = "security/denylist.rs"]
mod denylist;
#[path = "security/keys.rs"]
mod keys;
#[path = "security/places.rs"]
mod places;
#[path = "security/revocation.rs"]
mod revocation;
#[path = "security/wire.rs"]
mod wire;
