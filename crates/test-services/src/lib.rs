//! Starts real Redis and PostgreSQL servers for tests, a Redis Sentinel and a `PgBouncer`. Each has a free port and a
//! temporary folder, and it ends when it is dropped. A test can stop a server, freeze it and start it again.
//!
//! [`Node`] starts programs of npm: issuers of tokens, and a library that verifies ours. [`Proxy`] starts nginx, Caddy
//! and `HAProxy`. [`Browser`] is a Chromium without a window.
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
    reason = "a test whose server cannot start must fail with a message"
)]

mod browser;
mod node;
mod pgbouncer;
mod port;
mod postgres;
mod process;
mod proxy;
mod redis;
mod sentinel;

pub use browser::{Browser, Key};
pub use node::{Node, Program, npm_file};
pub use pgbouncer::PgBouncer;
pub use port::free_port;
pub use postgres::Postgres;
pub use proxy::{Proxy, ProxyKind};
pub use redis::Redis;
pub use sentinel::Sentinel;
