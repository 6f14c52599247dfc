//! [`KeySource`]: keys that somebody else publishes and replaces while the app runs.
//!
//! The engine asks a source and never fetches: where the keys come from is the source's matter.

use std::{fmt, pin::Pin, sync::Arc};

use super::KeyRing;

/// Keys that somebody else publishes and may replace at any time: those of another issuer.
///
/// The crate `jwt-extended-jwks` has one that fetches a JWK Set. An `Arc<KeyRing>` is one that never changes.
///
/// ```
/// use std::sync::Arc;
///
/// use jwt_extended::jose::{KeyRing, KeySource};
///
/// let source: Box<dyn KeySource> = Box::new(Arc::new(KeyRing::empty()));
/// assert!(source.current().is_some());
/// ```
pub trait KeySource: Send + Sync + fmt::Debug {
    /// Returns the keys that are known now, without waiting; `None` if there are none that may be used. Guards call
    /// this for every token of the issuer.
    fn current(&self) -> Option<Arc<KeyRing>>;

    /// Asks for the keys anew, because a token names one that is not among the current ones, or because there are none.
    /// It resolves when [`current`](Self::current) returns keys as new as this source allows. A source limits how often
    /// it asks, so it may resolve at once.
    fn renew(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

impl KeySource for Arc<KeyRing> {
    fn current(&self) -> Option<Arc<KeyRing>> {
        Some(Self::clone(self))
    }

    fn renew(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}
