//! The result of a store's method: a value that is known already, or a future.

use std::{fmt, future::Future, pin::Pin};

/// The result of a call to a store.
///
/// A store in memory answers [`Now`](Self::Now), and nothing is boxed. A store behind a network answers
/// [`Later`](Self::Later).
#[must_use = "a store does nothing until its answer is awaited"]
pub enum Answer<'a, T> {
    /// The value is known already.
    Now(T),
    /// The value comes from a future.
    Later(Pin<Box<dyn Future<Output = T> + Send + 'a>>),
}

impl<'a, T> Answer<'a, T> {
    /// Boxes a future.
    pub fn later(future: impl Future<Output = T> + Send + 'a) -> Self {
        Self::Later(Box::pin(future))
    }

    /// Returns the value, awaiting it if necessary.
    pub async fn wait(self) -> T {
        match self {
            Self::Now(value) => value,
            Self::Later(future) => future.await,
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Answer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now(value) => f.debug_tuple("Now").field(value).finish(),
            Self::Later(_) => f.debug_tuple("Later").finish_non_exhaustive(),
        }
    }
}
