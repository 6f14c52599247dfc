//! [`SqliteStore`]: reads over a few connections, writes over one.

use std::{
    fmt,
    future::Future,
    path::{self, Path},
    sync::{Arc, OnceLock},
    time::Duration,
};

use jwt_extended::session::{Answer, ForwardSessions, SessionStore, StoreError, TokenIds, TokenStatus};
use sqlx::{
    ConnectOptions, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::time::{sleep, timeout};

use super::{
    file,
    memory::Memory,
    migrate,
    url::{Missing, SqliteUrl},
    watch::Watch,
    writer::Writer,
};
use crate::shared::{
    TIMEOUT,
    connections::Connections,
    error::{SetupError, no_answer, timed_out, unavailable},
    migrations::PATIENCE,
    sessions::{Backend, Sessions},
    steps::{Run, Stand, Step},
};

/// Sessions in an SQLite file. Cloning it is cheap, and all clones share its connections.
///
/// Several processes of one computer may open the file at once. It must not be on a network file system. Once a call
/// has returned, its changes are on the disk: the file is in WAL mode with `synchronous = FULL`. Requests that arrive
/// during a write share the next transaction.
///
/// A check remembers tokens that it has found good, and asks before each answer whether the file has changed since. So
/// whatever any process revokes counts at the next check.
///
/// The store works only while the Tokio runtime runs that it was opened on.
#[derive(Clone)]
pub struct SqliteStore {
    sessions: Sessions<File>,
}

/// The connections to a file.
struct File {
    timeout: Duration,
    readers: Arc<Connections<SqliteConnection>>,
    writer: Writer,
    watch: Watch,
    memory: Memory,
    options: SqliteConnectOptions,
    pool: OnceLock<SqlitePool>,
}

/// Options of a [`SqliteStore`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it opens"]
pub struct SqliteStoreBuilder {
    timeout: Duration,
    max_readers: u32,
    missing: Missing,
    is_existing: bool,
}

impl SqliteStore {
    /// Opens a file, and creates it if it does not exist.
    ///
    /// # Errors
    /// If the path is not the path of a file (such as `:memory:`), or the file cannot be opened.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, SetupError> {
        Self::builder().open(path).await
    }

    /// Opens the file that a URL names, such as `sqlite:sessions.db`. [`SqliteUrl`] says which file that is.
    ///
    /// # Errors
    /// If the URL is not valid, or the file cannot be opened.
    pub async fn connect(url: &str) -> Result<Self, SetupError> {
        Self::builder().connect(&url.parse()?).await
    }

    /// Starts with the default options.
    pub fn builder() -> SqliteStoreBuilder {
        SqliteStoreBuilder { timeout: TIMEOUT, max_readers: 4, missing: Missing::Create, is_existing: false }
    }

    /// Creates the tables or migrates them; a no-op if they are up to date. Several processes may call it at once.
    ///
    /// # Errors
    /// If the file is locked or cannot be written, or a later version has migrated the tables.
    pub async fn migrate(&self) -> Result<(), SetupError> {
        let options = self.file().options.clone().busy_timeout(PATIENCE);
        let migrate = async {
            let mut connection = options.connect().await.map_err(|error| SetupError::of(&error))?;
            migrate::migrate(&mut connection).await
        };
        // Later than SQLite's own limit, because SQLite's error says more.
        let limit = PATIENCE + Duration::from_secs(1);
        timeout(limit, migrate).await.unwrap_or_else(|_| Err(SetupError::Unavailable(no_answer(limit))))
    }

    /// Returns a pool for the app's own tables in the same file.
    ///
    /// It is separate from the store's connections, so that guards do not wait for the app. It connects when it is
    /// first used, and must be called within a Tokio runtime. While a transaction of the app writes, the store cannot
    /// write; keep it short.
    pub fn pool(&self) -> &SqlitePool {
        let file = self.file();
        file.pool.get_or_init(|| SqlitePoolOptions::new().connect_lazy_with(file.options.clone()))
    }

    fn file(&self) -> &File {
        self.sessions.backend()
    }
}

impl Backend for File {
    async fn read<S: Step>(&self, step: S) -> Result<S::Reply, StoreError> {
        let read = async move {
            let mut lease = self.readers.lease().await?;
            if lease.is_new() {
                self.watch.open_again();
            }
            // After an error, the connection is closed.
            let reply = step.run(lease.connection(), Run::First).await?;
            lease.keep();
            Ok(reply)
        };
        self.in_time(async { read.await.map_err(|error: sqlx::Error| unavailable(&error)) }).await
    }

    fn status<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        let key = self.memory.key(token);
        let version = self.watch.version();
        if version.is_some_and(|version| self.memory.is_good(version, key, token.now)) {
            return Answer::Now(Ok(TokenStatus::Active));
        }
        Answer::later(async move {
            let standing = self.read(Stand::from(token)).await?;
            if let Some(version) = version {
                self.memory.keep(version, key, token.now, &standing);
            }
            Ok(standing.status)
        })
    }

    async fn write<S: Step>(&self, step: S) -> Result<S::Reply, StoreError> {
        self.in_time(self.writer.write(step)).await
    }
}

impl File {
    async fn in_time<T>(&self, answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        timeout(self.timeout, answer).await.unwrap_or_else(|_| Err(timed_out(self.timeout)))
    }
}

