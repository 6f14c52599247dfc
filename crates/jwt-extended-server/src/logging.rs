//! Structured logs on standard error. Nothing that is logged holds a token: requests are logged by route, not by address.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::Method,
    middleware::Next,
    response::Response,
};
use jwt_extended_axum::jwt_extended::Rejection;
use tracing_subscriber::fmt;

use crate::cli::{Log, LogFormat};

/// The methods that logs name.
const USUAL: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::CONNECT,
    Method::TRACE,
];

/// Starts logging; a second start changes nothing.
pub(crate) fn start(log: Log) {
    let builder = fmt().with_writer(std::io::stderr).with_max_level(log.log_level).with_target(false);
    // It only fails if a logger is there already, which is then the one to use.
    let _ = match log.log_format {
        LogFormat::Json => tracing::subscriber::set_global_default(builder.json().flatten_event(true).finish()),
        LogFormat::Text => tracing::subscriber::set_global_default(builder.with_ansi(false).finish()),
    };
}

/// Logs one line for each request: method, route, status, duration, and why it was refused.
pub(crate) async fn requests(request: Request, next: Next) -> Response {
    let started = Instant::now();
    // A method may be any word, so only the usual ones are named.
    let method = USUAL.iter().find(|usual| *usual == request.method()).map_or("other", Method::as_str);
    // The route as it is written in the code: an address may hold anything.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let refused = response.extensions().get::<Rejection>();
    tracing::info!(
        method,
        route = route.as_ref().map_or("none", MatchedPath::as_str),
        status = response.status().as_u16(),
        micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        refused = refused.map(Rejection::code),
        "request"
    );
    response
}
