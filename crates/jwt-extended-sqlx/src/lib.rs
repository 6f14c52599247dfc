//! Sessions in SQLite and PostgreSQL for [jwt-extended](jwt_extended): refresh tokens that rotate, sessions that can be
//! listed and ended, and revocations. They survive restarts, and processes share them.
//!
//! | | feature | for |
//! |---|---|---|
//! | `PostgresStore` | `postgres`; `tls` encrypts its connections | several computers |
//! | `SqliteStore` | `sqlite` | one computer: a file, no server |
//!
//! No feature is on by default.
//!
//! # PostgreSQL
//!
#![cfg_attr(feature = "postgres", doc = "```no_run")]
#![cfg_attr(not(feature = "postgres"), doc = "```ignore")]
//! use jwt_extended::{JwtManager, jose::Key};
//! use jwt_extended_sqlx::{PostgresStore, sqlx::PgPool};
//!
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let pool = PgPool::connect("postgres://app:password@localhost/app").await?;
//! let store = PostgresStore::new(pool);
//! store.migrate().await?;
//! let jwt = JwtManager::builder()
//!     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
//!     .session_store(store)
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! `PostgresStore::connect` uses separate connections instead, so that guards never wait for the app.
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
//! # Statements
//!
//! Both databases run the same statements.
//!
//! | method of `SessionStore` | statement | in a transaction |
//! |---|---|---|
//! | `status` | one `SELECT` over all three tables | |
//! | `revoke` | `INSERT … ON CONFLICT` into `jwt_revoked_tokens` | |
//! | `open` | `INSERT … SELECT` into `jwt_sessions`, unless the cut-off is later; `DELETE` of the oldest if there is a limit, at most 1,000 | with the subject locked |
//! | `rotate` | `UPDATE … WHERE current_jti = …`. If it changes no row: `SELECT`, and `DELETE` of a replayed session | |
//! | `touch` | `UPDATE` of `jwt_sessions` | |
//! | `list` | `SELECT … LIMIT 1000` from `jwt_sessions` | |
//! | `end`, one session | `DELETE … RETURNING` from `jwt_sessions` | |
//! | `end`, others or all | `DELETE … RETURNING` of the latest 1,000, then `INSERT … ON CONFLICT` into `jwt_subjects`, which ends the rest; more rows are deleted later, 1,000 at a time | with the subject locked |
//! | `purge` | one `DELETE … LIMIT` per table | |
//!
//! In SQLite, requests that write are grouped into transactions, and `status` asks `PRAGMA data_version` instead if the
//! token was found good before. Behind `PgBouncer` in transaction mode, every call is a transaction, and no statement
//! has a name.
//!
//! # When the database does not answer
//!
//! Every call returns within the store's timeout, by default one second. If the database has not answered by then, the error
//! is [`StoreError::Unavailable`](jwt_extended::session::StoreError::Unavailable), and the request is rejected with 503. The
//! store recovers as soon as the database does. A slow database may still carry out a call that has failed, so a revocation
//! may take effect later.
//!
//! # Tables
//!
//! `migrate` creates the tables, whose names begin with `jwt_`, and is a no-op if they are up to date. Any number of
//! processes may call it at once. It records versions in `jwt_migrations`, so it does not mix with the app's migrations. To
//! create the tables with the app's migrations instead, apply the files in this crate's folder `migrations`.
//!
//! Logins delete, a few rows at a time, what ended more than a day ago. A program that has few logins, or wants to delete
//! earlier, calls [`purge`](jwt_extended::session::SessionStore::purge).
//!
//! In PostgreSQL, five triggers tell the processes that follow (`PostgresStore::with_denylist`) what was revoked. While
//! no process follows, they send nothing.
//!
//! The tables hold ids (`sid`, `jti`), subjects, labels and times. They hold no token, and nothing that a token could be made
//! from.

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod shared;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "postgres")]
pub use postgres::{PostgresStore, PostgresStoreBuilder};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use shared::error::SetupError;
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteStore, SqliteStoreBuilder, SqliteUrl};
pub use sqlx;
