//! Structured logs on standard error. No log line contains a token: requests are logged by route, not by address.

use axum::http::Method;
use clap::{Args, ValueEnum};
use tracing_subscriber::fmt;

use crate::answered::Answered;

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

/// Starts logging. A second call has no effect.
pub(crate) fn start(log: Log) {
    // A line that cannot be written would be reported to the same standard error, with a panic if that is closed.
    let builder = fmt().with_writer(std::io::stderr).log_internal_errors(false);
    let builder = builder.with_max_level(log.log_level).with_target(false);
    // Fails only if a logger is already set, which then stays in use.
    let _ = match log.log_format {
        LogFormat::Json => tracing::subscriber::set_global_default(builder.json().flatten_event(true).finish()),
        LogFormat::Text => tracing::subscriber::set_global_default(builder.with_ansi(false).finish()),
    };
}

/// Logs one line per request: method, route, status, duration, and the code of the rejection if there is one.
pub(crate) fn log_request(answered: &Answered) {
    let Answered { method, status, refused, took, .. } = answered;
    tracing::info!(
        method = METHODS.iter().find(|known| *known == method).map_or("other", Method::as_str),
        route = answered.route(),
        status = status.as_u16(),
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        refused,
        "request"
    );
}
