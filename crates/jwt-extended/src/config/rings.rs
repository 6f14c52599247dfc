//! [`Rings`]: the key rings of a manager. Those of a schedule can be replaced while guards read them.
//!
//! Knows neither options nor requests.

use std::{ops::Deref, sync::Arc};

use arc_swap::{ArcSwap, Guard};

use super::{KeySchedule, ScheduledRings};
use crate::{jose::KeyError, token::Lifetime};

/// The key rings of a manager.
#[derive(Debug)]
pub(crate) enum Rings {
    /// Those of a manager whose keys never change. Reading them costs nothing.
    Fixed(ScheduledRings),
    /// Those of a schedule.
    Replaceable {
        current: ArcSwap<ScheduledRings>,
        /// How long a retired key stays.
        kept: Lifetime,
    },
}

/// The rings of one moment. A replacement does not change them.
pub(crate) enum Loaded<'a> {
    Fixed(&'a ScheduledRings),
    Replaceable(Guard<Arc<ScheduledRings>>),
}

/// The manager's keys cannot be replaced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplaceKeysError {
    /// The manager was built with keys of its own.
    #[error("the keys of this manager never change; build it with `key_schedule` instead of `key` or options")]
    Fixed,
    /// The schedule is invalid.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Rings {
    /// Makes the rings of a schedule, which can be replaced later.
    pub(super) fn of_schedule(schedule: &KeySchedule, kept: Lifetime) -> Result<Self, KeyError> {
        Ok(Self::Replaceable { current: ArcSwap::from_pointee(schedule.rings(kept)?), kept })
    }

    /// Returns the rings of this moment.
    pub(crate) fn load(&self) -> Loaded<'_> {
        match self {
            Self::Fixed(rings) => Loaded::Fixed(rings),
            Self::Replaceable { current, .. } => Loaded::Replaceable(current.load()),
        }
    }

    /// Replaces the rings by those of another schedule. Whoever reads them meanwhile sees either all old keys or all
    /// new ones.
    pub(crate) fn replace(&self, schedule: &KeySchedule) -> Result<(), ReplaceKeysError> {
        let Self::Replaceable { current, kept } = self else { return Err(ReplaceKeysError::Fixed) };
        current.store(Arc::new(schedule.rings(*kept)?));
        Ok(())
    }
}

impl Deref for Loaded<'_> {
    type Target = ScheduledRings;

    fn deref(&self) -> &ScheduledRings {
        match self {
            Self::Fixed(rings) => rings,
            Self::Replaceable(rings) => rings,
        }
    }
}
