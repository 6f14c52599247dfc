//! The one connection that writes: whatever waits while a transaction is being committed shares the next one, because
//! what a transaction costs is the wait for the disk at its end.
//!
//! A request is answered after its commit and never before. One that fails does not spoil the others: their transaction
//! is rolled back, and each gets its own.

use std::{future::Future, pin::Pin};

use jwt_extended::session::StoreError;
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{mpsc, oneshot};

use super::steps::{Run, Step};
use crate::error::unavailable;

/// How many requests share a transaction at most, so that none waits for ever for its end.
const TOGETHER: usize = 256;

/// How many requests may wait; more wait to be let in.
const WAITING: usize = 1024;

const BEGIN: &str = "BEGIN IMMEDIATE";

#[derive(Clone)]
pub(super) struct Writer {
    requests: mpsc::Sender<Box<dyn Job>>,
}

/// A request whose kind does not matter any more.
trait Job: Send {
    fn run<'a>(&'a mut self, connection: &'a mut SqliteConnection) -> Running<'a>;
    /// Whether nobody waits for the answer any more.
    fn is_abandoned(&self) -> bool;
    /// Answers with what has been found when it ran, or with an error.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

type Running<'a> = Pin<Box<dyn Future<Output = Result<(), sqlx::Error>> + Send + 'a>>;

struct Waiting<S: Step> {
    step: S,
    reply: Option<S::Reply>,
    to: oneshot::Sender<Result<S::Reply, StoreError>>,
}

impl Writer {
    /// Starts on the runtime that it is called on, and ends once all its clones are gone.
    pub(super) fn start(options: SqliteConnectOptions, connection: SqliteConnection) -> Self {
        let (requests, waiting) = mpsc::channel(WAITING);
        tokio::spawn(serve(waiting, options, connection));
        Self { requests }
    }

    pub(super) async fn write<S: Step>(&self, step: S) -> Result<S::Reply, StoreError> {
        let ended = || StoreError::Unavailable("the runtime that the store was opened on has ended".to_owned());
        let (to, answer) = oneshot::channel();
        let job = Box::new(Waiting { step, reply: None, to });
        self.requests.send(job).await.map_err(|_| ended())?;
        answer.await.unwrap_or_else(|_| Err(ended()))
    }
}

impl<S: Step> Job for Waiting<S> {
    fn run<'a>(&'a mut self, connection: &'a mut SqliteConnection) -> Running<'a> {
        Box::pin(async move {
            // What an earlier run may have done was rolled back.
            self.reply = Some(self.step.run(connection, Run::First).await?);
            Ok(())
        })
    }

    fn is_abandoned(&self) -> bool {
        self.to.is_closed()
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let reply = match (outcome, self.reply) {
            (Ok(()), Some(reply)) => Ok(reply),
            (Ok(()), None) => Err(StoreError::Unavailable("the request was not carried out".to_owned())),
            (Err(error), _) => Err(error),
        };
        // Whoever waited may have given up just now; nobody else is to be told.
        drop(self.to.send(reply));
    }
}

async fn serve(mut waiting: mpsc::Receiver<Box<dyn Job>>, options: SqliteConnectOptions, first: SqliteConnection) {
    let mut connection = Some(first);
    while let Some(job) = waiting.recv().await {
        if job.is_abandoned() {
            continue;
        }
        let open = match connection.take() {
            Some(open) => Ok(open),
            None => options.connect().await,
        };
        match open {
            // One that has failed is closed, and the next request opens another.
            Ok(open) => connection = transact(open, job, &mut waiting).await,
            Err(error) => job.answer(Err(unavailable(&error))),
        }
    }
}

/// Carries out a request together with those that wait. Gives the connection back, unless it has failed.
async fn transact(
    mut connection: SqliteConnection,
    first: Box<dyn Job>,
    waiting: &mut mpsc::Receiver<Box<dyn Job>>,
) -> Option<SqliteConnection> {
    let mut transaction = match connection.begin_with(BEGIN).await {
        Ok(transaction) => transaction,
        Err(error) => {
            first.answer(Err(unavailable(&error)));
            return None;
        }
    };
    // Only now: another process may have kept the file for a while, and more have come since.
    let mut jobs = vec![first];
    while jobs.len() < TOGETHER
        && let Ok(job) = waiting.try_recv()
    {
        jobs.push(job);
    }
    jobs.retain(|job| !job.is_abandoned());

    let mut outcome = Ok(());
    for job in &mut jobs {
        outcome = job.run(&mut transaction).await;
        if outcome.is_err() {
            break;
        }
    }
    if let Err(error) = outcome {
        // A full disk or the like has rolled back already, whereupon this fails.
        transaction.rollback().await.ok()?;
        if jobs.len() == 1 {
            answer_all(jobs, &Err(unavailable(&error)));
            return Some(connection);
        }
        return one_by_one(connection, jobs).await;
    }
    let outcome = transaction.commit().await.map_err(|error| unavailable(&error));
    answer_all(jobs, &outcome);
    outcome.is_ok().then_some(connection)
}

/// Carries out each request by itself, because one of them fails.
async fn one_by_one(mut connection: SqliteConnection, jobs: Vec<Box<dyn Job>>) -> Option<SqliteConnection> {
    let mut is_good = true;
    for mut job in jobs {
        let outcome = alone(&mut connection, &mut *job).await;
        is_good &= outcome.is_ok();
        job.answer(outcome.map_err(|error| unavailable(&error)));
    }
    is_good.then_some(connection)
}

async fn alone(connection: &mut SqliteConnection, job: &mut dyn Job) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with(BEGIN).await?;
    // On an error it is dropped, which rolls it back.
    job.run(&mut transaction).await?;
    transaction.commit().await
}

fn answer_all(jobs: Vec<Box<dyn Job>>, outcome: &Result<(), StoreError>) {
    for job in jobs {
        job.answer(outcome.clone());
    }
}
