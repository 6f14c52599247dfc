//! Where connections come from: the store's own ones, or the app's pool.

use std::{sync::Arc, time::Duration};

use sqlx::{Connection, PgConnection, PgPool, Postgres, pool::PoolConnection, postgres::PgConnectOptions};

use crate::connections::{Connections, Lease};

#[derive(Clone)]
pub(super) enum Source {
    Own { connections: Arc<Connections<PgConnection>>, timeout: Duration },
    Shared(PgPool),
}

/// A connection that is in use. It is closed on drop, because a call that was given up leaves it in some state.
pub(super) enum Held {
    Own(Lease<PgConnection>),
    Shared(Guard),
}

/// A pool takes back whatever is dropped, and then waits for the server without a bound.
pub(super) struct Guard(Option<PoolConnection<Postgres>>);

impl Source {
    pub(super) fn own(options: PgConnectOptions, at_most: u32, timeout: Duration) -> Self {
        Self::Own { connections: Connections::new(options, at_most as usize), timeout }
    }

    pub(super) async fn hold(&self) -> Result<Held, sqlx::Error> {
        match self {
            Self::Own { connections, timeout } => {
                let mut lease = connections.lease().await?;
                if lease.is_new() {
                    limit_statements(lease.connection(), *timeout).await?;
                }
                Ok(Held::Own(lease))
            }
            Self::Shared(pool) => pool.acquire().await.map(|connection| Held::Shared(Guard(Some(connection)))),
        }
    }

    /// As [`hold`](Self::hold), and it has answered just now.
    pub(super) async fn hold_proven(&self) -> Result<Held, sqlx::Error> {
        let mut held = self.hold().await?;
        if !held.may_be_dead() || held.connection()?.ping().await.is_ok() {
            return Ok(held);
        }
        self.distrust(held);
        self.hold().await
    }

    /// Closes the connections that nobody uses.
    fn close_idle(&self) {
        match self {
            Self::Own { connections, .. } => connections.close_idle(),
            Self::Shared(pool) => {
                for _ in 0..pool.num_idle() {
                    let Some(connection) = pool.try_acquire() else { break };
                    drop(connection.detach());
                }
            }
        }
    }

    /// Closes a connection that has failed, and those that are idle: they may have gone the same way.
    pub(super) fn distrust(&self, held: Held) {
        drop(held);
        self.close_idle();
    }
}

impl Held {
    pub(super) fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        match self {
            Self::Own(lease) => Ok(lease.connection()),
            // It is there until it is kept or dropped.
            Self::Shared(Guard(connection)) => connection.as_deref_mut().ok_or(sqlx::Error::PoolClosed),
        }
    }

    /// Whether it may have died since it was last used.
    pub(super) fn may_be_dead(&self) -> bool {
        match self {
            Self::Own(lease) => !lease.is_new(),
            Self::Shared(_) => true,
        }
    }

    /// Keeps the connection for the next call: all that was asked over it has been answered.
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

/// Nobody waits for a statement any longer than this, so the server need not either. And each sees what others have
/// committed, whatever is usual in this database.
async fn limit_statements(connection: &mut PgConnection, timeout: Duration) -> Result<(), sqlx::Error> {
    const SET: &str = "SELECT set_config('statement_timeout', $1, false), \
        set_config('default_transaction_isolation', 'read committed', false)";
    let limit = format!("{}ms", timeout.as_millis().clamp(1, i32::MAX as u128));
    let set = sqlx::query(SET).bind(limit);
    set.persistent(false).execute(connection).await?;
    Ok(())
}
