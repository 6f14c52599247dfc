//! Token authentication in full, for any web framework: short-lived access tokens, refresh tokens, fresh tokens for
//! critical actions, revocation, sessions whose refresh tokens rotate; in headers, cookies with CSRF protection, query string or JSON body.
//!
//! This is the engine: it knows no framework. Use it through a face, such as `jwt-extended-axum`, or directly:
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
//! // After the password was checked: a fresh access token and a refresh token, one session.
//! let pair = jwt.login("alice").await?;
//!
//! // On a later request:
//! let (request, ()) = http::Request::builder()
//!     .header("Authorization", format!("Bearer {}", pair.access_token))
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
//! # Where to look
//!
//! - [`JwtManager`]: the one value that an app holds. [`config`] lists every option, and what it was called in
//!   Flask-JWT-Extended.
//! - [`Requirement`]: what a route asks of a token. [`http::Rejection`]: what a refused client gets.
//! - [`token`]: what a token says; the app's own user and claims. [`jose`]: keys and key rings. [`session`]: stores, rotation, and what happens when a token is stolen.
//!
//! # Features
//!
//! - `asymmetric`: RS, PS, ES and Ed25519 keys, over aws-lc-rs. HS256, HS384 and HS512 are always there, in pure Rust.
//! - `test-util`: the table of requests and answers that every face runs, and the specifications that every store meets.

pub mod config;
mod entropy;
mod guard;
pub mod http;
pub mod jose;
mod manager;
pub mod session;
#[cfg(feature = "test-util")]
pub mod test_util;
mod time;
pub mod token;

pub use config::{Config, ConfigError};
pub use entropy::{Entropy, EntropyError, SystemEntropy};
pub use guard::Requirement;
pub use http::{CookieError, Rejection};
pub use manager::{Admitted, Expiring, JwtManager, JwtManagerBuilder, Rotation, TokenBuilder, TokenPair};
pub use time::{Clock, ManualClock, SystemClock, Timestamp};
pub use token::Token;
