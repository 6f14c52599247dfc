//! The section `[denylist]` of the configuration file: whether the server answers checks of tokens from its memory.

use std::{num::NonZeroUsize, time::Duration};

use jwt_extended_axum::session::DenylistOptions;
use serde::{Deserialize, Deserializer};

/// For how long a revocation of another process may go unnoticed, and how much is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DenylistSettings {
    /// Zero asks the store each time.
    #[serde(rename = "staleness_seconds", deserialize_with = "seconds")]
    staleness: Duration,
    /// How many sessions are remembered, and how many revoked tokens.
    capacity: NonZeroUsize,
}

impl Default for DenylistSettings {
    fn default() -> Self {
        Self { staleness: Duration::ZERO, capacity: NonZeroUsize::MIN.saturating_add(999_999) }
    }
}

impl DenylistSettings {
    /// Returns whether there is no denylist.
    pub(crate) fn is_off(self) -> bool {
        self.staleness.is_zero()
    }

    /// Returns the options of the store's denylist.
    pub(crate) fn options(self) -> DenylistOptions {
        DenylistOptions::new().staleness(self.staleness).capacity(self.capacity.get())
    }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u32::deserialize(deserializer).map(|seconds| Duration::from_secs(seconds.into()))
}
