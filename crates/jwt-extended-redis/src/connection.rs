//! The connection to Redis. All requests share one connection, which is opened when a request needs it and replaced
//! when it is lost.
//!
//! This module knows nothing of sessions and of the content of keys. It only defines [`Failure::Foreign`], which the
//! modules that read keys return.
//!
//! [`redis::aio::ConnectionManager`] with one retry would take half as many lines (150 instead of 290), but two tests
//! fail with it. If Redis refuses a new connection once, for example because its user is disabled, the manager returns
//! that error forever. It also keeps a connection on which Redis no longer answers, so all calls fail until the app
//! restarts.

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

/// The reason why a call failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Redis or the connection to it failed.
    #[error("{}", describe(.0))]
    Redis(#[from] RedisError),
    /// The value of a key, or a reply, is not in this store's format.
    #[error("a key holds something that another program has written; give this store its own prefix")]
    Foreign,
}

/// The reason why a call has no answer. The text does not contain the URL.
#[derive(Debug)]
pub(crate) struct Unavailable(pub(crate) String);

impl From<Unavailable> for StoreError {
    fn from(Unavailable(why): Unavailable) -> Self {
        Self::Unavailable(why)
    }
}

/// The server or cluster to connect to.
pub(crate) enum Target {
    /// One server.
    Server(Box<Client>),
    /// The master that sentinels name.
    #[cfg(feature = "sentinel")]
    Sentinels(Box<crate::sentinels::Sentinels>),
    /// A cluster.
    #[cfg(feature = "cluster")]
    Cluster(Box<redis::cluster::ClusterClient>),
}

/// The shared connection, and the time limit of each call.
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
    /// There is no connection, and no request is waiting for one.
    Idle,
    /// A task is connecting, and all requests wait for its outcome.
    Connecting(watch::Receiver<Option<Result<Live, RedisError>>>),
    /// The connection is open.
    Connected(Live),
}

impl Connection {
    /// Prepares a connection without opening it.
    pub(crate) fn new(target: Target, timeout: Duration) -> Self {
        Self { shared: Arc::new(Shared { target, state: RwLock::new(State::Idle) }), timeout }
    }

    /// Returns how long a call may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Whether it is to a cluster, where a script reaches the keys of one node.
    pub(crate) fn is_cluster(&self) -> bool {
        self.shared.target.is_cluster()
    }

    /// Opens another connection, for commands that wait.
    pub(crate) async fn open_another(&self) -> Result<Live, Unavailable> {
        match timeout(self.timeout, self.shared.target.open()).await {
            Ok(Ok(live)) => Ok(live),
            Ok(Err(error)) => Err(Unavailable(describe(&error))),
            Err(_) => Err(Unavailable(unanswered(self.timeout))),
        }
    }

