//! [`PostgresStore`]: each call is one statement, or one transaction that has locked its subject.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use jwt_extended::session::{Answer, ForwardSessions, SessionStore, StoreError};
use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;

use super::{
    call::Calls,
    migrate,
    source::{Held, Source},
    url::{self, Statements},
};
use crate::shared::{
    TIMEOUT,
    error::{SetupError, no_answer},
    migrations::PATIENCE,
    sessions::Sessions,
};

/// Sessions in PostgreSQL. Cloning it is cheap, and all clones share its connections.
///
/// The store works over the app's pool ([`new`](Self::new)) or over its own connections ([`connect`](Self::connect)).
/// With its own ones, a call costs one round trip; a pool of sqlx adds one each time a connection is returned.
///
/// `PgBouncer` may be in between, also in transaction mode. The store's own connections notice it. Over the app's pool,
/// say so with [`transaction_pooling`](PostgresStoreBuilder::transaction_pooling).
#[derive(Clone)]
pub struct PostgresStore {
    sessions: Sessions<Calls>,
    app: Arc<App>,
}

/// What the app uses beside the store's connections.
struct App {
    /// How to connect, unless the app has its own pool.
    options: Option<PgConnectOptions>,
    pool: OnceLock<PgPool>,
}

/// Options of a [`PostgresStore`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it connects"]
pub struct PostgresStoreBuilder {
    timeout: Duration,
    max_connections: u32,
    sessions_are_lent: bool,
}

impl PostgresStore {
    /// Uses the app's own pool. See [`PostgresStoreBuilder::with_pool`].
    pub fn new(pool: PgPool) -> Self {
        Self::builder().with_pool(pool)
    }

    /// Connects to a database by URL, such as `postgres://user:password@host:5432/database`, or
    /// `postgres://user@/database?host=/run/postgresql` for a socket. A driver's name, as in `postgresql+psycopg2://`,
    /// is accepted. The parameters are those of libpq that sqlx knows; any other one is an error.
    ///
    /// # Errors
    /// If the URL is not valid, or the database does not answer within the timeout.
    pub async fn connect(url: &str) -> Result<Self, SetupError> {
        Self::builder().connect(url).await
    }

    /// Connects at the first call, so that the app can start before the database.
    ///
    /// # Errors
    /// If the URL is not valid.
    pub fn connect_lazily(url: &str) -> Result<Self, SetupError> {
        Self::builder().connect_lazily(url)
    }

    /// Starts with the default options.
    pub fn builder() -> PostgresStoreBuilder {
        PostgresStoreBuilder { timeout: TIMEOUT, max_connections: 10, sessions_are_lent: false }
    }

    /// Creates the tables or migrates them; a no-op if they are up to date. Several processes may call it at once.
    ///
    /// # Errors
    /// If the database does not answer or rejects a statement, or a later version has migrated the tables.
    pub async fn migrate(&self) -> Result<(), SetupError> {
        let migrate = async {
            let source = &self.sessions.backend().source;
            let mut held = source.acquire_checked().await.map_err(|error| SetupError::of(&error))?;
            let connection = held.connection().map_err(|error| SetupError::of(&error))?;
            migrate::migrate(connection).await?;
            held.keep();
            Ok(())
        };
        timeout(PATIENCE, migrate).await.unwrap_or_else(|_| Err(SetupError::Unavailable(no_answer(PATIENCE))))
    }

