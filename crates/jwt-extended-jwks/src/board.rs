//! [`Board`]: what is known now, and the one flight that brings news.
//!
//! Nothing here locks, because a process may fork at any moment and a child would inherit the lock: both are replaced
//! as a whole, by one atomic step each. Does not know what is fetched, nor how. `cargo xtask interleavings` tries every
//! order of its steps.

use std::sync::Arc;

use super::{flight::Flight, swap::Swap};

pub(crate) struct Board<T> {
    known: Swap<T>,
    flight: Swap<Flight>,
}

/// What a caller who wants news has to do.
pub(crate) enum Asked {
    /// Wait for this flight, which somebody else has started.
    Wait(Arc<Flight>),
    /// Start this flight, and wait for it.
    Start(Arc<Flight>),
    /// Nothing: the last flight is not long enough ago.
    TooSoon,
}

impl<T: Default> Board<T> {
    pub(crate) fn new() -> Self {
        Self { known: Swap::new(None), flight: Swap::new(None) }
    }

    /// Calls a function with what is known now.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        match self.known.load().as_deref() {
            Some(known) => read(known),
            None => read(&T::default()),
        }
    }

    /// Returns which flight to wait for: the one in flight, or a new one if what is known allows it.
    pub(crate) fn ask(&self, may_ask: impl Fn(&T) -> bool) -> Asked {
        let may_ask = || self.read(&may_ask);
        loop {
            let found = self.flight.load().clone();
            if let Some(flight) = &found
                && !flight.is_lost()
            {
                return Asked::Wait(Arc::clone(flight));
            }
            if !may_ask() {
                return Asked::TooSoon;
            }
            let own = Arc::new(Flight::new());
            if !self.flight.replace(found.as_ref(), Some(Arc::clone(&own))) {
                continue;
            }
            // Another flight may have landed between the two looks above.
            if may_ask() {
                return Asked::Start(own);
            }
            self.flight.replace(Some(&own), None);
            own.land();
            return Asked::TooSoon;
        }
    }

    /// Publishes the outcome of a flight and wakes all who wait for it. Returns what was known before.
    ///
    /// Returns `None` if another flight has taken the place of this one, because it was overdue: the other one's answer
    /// is the newer one.
    pub(crate) fn land(&self, flight: &Arc<Flight>, after: impl FnOnce(&T) -> T) -> Option<Arc<T>> {
        let before = self.known.load().clone().unwrap_or_default();
        let is_current = self.flight.load().as_ref().is_some_and(|current| Arc::ptr_eq(current, flight));
        if is_current {
            self.known.store(Some(Arc::new(after(&before))));
            self.flight.replace(Some(flight), None);
        }
        flight.land();
        is_current.then_some(before)
    }

    /// Leaves a flight behind, as a caller that was interrupted does.
    #[cfg(test)]
    pub(crate) fn leave(&self, flight: Flight) {
        self.flight.store(Some(Arc::new(flight)));
    }

    #[cfg(test)]
    pub(crate) fn flight(&self) -> Option<Arc<Flight>> {
        self.flight.load().clone()
    }
}
