//! Serves requests until a signal ends the server, and purges the store meanwhile.

use std::time::Duration;

use jwt_extended_axum::{
    JwtManager,
    jwt_extended::{Clock as _, SystemClock},
};
use tokio::{signal, task::JoinSet};

use crate::{
    App, Attempts, Metadata, Settings, StartError, Users, connections, demo,
    keys::LiveKeys,
    limits::Limits,
    listen::Listener,
    router,
    settings::manager,
    store::{Absence, OpenStore},
};

/// How often the store is purged, and how many entries at once.
const PURGE_EVERY: Duration = Duration::from_mins(1);
const PURGE_BATCH: u32 = 1000;

/// Serves until a signal ends it.
pub(crate) async fn run(settings: Settings) -> Result<(), StartError> {
    if let Some(listed) = &settings.users {
        demo::refuse_public_passwords(listed).await?;
    }
    let OpenStore { sessions, users, attempts } = settings.store.open(Absence::Created).await?;
    let database = users.clone();
    let users = match (settings.users, users) {
        (Some(listed), _) => listed,
        (None, Some(database)) => {
            let users = Users::in_database(database)?;
            demo::refuse_public_passwords(&users).await?;
            users
        }
        (None, None) => return Err(StartError::NoUsers),
    };
    let metadata = Metadata::of(&settings.config, &settings.clients);
    let (live_keys, schedule) = match settings.keys {
        None => (None, None),
        Some(place) => {
            let (store, now) = (settings.store.to_string(), SystemClock.now());
            let (live, schedule) = LiveKeys::open(place, database, &store, &settings.config, now).await?;
            (Some(live), Some(schedule))
        }
    };
    let jwt = manager(settings.config, settings.issuers, sessions, &users, schedule)?;
    // Dropped with the server, which aborts the task.
    let mut following = JoinSet::new();
    if let Some(live) = live_keys {
        following.spawn(live.follow(jwt.clone()));
    }
    let listener = Listener::bind(&settings.listen).await?;
    let shutdown = shutdown_signal()?;
    let address = listener.address().unwrap_or(settings.listen);
    tracing::info!(%address, store = %settings.store, "listening");
    if jwt.key_ring().to_jwk_set().keys.is_empty() {
        tracing::info!(
            "/.well-known/jwks.json has no keys, because a shared secret signs; set JWT_ALGORITHM and JWT_PRIVATE_KEY so \
             that other services can verify the tokens"
        );
    }
    if matches!(users.is_empty().await, Ok(true)) {
        tracing::warn!("there are no users yet; add one with `user add`");
    }
    let Settings { cors, forward_auth, clients, limits, guessing, .. } = settings;
    let attempts = Attempts::new(attempts, guessing);
    let app = App { jwt, users, cors, metadata, forward_auth, clients, attempts };
    serve(listener, shutdown, app, limits).await;
    Ok(())
}

/// Serves until `shutdown` completes and the requests in flight have ended, or their grace period has.
pub(crate) async fn serve(listener: Listener, shutdown: impl Future<Output = ()>, app: App, limits: Limits) {
    // Dropped with the server, which aborts the task.
    let mut purging = JoinSet::new();
    purging.spawn(purge(app.jwt.clone()));
    purging.spawn(purge_attempts(app.attempts.clone(), app.jwt.clone()));
    limits.compare_with_open_files();
    connections::serve(listener, shutdown, router(app), limits).await;
}

/// Deletes ended sessions from time to time, in batches small enough not to delay requests.
async fn purge(jwt: JwtManager) {
    loop {
        tokio::time::sleep(PURGE_EVERY).await;
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
async fn purge_attempts(attempts: Attempts, jwt: JwtManager) {
    loop {
        tokio::time::sleep(PURGE_EVERY).await;
        loop {
            match attempts.purge(jwt.now(), PURGE_BATCH).await {
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
