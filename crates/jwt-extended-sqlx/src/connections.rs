//! The connections of a store: at most so many, kept for the next call.
//!
//! sqlx has a pool as well. It asks the server once more whenever a connection comes back, without a bound on how long
//! that takes, so that a frozen server empties it; and a dead connection in it is noticed one call at a time. Here one
//! comes back only after a call that went well, and one that failed takes the idle ones with it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{ConnectOptions, Connection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Firewalls forget connections that nobody uses; PostgreSQL has a process for each.
const IDLE_AT_MOST: Duration = Duration::from_mins(5);

pub(crate) struct Connections<C: Connection> {
    options: C::Options,
    places: Arc<Semaphore>,
    /// The one used last at the end.
    idle: Mutex<VecDeque<(Instant, C)>>,
}

/// A connection that is in use. It is closed on drop, because a call that was given up leaves it in some state.
pub(crate) struct Lease<C: Connection> {
    connection: C,
    is_new: bool,
    home: Arc<Connections<C>>,
    // The last field: the place is free once the connection is gone.
    _place: OwnedSemaphorePermit,
}

impl<C: Connection> Connections<C> {
    pub(crate) fn new(options: C::Options, at_most: usize) -> Arc<Self> {
        Arc::new(Self { options, places: Arc::new(Semaphore::new(at_most)), idle: Mutex::default() })
    }

    /// Waits for a place, and connects unless there is an idle connection.
    pub(crate) async fn lease(self: &Arc<Self>) -> Result<Lease<C>, sqlx::Error> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
        let home = Arc::clone(self);
        if let Some(connection) = self.take_idle() {
            return Ok(Lease { connection, is_new: false, home, _place: place });
        }
        let connection = <C::Options as ConnectOptions>::connect(&self.options).await?;
        Ok(Lease { connection, is_new: true, home, _place: place })
    }

    /// Closes the connections that nobody uses.
    pub(crate) fn close_idle(&self) {
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
        // Each change is one step, so a panic elsewhere leaves nothing half done.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Connection> Lease<C> {
    pub(crate) fn connection(&mut self) -> &mut C {
        &mut self.connection
    }

    /// Whether it was opened for this lease.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }

    /// Keeps the connection for the next call: all that was asked over it has been answered.
    pub(crate) fn keep(self) {
        let Self { connection, home, .. } = self;
        home.idle().push_back((Instant::now(), connection));
    }
}
