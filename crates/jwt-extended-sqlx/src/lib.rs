//! Sessions in SQLite and PostgreSQL, for [jwt-extended](jwt_extended): who is logged in where, refresh tokens that
//! rotate, and what was revoked, kept over restarts and shared by processes.
//!
//! | | feature | for |
//! |---|---|---|
//! | `SqliteStore` | `sqlite` | one computer: a file, no server |
//! | `PostgresStore` | `postgres`, and `tls` for encrypted connections | several computers |
//!
//! Neither is on by default.
//!
//! # SQLite
//!
#![cfg_attr(feature = "sqlite", doc = "```no_run")]
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
//! use jwt_extended::{JwtManager, jose::Key};
//! use jwt_extended_sqlx::SqliteStore;
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let store = SqliteStore::open("/var/lib/app/sessions.db").await?;
//! store.migrate().await?;
//! let jwt = JwtManager::builder()
//!     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
//!     .session_store(store)
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! # PostgreSQL
//!
#![cfg_attr(feature = "postgres", doc = "```no_run")]
#![cfg_attr(not(feature = "postgres"), doc = "```ignore")]
//! use jwt_extended::{JwtManager, jose::Key};
//! use jwt_extended_sqlx::PostgresStore;
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let store = PostgresStore::connect("postgres://app:password@localhost/app").await?;
//! store.migrate().await?;
//! let jwt = JwtManager::builder()
//!     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
//!     .session_store(store)
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! # When the database does not answer
//!
//! Every call answers within the store's timeout, a second unless told otherwise, if need be with
//! [`StoreError::Unavailable`](jwt_extended::session::StoreError::Unavailable), which refuses the request with 503. As soon
//! as the database answers again, so does the store. A call that has failed may still be carried out by a database that
//! was only slow: what it should have revoked may be revoked later.
//!
//! # Tables
//!
//! `migrate` makes the tables, all of whose names begin with `jwt_`, and does nothing if they are there; any number of
//! processes may call it at once. It keeps its own record in `jwt_migrations`, so the app's migrations do not meet it. If
//! you would rather make the tables with yours, apply the files in this crate's folder `migrations`.
//!
//! What is over is deleted in passing, a few rows for each login. A program that logs nobody in any more, or wants it sooner,
//! calls [`purge`](jwt_extended::session::SessionStore::purge) from time to time.
//!
//! There is no token in the tables, nor anything that one could be made from: names (`sid`, `jti`), subjects, labels and
//! times.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod common;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod connections;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod error;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod migrations;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod request;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod text;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use error::SetupError;
#[cfg(feature = "postgres")]
pub use postgres::{PostgresStore, PostgresStoreBuilder};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteStore, SqliteStoreBuilder};
pub use sqlx;