impl SqliteStoreBuilder {
    /// Sets how long a call may take, including the wait for another process that writes. Default: one second.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how many requests may read at once. Default: four. At least one.
    pub const fn max_readers(mut self, max_readers: u32) -> Self {
        self.max_readers = max_readers;
        self
    }

    /// Opens only a store that exists: a file that has the tables. No other file is created or changed.
    pub const fn existing(mut self) -> Self {
        self.is_existing = true;
        self
    }

    /// Opens the file that a URL names.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub async fn connect(mut self, url: &SqliteUrl) -> Result<SqliteStore, SetupError> {
        url.refuse_if_misread()?;
        if url.missing == Missing::Refuse {
            self.missing = Missing::Refuse;
        }
        self.open(url.path()).await
    }

    /// Opens a file, and creates it if it does not exist.
    ///
    /// # Errors
    /// As [`SqliteStore::open`]. With [`existing`](Self::existing), also if there is no store.
    pub async fn open(self, path: impl AsRef<Path>) -> Result<SqliteStore, SetupError> {
        let path = path.as_ref();
        let text = path.as_os_str().to_string_lossy();
        if text.is_empty() || text == ":memory:" || text.starts_with("file:") || text.starts_with("sqlite:") {
            return Err(SetupError::NotAFile);
        }
        let path = path::absolute(path).map_err(|error| SetupError::Unavailable(error.to_string()))?;
        let path = &*path;
        match self.missing {
            _ if self.is_existing => self.refuse_unless_it_has_tables(path).await?,
            Missing::Refuse if !path.is_file() => return Err(SetupError::Missing(path.to_owned())),
            Missing::Refuse => {}
            Missing::Create => file::create_private(path).map_err(|error| {
                SetupError::Unavailable(format!("the file cannot be created: {error} ({})", path.display()))
            })?,
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            // SQLite would create it for everyone to read.
            .create_if_missing(false)
            .synchronous(SqliteSynchronous::Full)
            // Less than the timeout, so that the caller gets SQLite's error: the file is locked.
            .busy_timeout(self.timeout / 4 * 3)
            // Logging a statement costs each call an allocation.
            .disable_statement_logging();
        let connection = timeout(self.timeout, in_wal_mode(&options))
            .await
            .map_err(|_| SetupError::Unavailable(no_answer(self.timeout)))?
            .map_err(|error| SetupError::of(&error))?;
        let file = File {
            timeout: self.timeout,
            readers: Connections::new(options.clone(), self.max_readers.max(1) as usize),
            writer: Writer::start(options.clone(), connection),
            watch: Watch::new(path.to_owned()),
            memory: Memory::new(),
            options,
            pool: OnceLock::new(),
        };
        Ok(SqliteStore { sessions: Sessions::new(file) })
    }
}

impl SqliteStoreBuilder {
    async fn refuse_unless_it_has_tables(&self, path: &Path) -> Result<(), SetupError> {
        if !path.is_file() {
            return Err(SetupError::NoStore);
        }
        // Opening the file as a store would change its journal for good.
        let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(self.timeout / 4 * 3);
        let has_tables = async {
            let mut connection = options.connect().await?;
            sqlx::query_scalar(HAS_TABLES).fetch_one(&mut connection).await
        };
        match timeout(self.timeout, has_tables).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(SetupError::NoStore),
            Ok(Err(error)) => Err(SetupError::of(&error)),
            Err(_) => Err(SetupError::Unavailable(no_answer(self.timeout))),
        }
    }
}

const HAS_TABLES: &str = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'jwt_sessions')";

/// Connects, and switches the file to WAL mode permanently. SQLite does not wait for another process that is switching,
/// so this retries.
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

impl ForwardSessions for SqliteStore {
    type Store = dyn SessionStore;

    fn forward<'a, T: Send + 'a>(
        &'a self,
        call: impl FnOnce(&'a Self::Store) -> Answer<'a, Result<T, StoreError>>,
    ) -> Answer<'a, Result<T, StoreError>> {
        call(&self.sessions)
    }
}

impl fmt::Debug for SqliteStore {
    /// Does not show the path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("timeout", &self.file().timeout).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use jwt_extended::test_util::sessions::{at, ids, new_session};

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_remembered_token_waits_for_no_reader() {
        let folder = tempfile::tempdir().unwrap();
        let builder = SqliteStore::builder().timeout(Duration::from_mins(1)).max_readers(1);
        let store = builder.open(folder.path().join("sessions.db")).await.unwrap();
        store.migrate().await.unwrap();
        let session = new_session("alice", "session", "refresh", at(0), Some(at(100)));
        assert_eq!(store.open(&session).wait().await, Ok(TokenStatus::Active));
        let token = ids("alice", Some("session"), Some("access"), at(0), at(1));
        // The first check opens the reader, and so the second one asks anew.
        for _ in 0..3 {
            assert_eq!(store.status(&token).wait().await, Ok(TokenStatus::Active));
        }
        let _only_reader = store.file().readers.lease().await.unwrap();
        assert_eq!(store.status(&token).wait().await, Ok(TokenStatus::Active));
        let other = ids("alice", Some("session"), Some("another"), at(0), at(1));
        let waiting = timeout(Duration::from_millis(50), store.status(&other).wait()).await;
        assert!(waiting.is_err(), "a token that is not remembered is read");
    }
}
