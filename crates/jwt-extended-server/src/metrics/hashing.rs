//! The metrics of password hashing: the queue before it, and its time.

use std::time::Duration;

use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use super::histogram;

/// What the gate for passwords counts.
#[derive(Clone, Debug)]
pub(crate) struct Hashing {
    waiting: Gauge,
    running: Gauge,
    busy: Counter,
    waited: Histogram,
    took: Histogram,
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            waiting: Gauge::default(),
            running: Gauge::default(),
            busy: Counter::default(),
            waited: histogram(),
            took: histogram(),
        }
    }
}

/// Counts in a gauge until it is dropped, also if the client has gone and the future is dropped.
pub(crate) struct Counted(Gauge);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Hashing {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("hashing_waiting", "Passwords that wait for their turn to be hashed", self.waiting.clone());
        registry.register("hashing_running", "Passwords that are being hashed", self.running.clone());
        registry.register("hashing_busy", "Passwords that were refused, because too many waited", self.busy.clone());
        registry.register("hashing_wait_seconds", "How long passwords waited for their turn", self.waited.clone());
        registry.register("hashing_duration_seconds", "How long the hashing of a password took", self.took.clone());
    }

    pub(crate) fn wait(&self) -> Counted {
        self.waiting.inc();
        Counted(self.waiting.clone())
    }

    pub(crate) fn run(&self) -> Counted {
        self.running.inc();
        Counted(self.running.clone())
    }

    pub(crate) fn count_busy(&self) {
        self.busy.inc();
    }

    pub(crate) fn observe_wait(&self, time: Duration) {
        self.waited.observe(time.as_secs_f64());
    }

    pub(crate) fn observe_run(&self, time: Duration) {
        self.took.observe(time.as_secs_f64());
    }
}
