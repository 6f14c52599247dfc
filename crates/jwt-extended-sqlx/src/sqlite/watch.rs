//! The connection that tells whether the file has changed. It reads nothing else and never writes.
//!
//! Checks that arrive while it asks share the next question, because a question costs mostly the way to the
//! connection's thread and back.

use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{mpsc, oneshot};

/// The most checks that share one question, and the capacity of the queue.
const TOGETHER: usize = 1024;

/// The file at one moment. It is another one after each commit of another connection, of this process or of any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// Which connection has asked. The numbers of two connections cannot be compared.
    connection: u64,
    /// `PRAGMA data_version`.
    data: i64,
}

#[cfg(test)]
impl Version {
    pub(super) const fn of(data: i64) -> Self {
        Self { connection: 1, data }
    }
}

#[derive(Clone)]
pub(super) struct Watch {
    questions: mpsc::Sender<oneshot::Sender<Version>>,
}

impl Watch {
    /// Starts the task that asks, on the current runtime. It ends when all clones of the watch are dropped.
    pub(super) fn start(options: SqliteConnectOptions) -> Self {
        let (questions, waiting) = mpsc::channel(TOGETHER);
        tokio::spawn(serve(waiting, options));
        Self { questions }
    }

    /// Returns the version of the file at a moment after this call has begun; `None` if the file cannot be read.
    pub(super) async fn version(&self) -> Option<Version> {
        let (to, answer) = oneshot::channel();
        self.questions.send(to).await.ok()?;
        answer.await.ok()
    }
}

async fn serve(mut waiting: mpsc::Receiver<oneshot::Sender<Version>>, options: SqliteConnectOptions) {
    let mut open: Option<SqliteConnection> = None;
    let mut connection = 0;
    let mut questions = Vec::new();
    while waiting.recv_many(&mut questions, TOGETHER).await > 0 {
        if open.is_none() {
            connection += 1;
            open = options.connect().await.ok();
        }
        let version = match &mut open {
            Some(open) => sqlx::query_scalar("PRAGMA data_version").fetch_one(open).await.ok(),
            None => None,
        };
        let Some(data) = version else {
            // The reader that asks next gets the error.
            (open, questions) = (None, Vec::new());
            continue;
        };
        for question in questions.drain(..) {
            // An error means that the caller has given up just now.
            let _ = question.send(Version { connection, data });
        }
    }
}
