//! Structured logs on standard error. No log line contains a token: requests are logged by route, not by address.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::Method,
    middleware::Next,
    response::Response,
};
use clap::{Args, ValueEnum};
use jwt_extended_axum::jwt_extended::Rejection;
use tracing_subscriber::fmt;

/// The options of the log on the command line.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Log {
    /// The format of the log: one JSON object per line, or text.
    #[arg(long, value_enum, default_value_t = LogFormat::Json)]
    log_format: LogFormat,
    /// The lowest level to log: error, warn, info, debug or trace.
    #[arg(long, default_value = "info")]
    log_level: tracing::Level,
}

impl Log {
    /// Returns the options of a command that writes audit events.
    pub(crate) fn of_audit() -> Self {
        Self { log_format: LogFormat::Json, log_level: tracing::Level::INFO }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LogFormat {
    Json,
    Text,
}

/// The methods that may appear in logs. Any other could be a word that a client has made up.
const METHODS: [Method; 9] = [
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

/// The code of a refusal that is not a [`Rejection`], for the log: put it into the extensions of the response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RefusalCode(pub(crate) &'static str);

/// Starts logging. A second call has no effect.
pub(crate) fn start(log: Log) {
    let builder = fmt().with_writer(std::io::stderr).with_max_level(log.log_level).with_target(false);
    // Fails only if a logger is already set, which then stays in use.
    let _ = match log.log_format {
        LogFormat::Json => tracing::subscriber::set_global_default(builder.json().flatten_event(true).finish()),
        LogFormat::Text => tracing::subscriber::set_global_default(builder.with_ansi(false).finish()),
    };
}

/// Logs one line per request: method, route, status, duration, and the code of the rejection if there is one.
pub(crate) async fn requests(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = METHODS.iter().find(|known| *known == request.method()).map_or("other", Method::as_str);
    // The route's pattern instead of the path, which a client chooses freely.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let refused = refusal_code(&response);
    tracing::info!(
        method,
        route = route.as_ref().map_or("none", MatchedPath::as_str),
        status = response.status().as_u16(),
        micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        refused,
        "request"
    );
    response
}

/// Returns the code of a refusal, of whichever kind.
pub(crate) fn refusal_code(response: &Response) -> Option<&'static str> {
    let rejected = response.extensions().get::<Rejection>().map(Rejection::code);
    rejected.or_else(|| response.extensions().get().map(|RefusalCode(code)| *code))
}
