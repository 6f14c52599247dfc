//! What the server counts and measures, for Prometheus: each part with its metrics, and the text at `/metrics`.
//!
//! Every label has a closed set of values: patterns of routes, and words of the source code (`&'static str`). No text
//! of a client can become a label. Recording works whether somebody reads it or not.

mod connections;
mod hashing;
mod reloads;
mod requests;
mod store;

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus_client::{
    encoding::text,
    metrics::{counter::Counter, family::Family, histogram::Histogram, info::Info},
    registry::Registry,
};

pub(crate) use self::{
    connections::Connections,
    hashing::Hashing,
    reloads::Reloads,
    requests::Requests,
    store::{Measured, Store},
};
use crate::limits::Limits;

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// One label, whose value is a word of the source code.
type Label = [(&'static str, &'static str); 1];
type Counters = Family<Label, Counter>;
type Histograms = Family<Label, Histogram>;

/// All metrics of the server. Clones are the same metrics.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) connections: Connections,
    pub(crate) hashing: Hashing,
    pub(crate) reloads: Reloads,
    pub(crate) requests: Requests,
    pub(crate) store: Store,
}

impl Metrics {
    /// Returns the limits of the listener for metrics: whoever reaches it must not take the open files of the logins.
    pub(crate) fn limits() -> Limits {
        Limits {
            connections: NonZeroUsize::MIN.saturating_add(15),
            head: Duration::from_secs(5),
            body: Duration::from_secs(5),
            idle: Duration::from_mins(2),
        }
    }

    /// Returns the routes of the listener for metrics: only `GET /metrics`.
    pub(crate) fn router(&self) -> Router {
        Router::new().route("/metrics", get(show)).with_state(Arc::new(self.registry()))
    }

    fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("jwt_extended");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version of the server", build);
        self.requests.register(&mut registry);
        self.hashing.register(&mut registry);
        self.store.register(&mut registry);
        self.connections.register(&mut registry);
        self.reloads.register(&mut registry);
        registry
    }
}

async fn show(State(registry): State<Arc<Registry>>) -> Response {
    let mut shown = String::new();
    match text::encode(&mut shown, &registry) {
        Ok(()) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], shown).into_response(),
        // Writing to a string cannot fail, but a metric of the library could.
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Returns an empty histogram of short times, from 100 microseconds to 10 seconds.
fn histogram() -> Histogram {
    Histogram::new([0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
}