    /// Returns an error if the database lacks the tables. Creates nothing.
    ///
    /// # Errors
    /// [`SetupError::NoStore`] without the tables. Also if the database does not answer.
    pub async fn refuse_unless_migrated(&self) -> Result<(), SetupError> {
        let limit = self.sessions.backend().timeout;
        let look = async {
            let mut held = self.sessions.backend().source.acquire_checked().await?;
            let has_tables = migrate::has_tables(held.connection()?).await?;
            held.keep();
            Ok(has_tables)
        };
        match timeout(limit, look).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(SetupError::NoStore),
            Ok(Err(error)) => Err(SetupError::of(&error)),
            Err(_) => Err(SetupError::Unavailable(no_answer(limit))),
        }
    }

    pub(super) fn timeout(&self) -> Duration {
        self.sessions.backend().timeout
    }

    /// Whether a pooler is known to be in between.
    pub(super) fn lends_sessions(&self) -> bool {
        self.sessions.backend().source.lends_sessions()
    }

    /// Returns how to open another connection.
    pub(super) fn connect_options(&self) -> PgConnectOptions {
        self.app.options.clone().unwrap_or_else(|| self.pool().connect_options().as_ref().clone())
    }

    /// Returns a pool for the app's own tables in the same database.
    ///
    /// It is the app's pool if the store was given one. Otherwise it is separate from the store's connections, so that
    /// guards do not wait for the app. It connects when it is first used, and must be called within a Tokio runtime.
    ///
    /// Behind `PgBouncer` in transaction mode, use it within transactions, and make each query `persistent(false)`.
    pub fn pool(&self) -> &PgPool {
        self.app.pool.get_or_init(|| {
            let options = self.app.options.clone().unwrap_or_default();
            PgPoolOptions::new().connect_lazy_with(options)
        })
    }
}

impl PostgresStoreBuilder {
    /// Sets how long a call may take, including the wait for a connection. Default: one second. At least a millisecond.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how many connections the store may have at once. Default: ten. At least one. A store over the app's pool
    /// ignores it and uses the pool's limit.
    pub const fn max_connections(mut self, max_connections: u32) -> Self {
        self.max_connections = max_connections;
        self
    }

    /// Makes each call a transaction that leaves nothing behind, for a pooler that gives each transaction another
    /// connection, such as `PgBouncer` in transaction mode.
    ///
    /// A store over its own connections finds out by itself, unless the pooler pretends to accept the settings of a
    /// session. It is the same as `statement-cache-capacity=0` in the URL. A call then costs four round trips at least.
    pub const fn transaction_pooling(mut self) -> Self {
        self.sessions_are_lent = true;
        self
    }

    /// Connects to a database by URL.
    ///
    /// # Errors
    /// As [`PostgresStore::connect`].
    pub async fn connect(self, url: &str) -> Result<PostgresStore, SetupError> {
        let limit = self.timeout;
        let store = self.connect_lazily(url)?;
        let connect = async { store.sessions.backend().source.acquire().await.map(Held::keep) };
        match timeout(limit, connect).await {
            Ok(Ok(())) => Ok(store),
            Ok(Err(error)) => Err(SetupError::of(&error)),
            Err(_) => Err(SetupError::Unavailable(no_answer(limit))),
        }
    }

    /// Connects at the first call.
    ///
    /// # Errors
    /// If the URL is not the URL of a PostgreSQL database.
    pub fn connect_lazily(self, url: &str) -> Result<PostgresStore, SetupError> {
        let (options, statements) = url::options(url)?;
        let lent = self.sessions_are_lent || statements == Statements::Unnamed;
        let source = Source::own(options.clone(), self.max_connections.max(1), self.timeout, lent);
        Ok(self.build(source, Some(options), OnceLock::new()))
    }

    /// Uses the app's own pool, for an app that must limit its connections.
    ///
    /// Guards then wait while the app has all connections in use. Each call costs a second round trip, or a third with
    /// the pool's `test_before_acquire`, which you can turn off: the store detects dead connections itself. Give the
    /// pool's connections a `statement_timeout`, so that the server cancels statements whose caller has given up.
    pub fn with_pool(self, pool: PgPool) -> PostgresStore {
        let source = Source::shared(pool.clone(), self.timeout, self.sessions_are_lent);
        self.build(source, None, OnceLock::from(pool))
    }

    fn build(self, source: Source, options: Option<PgConnectOptions>, pool: OnceLock<PgPool>) -> PostgresStore {
        let sessions = Sessions::new(Calls { source, timeout: self.timeout });
        PostgresStore { sessions, app: Arc::new(App { options, pool }) }
    }
}

impl ForwardSessions for PostgresStore {
    type Store = dyn SessionStore;

    fn forward<'a, T: Send + 'a>(
        &'a self,
        call: impl FnOnce(&'a Self::Store) -> Answer<'a, Result<T, StoreError>>,
    ) -> Answer<'a, Result<T, StoreError>> {
        call(&self.sessions)
    }
}

impl fmt::Debug for PostgresStore {
    /// Does not show the URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("timeout", &self.sessions.backend().timeout).finish_non_exhaustive()
    }
}
