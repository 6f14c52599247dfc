//! The metrics of requests: logins and refusals, by what each request was answered with.

use std::borrow::Cow;

use axum::http::{Method, StatusCode};
use prometheus_client::{
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

use super::{Counters, histogram};
use crate::answered::Answered;

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

    /// Counts a request that has been answered.
    pub(crate) fn count(&self, answered: &Answered) {
        let Answered { method, status, refused, took, .. } = answered;
        let route = answered.route();
        let label: Route = ("route", Cow::Owned(route.to_owned()));
        if *method == Method::POST && matches!(route, "/" | "/login" | "/token") {
            let is_good = status.is_success() || *status == StatusCode::SEE_OTHER;
            let result = if is_good { "ok" } else { refused.unwrap_or("other") };
            self.logins.get_or_create(&[("result", result)]).inc();
        }
        if let Some(reason) = refused {
            self.refused.get_or_create(&[("reason", Cow::Borrowed(*reason)), label.clone()]).inc();
        }
        self.all.get_or_create(&[label.clone(), ("status", Cow::Borrowed(class(*status)))]).inc();
        self.took.get_or_create(&[label]).observe(took.as_secs_f64());
    }
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
