//! When the feed was heard last, by two clocks.
//!
//! The monotonic clock cannot be set, but stands still while the computer sleeps. The wall clock goes on, but can be
//! set. The memory counts only if neither says that the bound has passed.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use crate::time::Timestamp;

/// A moment, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    monotonic: Instant,
    wall: Timestamp,
}

/// The last moment up to which the process knows all changes.
pub(super) struct Heard {
    base: Instant,
    /// Nanoseconds since the base; zero for never.
    monotonic: AtomicU64,
    /// Microseconds since 1970.
    wall: AtomicU64,
}

impl Moment {
    pub(super) fn now(wall: Timestamp) -> Self {
        Self { monotonic: Instant::now(), wall }
    }
}

impl Heard {
    pub(super) fn never() -> Self {
        Self { base: Instant::now(), monotonic: AtomicU64::new(0), wall: AtomicU64::new(0) }
    }

    /// Notes that all changes up to this moment are known.
    pub(super) fn set(&self, moment: Moment) {
        let nanos = nanos(moment.monotonic.saturating_duration_since(self.base)).max(1);
        // A check between the two sees one old time, and asks the store at worst.
        self.wall.store(moment.wall.as_micros(), Ordering::Release);
        self.monotonic.store(nanos, Ordering::Release);
    }

    /// Forgets the moment.
    pub(super) fn reset(&self) {
        self.monotonic.store(0, Ordering::Release);
    }

    /// Whether the moment is less than this long ago by both clocks.
    pub(super) fn is_within(&self, bound: Duration, now: Timestamp) -> bool {
        let monotonic = self.monotonic.load(Ordering::Acquire);
        monotonic != 0
            && is_within(bound, nanos(self.base.elapsed()), monotonic, now, self.wall.load(Ordering::Acquire))
    }
}

/// Compares a time by each clock with the time at which the feed was heard.
fn is_within(bound: Duration, monotonic: u64, heard_monotonic: u64, wall: Timestamp, heard_wall: u64) -> bool {
    let micros = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX);
    // The request may have read the wall clock a moment before the feed was heard.
    monotonic.saturating_sub(heard_monotonic) < nanos(bound) && wall.as_micros().abs_diff(heard_wall) < micros
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_must_be_within_the_bound() {
        const SECOND: u64 = 1_000_000_000;
        let bound = Duration::from_secs(5);
        for (monotonic, wall, expected) in [
            (100, 1000, true),
            (104, 1004, true),
            (105, 1000, false),
            (100, 1005, false),
            (100, 4600, false),
            (100, 996, true),
            (100, 995, false),
            (99, 999, true),
        ] {
            let wall_clock = Timestamp::from_secs(wall);
            let within = is_within(bound, monotonic * SECOND, 100 * SECOND, wall_clock, 1_000_000_000);
            assert_eq!(within, expected, "{monotonic} {wall}");
        }
    }

    #[test]
    fn a_bound_of_zero_is_never_met() {
        let heard = Heard::never();
        heard.set(Moment::now(Timestamp::from_secs(1)));
        assert!(!heard.is_within(Duration::ZERO, Timestamp::from_secs(1)));
        assert!(heard.is_within(Duration::MAX, Timestamp::from_secs(1)));
    }
}
