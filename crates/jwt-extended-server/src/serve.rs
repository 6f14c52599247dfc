//! Listening, and ending gracefully.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{net::TcpListener, signal};

use crate::{App, Settings, StartError, router};

/// How long requests under way may take to end after a signal.
const GRACE: Duration = Duration::from_secs(10);

/// Serves until a signal ends it.
pub(crate) async fn run(settings: Settings) -> Result<(), StartError> {
    let listener = listen(settings.listen).await?;
    let address = listener.local_addr().unwrap_or(settings.listen);
    tracing::info!(%address, "listening");
    serve(listener, App { jwt: settings.jwt, users: settings.users }).await
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

pub(crate) async fn serve(listener: TcpListener, app: App) -> Result<(), StartError> {
    let (ended, mut end) = tokio::sync::watch::channel(());
    let signalled = async move {
        signal_to_end().await;
        tracing::info!("ending; requests under way have ten seconds");
        // Whoever waits for it may have gone.
        let _ = ended.send(());
    };
    let server = axum::serve(listener, router(app)).with_graceful_shutdown(signalled);
    let out_of_time = async move {
        if end.changed().await.is_ok() {
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

/// Ctrl-C, or what a service manager sends.
async fn signal_to_end() {
    let interrupt = async {
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
