//! The way to Redis: one connection that all requests share, which is made when it is needed and again when it is lost.
//!
//! [`redis::aio::ConnectionManager`] would do, but for this: it keeps the outcome of its last attempt to reconnect, so
//! that the first request after Redis is back still fails; and it keeps a connection on which nothing is answered.

use std::{
    fmt,
    future::Future,
    io,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jwt_extended::session::StoreError;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, PushInfo, PushKind, RedisError, ServerErrorKind, Value,
    aio::MultiplexedConnection,
};
use tokio::{sync::watch, task::AbortHandle, time::timeout};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Redis or the way there.
    #[error("{}", told(.0))]
    Redis(#[from] RedisError),
    /// A key or an answer is not as this store writes it.
    #[error("a key holds what this store did not write; give the store a prefix of its own")]
    Foreign,
}

/// Why there is no answer, in words without the URL.
#[derive(Debug)]
pub(crate) struct Unavailable(pub(crate) String);

impl From<Unavailable> for StoreError {
    fn from(Unavailable(why): Unavailable) -> Self {
        Self::Unavailable(why)
    }
}

/// Where Redis is.
pub(crate) enum Target {
    /// One server.
    Server(Box<Client>),
    /// A cluster.
    #[cfg(feature = "cluster")]
    Cluster(Box<redis::cluster::ClusterClient>),
}

/// The connection, and every request's time limit.
#[derive(Clone)]
pub(crate) struct Connection {
    shared: Arc<Shared>,
    timeout: Duration,
}

struct Shared {
    target: Target,
    state: RwLock<State>,
}

enum State {
    /// Nobody has needed a connection since the last one was lost.
    Idle,
    /// On the way, for all who wait.
    Connecting(watch::Receiver<Option<Result<Live, RedisError>>>),
    /// Here.
    Connected(Live),
}

impl Connection {
    /// A way to Redis, on which nothing happens yet.
    pub(crate) fn new(target: Target, timeout: Duration) -> Self {
        Self { shared: Arc::new(Shared { target, state: RwLock::new(State::Idle) }), timeout }
    }

    /// Does what is to be done on the connection, within the time limit, connecting included.
    pub(crate) async fn within<T, W, F>(&self, work: W) -> Result<T, Unavailable>
    where
        W: FnOnce(Live) -> F,
        F: Future<Output = Result<T, Failure>>,
    {
        let mut used = None;
        let attempt = async {
            let live = self.live().await?;
            used = Some(live.mark());
            work(live).await
        };
        let answer = timeout(self.timeout, attempt).await;
        let told = match answer {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(failure)) => {
                if let (Failure::Redis(error), Some(used)) = (&failure, &used)
                    && is_lost(error)
                {
                    self.retire(used);
                }
                failure.to_string()
            }
            Err(_) => {
                // Perhaps nothing will ever be answered here. Whoever still waits for an answer on it goes on waiting.
                if let Some(used) = &used {
                    self.retire(used);
                }
                unanswered(self.timeout)
            }
        };
        Err(Unavailable(told))
    }

    /// The connection; makes one if there is none.
    async fn live(&self) -> Result<Live, RedisError> {
        if let Some(live) = self.shared.connected() {
            return Ok(live);
        }
        let mut outcome = self.connecting();
        let answer = match outcome.wait_for(Option::is_some).await {
            Ok(answer) => answer.clone(),
            Err(_) => None,
        };
        answer.unwrap_or_else(|| Err(RedisError::from((ErrorKind::Io, "the runtime that was connecting has ended"))))
    }

    /// Starts to connect, unless somebody has. This is a task of its own, so that one that takes long is not started anew
    /// for each request that gives up on it.
    fn connecting(&self) -> watch::Receiver<Option<Result<Live, RedisError>>> {
        let mut state = self.shared.state.write().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            // One whose sender is gone without an outcome has died with its runtime.
            State::Connecting(outcome) if outcome.has_changed().is_ok() => return outcome.clone(),
            State::Connected(live) if !live.is_lost() => return watch::channel(Some(Ok(live.clone()))).1,
            State::Idle | State::Connecting(_) | State::Connected(_) => {}
        }
        let (sender, outcome) = watch::channel(None);
        *state = State::Connecting(outcome.clone());
        drop(state);
        let (shared, limit) = (Arc::clone(&self.shared), self.timeout);
        tokio::spawn(async move {
            let timed_out = |_| Err(RedisError::from(io::Error::new(io::ErrorKind::TimedOut, unanswered(limit))));
            let made = timeout(limit, shared.target.open()).await.unwrap_or_else(timed_out);
            let mut state = shared.state.write().unwrap_or_else(PoisonError::into_inner);
            *state = match &made {
                Ok(live) => State::Connected(live.clone()),
                Err(error) => {
                    // Every request that fails of it says so, too.
                    tracing::debug!(error = %told(error), "cannot connect to Redis");
                    State::Idle
                }
            };
            drop(state);
            sender.send_replace(Some(made));
        });
        outcome
    }

    /// Lets go of a connection, if it is still the one in use.
    fn retire(&self, used: &Mark) {
        let mut state = self.shared.state.write().unwrap_or_else(PoisonError::into_inner);
        if !used.heals && matches!(&*state, State::Connected(live) if Arc::ptr_eq(&live.link, &used.link)) {
            *state = State::Idle;
        }
    }
}

