//! Stores that pass every call on to another store.

use std::sync::Arc;

use super::{
    Answer, EndSessions, NewSession, RevokedToken, RotateOutcome, RotateRequest, Session, SessionStore, Standing,
    StoreError, TokenIds, TokenStatus, TouchRequest,
};
use crate::time::Timestamp;

/// Passes every call on to another [`SessionStore`]. Every type that implements this is a `SessionStore` as well.
///
/// ```
/// use jwt_extended::session::{Answer, ForwardSessions, MemoryStore, StoreError};
///
/// /// Logs the errors of a store.
/// struct Logged(MemoryStore);
///
/// impl ForwardSessions for Logged {
///     type Store = MemoryStore;
///
///     fn forward<'a, T: Send + 'a>(
///         &'a self,
///         call: impl FnOnce(&'a MemoryStore) -> Answer<'a, Result<T, StoreError>>,
///     ) -> Answer<'a, Result<T, StoreError>> {
///         let answer = call(&self.0);
///         Answer::later(async { answer.wait().await.inspect_err(|error| eprintln!("{error}")) })
///     }
/// }
///
/// let jwt = jwt_extended::JwtManager::builder().session_store(Logged(MemoryStore::new()));
/// ```
pub trait ForwardSessions: Send + Sync {
    /// The other store.
    type Store: SessionStore + ?Sized;

    /// Makes one call to the other store.
    fn forward<'a, T: Send + 'a>(
        &'a self,
        call: impl FnOnce(&'a Self::Store) -> Answer<'a, Result<T, StoreError>>,
    ) -> Answer<'a, Result<T, StoreError>>;
}

impl<F: ForwardSessions> SessionStore for F {
    fn status<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        self.forward(|store| store.status(token))
    }

    fn standing<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<Standing, StoreError>> {
        self.forward(|store| store.standing(token))
    }

    fn revoke<'a>(&'a self, token: &'a RevokedToken<'_>) -> Answer<'a, Result<(), StoreError>> {
        self.forward(|store| store.revoke(token))
    }

    fn open<'a>(&'a self, session: &'a NewSession<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        self.forward(|store| store.open(session))
    }

    fn rotate<'a>(&'a self, request: &'a RotateRequest<'_>) -> Answer<'a, Result<RotateOutcome, StoreError>> {
        self.forward(|store| store.rotate(request))
    }

    fn touch<'a>(&'a self, request: &'a TouchRequest<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        self.forward(|store| store.touch(request))
    }

    fn list<'a>(&'a self, subject: &'a str, now: Timestamp) -> Answer<'a, Result<Vec<Session>, StoreError>> {
        self.forward(|store| store.list(subject, now))
    }

    fn end<'a>(&'a self, request: &'a EndSessions<'_>) -> Answer<'a, Result<u64, StoreError>> {
        self.forward(|store| store.end(request))
    }

    fn purge(&self, now: Timestamp, limit: u32) -> Answer<'_, Result<u64, StoreError>> {
        self.forward(|store| store.purge(now, limit))
    }
}

impl<S: SessionStore + ?Sized> ForwardSessions for Arc<S> {
    type Store = S;

    fn forward<'a, T: Send + 'a>(
        &'a self,
        call: impl FnOnce(&'a S) -> Answer<'a, Result<T, StoreError>>,
    ) -> Answer<'a, Result<T, StoreError>> {
        call(self)
    }
}

impl<S: SessionStore + ?Sized> ForwardSessions for Box<S> {
    type Store = S;

    fn forward<'a, T: Send + 'a>(
        &'a self,
        call: impl FnOnce(&'a S) -> Answer<'a, Result<T, StoreError>>,
    ) -> Answer<'a, Result<T, StoreError>> {
        call(self)
    }
}
