//! A session store whose outage the test starts and ends.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::session::{Answer, ForwardSessions, MemoryStore, SessionStore, StoreError};

/// A store that fails while the test says so, in front of another one.
///
/// ```
/// use jwt_extended::{JwtManager, testing::{self, FailingStore}};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let (store, outage) = FailingStore::new();
/// let (builder, _clock) = testing::manager();
/// let jwt = builder.session_store(store).build()?;
/// outage.begin();
/// assert!(jwt.login("alice").await.is_err());
/// outage.end();
/// assert!(jwt.login("alice").await.is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FailingStore<S = MemoryStore> {
    store: S,
    outage: Outage,
}

/// Starts and ends the outage of a [`FailingStore`].
#[derive(Clone, Debug, Default)]
pub struct Outage(Arc<AtomicBool>);

impl FailingStore {
    /// Creates a store in memory that works until the outage begins.
    pub fn new() -> (Self, Outage) {
        Self::before(MemoryStore::new())
    }
}

impl<S: SessionStore> FailingStore<S> {
    /// Puts a store that works until the outage begins in front of another one.
    pub fn before(store: S) -> (Self, Outage) {
        let outage = Outage::default();
        (Self { store, outage: outage.clone() }, outage)
    }
}

impl Outage {
    /// Lets every call fail from now on.
    pub fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Lets the calls through again.
    pub fn end(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl<S: SessionStore> ForwardSessions for FailingStore<S> {
    type Store = S;

    fn forward<'a, T: Send + 'a>(
        &'a self,
        call: impl FnOnce(&'a S) -> Answer<'a, Result<T, StoreError>>,
    ) -> Answer<'a, Result<T, StoreError>> {
        if self.outage.0.load(Ordering::SeqCst) {
            return Answer::Now(Err(StoreError::Unavailable("the test has taken the store down".to_owned())));
        }
        call(&self.store)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_store_fails_as_long_as_its_outage_lasts() {
        let (store, outage) = FailingStore::new();
        let jwt = testing::manager().0.session_store(store).build().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let logs_in = || runtime.block_on(jwt.login("alice").into_future()).is_ok();
        assert!(logs_in());
        outage.begin();
        assert!(!logs_in());
        outage.end();
        assert!(logs_in());
    }
}
