//! Where sessions are kept: in this process's memory, or where all processes share them.

use std::{
    fmt,
    path::PathBuf,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use jwt_extended::session::{Answer, ForwardSessions, MemoryStore, SessionStore, StoreError};
use jwt_extended_redis::{ConnectError, RedisStore};
use jwt_extended_sqlx::{PostgresStore, SetupError, SqliteStore};
use pyo3::{exceptions::PyRuntimeError, prelude::*};
use tokio::{
    runtime::Runtime,
    sync::OnceCell,
    time::{Instant, timeout, timeout_at},
};

use crate::process::{PerProcess, runtime};

/// How much later than a store's own limit this one is: the store knows more about why nothing came.
const LATER: Duration = Duration::from_millis(50);
const NOT_OPEN: &str = "it is not open in this process";

/// What `JWT_STORE` says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum StoreName {
    /// In memory, and how much it may hold.
    Memory(usize),
    /// Where it is.
    Url(String),
}

/// A store, ready for use.
#[derive(Clone)]
pub(crate) enum Store {
    /// Answers at once.
    Memory(Arc<MemoryStore>),
    /// Has to be waited for.
    Shared(Arc<Shared>),
}

impl Store {
    /// The store of this name, which may not be there yet.
    pub(crate) fn new(name: &StoreName, limit: Duration) -> PyResult<Self> {
        Ok(match name {
            StoreName::Memory(capacity) => Self::Memory(Arc::new(MemoryStore::with_capacity(*capacity))),
            StoreName::Url(url) => {
                Self::Shared(Arc::new(Shared { place: Place::read(url, limit)?, limit, opened: PerProcess::new() }))
            }
        })
    }

    /// The same for a manager.
    pub(crate) fn keeper(&self) -> Arc<dyn SessionStore> {
        match self {
            Self::Memory(store) => Arc::<MemoryStore>::clone(store),
            Self::Shared(store) => Arc::<Shared>::clone(store),
        }
    }
}

/// What a manager says that has asked its store. Where nothing has to be waited for, nothing is done but that; else other
/// threads of Python run meanwhile.
pub(crate) fn wait<T: Send>(
    py: Python<'_>,
    store: Option<&Store>,
    answer: impl Future<Output = T> + Send,
) -> Result<T, StoreError> {
    let mut answer = pin!(answer);
    let mut ask = || answer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let Some(Store::Shared(shared)) = store else {
        return match ask() {
            Poll::Ready(answer) => Ok(answer),
            Poll::Pending => Err(StoreError::Unavailable("it did not answer at once".to_owned())),
        };
    };
    let runtime = runtime(py).map_err(unavailable)?;
    // Of all together: to open the store may have taken some of the time.
    let deadline = Instant::now() + shared.limit + 2 * LATER;
    shared.connect(py, runtime)?;
    {
        // First with Python's lock held, because the clock needs it.
        let _entered = runtime.enter();
        if let Poll::Ready(answer) = ask() {
            return Ok(answer);
        }
    }
    let answer = py.detach(|| runtime.block_on(async { timeout_at(deadline, answer).await }));
    answer.map_err(|_| late(shared.limit))
}

/// A store that other processes share. Each process has a connection of its own, made when it is first needed.
pub(crate) struct Shared {
    place: Place,
    limit: Duration,
    opened: PerProcess<OnceCell<Box<dyn SessionStore>>>,
}

impl Shared {
    /// Opens this process's store, unless it has been opened.
    fn connect(self: &Arc<Self>, py: Python<'_>, runtime: &Runtime) -> Result<(), StoreError> {
        if self.opened.get_or_make(OnceCell::new).initialized() {
            return Ok(());
        }
        // A task of its own, which goes on when nobody waits any more: to make the tables may take longer than a request.
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
        call: impl FnOnce(&'a dyn SessionStore) -> Answer<'a, Result<T, StoreError>>,
    ) -> Answer<'a, Result<T, StoreError>> {
        let Some(store) = self.opened.get().and_then(OnceCell::get) else {
            return Answer::Now(Err(unavailable(NOT_OPEN)));
        };
        match call(&**store) {
            Answer::Now(answer) => Answer::Now(answer),
            Answer::Later(answer) => Answer::later(async move {
                timeout(self.limit + LATER, answer).await.unwrap_or_else(|_| Err(late(self.limit)))
            }),
        }
    }
}

fn late(limit: Duration) -> StoreError {
    StoreError::Unavailable(format!("it did not answer within {limit:?}"))
}

/// Where a shared store is, as `JWT_STORE` says.
enum Place {
    Redis(String),
    Postgres(String),
    Sqlite(PathBuf),
}

impl Place {
    /// Reads a URL, and asks nobody: the app starts whether the store is there or not.
    fn read(url: &str, limit: Duration) -> PyResult<Self> {
        let place = match url.split_once(':') {
            Some(("sqlite", path)) => Self::Sqlite(PathBuf::from(path)),
            Some(("postgres" | "postgresql", _)) => Self::Postgres(url.to_owned()),
            _ => Self::Redis(url.to_owned()),
        };
        match &place {
            Self::Redis(_) => redis(url, limit).map(drop).map_err(refused)?,
            Self::Postgres(_) => postgres(url, limit).map(drop).map_err(refused)?,
            Self::Sqlite(_) => {}
        }
        Ok(place)
    }

    /// The store, with its tables if it has any.
    async fn open(&self, limit: Duration) -> Result<Box<dyn SessionStore>, StoreError> {
        Ok(match self {
            Self::Redis(url) => Box::new(redis(url, limit).map_err(unavailable)?),
            Self::Postgres(url) => {
                let store = postgres(url, limit).map_err(unavailable)?;
                store.migrate().await.map_err(unavailable)?;
                Box::new(store)
            }
            Self::Sqlite(path) => {
                let store = SqliteStore::builder().timeout(limit).open(path).await.map_err(unavailable)?;
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

fn refused(error: impl fmt::Display) -> PyErr {
    PyRuntimeError::new_err(format!("JWT_STORE is of no use: {error}"))
}

fn unavailable(error: impl fmt::Display) -> StoreError {
    StoreError::Unavailable(error.to_string())
}
