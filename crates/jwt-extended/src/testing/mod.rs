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
//!
//! Expired and revoked tokens, cookies, and the tokens of a login:
//!
//! ```
//! use jwt_extended::{JwtManager, Requirement, http::Location, testing::{self, SentToken, TestTokens}};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let (builder, clock) = testing::manager();
//! let jwt = builder.token_location([Location::Header, Location::Cookie]).build()?;
//! let tokens = TestTokens::of(&jwt);
//! let status = async |token: SentToken, requirement: Requirement| {
//!     let (request, ()) = token.log_in(http::Request::post("/")).body(()).unwrap().into_parts();
//!     jwt.authenticate(&request, &requirement).await.err().map(|rejection| rejection.message())
//! };
//!
//! assert_eq!(status(tokens.access("alice").in_cookies().into(), Requirement::access()).await, None);
//! let expired = status(tokens.access("alice").expired().into(), Requirement::access()).await;
//! assert_eq!(expired.as_deref(), Some("Token has expired"));
//! let revoked = status(tokens.access("alice").revoked().await, Requirement::access()).await;
//! assert_eq!(revoked.as_deref(), Some("Token has been revoked"));
//!
//! // A login opens a session: its refresh token rotates, and its access token can be renewed and listed.
//! let pair = jwt.login("alice").await?;
//! let stolen = tokens.sent_in_cookies(pair.refresh.as_ref().ok_or("no session store")?);
//! assert_eq!(status(stolen, Requirement::refresh()).await, None);
//! assert_eq!(status(tokens.sent(&pair.access), Requirement::fresh()).await, None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An app that is built by `from_config` gets a clock with `.clock(Arc::new(ManualClock::new(START)))`, and a store
//! that can be taken down with `.session_store(…)` of a [`FailingStore`].
#![allow(clippy::expect_used, clippy::missing_panics_doc, reason = "a test helper fails by panicking")]

mod store;
mod tokens;

use std::sync::Arc;

pub use store::{FailingStore, Outage};
pub use tokens::{SentToken, TestToken, TestTokens};

pub use crate::{ManualClock, Timestamp};

use crate::{JwtManager, JwtManagerBuilder, jose::Key, session::MemoryStore};

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
