//! The store's own connections: a limited number, reused between calls.
//!
//! sqlx has a pool, too, but it pings the server each time a connection is returned, with no time limit. So a frozen
//! server empties it, and calls find its dead connections one at a time. Here, a connection is returned only after a
//! call that succeeded, and the caller closes all idle connections after one that failed.

use std::{
    collections::VecDeque,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sqlx::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Firewalls drop idle connections, and PostgreSQL runs a process for each.
pub(crate) const IDLE_AT_MOST: Duration = Duration::from_mins(5);

pub(crate) struct Connections<C: Connection> {
    options: C::Options,
    places: Arc<Semaphore>,
    /// The most recently used connection is last.
    idle: Mutex<VecDeque<(Instant, C)>>,
}

/// A connection in use. Dropping it closes it, because a cancelled call leaves it in an unknown state.
pub(crate) struct Lease<C: Connection> {
    connection: C,
    is_new: bool,
    home: Arc<Connections<C>>,
    // The last field, so that the connection is closed before its place is free.
    _place: OwnedSemaphorePermit,
}

impl<C: Connection> Connections<C> {
    pub(crate) fn new(options: C::Options, at_most: usize) -> Arc<Self> {
        Arc::new(Self { options, places: Arc::new(Semaphore::new(at_most)), idle: Mutex::default() })
    }

    /// Waits for a place, and opens a connection unless one is idle.
    #[cfg(feature = "sqlite")]
    pub(crate) async fn lease(self: &Arc<Self>) -> Result<Lease<C>, sqlx::Error> {
        self.lease_or_open(sqlx::ConnectOptions::connect).await
    }

    /// Waits for a place, and opens a connection in this way unless one is idle.
    pub(crate) async fn lease_or_open<'a, F>(
        self: &'a Arc<Self>,
        open: impl FnOnce(&'a C::Options) -> F,
    ) -> Result<Lease<C>, sqlx::Error>
    where
        F: Future<Output = Result<C, sqlx::Error>> + 'a,
    {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
        let home = Arc::clone(self);
        if let Some(connection) = self.take_idle() {
            return Ok(Lease { connection, is_new: false, home, _place: place });
        }
        let connection = open(&self.options).await?;
        Ok(Lease { connection, is_new: true, home, _place: place })
    }

    /// Closes all idle connections.
    pub(crate) fn close_all_idle(&self) {
        let idle = std::mem::take(&mut *self.idle());
        drop(idle);
    }

    fn take_idle(&self) -> Option<C> {
        let mut idle = self.idle();
        while idle.front().is_some_and(|(since, _)| since.elapsed() > IDLE_AT_MOST) {
            idle.pop_front();
        }
        idle.pop_back().map(|(_, connection)| connection)
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<(Instant, C)>> {
        // Each change is a single operation, so a panic elsewhere cannot leave the queue half changed.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Connection> Lease<C> {
    pub(crate) fn connection(&mut self) -> &mut C {
        &mut self.connection
    }

    /// Whether the connection was opened for this lease.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }

    /// Keeps the connection for the next call. Every request on it must have been answered.
    pub(crate) fn keep(self) {
        let Self { connection, home, .. } = self;
        home.idle().push_back((Instant::now(), connection));
    }
}
