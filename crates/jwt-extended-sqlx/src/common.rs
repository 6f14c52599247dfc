//! What both stores have in common, beside the steps.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use jwt_extended::{Timestamp, session::StoreError};

use crate::request::Purge;

/// How long a call may take, unless told otherwise.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(1);

/// How many rows are deleted in passing.
const PURGE_AT_ONCE: u32 = 500;

/// For how long they have been over by then. The deletion comes a moment after the login that it is told the time of, and
/// a computer whose clock is ahead must not delete what is open for the others.
const PURGE_AFTER: Duration = Duration::from_hours(24);

/// Logins between two such deletions.
const PURGE_EVERY: u32 = 64;

/// Counts logins.
#[derive(Debug, Default)]
pub(crate) struct Logins(AtomicU32);

impl Logins {
    /// Counts one. Now and then it has some of what is over deleted, which keeps no login waiting.
    pub(crate) fn count<D>(&self, now: Timestamp, delete: impl FnOnce(Purge) -> D)
    where
        D: Future<Output = Result<u64, StoreError>> + Send + 'static,
    {
        if self.0.fetch_add(1, Ordering::Relaxed) % PURGE_EVERY != PURGE_EVERY - 1 {
            return;
        }
        let deleting = delete(Purge::new(now.saturating_sub(PURGE_AFTER), PURGE_AT_ONCE));
        tokio::spawn(async move {
            if let Err(error) = deleting.await {
                tracing::warn!(%error, "sessions that are over could not be deleted");
            }
        });
    }
}

/// The answer to an ending that this crate does not know: nothing has ended, and that must not go unnoticed.
pub(crate) fn unknown_ending() -> StoreError {
    StoreError::Unavailable("it does not know this kind of ending; use a later jwt-extended-sqlx".to_owned())
}
