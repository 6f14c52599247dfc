//! [`SqliteStore`]: reading over a few connections, writing over one.

use std::{
    fmt, fs,
    future::Future,
    io,
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use jwt_extended::{
    Timestamp,
    session::{
        Answer, EndSessions, NewSession, RevokedToken, RotateOutcome, RotateRequest, Session, SessionStore, StoreError,
        TokenIds, TokenStatus, TouchRequest,
    },
};
use sqlx::{
    ConnectOptions, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::time::{sleep, timeout};

use super::{
    migrate,
    steps::{Run, Step},
    writer::Writer,
};
use crate::{
    SetupError,
    common::{Logins, TIMEOUT, unknown_ending},
    connections::Connections,
    error::{no_answer, timed_out, unavailable},
    migrations::PATIENCE,
    request,
};

/// Sessions in a file of SQLite. Cloning it is cheap, and all clones share its connections. Several processes of one
/// computer may have the file open at once; a network file system is no place for it.
///
/// What it has answered is on the disk: the file is in WAL mode with `synchronous = FULL`. Requests that come while others
/// are being written share one transaction.
///
/// It lives on the Tokio runtime that it was opened on.
#[derive(Clone)]
pub struct SqliteStore {
    inner: Arc<Inner>,
}

struct Inner {
    timeout: Duration,
    readers: Arc<Connections<SqliteConnection>>,
    writer: Writer,
    options: SqliteConnectOptions,
    pool: OnceLock<SqlitePool>,
    logins: Logins,
}

/// Options of a [`SqliteStore`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it opens"]
pub struct SqliteStoreBuilder {
    timeout: Duration,
    max_readers: u32,
}

impl SqliteStore {
    /// Opens a file, which is made if there is none.
    ///
    /// # Errors
    /// If the path is none of a file, such as `:memory:`, or the file cannot be opened.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, SetupError> {
        Self::builder().open(path).await
    }

    /// Options other than the usual ones.
    pub fn builder() -> SqliteStoreBuilder {
        SqliteStoreBuilder { timeout: TIMEOUT, max_readers: 4 }
    }

    /// Makes the tables, or brings them up to date; does nothing if they are. Several processes may do so at once.
    ///
    /// # Errors
    /// If the file is locked, or cannot be written, or the tables are those of a later version.
    pub async fn migrate(&self) -> Result<(), SetupError> {
        let options = self.inner.options.clone().busy_timeout(PATIENCE);
        let migrate = async {
            let mut connection = options.connect().await.map_err(|error| SetupError::of(&error))?;
            migrate::migrate(&mut connection).await
        };
        // SQLite itself gives up at the same time, and knows better why.
        let limit = PATIENCE + Duration::from_secs(1);
        timeout(limit, migrate).await.unwrap_or_else(|_| Err(SetupError::Unavailable(no_answer(limit))))
    }

    /// A pool for the app's own tables in the same file: another one than the store's connections, so that guards do not
    /// wait for the app. It connects when it is first used, and must be asked for within a Tokio runtime.
    ///
    /// A transaction of the app that writes keeps the store from writing until it ends, so it had better be short.
    pub fn pool(&self) -> &SqlitePool {
        self.inner.pool.get_or_init(|| SqlitePoolOptions::new().connect_lazy_with(self.inner.options.clone()))
    }

    fn read<S: Step>(&self, step: S) -> impl Future<Output = Result<S::Reply, StoreError>> + Send + '_ {
        let read = async move {
            let mut lease = self.inner.readers.lease().await?;
            // After an error the connection is closed.
            let reply = step.run(lease.connection(), Run::First).await?;
            lease.keep();
            Ok(reply)
        };
        self.in_time(async { read.await.map_err(|error: sqlx::Error| unavailable(&error)) })
    }

    fn write<S: Step>(&self, step: S) -> impl Future<Output = Result<S::Reply, StoreError>> + Send + '_ {
        self.in_time(self.inner.writer.write(step))
    }

    async fn in_time<T>(&self, answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        timeout(self.inner.timeout, answer).await.unwrap_or_else(|_| Err(timed_out(self.inner.timeout)))
    }
}

