//! [`PostgresStore`]: each call is one statement, or one transaction that has locked its subject.

use std::{
    fmt,
    str::FromStr,
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
    ConnectOptions, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;

use super::{
    call::Calls,
    migrate,
    source::{Held, Source},
};
use crate::{
    SetupError,
    common::{Logins, TIMEOUT, unknown_ending},
    error::{bad_url, no_answer},
    migrations::PATIENCE,
    request,
};

/// Sessions in PostgreSQL. Cloning it is cheap, and all clones share its connections.
///
/// It works over connections of its own, or over the app's pool ([`new`](Self::new)). Its own ones cost one exchange with
/// the server for each call, where a pool of sqlx asks once more when a connection comes back. `PgBouncer` must pool
/// sessions, not transactions.
#[derive(Clone)]
pub struct PostgresStore {
    inner: Arc<Inner>,
}

struct Inner {
    calls: Calls,
    /// How to connect, unless there is a pool of the app.
    options: Option<PgConnectOptions>,
    pool: OnceLock<PgPool>,
    logins: Logins,
}

/// Options of a [`PostgresStore`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it connects"]
pub struct PostgresStoreBuilder {
    timeout: Duration,
    max_connections: u32,
}

impl PostgresStore {
    /// Over the app's own pool. See [`PostgresStoreBuilder::with_pool`].
    pub fn new(pool: PgPool) -> Self {
        Self::builder().with_pool(pool)
    }

    /// Connects to the database that a URL names, such as `postgres://user:password@host:5432/database`.
    ///
    /// # Errors
    /// If it is no such URL, or the database does not answer within the timeout.
    pub async fn connect(url: &str) -> Result<Self, SetupError> {
        Self::builder().connect(url).await
    }

    /// As [`connect`](Self::connect), at the first call: the app can start before the database does.
    ///
    /// # Errors
    /// If it is no such URL.
    pub fn connect_lazily(url: &str) -> Result<Self, SetupError> {
        Self::builder().connect_lazily(url)
    }

    /// Options other than the usual ones.
    pub fn builder() -> PostgresStoreBuilder {
        PostgresStoreBuilder { timeout: TIMEOUT, max_connections: 10 }
    }

    /// Makes the tables, or brings them up to date; does nothing if they are. Several processes may do so at once.
    ///
    /// # Errors
    /// If the database does not answer or refuses, or the tables are those of a later version.
    pub async fn migrate(&self) -> Result<(), SetupError> {
        let migrate = async {
            let mut held = self.inner.calls.source.hold_proven().await.map_err(|error| SetupError::of(&error))?;
            let connection = held.connection().map_err(|error| SetupError::of(&error))?;
            migrate::migrate(connection).await?;
            held.keep();
            Ok(())
        };
        timeout(PATIENCE, migrate).await.unwrap_or_else(|_| Err(SetupError::Unavailable(no_answer(PATIENCE))))
    }

    /// A pool for the app's own tables in the same database: the app's own if the store was given one, or else another
    /// one than the store's connections, so that guards do not wait for the app. It connects when it is first used, and
    /// must be asked for within a Tokio runtime.
    pub fn pool(&self) -> &PgPool {
        self.inner.pool.get_or_init(|| {
            let options = self.inner.options.clone().unwrap_or_default();
            PgPoolOptions::new().connect_lazy_with(options)
        })
    }
}

impl PostgresStoreBuilder {
    /// How long a call may take, waiting for a connection included. A second, unless set; at least a millisecond.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many connections the store may have at once. Ten, unless set; at least one. A store over the app's pool has as
    /// many as that.
    pub const fn max_connections(mut self, max_connections: u32) -> Self {
        self.max_connections = max_connections;
        self
    }

    /// Connects to the database that a URL names.
    ///
    /// # Errors
    /// As [`PostgresStore::connect`].
    pub async fn connect(self, url: &str) -> Result<PostgresStore, SetupError> {
        let limit = self.timeout;
        let store = self.connect_lazily(url)?;
        let connect = async { store.inner.calls.source.hold().await.map(Held::keep) };
        match timeout(limit, connect).await {
            Ok(Ok(())) => Ok(store),
            Ok(Err(error)) => Err(SetupError::of(&error)),
            Err(_) => Err(SetupError::Unavailable(no_answer(limit))),
        }
    }

    /// Connects at the first call.
    ///
    /// # Errors
    /// If it is no URL of a PostgreSQL database.
    pub fn connect_lazily(self, url: &str) -> Result<PostgresStore, SetupError> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(SetupError::BadUrl("it does not begin with postgres://".to_owned()));
        }
        let options = PgConnectOptions::from_str(url).map_err(|error| bad_url(&error))?;
        // A statement that is logged is one more allocation for each call.
        let options = options.disable_statement_logging();
        let source = Source::own(options.clone(), self.max_connections.max(1), self.timeout);
        Ok(self.build(source, Some(options), OnceLock::new()))
    }

    /// Over the app's own pool: for an app that must count its connections. Guards then wait whenever the app has all of
    /// them in use, and each call costs the server a second exchange, or a third with the pool's `test_before_acquire`,
    /// which is better off: a connection that has died is noticed all the same. Give its connections a `statement_timeout`,
    /// so that the server does not carry out what nobody waits for any more.
    pub fn with_pool(self, pool: PgPool) -> PostgresStore {
        self.build(Source::Shared(pool.clone()), None, OnceLock::from(pool))
    }

    fn build(self, source: Source, options: Option<PgConnectOptions>, pool: OnceLock<PgPool>) -> PostgresStore {
        let calls = Calls { source, timeout: self.timeout };
        PostgresStore { inner: Arc::new(Inner { calls, options, pool, logins: Logins::default() }) }
    }
}

