//! The connection that writes. Requests that arrive during a commit share the next transaction, because a transaction
//! costs mostly the wait for the disk at its end.
//!
//! A request is answered only after its commit. If a request fails, its transaction is rolled back, and every request
//! in it is run again in a transaction of its own.

use std::{future::Future, pin::Pin};

use jwt_extended::session::StoreError;
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{mpsc, oneshot};

use crate::shared::{
    error::unavailable,
    steps::{Run, Step},
};

/// The most requests in one transaction. Without a limit, new requests could delay its end indefinitely.
const TOGETHER: usize = 256;

/// The capacity of the queue.
const WAITING: usize = 1024;

const BEGIN: &str = "BEGIN IMMEDIATE";

#[derive(Clone)]
pub(super) struct Writer {
    requests: mpsc::Sender<Box<dyn Job>>,
}

/// A request of any kind.
trait Job: Send {
    fn run<'a>(&'a mut self, connection: &'a mut SqliteConnection) -> Running<'a>;
    /// Whether the caller has given up.
    fn is_abandoned(&self) -> bool;
    /// Sends the reply of the run, or an error.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

type Running<'a> = Pin<Box<dyn Future<Output = Result<(), sqlx::Error>> + Send + 'a>>;

struct Waiting<S: Step> {
    step: S,
    reply: Option<S::Reply>,
    to: oneshot::Sender<Result<S::Reply, StoreError>>,
}

impl Writer {
    /// Starts the writer's task on the current runtime. The task ends when all clones of the writer are dropped.
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
            // An earlier run was rolled back.
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
            (Ok(()), None) => Err(StoreError::Unavailable("the request was not run".to_owned())),
            (Err(error), _) => Err(error),
        };
        // An error means that the caller has given up just now.
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
            // A connection that has failed is closed, and the next request opens another one.
            Ok(open) => connection = transact(open, job, &mut waiting).await,
            Err(error) => job.answer(Err(unavailable(&error))),
        }
    }
}

/// Runs a request together with those in the queue. Returns the connection, unless it has failed.
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
    // Not before `BEGIN`, which may have waited for another process while more requests arrived.
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
        // Fails if SQLite has rolled back already, as it does when the disk is full.
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

/// Runs each request in its own transaction, because one of them fails.
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
    // Dropping it on an error rolls it back.
    job.run(&mut transaction).await?;
    transaction.commit().await
}

fn answer_all(jobs: Vec<Box<dyn Job>>, outcome: &Result<(), StoreError>) {
    for job in jobs {
        job.answer(outcome.clone());
    }
}
