//! Runs a step within the timeout, over a connection that works.

use std::time::Duration;

use jwt_extended::session::StoreError;
use sqlx::Connection;
use tokio::time::timeout;

use super::{
    connection::Lent,
    session::begin,
    source::{Held, Source},
};
use crate::shared::{
    error::{is_dead, timed_out, unavailable},
    sessions::Backend,
    steps::{Run, Step},
};

/// Locks a subject's sessions as a whole until the transaction ends. Two subjects with the same hash wait for each
/// other, which does no harm.
const LOCK_SUBJECT: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 8317141710462153588))";

/// Runs steps in PostgreSQL.
pub(crate) struct Calls {
    pub(super) source: Source,
    pub(super) timeout: Duration,
}

impl Backend for Calls {
    async fn read<S: Step>(&self, step: S) -> Result<S::Reply, StoreError> {
        self.call(step).await
    }

    async fn write<S: Step>(&self, step: S) -> Result<S::Reply, StoreError> {
        self.call(step).await
    }
}

impl Calls {
    async fn call<S: Step>(&self, step: S) -> Result<S::Reply, StoreError> {
        let mut held = None;
        if let Ok(outcome) = timeout(self.timeout, self.run(&step, &mut held)).await {
            return outcome.map_err(|error| unavailable(&error));
        }
        // If no connection was acquired in time, nothing is wrong with the idle ones.
        if let Some(held) = held {
            self.source.close_with_all_idle(held);
        }
        Err(timed_out(self.timeout))
    }

    /// Runs a step, and runs it again if its connection turns out to be dead since its last use.
    async fn run<S: Step>(&self, step: &S, place: &mut Option<Held>) -> Result<S::Reply, sqlx::Error> {
        let first =
            if step.is_repeatable() { self.source.acquire().await? } else { self.source.acquire_checked().await? };
        let may_be_dead = first.may_be_dead();
        let outcome = match self.once(step, Run::First, place.insert(first)).await {
            Err(error) if is_dead(&error) => {
                if let Some(dead) = place.take() {
                    self.source.close_with_all_idle(dead);
                }
                if !(step.is_repeatable() && may_be_dead) {
                    return Err(error);
                }
                let second = self.source.acquire().await?;
                self.once(step, Run::Second, place.insert(second)).await
            }
            outcome => outcome,
        };
        // After an error, the connection is closed, because its state is unknown.
        if let Some(held) = place.take()
            && outcome.is_ok()
        {
            held.keep();
        }
        outcome
    }

    /// Runs a step: in a transaction if it locks its subject, or if nothing else holds its session together.
    async fn once<S: Step>(&self, step: &S, run: Run, held: &mut Held) -> Result<S::Reply, sqlx::Error> {
        let connection = held.connection()?;
        if self.source.lends_sessions() {
            let mut transaction = connection.begin_with(begin(self.timeout)).await?;
            if let Some(subject) = step.locked_subject() {
                sqlx::query(LOCK_SUBJECT).bind(subject).persistent(false).execute(&mut *transaction).await?;
            }
            let reply = step.run(&mut Lent(&mut transaction), run).await?;
            transaction.commit().await?;
            return Ok(reply);
        }
        let Some(subject) = step.locked_subject() else { return step.run(connection, run).await };
        // READ COMMITTED, whatever the database's default: the step must see what was committed while it waited for the
        // lock.
        let mut transaction = connection.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        sqlx::query(LOCK_SUBJECT).bind(subject).execute(&mut *transaction).await?;
        let reply = step.run(&mut *transaction, run).await?;
        transaction.commit().await?;
        Ok(reply)
    }
}
