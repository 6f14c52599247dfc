//! Accepts connections and serves HTTP on them, within limits: of their number, and of the time that a client may take.
//!
//! A connection that waits for its client (for a head, a body, the next request, or until it reads) may lose its place
//! to a newcomer. One with a request in work keeps it. So clients that send nothing hold up nobody, however many.

mod places;
mod reports;
mod watch;

use std::{convert::Infallible, future::poll_fn, io, net::SocketAddr, pin::pin, sync::Arc, task::Poll, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, http::Response};
use hyper::{
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{sync::watch as channel, time::timeout};

pub(crate) use self::watch::LateBody;
use self::{
    places::{Place, Places},
    reports::Reports,
    watch::{Watch, WatchedBody, WatchedStream},
};
use crate::{
    limits::Limits,
    listen::{Listener, Stream},
    metrics::Connections,
};

/// How long requests in flight may take after a signal.
const GRACE: Duration = Duration::from_secs(10);

/// How long to wait after an error of the system, such as too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// The longest head of a request, in bytes.
const HEAD_LIMIT: usize = 64 * 1024;

/// What connections serve. A channel holds it, so that it can be replaced while they are open: the next request of each
/// connection gets the new router, and the next connection the new time limits.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) router: Router,
    pub(crate) limits: Limits,
}

/// Serves until `shutdown` completes and the requests in flight have ended, or their grace period has.
pub(crate) async fn serve(
    listener: Listener,
    shutdown: impl Future<Output = ()>,
    service: channel::Receiver<Service>,
    metrics: Connections,
) {
    let (stop, stopping) = channel::channel(());
    let places = Places::new(service.borrow().limits.connections, metrics);
    tokio::select! {
        () = accept(&listener, &places, &service, &stopping) => {}
        () = shutdown => {}
    }
    tracing::info!("shutting down; requests in flight have ten seconds");
    drop(listener);
    drop(stopping);
    // Fails if there is no connection.
    let _ = stop.send(());
    // Elapses if a request is still in flight.
    let _ = timeout(GRACE, stop.closed()).await;
}

/// Accepts connections forever. An error never ends it: those of one connection are the client's, the others pass.
async fn accept(
    listener: &Listener,
    places: &Arc<Places>,
    service: &channel::Receiver<Service>,
    stopping: &channel::Receiver<()>,
) {
    let mut reports = Reports::default();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Some(place) = find_place(places, &mut reports).await {
                    tokio::spawn(converse((stream, peer), place, service.clone(), stopping.clone()));
                }
            }
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                reports.failed(&error, places);
                // A connection that only waits gives its file to the next one.
                places.make_room();
                let _ = timeout(PAUSE, places.room()).await;
            }
        }
    }
}

async fn find_place(places: &Arc<Places>, reports: &mut Reports) -> Option<Place> {
    if let Some(place) = places.take_free() {
        return Some(place);
    }
    let place = places.take().await;
    reports.full(place.as_ref(), places);
    place
}

/// Returns true for an error that concerns only the connection which was about to be accepted.
fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};

    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Serves the requests of one connection until it ends, takes too long, or must make room.
async fn converse(
    (stream, peer): (Box<dyn Stream>, SocketAddr),
    place: Place,
    service: channel::Receiver<Service>,
    mut stopping: channel::Receiver<()>,
) {
    let limits = service.borrow().limits;
    let watch = Watch::new(place, limits);
    let service = service_fn(|request| answer(request, peer, watch.clone(), service.borrow().router.clone()));
    let stream = TokioIo::new(WatchedStream { stream, watch: watch.clone() });
    let mut http = http1::Builder::new();
    // The watch keeps the time, because hyper does not tell an idle connection from a head that does not arrive.
    http.header_read_timeout(None).max_buf_size(HEAD_LIMIT);
    let mut connection = pin!(http.serve_connection(stream, service));
    let mut time = pin!(tokio::time::sleep(limits.head));
    let mut is_stopping = false;
    loop {
        let conversation = poll_fn(|cx| {
            // An error is the client's: it has gone, or has not spoken HTTP.
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let Some(deadline) = watch.deadline() else { return Poll::Pending };
            if time.deadline() != deadline {
                time.as_mut().reset(deadline);
            }
            time.as_mut().poll(cx)
        });
        tokio::select! {
            biased;
            () = conversation => return,
            () = watch.place().closed() => return,
            _ = stopping.changed(), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Answers one request.
async fn answer(
    request: hyper::Request<hyper::body::Incoming>,
    peer: SocketAddr,
    watch: Arc<Watch>,
    router: Router,
) -> Result<Response<Body>, Infallible> {
    watch.begin_work();
    let late = LateBody::default();
    let mut request = request.map(|body| WatchedBody::new(body, watch.clone(), late.clone()));
    request.extensions_mut().insert(late);
    request.extensions_mut().insert(ConnectInfo(peer));
    let answer = TowerToHyperService::new(router).call(request).await;
    watch.begin_answer();
    answer
}
