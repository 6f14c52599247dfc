//! The metrics of the store: a store that passes every call on to another, and measures it.
//!
//! The answers of a store in memory are there at once, and are not measured: that would take as long as the answer.

use std::{sync::Arc, time::Instant};

use jwt_extended_axum::{
    jwt_extended::Timestamp,
    session::{
        Answer, EndSessions, NewSession, RevokedToken, RotateOutcome, RotateRequest, Session, SessionStore, Standing,
        StoreError, TokenIds, TokenStatus, TouchRequest,
    },
};
use prometheus_client::{
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

use super::{Counters, Histograms, histogram};

const OPERATIONS: [&str; 8] = ["status", "revoke", "open", "rotate", "touch", "list", "end", "purge"];
const OUTCOMES: [&str; 4] = ["rotated", "repeated", "replayed", "ended"];

/// What a store counts.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    took: Histograms,
    errors: Counters,
    refreshes: Counters,
}

impl Default for Store {
    fn default() -> Self {
        let took = Family::new_with_constructor(histogram as fn() -> Histogram);
        Self { took, errors: Family::default(), refreshes: Family::default() }
    }
}

impl Store {
    pub(super) fn register(&self, registry: &mut Registry) {
        for operation in OPERATIONS {
            drop(self.errors.get_or_create(&[("operation", operation)]));
        }
        for result in OUTCOMES {
            drop(self.refreshes.get_or_create(&[("result", result)]));
        }
        let help = "Refresh tokens that the store was asked to rotate, by the outcome; a replayed one counts as stolen";
        registry.register("refreshes", help, self.refreshes.clone());
        let help = "How long the store took, by operation; a store in memory is not measured";
        registry.register("store_duration_seconds", help, self.took.clone());
        registry.register("store_errors", "Errors of the store, by operation", self.errors.clone());
    }

    fn count_refresh(&self, outcome: &RotateOutcome) {
        let result = match outcome {
            RotateOutcome::Rotated => "rotated",
            RotateOutcome::Repeated { .. } => "repeated",
            RotateOutcome::Replayed => "replayed",
            RotateOutcome::Ended => "ended",
        };
        self.refreshes.get_or_create(&[("result", result)]).inc();
    }
}

/// Measures the calls of one operation. The references are looked up once, not at each call.
struct Operation {
    took: Histogram,
    errors: Counter,
}

impl Operation {
    fn new(metrics: &Store, operation: &'static str) -> Self {
        let label = [("operation", operation)];
        Self { took: metrics.took.get_or_create_owned(&label), errors: metrics.errors.get_or_create_owned(&label) }
    }

    fn measure<'a, T: Send + 'a>(
        &'a self,
        answer: Answer<'a, Result<T, StoreError>>,
        note: impl FnOnce(&T) + Send + 'a,
    ) -> Answer<'a, Result<T, StoreError>> {
        match answer {
            Answer::Now(result) => Answer::Now(self.noted(result, note)),
            Answer::Later(future) => Answer::later(async move {
                let started = Instant::now();
                let result = future.await;
                self.took.observe(started.elapsed().as_secs_f64());
                self.noted(result, note)
            }),
        }
    }

    fn noted<T>(&self, result: Result<T, StoreError>, note: impl FnOnce(&T)) -> Result<T, StoreError> {
        match &result {
            Ok(value) => note(value),
            Err(_) => {
                self.errors.inc();
            }
        }
        result
    }
}

/// A store that is measured.
pub(crate) struct Measured {
    store: Arc<dyn SessionStore>,
    metrics: Store,
    status: Operation,
    revoke: Operation,
    open: Operation,
    rotate: Operation,
    touch: Operation,
    list: Operation,
    end: Operation,
    purge: Operation,
}

impl Measured {
    pub(crate) fn new(store: Arc<dyn SessionStore>, metrics: &Store) -> Self {
        let [status, revoke, open, rotate, touch, list, end, purge] =
            OPERATIONS.map(|operation| Operation::new(metrics, operation));
        Self { store, metrics: metrics.clone(), status, revoke, open, rotate, touch, list, end, purge }
    }
}

impl SessionStore for Measured {
    fn status<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        self.status.measure(self.store.status(token), |_| {})
    }

    fn standing<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<Standing, StoreError>> {
        self.status.measure(self.store.standing(token), |_| {})
    }

    fn revoke<'a>(&'a self, token: &'a RevokedToken<'_>) -> Answer<'a, Result<(), StoreError>> {
        self.revoke.measure(self.store.revoke(token), |()| {})
    }

    fn open<'a>(&'a self, session: &'a NewSession<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        self.open.measure(self.store.open(session), |_| {})
    }

    fn rotate<'a>(&'a self, request: &'a RotateRequest<'_>) -> Answer<'a, Result<RotateOutcome, StoreError>> {
        self.rotate.measure(self.store.rotate(request), |outcome| self.metrics.count_refresh(outcome))
    }

    fn touch<'a>(&'a self, request: &'a TouchRequest<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        self.touch.measure(self.store.touch(request), |_| {})
    }

    fn list<'a>(&'a self, subject: &'a str, now: Timestamp) -> Answer<'a, Result<Vec<Session>, StoreError>> {
        self.list.measure(self.store.list(subject, now), |_| {})
    }

    fn end<'a>(&'a self, request: &'a EndSessions<'_>) -> Answer<'a, Result<u64, StoreError>> {
        self.end.measure(self.store.end(request), |_| {})
    }

    fn purge(&self, now: Timestamp, limit: u32) -> Answer<'_, Result<u64, StoreError>> {
        self.purge.measure(self.store.purge(now, limit), |_| {})
    }
}
