//! Listening, and ending gracefully.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{net::TcpListener, signal};

use crate::{App, Settings, StartError, router};

/// How long requests under way may take to end after a signal.
const GRACE: Duration = Duration::from_secs(10);

/// Serves until a signal ends it.
pub(crate) async fn run(settings: Settings) -> Result<(), StartError> {
    let listener = listen(settings.listen).await?;
    let end = signal_to_end()?;
    let address = listener.local_addr().unwrap_or(settings.listen);
    tracing::info!(%address, "listening");
    serve(listener, end, App { jwt: settings.jwt, users: settings.users }).await
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
