//! Sessions and revocations of [`jwt_extended`] in Redis or Valkey, which several processes and machines share.
//!
//! ```no_run
//! use std::time::Duration;
//! use jwt_extended_redis::RedisStore;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let store = RedisStore::connect("redis://:password@127.0.0.1:6379/0").await?;
//! // or, with the options that there are, and whether Redis is up by now or not:
//! let store = RedisStore::builder("redis://127.0.0.1")
//!     .prefix("shop")
//!     .timeout(Duration::from_millis(500))
//!     .connect_lazily()?;
//! # Ok(())
//! # }
//! ```
//!
//! Each call is one atomic step, a script or a command; asking whether a token stands is one `MGET`. Only the times that
//! calls hand in decide what is over; the TTL that every key has is for tidiness alone, so clocks may differ.
//!
//! When Redis is away, frozen or slow, a call is an error within the time limit, never a "yes", and as soon as Redis
//! answers again, so does the store.

mod answers;
mod builder;
mod connection;
mod keys;
mod record;
mod scripts;
mod store;

pub use builder::{ConnectError, RedisStoreBuilder};
pub use store::RedisStore;
