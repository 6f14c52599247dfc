//! Other libraries and this one: npm `jose` and `jsonwebtoken` make tokens that we check and check ours, and on
//! generated tokens PyJWT and `jsonwebtoken` decide as we do. PyJWT in both directions is in
//! `python/tests/test_keys.py`.
//!
//! Needs Node.js, npm and Python.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod both_ways;
mod differential;
mod mutations;
mod pyjwt;
