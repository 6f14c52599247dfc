//! What a store must do so that a token can be taken back, and a store that does it in memory.
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
//!     .revocation_store(MemoryStore::new())
//!     .build()?;
//! let token = jwt.decode_token(&jwt.create_access_token("alice")?)?;
//! jwt.revoke(&token).await?;
//! assert!(jwt.is_revoked(&token).await?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod memory;
mod sessions;
mod store;

pub use answer::Answer;
pub use memory::MemoryStore;
pub use sessions::{Ending, NewSession, RevokedToken, Session, SessionStore, Touch, Turn, Turned};
pub use store::{Revocation, RevocationStore, Standing, StoreError, TokenIds};
