//! The connection that tells whether the file has changed. It reads nothing else and never writes.
//!
//! Checks that arrive while it asks share the next question, because a question costs mostly the way to the
//! connection's thread and back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{mpsc, oneshot};

use crate::shared::connections::IDLE_AT_MOST;

/// The most checks that share one question, and the capacity of the queue.
const TOGETHER: usize = 1024;

/// The file at one moment. It is a later one after each commit of another connection, of this process or of any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(u64);

#[cfg(test)]
impl Version {
    pub(super) const fn of(number: u64) -> Self {
        Self(number)
    }
}

#[derive(Clone)]
pub(super) struct Watch {
    questions: mpsc::Sender<oneshot::Sender<Version>>,
    /// Whether a reader was opened since the watch's connection was. The reader may have found another file there.
    is_outdated: Arc<AtomicBool>,
}

impl Watch {
    /// Starts the task that asks, on the current runtime. It ends when all clones of the watch are dropped.
    pub(super) fn start(options: SqliteConnectOptions) -> Self {
        let (questions, waiting) = mpsc::channel(TOGETHER);
        let is_outdated = Arc::default();
        tokio::spawn(serve(waiting, options, Arc::clone(&is_outdated)));
        Self { questions, is_outdated }
    }

    /// Returns the version of the file at a moment after this call has begun; `None` if the file cannot be read.
    pub(super) async fn version(&self) -> Option<Version> {
        let (to, answer) = oneshot::channel();
        self.questions.send(to).await.ok()?;
        answer.await.ok()
    }

    /// Opens the file again before the next question, because a reader has just opened it. If the file was replaced,
    /// an old connection would not notice what is committed to the new file.
    pub(super) fn open_again(&self) {
        self.is_outdated.store(true, Ordering::Release);
    }
}

async fn serve(
    mut waiting: mpsc::Receiver<oneshot::Sender<Version>>,
    options: SqliteConnectOptions,
    is_outdated: Arc<AtomicBool>,
) {
    let mut open: Option<(SqliteConnection, Instant)> = None;
    let (mut version, mut last) = (Version(0), None);
    let mut questions = Vec::new();
    while waiting.recv_many(&mut questions, TOGETHER).await > 0 {
        let is_outdated = is_outdated.swap(false, Ordering::AcqRel);
        // A reader that was idle for this long is opened again, too.
        let mut connection = match open.take().filter(|(_, used)| !is_outdated && used.elapsed() <= IDLE_AT_MOST) {
            Some((connection, _)) => Some(connection),
            None => {
                // The numbers of two connections cannot be compared.
                last = None;
                options.connect().await.ok()
            }
        };
        let data: Option<i64> = match &mut connection {
            Some(connection) => sqlx::query_scalar("PRAGMA data_version").fetch_one(connection).await.ok(),
            None => None,
        };
        let (Some(connection), Some(data)) = (connection, data) else {
            // The reader that asks next gets the error.
            questions = Vec::new();
            continue;
        };
        if last != Some(data) {
            version.0 += 1;
            last = Some(data);
        }
        open = Some((connection, Instant::now()));
        for question in questions.drain(..) {
            // An error means that the caller has given up just now.
            let _ = question.send(version);
        }
    }
}
