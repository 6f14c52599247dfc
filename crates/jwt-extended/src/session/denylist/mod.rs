//! [`Denylist`]: answers checks of tokens from memory, in front of a store that several processes share.
//!
//! A process asks the store about a session once, and remembers that the store vouches for it. After that only a
//! change that the store's feed reports ends the session here. The memory never refuses a token: whatever it does not
//! vouch for, it asks the store about. So every refusal, and its reason, is the store's.
//!
//! The memory counts only while the feed is heard. If the process has not read the feed for as long as the app's bound
//! allows, each check asks the store.

mod feed;
mod heard;
mod known;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

pub use self::feed::{Change, Feed, SubjectDigest};
use self::known::Known;
use super::{
    Answer, EndSessions, NewSession, RevokedToken, RotateOutcome, RotateRequest, Session, SessionStore, Standing,
    StoreError, TokenIds, TokenStatus, TouchRequest,
};
use crate::time::{Clock, SystemClock, Timestamp};

/// Answers most checks of tokens from this process's memory, in front of a store that several processes share.
///
/// A token that was revoked, or whose session was ended, in another process is refused here after at most the bound
/// that the app chooses; usually after milliseconds. Everything else goes to the store: logins, refreshes, logouts and
/// lists, and each check while the store's feed is not heard.
///
/// `RedisStore::with_denylist` and `PostgresStore::with_denylist` return one that follows their feed.
///
/// ```
/// use std::time::Duration;
/// use jwt_extended::{JwtManager, session::{Denylist, DenylistOptions, MemoryStore}};
///
/// let options = DenylistOptions::new().staleness(Duration::from_secs(5));
/// // Without a feed, it asks the store each time.
/// let store = Denylist::new(MemoryStore::new(), options);
/// let jwt = JwtManager::builder().session_store(store);
/// ```
pub struct Denylist<S> {
    store: S,
    known: Arc<Known>,
}

/// Options of a [`Denylist`].
#[derive(Clone)]
#[must_use = "it is an argument of `Denylist::new`"]
pub struct DenylistOptions {
    staleness: Duration,
    capacity: usize,
    clock: Arc<dyn Clock>,
}

impl DenylistOptions {
    /// Returns the defaults: a bound of zero, so that each check asks the store.
    pub fn new() -> Self {
        Self { staleness: Duration::ZERO, capacity: 1_000_000, clock: Arc::new(SystemClock) }
    }

    /// Sets for how long a revocation of another process may go unnoticed here; zero asks the store each time.
    pub fn staleness(mut self, bound: Duration) -> Self {
        self.staleness = bound;
        self
    }

    /// Sets how many sessions the process remembers, and how many revoked tokens. The default is a million, which takes
    /// up to 100 MB each.
    ///
    /// The store is asked again about sessions that do not fit. If revoked tokens do not fit, it is asked each time.
    pub fn capacity(mut self, entries: usize) -> Self {
        self.capacity = entries;
        self
    }

    /// Sets the clock, which must be the manager's: by default the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Returns whether the bound is zero, so that no feed is needed.
    pub fn is_off(&self) -> bool {
        self.staleness.is_zero()
    }
}

impl<S: SessionStore> Denylist<S> {
    /// Puts a denylist in front of a store. It asks the store each time until it [follows](Self::follow) a feed.
    pub fn new(store: S, options: DenylistOptions) -> Self {
        Self { store, known: Arc::new(Known::new(options.staleness, options.capacity, options.clock)) }
    }

    /// Follows the feed of the store until the last clone of this denylist is dropped. Run one such future as a task.
    pub fn follow(&self, feed: impl Feed) -> impl Future<Output = ()> + Send + 'static {
        feed::follow(Arc::downgrade(&self.known), feed)
    }

    /// Returns the store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Returns whether checks are answered from memory now.
    pub fn is_following(&self) -> bool {
        self.known.is_current(self.known.now())
    }

    /// Takes note of what a call has changed, whether it has failed or not: one that failed may take effect later.
    fn noting<'a, T: Send + 'a>(
        &'a self,
        answer: Answer<'a, Result<T, StoreError>>,
        note: impl FnOnce(&Known, &Result<T, StoreError>) + Send + 'a,
    ) -> Answer<'a, Result<T, StoreError>> {
        match answer {
            Answer::Now(result) => {
                note(&self.known, &result);
                Answer::Now(result)
            }
            Answer::Later(later) => Answer::later(async move {
                let result = later.await;
                note(&self.known, &result);
                result
            }),
        }
    }
}

impl<S: SessionStore> SessionStore for Denylist<S> {
    fn status<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        if !self.known.is_current(token.now) {
            return self.store.status(token);
        }
        if self.known.vouches_for(token) {
            return Answer::Now(Ok(TokenStatus::Active));
        }
        let asked = self.known.question();
        let standing = self.store.standing(token);
        let learn = move |known: &Known, standing: Result<Standing, StoreError>| {
            let standing = standing?;
            known.learn(token, standing, asked);
            Ok(standing.status)
        };
        match standing {
            Answer::Now(standing) => Answer::Now(learn(&self.known, standing)),
            Answer::Later(standing) => Answer::later(async move { learn(&self.known, standing.await) }),
        }
    }

    fn standing<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<Standing, StoreError>> {
        self.store.standing(token)
    }

    fn revoke<'a>(&'a self, token: &'a RevokedToken<'_>) -> Answer<'a, Result<(), StoreError>> {
        self.noting(self.store.revoke(token), |known, _| known.revoke(token.jti, token.until))
    }

    fn open<'a>(&'a self, session: &'a NewSession<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        self.noting(self.store.open(session), |known, _| {
            // It may have ended older sessions.
            if session.at_most.is_some() {
                known.forget_subject(SubjectDigest::of(session.subject));
            }
            known.forget_session(session.id);
        })
    }

    fn rotate<'a>(&'a self, request: &'a RotateRequest<'_>) -> Answer<'a, Result<RotateOutcome, StoreError>> {
        self.noting(self.store.rotate(request), |known, _| {
            // It may have ended, or ends at another time.
            if let Some(session) = request.token.session {
                known.forget_session(session);
            }
        })
    }

    fn touch<'a>(&'a self, request: &'a TouchRequest<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        self.store.touch(request)
    }

    fn list<'a>(&'a self, subject: &'a str, now: Timestamp) -> Answer<'a, Result<Vec<Session>, StoreError>> {
        self.store.list(subject, now)
    }

    fn end<'a>(&'a self, request: &'a EndSessions<'_>) -> Answer<'a, Result<u64, StoreError>> {
        self.noting(self.store.end(request), |known, _| match *request {
            EndSessions::One { session, .. } => known.forget_session(session),
            EndSessions::Others { subject, .. } | EndSessions::All { subject, .. } => {
                known.forget_subject(SubjectDigest::of(subject));
            }
        })
    }

    fn purge(&self, now: Timestamp, limit: u32) -> Answer<'_, Result<u64, StoreError>> {
        self.store.purge(now, limit)
    }
}

impl<S: Clone> Clone for Denylist<S> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), known: Arc::clone(&self.known) }
    }
}

impl Default for DenylistOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for DenylistOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DenylistOptions")
            .field("staleness", &self.staleness)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

impl<S: fmt::Debug> fmt::Debug for Denylist<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denylist").field("store", &self.store).finish_non_exhaustive()
    }
}
