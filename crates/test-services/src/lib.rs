//! Real Redis and PostgreSQL servers for tests: each on a free port of this computer, in a folder of its own, gone when it
//! is dropped. They can be stopped, frozen and started again.
//!
//! ```no_run
//! let mut redis = test_services::Redis::start();
//! println!("{}", redis.url());
//! redis.freeze();
//! redis.go_on();
//! redis.stop();
//! redis.start_again();
//! ```

#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot run says so by it"
)]

mod postgres;
mod process;
mod redis;

pub use postgres::Postgres;
pub use process::free_port;
pub use redis::Redis;
