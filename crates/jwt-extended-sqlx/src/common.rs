//! What both stores have in common, beside the steps.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use jwt_extended::session::StoreError;

/// How long a call may take, unless told otherwise.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(1);

/// How many rows are deleted in passing.
pub(crate) const PURGE_AT_ONCE: u32 = 500;

/// Logins between two such deletions.
const PURGE_EVERY: u32 = 64;

/// Counts logins.
#[derive(Debug, Default)]
pub(crate) struct Logins(AtomicU32);

impl Logins {
    /// Counts one, and says whether it is time to delete what is over.
    pub(crate) fn count(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) % PURGE_EVERY == PURGE_EVERY - 1
    }
}

/// The answer to an ending that this crate does not know: nothing has ended, and that must not go unnoticed.
pub(crate) fn unknown_ending() -> StoreError {
    StoreError::Unavailable("it does not know this kind of ending; use a later jwt-extended-sqlx".to_owned())
}