    /// Runs some work on the connection. The time limit covers connecting as well.
    ///
    /// The work is a closure that returns an async block. `cargo xtask coverage` would report the lines of an async
    /// closure that captures something as not run.
    pub(crate) async fn within<T, W, F>(&self, work: W) -> Result<T, Unavailable>
    where
        W: FnOnce(Live) -> F,
        F: Future<Output = Result<T, Failure>>,
    {
        let mut used = None;
        let attempt = async {
            let live = self.live().await?;
            used = live.replaceable();
            work(live).await
        };
        let (is_lost, why) = match timeout(self.timeout, attempt).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(failure)) => (failure.loses_connection(), failure.to_string()),
            // The connection may be dead, so later requests get another one. Requests in flight on it wait until their
            // own time limits.
            Err(_) => (true, unanswered(self.timeout)),
        };
        if let Some(used) = used.filter(|_| is_lost) {
            self.retire(&used);
        }
        Err(Unavailable(why))
    }

    /// Returns the connection. Opens one first if there is none.
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

    /// Starts to connect, unless a task is connecting already. The task is separate from the request that started it,
    /// so that it goes on if this request reaches its time limit.
    fn connecting(&self) -> watch::Receiver<Option<Result<Live, RedisError>>> {
        let mut state = self.shared.state.write().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            // If the sender is gone without an outcome, the runtime of its task has ended.
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
                    // Each request that fails because of this error reports it too, so the level debug is enough.
                    tracing::debug!(error = %describe(error), "cannot connect to Redis");
                    State::Idle
                }
            };
            drop(state);
            sender.send_replace(Some(made));
        });
        outcome
    }

    /// Drops a connection, unless another one has already replaced it.
    fn retire(&self, used: &Arc<Link>) {
        let mut state = self.shared.state.write().unwrap_or_else(PoisonError::into_inner);
        if matches!(&*state, State::Connected(live) if Arc::ptr_eq(&live.link, used)) {
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
    /// Leaves out the target, because its URL contains a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Target {
    fn is_cluster(&self) -> bool {
        match self {
            Self::Server(_) => false,
            #[cfg(feature = "sentinel")]
            Self::Sentinels(_) => false,
            #[cfg(feature = "cluster")]
            Self::Cluster(_) => true,
        }
    }

    /// Connects.
    async fn open(&self) -> Result<Live, RedisError> {
        let link = Link::new();
        let connection = match self {
            Self::Server(client) => {
                Kind::Server(client.get_multiplexed_async_connection_with_config(&link.config()).await?)
            }
            #[cfg(feature = "sentinel")]
            Self::Sentinels(sentinels) => Kind::Server(sentinels.connect(&link.config()).await?),
            #[cfg(feature = "cluster")]
            Self::Cluster(client) => Kind::Cluster(client.get_async_connection().await?),
        };
        Ok(Live { connection, link })
    }
}

/// An open connection.
#[derive(Clone)]
pub(crate) struct Live {
    connection: Kind,
    link: Arc<Link>,
}

#[derive(Clone)]
enum Kind {
    Server(MultiplexedConnection),
    #[cfg(feature = "cluster")]
    Cluster(redis::cluster_async::ClusterConnection),
}

/// Shows whether a connection is lost, before a request is sent on it.
struct Link {
    closed: AtomicBool,
    /// A task that waits forever. It ends when its runtime ends, as does the task that serves the connection. So if
    /// this one has ended, the connection is lost.
    runtime: AbortHandle,
}

impl Link {
    fn new() -> Arc<Self> {
        let runtime = tokio::spawn(std::future::pending::<()>()).abort_handle();
        Arc::new(Self { closed: AtomicBool::new(false), runtime })
    }

    /// Returns how to connect, so that the link notices when the connection is closed.
    fn config(self: &Arc<Self>) -> AsyncConnectionConfig {
        let lost = Arc::clone(self);
        let notice = move |info: PushInfo| {
            if info.kind == PushKind::Disconnection {
                lost.closed.store(true, Ordering::Release);
            }
            Ok::<(), redis::aio::SendError>(())
        };
        // The caller limits the time. The queue has room for as many requests as a busy server handles at once, so that
        // none waits for a place in it.
        AsyncConnectionConfig::new()
            .set_pipeline_buffer_size(1024)
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_push_sender(notice)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.runtime.abort();
    }
}

impl Live {
    /// Sends one command and waits for its reply.
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

    /// Returns the identity of a connection that this module must replace when it is lost. `None` for a cluster,
    /// because its client replaces the connections to the nodes itself.
    fn replaceable(&self) -> Option<Arc<Link>> {
        matches!(self.connection, Kind::Server(_)).then(|| Arc::clone(&self.link))
    }

    fn is_lost(&self) -> bool {
        self.link.closed.load(Ordering::Acquire) || self.link.runtime.is_finished()
    }
}

impl Failure {
    /// Returns whether the connection must be replaced after this failure. That is also the case if the server has
    /// become a replica, because its address may now lead to another server.
    fn loses_connection(&self) -> bool {
        let Self::Redis(error) = self else { return false };
        error.is_io_error()
            || error.is_unrecoverable_error()
            || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
    }
}

pub(crate) fn unanswered(limit: Duration) -> String {
    format!("Redis did not answer within {limit:?}")
}

/// Describes an error. Leaves out the details that the client adds, because they may contain parts of the URL.
pub(crate) fn describe(error: &RedisError) -> String {
    match (error.kind(), error.code()) {
        (ErrorKind::Io, _) => error.to_string(),
        (_, Some(code)) => format!("{code} {}", error.detail().unwrap_or_default()),
        _ => error.category().to_owned(),
    }
}
