//! An answer that is there now, or a future of one.

use std::{fmt, future::Future, pin::Pin};

/// What a store answers. A store that knows says so at once, and nothing is boxed; one that must ask a server gives
/// a future.
#[must_use = "a store does nothing until its answer is waited for"]
pub enum Answer<'a, T> {
    /// Known.
    Now(T),
    /// To be waited for.
    Later(Pin<Box<dyn Future<Output = T> + Send + 'a>>),
}

impl<'a, T> Answer<'a, T> {
    /// An answer to be waited for.
    pub fn later(future: impl Future<Output = T> + Send + 'a) -> Self {
        Self::Later(Box::pin(future))
    }

    /// Waits for it, if need be.
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
