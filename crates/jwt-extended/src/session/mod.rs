//! Sessions and revocations: the traits of stores, and a store in memory.
//!
//! A store gets ids (`jti`, session, subject, times), never tokens, so nobody can make a token from its content. A
//! [`SessionStore`] knows who is logged in where: refresh tokens rotate, and sessions can be listed and ended. A
//! [`RevocationStore`] knows only which tokens were revoked, and accepts all others.
//!
//! ```
//! use std::sync::Arc;
//! use jwt_extended::{JwtManager, jose::Key, session::MemoryStore};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let jwt = JwtManager::builder()
//!     .key(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?)
//!     .session_store(MemoryStore::new())
//!     .build()?;
//! let pair = jwt.login("alice").label("Firefox on Linux").await?;
//! let access = jwt.decode_token(&pair.access)?;
//! assert_eq!(jwt.sessions(&access).await?[0].label.as_deref(), Some("Firefox on Linux"));
//!
//! // A refresh token is valid once, and returns the next one.
//! let first = jwt.decode_token(&pair.refresh.unwrap())?;
//! let pair = jwt.refresh(&first).await?;
//! assert!(pair.refresh.is_some());
//!
//! jwt.logout(&access).await?;
//! assert!(jwt.is_revoked(&access).await?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Stores
//!
//! | store | keeps sessions | for |
//! |---|---|---|
//! | [`MemoryStore`] | yes | one process; a restart ends all sessions |
//! | `SqliteStore` of `jwt-extended-sqlx` | yes | the processes of one computer; survives restarts |
//! | `PostgresStore` of `jwt-extended-sqlx` | yes | several computers |
//! | `RedisStore` of `jwt-extended-redis` | yes | several computers; Redis deletes expired entries |
//! | a closure | no | your own blocklist: [`RevocationStore`] |
//!
//! A [`Denylist`] in front of a store that several processes share answers most checks from this process's memory.
//!
//! To write a store, implement [`SessionStore`], and test it with `test_util::sessions::check` behind the feature
//! `test-util`.

#![doc = include_str!("../docs/theft.md")]

mod answer;
mod denylist;
mod forward;
mod ids;
mod memory;
mod sessions;
mod store;
mod subject;
#[cfg(test)]
mod tests;
mod url;

pub use answer::Answer;
pub use denylist::{Change, Denylist, DenylistOptions, Feed, SubjectDigest};
pub use forward::ForwardSessions;
pub use memory::MemoryStore;
pub use sessions::{
    EndSessions, NewSession, Retry, RevokedToken, RotateOutcome, RotateRequest, Session, SessionStore, TouchRequest,
};
pub(crate) use store::StoreKind;
pub use store::{RevocationStore, RevokeRequest, Standing, StoreError, TokenIds, TokenStatus};
pub(crate) use subject::{NOT_A_STRING, foreign_key, foreign_key_length, subject_of};
pub use subject::{Subject, is_session_id};
pub use url::{StoreUrl, StoreUrlError};
