//! JWT sessions for any web framework: access tokens, refresh tokens that rotate and detect theft, fresh tokens for
//! critical actions, revocation, and cookies with CSRF protection.
//!
//! This is the engine, which knows no framework. Use it through a face such as `jwt-extended-axum`, or directly:
//!
//! ```
//! use jwt_extended::{JwtManager, Requirement, jose::Key, session::MemoryStore};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let jwt = JwtManager::builder()
//!     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
//!     .session_store(MemoryStore::new())
//!     .build()?;
//!
//! // After the password was checked: a fresh access token and a refresh token in one session.
//! let pair = jwt.login("alice").await?;
//!
//! // On a later request:
//! let (request, ()) = http::Request::builder()
//!     .header("Authorization", format!("Bearer {}", pair.access))
//!     .body(())?
//!     .into_parts();
//! let admitted = jwt.authenticate(&request, &Requirement::access()).await?;
//! assert_eq!(admitted.token().subject(), "alice");
//!
//! // Logging out ends the session, and both tokens with it.
//! jwt.logout(admitted.token()).await?;
//! let refused = jwt.authenticate(&request, &Requirement::access()).await.unwrap_err();
//! assert_eq!(refused.message(), "Token has been revoked");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Overview
//!
//! - [`JwtManager`]: the one value that an app holds. [`config`] lists every option, with its name in
//!   Flask-JWT-Extended.
//! - [`Requirement`]: what a route requires of a token. [`http::Rejection`]: the response to a refused request.
//! - [`token`]: the content of tokens; the app's own users and claims. [`jose`]: keys and key rings.
//! - [`session`]: stores, rotation, and what happens when a token is stolen.
//! - [`Steps`]: for faces, and for callers who issue tokens one by one.
//!
//! # Features
//!
//! - `asymmetric`: RS, PS, ES, Ed25519 and ML-DSA keys, over aws-lc-rs. HS256, HS384 and HS512 are always available, in
//!   pure Rust.
//! - `testing`: helpers for those who test their apps: tokens in one line, a clock to move, a store that is down.
//! - `test-util`: the table of requests and answers that every face runs, and the specification that every store meets.

pub mod config;
mod constant_time;
mod entropy;
mod guard;
pub mod http;
pub mod jose;
mod manager;
pub mod session;
mod sync;
#[cfg(feature = "test-util")]
pub mod test_util;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
pub mod token;

pub use config::{Config, ConfigError};
pub use entropy::{Entropy, EntropyError, SystemEntropy};
pub use guard::Requirement;
pub use http::{CookieError, Rejection};
pub use manager::{
    Admitted, CookieWriter, EarlierSessions, Expiring, Judge, JwtManager, JwtManagerBuilder, KnownIssuer, LoggedOut,
    Login, Refreshing, Rotation, Steps, TokenBuilder, TokenPair, UserError, Visitor,
};
#[cfg(feature = "routes")]
pub use manager::{BODY_LIMIT, BadException, RouteGuard};
pub use time::{Clock, ManualClock, SystemClock, Timestamp};
pub use token::Token;
