//! `SessionStore` for both databases: each method is one step.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use jwt_extended::{
    Timestamp,
    session::{
        Answer, EndSessions, NewSession, RevokedToken, RotateOutcome, RotateRequest, Session, SessionStore, Standing,
        StoreError, TokenIds, TokenStatus, TouchRequest,
    },
};

use super::steps::{End, List, Open, Purge, Revoke, Rotate, Stand, Status, Step, Sweep, Touch};

/// The most rows that one login deletes in passing.
const PURGE_AT_ONCE: u32 = 500;

/// How long a row has ended before a login deletes it. A computer whose clock is ahead must not delete what is still
/// open for the others.
const PURGE_AFTER: Duration = Duration::from_hours(24);

/// How often in a row deleting a batch of ended sessions may fail, and how much longer the pause gets each time.
const SWEEP_TRIES: u32 = 10;
const SWEEP_PAUSE: Duration = Duration::from_millis(500);

/// One login in this many deletes rows in passing.
const PURGE_EVERY: u32 = 64;

/// Runs steps over the connections of one database.
pub(crate) trait Backend: Send + Sync + 'static {
    /// Runs a step that only reads.
    fn read<S: Step>(&self, step: S) -> impl Future<Output = Result<S::Reply, StoreError>> + Send;

    /// Returns whether a token is good. A database that tells when it has changed may remember.
    fn status<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        Answer::later(self.read(Status::from(token)))
    }

    /// Runs a step that may write.
    fn write<S: Step>(&self, step: S) -> impl Future<Output = Result<S::Reply, StoreError>> + Send;
}

/// A store over a database. Cloning it is cheap.
#[derive(Debug)]
pub(crate) struct Sessions<B> {
    backend: Arc<B>,
    logins: Arc<AtomicU32>,
}

impl<B> Clone for Sessions<B> {
    fn clone(&self) -> Self {
        Self { backend: Arc::clone(&self.backend), logins: Arc::clone(&self.logins) }
    }
}

impl<B> Sessions<B> {
    pub(crate) fn new(backend: B) -> Self {
        Self { backend: Arc::new(backend), logins: Arc::default() }
    }

    pub(crate) fn backend(&self) -> &B {
        &self.backend
    }
}

impl<B: Backend> Sessions<B> {
    /// Counts a login. Now and then, deletes what ended long ago, without keeping the login waiting.
    fn count_login(&self, now: Timestamp) {
        if self.logins.fetch_add(1, Ordering::Relaxed) % PURGE_EVERY != PURGE_EVERY - 1 {
            return;
        }
        let (backend, purge) = (Arc::clone(&self.backend), Purge::new(now.saturating_sub(PURGE_AFTER), PURGE_AT_ONCE));
        tokio::spawn(async move {
            if let Err(error) = backend.write(purge).await {
                tracing::warn!(%error, "cannot delete ended sessions");
            }
        });
    }
}

impl<B: Backend> Sessions<B> {
    /// Deletes the rows of sessions that have ended, batch by batch, without keeping anybody waiting. If the process
    /// ends meanwhile, the cut-off still holds, and the rows are deleted once they are old.
    fn sweep(&self, rest: Sweep) {
        let backend = Arc::clone(&self.backend);
        tokio::spawn(async move {
            let mut failures = 0;
            while failures < SWEEP_TRIES {
                match backend.write(rest.clone()).await {
                    Ok(true) => failures = 0,
                    Ok(false) => return,
                    Err(error) => {
                        tracing::warn!(%error, "cannot delete ended sessions");
                        failures += 1;
                        tokio::time::sleep(SWEEP_PAUSE * failures).await;
                    }
                }
            }
        });
    }
}

impl<B: Backend> SessionStore for Sessions<B> {
    fn status<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        self.backend.status(token)
    }

    fn standing<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<Standing, StoreError>> {
        Answer::later(self.backend.read(Stand::from(token)))
    }

    fn revoke<'a>(&'a self, token: &'a RevokedToken<'_>) -> Answer<'a, Result<(), StoreError>> {
        Answer::later(self.backend.write(Revoke::from(token)))
    }

    fn open<'a>(&'a self, session: &'a NewSession<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        Answer::later(async move {
            let status = self.backend.write(Open::from(session)).await?;
            self.count_login(session.opened);
            Ok(status)
        })
    }

    fn rotate<'a>(&'a self, request: &'a RotateRequest<'_>) -> Answer<'a, Result<RotateOutcome, StoreError>> {
        Answer::later(self.backend.write(Rotate::from(request)))
    }

    fn touch<'a>(&'a self, request: &'a TouchRequest<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        Answer::later(self.backend.write(Touch::from(request)))
    }

    fn list<'a>(&'a self, subject: &'a str, now: Timestamp) -> Answer<'a, Result<Vec<Session>, StoreError>> {
        Answer::later(self.backend.read(List::new(subject, now)))
    }

    fn end<'a>(&'a self, request: &'a EndSessions<'_>) -> Answer<'a, Result<u64, StoreError>> {
        // A request that was not carried out must not go unnoticed.
        let unknown = "it does not know this kind of request; use a later jwt-extended-sqlx";
        match End::new(request) {
            Some(end) => Answer::later(async move {
                let ended = self.backend.write(end).await?;
                if let Some(rest) = ended.rest {
                    self.sweep(rest);
                }
                Ok(ended.open)
            }),
            None => Answer::Now(Err(StoreError::Unavailable(unknown.to_owned()))),
        }
    }

    fn purge(&self, now: Timestamp, limit: u32) -> Answer<'_, Result<u64, StoreError>> {
        Answer::later(self.backend.write(Purge::new(now, limit)))
    }
}