impl Shared {
    fn connected(&self) -> Option<Live> {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Connected(live) if !live.is_lost() => Some(live.clone()),
            State::Idle | State::Connecting(_) | State::Connected(_) => None,
        }
    }
}

impl fmt::Debug for Connection {
    /// Without the URL, which holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Target {
    /// Connects.
    async fn open(&self) -> Result<Live, RedisError> {
        let link = Link::new();
        let connection = match self {
            Self::Server(client) => {
                let told = Arc::clone(&link);
                let notice = move |info: PushInfo| {
                    if info.kind == PushKind::Disconnection {
                        told.closed.store(true, Ordering::Release);
                    }
                    Ok::<(), redis::aio::SendError>(())
                };
                // The time limit is that of the whole call. As many requests as a busy server has at once find room in
                // the queue, so that none waits twice.
                let config = AsyncConnectionConfig::new()
                    .set_pipeline_buffer_size(1024)
                    .set_connection_timeout(None)
                    .set_response_timeout(None)
                    .set_push_sender(notice);
                Kind::Server(client.get_multiplexed_async_connection_with_config(&config).await?)
            }
            #[cfg(feature = "cluster")]
            Self::Cluster(client) => Kind::Cluster(client.get_async_connection().await?),
        };
        Ok(Live { connection, link })
    }
}

/// A connection that was made.
#[derive(Clone)]
pub(crate) struct Live {
    connection: Kind,
    link: Arc<Link>,
}

/// A connection that was used.
struct Mark {
    link: Arc<Link>,
    heals: bool,
}

#[derive(Clone)]
enum Kind {
    Server(MultiplexedConnection),
    #[cfg(feature = "cluster")]
    Cluster(redis::cluster_async::ClusterConnection),
}

/// What tells at once that a connection is lost, so that no request is sent into the void.
struct Link {
    closed: AtomicBool,
    /// A task that does nothing. Once it is over, the runtime is, and with it the task that serves the connection.
    runtime: AbortHandle,
}

impl Link {
    fn new() -> Arc<Self> {
        let runtime = tokio::spawn(std::future::pending::<()>()).abort_handle();
        Arc::new(Self { closed: AtomicBool::new(false), runtime })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.runtime.abort();
    }
}

impl Live {
    /// Sends one command, and waits for its answer.
    pub(crate) async fn send(&mut self, command: &Cmd) -> Result<Value, RedisError> {
        let answer = match &mut self.connection {
            Kind::Server(connection) => connection.send_packed_command(command).await,
            #[cfg(feature = "cluster")]
            Kind::Cluster(connection) => redis::aio::ConnectionLike::req_packed_command(connection, command).await,
        };
        match answer? {
            Value::ServerError(error) => Err(error.into()),
            answer => Ok(answer),
        }
    }

    /// What tells this connection from others, and whether it heals by itself.
    fn mark(&self) -> Mark {
        // A connection to a cluster is many, and looks after each.
        Mark { link: Arc::clone(&self.link), heals: !matches!(self.connection, Kind::Server(_)) }
    }

    fn is_lost(&self) -> bool {
        self.link.closed.load(Ordering::Acquire) || self.link.runtime.is_finished()
    }
}

fn unanswered(limit: Duration) -> String {
    format!("Redis did not answer within {limit:?}")
}

/// Whether after this error another connection is better than this one. A server that has become a replica is no longer
/// the one that its name stands for.
fn is_lost(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_unrecoverable_error()
        || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
}

/// What went wrong, without what the client adds of its own, which may hold parts of the URL.
pub(crate) fn told(error: &RedisError) -> String {
    match (error.kind(), error.code()) {
        (ErrorKind::Io, _) => error.to_string(),
        (_, Some(code)) => format!("{code} {}", error.detail().unwrap_or_default()),
        _ => error.category().to_owned(),
    }
}
