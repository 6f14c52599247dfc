//! Keeps the sessions and revocations of [`jwt_extended`] in Redis or Valkey, shared by several processes and machines.
//!
//! ```no_run
//! use jwt_extended::{JwtManager, jose::Key};
//! use jwt_extended_redis::RedisStore;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let store = RedisStore::connect("redis://:password@127.0.0.1:6379/0").await?;
//! let jwt = JwtManager::builder()
//!     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
//!     .session_store(store)
//!     .build()?;
//! let pair = jwt.login("alice@example.org").await?;
//! # Ok(())
//! # }
//! ```
//!
//! [`RedisStore::builder`] has the options, and can also create a store while Redis is down:
//!
//! ```
//! use std::time::Duration;
//! use jwt_extended_redis::RedisStore;
//!
//! let store = RedisStore::builder("redis://127.0.0.1")
//!     .prefix("shop")
//!     .timeout(Duration::from_millis(500))
//!     .connect_lazily()?;
//! # Ok::<(), jwt_extended_redis::ConnectError>(())
//! ```
//!
//! # Behaviour
//!
//! - Checking a token takes one `MGET`. Every other call is one atomic step in a Lua script.
//! - A call that Redis does not answer within the time limit is an error, and the request is rejected. The first call
//!   after Redis returns succeeds.
//! - All requests share one connection. It is made when it is needed, so the store works only within a Tokio runtime.
//! - Only the times that the engine passes in decide whether something has expired. Redis's own clock only deletes keys
//!   that are no longer needed, so it may be wrong.
//! - Redis must keep what it is given: see "Setting up Redis" in the README.

mod answers;
mod app_script;
mod builder;
mod check;
mod connection;
mod feed;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod keys;
mod record;
mod scripts;
#[cfg(feature = "sentinel")]
mod sentinels;
mod store;
mod url;

pub use app_script::AppScript;
pub use builder::{ConnectError, RedisStoreBuilder};
pub use store::RedisStore;
