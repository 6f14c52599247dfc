//! Running a step within the timeout, over a connection that is alive.

use std::time::Duration;

use jwt_extended::session::StoreError;
use sqlx::{Connection, PgConnection};
use tokio::time::timeout;

use super::{
    dialect::LOCK_SUBJECT,
    source::{Held, Source},
    steps::{Run, Step},
};
use crate::error::{is_dead, timed_out, unavailable};

pub(super) struct Calls {
    pub(super) source: Source,
    pub(super) timeout: Duration,
}

impl Calls {
    /// Answers within the timeout.
    pub(super) async fn call<S: Step>(&self, step: S) -> Result<S::Reply, StoreError> {
        let mut held = None;
        if let Ok(outcome) = timeout(self.timeout, self.run(&step, &mut held)).await {
            return outcome.map_err(|error| unavailable(&error));
        }
        // If it waited for a connection rather than for an answer, there is nothing wrong with the others.
        if let Some(held) = held {
            self.source.distrust(held);
        }
        Err(timed_out(self.timeout))
    }

    /// Runs a step, and once more if its connection turns out to have died since it was last used.
    async fn run<S: Step>(&self, step: &S, place: &mut Option<Held>) -> Result<S::Reply, sqlx::Error> {
        let first = if step.is_repeatable() { self.source.hold().await? } else { self.source.hold_proven().await? };
        let may_be_dead = first.may_be_dead();
        let outcome = once(step, Run::First, place.insert(first)).await;
        let outcome = match outcome {
            Err(error) if is_dead(&error) => {
                if let Some(dead) = place.take() {
                    self.source.distrust(dead);
                }
                if !(step.is_repeatable() && may_be_dead) {
                    return Err(error);
                }
                let second = self.source.hold().await?;
                once(step, Run::Second, place.insert(second)).await
            }
            outcome => outcome,
        };
        // After an error the connection is closed: it may be in some state.
        if let Some(held) = place.take()
            && outcome.is_ok()
        {
            held.keep();
        }
        outcome
    }
}

async fn once<S: Step>(step: &S, run: Run, held: &mut Held) -> Result<S::Reply, sqlx::Error> {
    let connection: &mut PgConnection = held.connection()?;
    let Some(subject) = step.subject_locked() else { return step.run(connection, run).await };
    // Whatever is usual here: what others have committed while this one waited for the lock must be seen.
    let mut transaction = connection.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    sqlx::query(LOCK_SUBJECT).bind(subject).execute(&mut *transaction).await?;
    let reply = step.run(&mut transaction, run).await?;
    transaction.commit().await?;
    Ok(reply)
}
