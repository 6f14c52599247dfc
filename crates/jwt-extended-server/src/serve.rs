//! Listening, and ending gracefully.

use std::{io, net::SocketAddr, time::Duration};

use jwt_extended_axum::JwtManager;
use tokio::{net::TcpListener, signal, task::JoinSet};

use crate::{App, Settings, StartError, Users, router, settings::manager, store::Opened};

/// How long requests under way may take to end after a signal.
const GRACE: Duration = Duration::from_secs(10);

/// How often what is over is forgotten, and how much of it at once.
const PURGE_EVERY: Duration = Duration::from_mins(1);
const PURGE_BATCH: u32 = 1000;

/// Serves until a signal ends it.
pub(crate) async fn run(settings: Settings) -> Result<(), StartError> {
    let Opened { sessions, users } = settings.store.open().await?;
    let users = match (settings.users, users) {
        (Some(listed), _) => listed,
        (None, Some(database)) => Users::of(database)?,
        (None, None) => return Err(StartError::NoUsers),
    };
    let jwt = manager(settings.config, sessions, &users)?;
    let listener = listen(settings.listen).await?;
    let end = signal_to_end()?;
    let address = listener.local_addr().unwrap_or(settings.listen);
    tracing::info!(%address, store = %settings.store, "listening");
    if matches!(users.is_empty().await, Ok(true)) {
        tracing::warn!("there are no users yet; add one with `user add`");
    }
    serve(listener, end, App { jwt, users }).await
}

pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::AddrInUse => "another program uses it".to_owned(),
            _ => error.to_string(),
        };
        StartError::Listen { address, why }
    })
}

pub(crate) async fn serve(
    listener: TcpListener,
    end: impl Future<Output = ()> + Send + 'static,
    app: App,
) -> Result<(), StartError> {
    let (ended, mut ending) = tokio::sync::watch::channel(());
    let signalled = async move {
        end.await;
        tracing::info!("ending; requests under way have ten seconds");
        // Whoever waits for it may have gone.
        let _ = ended.send(());
    };
    // Ends with the server: it is dropped.
    let mut purging = JoinSet::new();
    purging.spawn(purge(app.jwt.clone()));
    let server = axum::serve(listener, router(app)).with_graceful_shutdown(signalled);
    let out_of_time = async move {
        if ending.changed().await.is_ok() {
            tokio::time::sleep(GRACE).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        result = server.into_future() => result.map_err(|error| StartError::Stopped(error.to_string())),
        () = out_of_time => Ok(()),
    }
}

/// Forgets what is over, now and then, in batches that keep no request waiting.
async fn purge(jwt: JwtManager) {
    loop {
        tokio::time::sleep(PURGE_EVERY).await;
        loop {
            match jwt.purge_sessions(PURGE_BATCH).await {
                Ok(purged) if purged >= u64::from(PURGE_BATCH) => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "the store was not purged; it is tried again in a minute");
                    break;
                }
            }
        }
    }
}

/// Ctrl-C, or what a service manager sends. From this call on, not from when it is awaited: whoever reads that the server
/// listens may end it.
pub(crate) fn signal_to_end() -> Result<impl Future<Output = ()> + Send + 'static, StartError> {
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
