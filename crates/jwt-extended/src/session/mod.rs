//! Who is logged in where, and what was taken back: what a store must do, and a store that does it in memory.
//!
//! A store is told ids (`jti`, session, subject, times), never tokens: nothing that it keeps can be made into one.
//! A [`RevocationStore`] knows what was taken back, and lets all else stand. A [`SessionStore`] knows who is logged in where
//! as well: refresh tokens rotate, and sessions can be listed and ended.
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
//! // A refresh token is good for one use, and gives the one that is due next.
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
//! | [`MemoryStore`] | yes | one process; a restart logs everybody out |
//! | `SqliteStore` of `jwt-extended-sqlx` | yes | the processes of one computer; survives restarts |
//! | `PostgresStore` of `jwt-extended-sqlx` | yes | several computers |
//! | `RedisStore` of `jwt-extended-redis` | yes | several computers; what is over expires by itself |
//! | a closure | no | a blocklist of your own: [`RevocationStore`] |
//!
//! A store of your own implements [`SessionStore`]; `test_util::sessions::check`, behind the feature `test-util`, says
//! whether it can be relied on.

#![doc = include_str!("../docs/theft.md")]

mod answer;
mod forward;
mod memory;
mod sessions;
mod store;
mod subject;

pub use answer::Answer;
pub use forward::ForwardSessions;
pub use memory::MemoryStore;
pub use sessions::{
    EndSessions, NewSession, RevokedToken, RotateOutcome, RotateRequest, Session, SessionStore, TouchRequest,
};
pub(crate) use store::StoreKind;
pub use subject::Subject;
pub use store::{RevocationStore, RevokeRequest, StoreError, TokenIds, TokenStatus};