impl SqliteStoreBuilder {
    /// How long a call may take, waiting for another process that writes included. A second, unless set.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many requests may read at once. Four, unless set; at least one.
    pub const fn max_readers(mut self, max_readers: u32) -> Self {
        self.max_readers = max_readers;
        self
    }

    /// Opens a file, which is made if there is none.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub async fn open(self, path: impl AsRef<Path>) -> Result<SqliteStore, SetupError> {
        let path = path.as_ref();
        let text = path.as_os_str().to_string_lossy();
        if text.is_empty() || text == ":memory:" || text.starts_with("file:") || text.starts_with("sqlite:") {
            return Err(SetupError::NotAFile);
        }
        make_private(path).map_err(|error| SetupError::Unavailable(format!("the file cannot be made: {error}")))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .synchronous(SqliteSynchronous::Full)
            // Before the timeout, so that whoever waits hears that the file is locked.
            .busy_timeout(self.timeout / 4 * 3)
            // A statement that is logged is one more allocation for each call.
            .disable_statement_logging();
        let connection = timeout(self.timeout, in_wal_mode(&options))
            .await
            .map_err(|_| SetupError::Unavailable(no_answer(self.timeout)))?
            .map_err(|error| SetupError::of(&error))?;
        let inner = Inner {
            timeout: self.timeout,
            readers: Connections::new(options.clone(), self.max_readers.max(1) as usize),
            writer: Writer::start(options.clone(), connection),
            options,
            pool: OnceLock::new(),
            logins: Logins::default(),
        };
        Ok(SqliteStore { inner: Arc::new(inner) })
    }
}

/// Makes a file that is not there one for its owner alone: who is logged in where is nobody else's business. Those that
/// SQLite puts beside it get the same rights.
fn make_private(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        // One that is there keeps the rights that it was given.
        _ => Ok(()),
    }
}

/// Connects, and makes the file one of WAL mode, which it stays. SQLite does not wait for another process that is about to
/// do the same.
async fn in_wal_mode(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    let options = options.clone().journal_mode(SqliteJournalMode::Wal);
    loop {
        match options.connect().await {
            Err(sqlx::Error::Database(error)) if error.message().contains("locked") => {
                sleep(Duration::from_millis(5)).await;
            }
            outcome => return outcome,
        }
    }
}

impl SessionStore for SqliteStore {
    fn status<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        Answer::later(self.read(request::Standing(token.into())))
    }

    fn revoke<'a>(&'a self, token: &'a RevokedToken<'_>) -> Answer<'a, Result<(), StoreError>> {
        Answer::later(self.write(request::Revoke::from(token)))
    }

    fn open<'a>(&'a self, session: &'a NewSession<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        let (open, now) = (request::Open::from(session), session.opened);
        Answer::later(async move {
            let standing = self.write(open).await?;
            let store = self.clone();
            self.inner.logins.count(now, async move |purge| store.write(purge).await);
            Ok(standing)
        })
    }

    fn rotate<'a>(&'a self, turn: &'a RotateRequest<'_>) -> Answer<'a, Result<RotateOutcome, StoreError>> {
        Answer::later(self.write(request::Turn::from(turn)))
    }

    fn touch<'a>(&'a self, touch: &'a TouchRequest<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        Answer::later(self.write(request::Touch::from(touch)))
    }

    fn list<'a>(&'a self, subject: &'a str, now: Timestamp) -> Answer<'a, Result<Vec<Session>, StoreError>> {
        Answer::later(self.read(request::List::new(subject, now)))
    }

    fn end<'a>(&'a self, ending: &'a EndSessions<'_>) -> Answer<'a, Result<u64, StoreError>> {
        match request::End::new(ending) {
            Some(end) => Answer::later(self.write(end)),
            None => Answer::Now(Err(unknown_ending())),
        }
    }

    fn purge(&self, now: Timestamp, limit: u32) -> Answer<'_, Result<u64, StoreError>> {
        Answer::later(self.write(request::Purge::new(now, limit)))
    }
}

impl fmt::Debug for SqliteStore {
    /// Without the path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("timeout", &self.inner.timeout).finish_non_exhaustive()
    }
}
