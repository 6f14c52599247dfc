//! The tests of the stores in SQLite and PostgreSQL, as one program. Each PostgreSQL test starts its own server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "the helpers of a test are tests")]

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod common;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod conformance;
#[cfg(feature = "postgres")]
mod denylist;
#[cfg(all(feature = "sqlite", target_os = "linux"))]
mod disk;
#[cfg(feature = "postgres")]
mod failures;
#[cfg(feature = "postgres")]
mod pgbouncer;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod remembered;
#[cfg(feature = "postgres")]
mod server;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqlite")]
mod sqlite_urls;
