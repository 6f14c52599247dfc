//! The stores of sessions: in this process's memory, or shared by all processes.

use std::{
    fmt,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use jwt_extended::session::{Answer, ForwardSessions, MemoryStore, SessionStore, StoreError};
use jwt_extended_redis::{ConnectError, RedisStore};
use jwt_extended_sqlx::{PostgresStore, SetupError, SqliteStore, SqliteUrl};
use pyo3::{exceptions::PyRuntimeError, prelude::*};
use tokio::{runtime::Runtime, sync::OnceCell, time::timeout};

use crate::{
    process::{PerProcess, runtime, runtime_of_this_process},
    waiting::{Callbacks, Within, wait_until},
};

/// How much longer than the store's own time limit we wait: the store's error says more about the cause than ours.
const EXTRA: Duration = Duration::from_millis(50);
const NOT_OPEN: &str = "it is not open in this process";

/// The value of `JWT_STORE`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum StoreName {
    /// In memory, with this capacity.
    Memory(usize),
    /// Shared, at this URL.
    Url(String),
}

/// A store, ready for use.
#[derive(Clone)]
pub(crate) enum Store {
    /// Answers immediately.
    Memory(Arc<MemoryStore>),
    /// Must be awaited.
    Shared(Arc<Shared>),
}

impl Store {
    /// Creates the store without connecting to it: it may not be reachable yet.
    pub(crate) fn new(name: &StoreName, limit: Duration) -> PyResult<Self> {
        Ok(match name {
            StoreName::Memory(capacity) => Self::Memory(Arc::new(MemoryStore::with_capacity(*capacity))),
            StoreName::Url(url) => {
                Self::Shared(Arc::new(Shared { place: Place::read(url, limit)?, limit, opened: PerProcess::new() }))
            }
        })
    }

    /// Returns the store as a trait object, for a manager.
    pub(crate) fn as_session_store(&self) -> Arc<dyn SessionStore> {
        match self {
            Self::Memory(store) => Arc::<MemoryStore>::clone(store),
            Self::Shared(store) => Arc::<Shared>::clone(store),
        }
    }
}

/// Waits for a manager that uses its store. The store in memory answers on the first poll. For any other, and while a
/// guard waits for the keys of another issuer, Python's lock is released. `extra` is how long that may take.
pub(crate) fn wait<T: Send>(
    py: Python<'_>,
    store: Option<&Store>,
    extra: Duration,
    callbacks: Callbacks,
    answer: impl Future<Output = T> + Send,
) -> Result<T, StoreError> {
    let mut answer = pin!(answer);
    let Some(Store::Shared(shared)) = store else {
        return match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Ok(answer),
            Poll::Pending => wait_until(py, Instant::now() + extra, callbacks, answer).ok_or_else(|| late(extra)),
        };
    };
    let runtime = runtime(py).map_err(unavailable)?;
    // One deadline for everything, because opening the store may use up some of the time.
    let deadline = Instant::now() + shared.limit + 2 * EXTRA + extra;
    shared.connect(py, runtime)?;
    wait_until(py, deadline, callbacks, answer).ok_or_else(|| late(shared.limit))
}

/// A store that other processes share. Each process opens its own connection on first use.
pub(crate) struct Shared {
    place: Place,
    limit: Duration,
    opened: PerProcess<OnceCell<Box<dyn SessionStore>>>,
}

impl Shared {
    /// Opens this process's store, unless it is open already.
    fn connect(self: &Arc<Self>, py: Python<'_>, runtime: &Runtime) -> Result<(), StoreError> {
        if self.opened.get_or_make(OnceCell::new).initialized() {
            return Ok(());
        }
        // A separate task, which continues after the request has timed out: creating the tables may take longer.
        let this = Arc::clone(self);
        let opening = runtime.spawn(async move {
            match this.opened.get() {
                Some(opened) => opened.get_or_try_init(|| this.place.open(this.limit)).await.map(drop),
                None => Err(unavailable(NOT_OPEN)),
            }
        });
        let opened = py.detach(|| runtime.block_on(async { timeout(self.limit, opening).await }));
        match opened {
            Ok(opened) => opened.map_err(unavailable).flatten(),
            Err(_) => Err(late(self.limit)),
        }
    }
}

impl ForwardSessions for Shared {
    type Store = dyn SessionStore;

    /// Calls this process's store, and waits for no longer than it may take.
    fn forward<'a, T: Send + 'a>(
        &'a self,
        call: impl FnOnce(&'a Self::Store) -> Answer<'a, Result<T, StoreError>>,
    ) -> Answer<'a, Result<T, StoreError>> {
        let (Some(store), Some(runtime)) = (self.opened.get().and_then(OnceCell::get), runtime_of_this_process())
        else {
            return Answer::Now(Err(unavailable(NOT_OPEN)));
        };
        let called = {
            let _entered = runtime.enter();
            call(&**store)
        };
        match called {
            Answer::Now(answer) => Answer::Now(answer),
            Answer::Later(answer) => Answer::later(Within::new(runtime.handle().clone(), async move {
                timeout(self.limit + EXTRA, answer).await.unwrap_or_else(|_| Err(late(self.limit)))
            })),
        }
    }
}

fn late(limit: Duration) -> StoreError {
    StoreError::Unavailable(format!("it did not answer within {limit:?}"))
}

/// The location of a shared store, from `JWT_STORE`.
enum Place {
    Redis(String),
    Postgres(String),
    Sqlite(SqliteUrl),
}

impl Place {
    /// Reads a URL without connecting: the app starts even if the store is down.
    fn read(url: &str, limit: Duration) -> PyResult<Self> {
        let scheme = url.split([':', '+']).next().unwrap_or_default();
        let place = match scheme {
            "sqlite" => Self::Sqlite(url.parse().map_err(misconfigured)?),
            "postgres" | "postgresql" => Self::Postgres(url.to_owned()),
            _ => Self::Redis(url.to_owned()),
        };
        match &place {
            Self::Redis(_) => redis(url, limit).map(drop).map_err(misconfigured)?,
            Self::Postgres(_) => postgres(url, limit).map(drop).map_err(misconfigured)?,
            Self::Sqlite(_) => {}
        }
        Ok(place)
    }

    /// Opens the store, and creates its tables if it needs any.
    async fn open(&self, limit: Duration) -> Result<Box<dyn SessionStore>, StoreError> {
        Ok(match self {
            Self::Redis(url) => Box::new(redis(url, limit).map_err(unavailable)?),
            Self::Postgres(url) => {
                let store = postgres(url, limit).map_err(unavailable)?;
                store.migrate().await.map_err(unavailable)?;
                Box::new(store)
            }
            Self::Sqlite(url) => {
                let store = SqliteStore::builder().timeout(limit).connect(url).await.map_err(unavailable)?;
                store.migrate().await.map_err(unavailable)?;
                Box::new(store)
            }
        })
    }
}

fn redis(url: &str, limit: Duration) -> Result<RedisStore, ConnectError> {
    RedisStore::builder(url).timeout(limit).connect_lazily()
}

fn postgres(url: &str, limit: Duration) -> Result<PostgresStore, SetupError> {
    PostgresStore::builder().timeout(limit).connect_lazily(url)
}

fn misconfigured(error: impl fmt::Display) -> PyErr {
    PyRuntimeError::new_err(format!("JWT_STORE cannot be used: {error}"))
}

fn unavailable(error: impl fmt::Display) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
