//! Helpers for those who test their apps: tokens in one line, requests that are logged in, a clock that the test moves,
//! a store that is down.
//!
//! Behind the feature `testing`, for `[dev-dependencies]`. A release build with it fails, so that no server goes out
//! with keys that everybody knows. To run tests in release mode, add the feature `testing-in-release`.
//!
//! ```
//! use jwt_extended::{Requirement, testing::{self, TestTokens}};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let (builder, clock) = testing::manager();
//! let jwt = builder.build()?;
//! let tokens = TestTokens::of(&jwt);
//!
//! let request = http::Request::get("/orders");
//! let request = tokens.access("alice").fresh().scopes(["read:orders"]).log_in(request).body(())?;
//! let (request, ()) = request.into_parts();
//! assert!(jwt.authenticate(&request, &Requirement::fresh()).await.is_ok());
//!
//! clock.advance(std::time::Duration::from_secs(3600));
//! let refused = jwt.authenticate(&request, &Requirement::access()).await.unwrap_err();
//! assert_eq!(refused.message(), "Token has expired");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![allow(clippy::expect_used, clippy::missing_panics_doc, reason = "a test helper fails by panicking")]

mod store;
mod tokens;

use std::sync::Arc;

pub use store::{FailingStore, Outage};
pub use tokens::{SentToken, TestToken, TestTokens};

use crate::{JwtManager, JwtManagerBuilder, ManualClock, Timestamp, jose::Key, session::MemoryStore};

#[cfg(all(not(debug_assertions), not(test), not(doc), not(feature = "testing-in-release")))]
compile_error!(
    "the feature `testing` of jwt-extended is for tests, and this is a release build: move it to [dev-dependencies], or \
     add the feature `testing-in-release` to run tests in release mode"
);

/// The secret of [`manager`]. Everybody knows it.
pub const SECRET: &str = "the secret of tests, which everybody knows and no server uses";

/// The time at which the clock of [`manager`] starts: a moment in the year 2027.
pub const START: Timestamp = Timestamp::from_secs(1_800_000_000);

/// Returns a builder with a fixed key, a session store in memory, and a clock that the test moves. Set the options of
/// your app on it.
pub fn manager() -> (JwtManagerBuilder, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(START));
    let key = Key::hs256(SECRET).expect("the secret is long enough");
    let builder = JwtManager::builder().key(key).session_store(MemoryStore::new()).clock(Arc::clone(&clock));
    (builder, clock)
}
