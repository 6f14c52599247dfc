//! Serves requests until a signal ends the server, and purges the store meanwhile.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::middleware;
use jwt_extended_axum::{
    JwtManager,
    jwt_extended::{Clock as _, SystemClock},
    session::SessionStore,
};
use tokio::{signal, sync::watch, task::JoinSet};

use crate::{
    App, AppParts, Attempts, Database, Metadata, Settings, StartError, Users,
    attempts::Counters,
    connections::{self, Service},
    demo,
    keys::{self, KeyPlace, KeysError, LiveKeys},
    limits::Limits,
    listen::Listener,
    metrics::{Connections, Measured, Metrics},
    observe,
    reload::{self, Fixed, Hangups},
    router,
    settings::{Source, manager},
    store::{Absence, OpenError, OpenStore},
    users::Gate,
};

/// How often the store is purged, and how many entries at once.
const PURGE_EVERY: Duration = Duration::from_mins(1);
const PURGE_BATCH: u32 = 1000;

/// Serves until a signal ends it. SIGHUP reads the settings again.
pub(crate) async fn run(source: Source) -> Result<(), StartError> {
    // Caught from the beginning: a service manager may ask for a reload at any time.
    let hangups = Hangups::catch()?;
    let settings = source.load().await?;
    let (fixed, limits, address) = (Fixed::of(&settings), settings.limits, settings.listen.clone());
    let advice = advice_on_secrets(settings.keys.as_ref());
    let metrics = Metrics::default();
    let opened = Opened::new(open_store(&settings).await?, &metrics);
    let prepared = opened.prepare(settings).await?;
    let app = &prepared.app;
    let listener = Listener::bind(&address).await?;
    let metrics_listener = match &fixed.metrics_listen {
        Some(address) => Some(Listener::bind_for_metrics(address).await?),
        None => None,
    };
    let shutdown = shutdown_signal()?;
    let address = listener.address().unwrap_or(address);
    tracing::info!(%address, store = %fixed.store, "listening");
    if app.jwt.key_ring().signing_key().is_some_and(|key| !keys::is_published(key.algorithm())) {
        let shown =
            if app.jwt.key_ring().to_jwk_set().keys.is_empty() { "has no keys" } else { "lacks the key that signs" };
        tracing::info!(
            "/.well-known/jwks.json {shown}, because a shared secret signs; {advice} so that other services can verify \
             the tokens"
        );
    }
    if matches!(app.users.is_empty().await, Ok(true)) {
        tracing::warn!("there are no users yet; add one with `user add`");
    }
    metrics.reloads.started();
    // Dropped with the server, which aborts the tasks.
    let mut beside = JoinSet::new();
    if let Some(listener) = metrics_listener {
        beside.spawn(serve_metrics(listener, metrics.clone()));
    }
    let running = Arc::new(Running::new(prepared, limits, metrics));
    beside.spawn(reload::at_each(hangups, source, fixed, opened, running.clone()));
    running.serve(listener, shutdown).await;
    Ok(())
}

/// Returns how to sign with a key that is published. Each place of the keys has a way of its own.
fn advice_on_secrets(keys: Option<&KeyPlace>) -> &'static str {
    match keys {
        None => "set JWT_ALGORITHM and JWT_PRIVATE_KEY",
        Some(KeyPlace::Store { algorithm, .. }) if keys::is_published(*algorithm) => "run `key rotate`",
        Some(_) => "set algorithm = \"ES256\" under [keys], and run `key rotate` with this file,",
    }
}

/// Opens the store, and creates it unless its keys must be in it.
async fn open_store(settings: &Settings) -> Result<OpenStore, StartError> {
    if !matches!(settings.keys, Some(KeyPlace::Store { .. })) {
        return settings.store.open_with(Absence::Created, settings.denylist).await;
    }
    // An empty store would look like a good one to the next command.
    settings.store.open_with(Absence::Refused, settings.denylist).await.map_err(|error| match error {
        StartError::Store(OpenError::Missing { address }) => KeysError::NoKeys(address).into(),
        error => error,
    })
}

/// What stays open when the settings are read again.
pub(crate) struct Opened {
    sessions: Arc<dyn SessionStore>,
    /// The users of the store, if it is an SQL database.
    database: Option<Database>,
    counters: Counters,
    gate: Gate,
}

/// The state of the routes, and the keys that it must follow.
pub(crate) struct Prepared {
    pub(crate) app: App,
    live_keys: Option<LiveKeys>,
}

impl From<App> for Prepared {
    /// Takes a state whose keys are options.
    fn from(app: App) -> Self {
        Self { app, live_keys: None }
    }
}

impl Opened {
    fn new(OpenStore { sessions, users, attempts }: OpenStore, metrics: &Metrics) -> Self {
        let sessions = Arc::new(Measured::new(sessions, &metrics.store));
        Self { sessions, database: users, counters: attempts, gate: Gate::new(metrics.hashing.clone()) }
    }

