//! The metrics of reloads.

use jwt_extended_axum::jwt_extended::{Clock as _, SystemClock};
use prometheus_client::{metrics::gauge::Gauge, registry::Registry};

use super::Counters;

/// What reloads count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reloads {
    all: Counters,
    is_good: Gauge,
    time: Gauge,
}

impl Reloads {
    pub(super) fn register(&self, registry: &mut Registry) {
        for result in ["done", "refused"] {
            drop(self.all.get_or_create(&[("result", result)]));
        }
        registry.register("reloads", "Reloads of the configuration", self.all.clone());
        let help = "1 if the last reload, or the start, took effect; 0 if the last reload was refused";
        registry.register("config_last_reload_successful", help, self.is_good.clone());
        let help = "When the configuration in use was loaded";
        registry.register("config_last_reload_success_timestamp_seconds", help, self.time.clone());
    }

    /// Notes the start, which loads the configuration for the first time.
    pub(crate) fn started(&self) {
        self.is_good.set(1);
        self.time.set(i64::try_from(SystemClock.now().as_secs()).unwrap_or(i64::MAX));
    }

    pub(crate) fn done(&self) {
        self.all.get_or_create(&[("result", "done")]).inc();
        self.started();
    }

    pub(crate) fn refused(&self) {
        self.all.get_or_create(&[("result", "refused")]).inc();
        self.is_good.set(0);
    }
}
