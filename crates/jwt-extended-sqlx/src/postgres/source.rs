//! Where connections come from: the store's own ones, or the app's pool.

use std::{sync::Arc, time::Duration};

use sqlx::{Connection, PgConnection, PgPool, Postgres, pool::PoolConnection, postgres::PgConnectOptions};

use super::session::Sessions;
use crate::shared::connections::{Connections, Lease};

pub(super) enum Source {
    Own { connections: Arc<Connections<PgConnection>>, sessions: Sessions },
    Shared { pool: PgPool, sessions: Sessions },
}

/// A connection in use. Dropping it closes it, because a cancelled call leaves it in an unknown state.
pub(super) enum Held {
    Own(Lease<PgConnection>),
    Shared(Guard),
}

/// Closes a pool's connection on drop. The pool would take it back, and ping the server with no time limit.
pub(super) struct Guard(Option<PoolConnection<Postgres>>);

impl Source {
    /// `lent` says that a pooler is known to be in between.
    pub(super) fn own(options: PgConnectOptions, at_most: u32, timeout: Duration, lent: bool) -> Self {
        let connections = Connections::new(options, at_most as usize);
        Self::Own { connections, sessions: Sessions::new(timeout, lent) }
    }

    /// `lent` says that a pooler is between the app's pool and the server.
    pub(super) fn shared(pool: PgPool, timeout: Duration, lent: bool) -> Self {
        Self::Shared { pool, sessions: Sessions::new(timeout, lent) }
    }

    /// Whether a session may be another one after each transaction. Known once a connection was acquired.
    pub(super) fn lends_sessions(&self) -> bool {
        match self {
            Self::Own { sessions, .. } | Self::Shared { sessions, .. } => sessions.are_lent(),
        }
    }

    pub(super) async fn acquire(&self) -> Result<Held, sqlx::Error> {
        match self {
            Self::Own { connections, sessions } => {
                connections.lease_or_open(|options| sessions.open(options)).await.map(Held::Own)
            }
            Self::Shared { pool, .. } => pool.acquire().await.map(|connection| Held::Shared(Guard(Some(connection)))),
        }
    }

    /// Acquires a connection that has just answered.
    pub(super) async fn acquire_checked(&self) -> Result<Held, sqlx::Error> {
        let mut held = self.acquire().await?;
        if !held.may_be_dead() || held.connection()?.ping().await.is_ok() {
            return Ok(held);
        }
        self.close_with_all_idle(held);
        self.acquire().await
    }

    /// Closes a connection that has failed, and all idle ones, which have probably failed as well.
    pub(super) fn close_with_all_idle(&self, held: Held) {
        drop(held);
        match self {
            Self::Own { connections, .. } => connections.close_all_idle(),
            Self::Shared { pool, .. } => {
                for _ in 0..pool.num_idle() {
                    let Some(connection) = pool.try_acquire() else { break };
                    drop(connection.detach());
                }
            }
        }
    }
}

impl Held {
    pub(super) fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        match self {
            Self::Own(lease) => Ok(lease.connection()),
            // It is only taken out by `keep` and `drop`.
            Self::Shared(Guard(connection)) => connection.as_deref_mut().ok_or(sqlx::Error::PoolClosed),
        }
    }

    /// Whether the connection may have died since its last use.
    pub(super) fn may_be_dead(&self) -> bool {
        match self {
            Self::Own(lease) => !lease.is_new(),
            Self::Shared(_) => true,
        }
    }

    /// Keeps the connection for the next call. Every request on it must have been answered.
    pub(super) fn keep(self) {
        match self {
            Self::Own(lease) => lease.keep(),
            Self::Shared(mut guard) => drop(guard.0.take()),
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}