impl SessionStore for PostgresStore {
    fn status<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        Answer::later(self.inner.calls.call(request::Standing(token.into())))
    }

    fn revoke<'a>(&'a self, token: &'a RevokedToken<'_>) -> Answer<'a, Result<(), StoreError>> {
        Answer::later(self.inner.calls.call(request::Revoke::from(token)))
    }

    fn open<'a>(&'a self, session: &'a NewSession<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        let (open, now) = (request::Open::from(session), session.opened);
        Answer::later(async move {
            let standing = self.inner.calls.call(open).await?;
            let store = self.clone();
            self.inner.logins.count(now, async move |purge| store.inner.calls.call(purge).await);
            Ok(standing)
        })
    }

    fn rotate<'a>(&'a self, turn: &'a RotateRequest<'_>) -> Answer<'a, Result<RotateOutcome, StoreError>> {
        Answer::later(self.inner.calls.call(request::Turn::from(turn)))
    }

    fn touch<'a>(&'a self, touch: &'a TouchRequest<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        Answer::later(self.inner.calls.call(request::Touch::from(touch)))
    }

    fn list<'a>(&'a self, subject: &'a str, now: Timestamp) -> Answer<'a, Result<Vec<Session>, StoreError>> {
        Answer::later(self.inner.calls.call(request::List::new(subject, now)))
    }

    fn end<'a>(&'a self, ending: &'a EndSessions<'_>) -> Answer<'a, Result<u64, StoreError>> {
        match request::End::new(ending) {
            Some(end) => Answer::later(self.inner.calls.call(end)),
            None => Answer::Now(Err(unknown_ending())),
        }
    }

    fn purge(&self, now: Timestamp, limit: u32) -> Answer<'_, Result<u64, StoreError>> {
        Answer::later(self.inner.calls.call(request::Purge::new(now, limit)))
    }
}

impl fmt::Debug for PostgresStore {
    /// Without the URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("timeout", &self.inner.calls.timeout).finish_non_exhaustive()
    }
}
