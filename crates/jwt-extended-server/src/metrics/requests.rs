//! The metrics of requests: logins and refusals, which a layer reads from the responses.

use std::{borrow::Cow, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::Response,
};
use prometheus_client::{
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

use super::{Counters, histogram};
use crate::logging::refusal_code;

/// The pattern of a route, of which there are as many as the router has.
type Route = (&'static str, Cow<'static, str>);

/// What requests count.
#[derive(Clone, Debug)]
pub(crate) struct Requests {
    all: Family<[Route; 2], Counter>,
    took: Family<[Route; 1], Histogram>,
    refused: Family<[Route; 2], Counter>,
    logins: Counters,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            all: Family::default(),
            took: Family::new_with_constructor(histogram),
            refused: Family::default(),
            logins: Family::default(),
        }
    }
}

impl Requests {
    pub(super) fn register(&self, registry: &mut Registry) {
        for result in ["ok", "bad_credentials", "busy", "users_unavailable", "store_unavailable"] {
            drop(self.logins.get_or_create(&[("result", result)]));
        }
        let help = "Logins by their result: ok, or the code of the rejection";
        registry.register("logins", help, self.logins.clone());
        let help = "Rejections by their code, and the pattern of the route";
        registry.register("refusals", help, self.refused.clone());
        let help = "Requests by the pattern of the route, and the class of the status";
        registry.register("requests", help, self.all.clone());
        let help = "How long the server worked on a request";
        registry.register("request_duration_seconds", help, self.took.clone());
    }
}

/// Counts a request when it has been answered.
pub(crate) async fn observe(State(requests): State<Requests>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let is_login = request.method() == Method::POST;
    // The route's pattern instead of the path, which a client chooses freely.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let label: Route = ("route", Cow::Owned(route.to_owned()));
    let status = response.status();
    let reason = refusal_code(&response);
    if is_login && matches!(route, "/login" | "/token") {
        let is_good = status.is_success() || status == StatusCode::SEE_OTHER;
        let result = if is_good { "ok" } else { reason.unwrap_or("other") };
        requests.logins.get_or_create(&[("result", result)]).inc();
    }
    if let Some(reason) = reason {
        requests.refused.get_or_create(&[("reason", Cow::Borrowed(reason)), label.clone()]).inc();
    }
    requests.all.get_or_create(&[label.clone(), ("status", Cow::Borrowed(class(status)))]).inc();
    requests.took.get_or_create(&[label]).observe(started.elapsed().as_secs_f64());
    response
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
