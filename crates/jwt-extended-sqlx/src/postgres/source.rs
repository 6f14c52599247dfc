//! Where connections come from: the store's own ones, or the app's pool.

use std::{sync::Arc, time::Duration};

use sqlx::{Connection, PgConnection, PgPool, Postgres, pool::PoolConnection, postgres::PgConnectOptions};

use crate::shared::connections::{Connections, Lease};

#[derive(Clone)]
pub(super) enum Source {
    Own { connections: Arc<Connections<PgConnection>>, timeout: Duration },
    Shared(PgPool),
}

/// A connection in use. Dropping it closes it, because a cancelled call leaves it in an unknown state.
pub(super) enum Held {
    Own(Lease<PgConnection>),
    Shared(Guard),
}

/// Closes a pool's connection on drop. The pool would take it back, and ping the server with no time limit.
pub(super) struct Guard(Option<PoolConnection<Postgres>>);

impl Source {
    pub(super) fn own(options: PgConnectOptions, at_most: u32, timeout: Duration) -> Self {
        Self::Own { connections: Connections::new(options, at_most as usize), timeout }
    }

    pub(super) async fn acquire(&self) -> Result<Held, sqlx::Error> {
        match self {
            Self::Own { connections, timeout } => {
                let mut lease = connections.lease().await?;
                if lease.is_new() {
                    prepare(lease.connection(), *timeout).await?;
                }
                Ok(Held::Own(lease))
            }
            Self::Shared(pool) => pool.acquire().await.map(|connection| Held::Shared(Guard(Some(connection)))),
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
            Self::Shared(pool) => {
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

/// Lets the server cancel a statement when the store stops waiting for it, and sets the isolation level that the steps
/// need, whatever the database's default.
async fn prepare(connection: &mut PgConnection, timeout: Duration) -> Result<(), sqlx::Error> {
    const SET: &str = "SELECT set_config('statement_timeout', $1, false), \
        set_config('default_transaction_isolation', 'read committed', false)";
    let limit = format!("{}ms", timeout.as_millis().clamp(1, i32::MAX as u128));
    sqlx::query(SET).bind(limit).persistent(false).execute(connection).await?;
    Ok(())
}