    /// Makes the state of the routes by these settings.
    pub(crate) async fn prepare(&self, settings: Settings) -> Result<Prepared, StartError> {
        let users = match (settings.users, &self.database) {
            (Some(listed), _) => listed,
            (None, Some(database)) => {
                let users = Users::in_database(database.clone())?;
                demo::refuse_public_passwords(&users).await?;
                users
            }
            (None, None) => return Err(StartError::NoUsers),
        };
        let users = users.behind(&self.gate);
        let metadata = Metadata::of(&settings.config, &settings.clients);
        let (live_keys, schedule) = match settings.keys {
            None => (None, None),
            Some(place) => {
                let (store, now) = (settings.store.to_string(), SystemClock.now());
                let database = self.database.clone();
                let (live, schedule) = LiveKeys::open(place, database, &store, &settings.config, now).await?;
                (Some(live), Some(schedule))
            }
        };
        let jwt = manager(settings.config, settings.issuers, self.sessions.clone(), &users, schedule)?;
        let attempts = Attempts::new(self.counters.clone(), settings.guessing);
        let (cors, forward_auth, clients) = (settings.cors, settings.forward_auth, settings.clients);
        let pages = settings.pages;
        let app = AppParts { jwt, users, cors, metadata, forward_auth, clients, attempts, pages }.into();
        Ok(Prepared { app, live_keys })
    }
}

/// Returns the state of a server with these settings, for a command. The store must exist.
pub(crate) async fn state(settings: Settings) -> Result<App, StartError> {
    let opened = Opened::new(settings.store.open(Absence::Refused).await?, &Metrics::default());
    Ok(opened.prepare(settings).await?.app)
}

/// A server whose routes can be replaced while it serves.
pub(crate) struct Running {
    service: watch::Sender<Service>,
    app: watch::Sender<App>,
    /// The task that keeps the keys of the present state up to date.
    following: Mutex<JoinSet<()>>,
    metrics: Metrics,
}

impl Running {
    pub(crate) fn new(Prepared { app, live_keys }: Prepared, limits: Limits, metrics: Metrics) -> Self {
        let running = Self {
            service: watch::Sender::new(service(app.clone(), limits, &metrics)),
            following: Mutex::default(),
            app: watch::Sender::new(app.clone()),
            metrics,
        };
        running.follow(live_keys, app.jwt.clone());
        running
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Answers the requests that come from now on by another state. Those in flight finish with the earlier one.
    pub(crate) fn replace(&self, Prepared { app, live_keys }: Prepared, limits: Limits) {
        self.app.send_replace(app.clone());
        self.service.send_replace(service(app.clone(), limits, &self.metrics));
        self.follow(live_keys, app.jwt.clone());
    }

    /// Follows the keys of this state, and no longer those of the earlier one.
    fn follow(&self, live_keys: Option<LiveKeys>, jwt: JwtManager) {
        // Nothing panics while it holds the lock, so the set is whole.
        let mut following = self.following.lock().unwrap_or_else(PoisonError::into_inner);
        following.abort_all();
        if let Some(live) = live_keys {
            following.spawn(live.follow(jwt));
        }
    }

    /// Serves until `shutdown` completes and the requests in flight have ended, or their grace period has.
    pub(crate) async fn serve(&self, listener: Listener, shutdown: impl Future<Output = ()>) {
        // Dropped with the server, which aborts the tasks.
        let mut purging = JoinSet::new();
        purging.spawn(purge(self.app.subscribe()));
        purging.spawn(purge_attempts(self.app.subscribe()));
        let service = self.service.subscribe();
        service.borrow().limits.compare_with_open_files();
        connections::serve(listener, shutdown, service, self.metrics.connections.clone()).await;
    }
}

fn service(app: App, limits: Limits, metrics: &Metrics) -> Service {
    let observed = middleware::from_fn_with_state(metrics.requests.clone(), observe::requests);
    Service { router: router(app).layer(observed), limits }
}

/// Serves the metrics forever. Their own connections are not counted: they have places of their own.
async fn serve_metrics(listener: Listener, metrics: Metrics) {
    if let Ok(address) = listener.address() {
        tracing::info!(%address, "metrics are at /metrics");
    }
    // The channel stays open while the future lives.
    let service = watch::Sender::new(Service { router: metrics.router(), limits: Metrics::limits() });
    connections::serve(listener, std::future::pending(), service.subscribe(), Connections::default()).await;
}

/// Deletes ended sessions from time to time, in batches small enough not to delay requests.
async fn purge(current: watch::Receiver<App>) {
    loop {
        tokio::time::sleep(PURGE_EVERY).await;
        let jwt = current.borrow().jwt.clone();
        loop {
            match jwt.purge_sessions(PURGE_BATCH).await {
                Ok(purged) if purged >= u64::from(PURGE_BATCH) => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "the store could not be purged; the next attempt is in a minute");
                    break;
                }
            }
        }
    }
}

/// Deletes counters of attempts that no longer count, in the same way.
async fn purge_attempts(current: watch::Receiver<App>) {
    loop {
        tokio::time::sleep(PURGE_EVERY).await;
        let app = current.borrow().clone();
        loop {
            match app.attempts.purge(app.jwt.now(), PURGE_BATCH).await {
                Ok(purged) if purged >= u64::from(PURGE_BATCH) => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "counters could not be purged; the next attempt is in a minute");
                    break;
                }
            }
        }
    }
}

/// Returns a future that completes on Ctrl-C, or on the signal of a service manager. Signals are caught from this call
/// on, not from the first poll: somebody may stop the server as soon as it reports that it listens.
pub(crate) fn shutdown_signal() -> Result<impl Future<Output = ()> + Send + 'static, StartError> {
    #[cfg(unix)]
    {
        use signal::unix::{SignalKind, signal};
        let catch = |kind| signal(kind).map_err(|error| StartError::Stopped(error.to_string()));
        let (mut interrupt, mut terminate) = (catch(SignalKind::interrupt())?, catch(SignalKind::terminate())?);
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
