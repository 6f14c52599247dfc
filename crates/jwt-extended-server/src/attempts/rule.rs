//! Decides when the next attempt may follow: some are free, then each failure doubles the delay.
//!
//! It knows counters and times. It has no clock and no store, and does not know who is counted.

use std::time::Duration;

use jwt_extended_axum::jwt_extended::Timestamp;

use crate::sql::micros;

/// A counter. Times are in microseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// The failures, and the attempts that are being checked.
    pub(crate) failures: i64,
    /// Until when further attempts are refused.
    pub(crate) allowed_at: i64,
    /// When the failures are forgotten.
    pub(crate) forget_at: i64,
    /// When the counter may be deleted.
    pub(crate) kept_until: i64,
}

/// How many attempts are allowed, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// How many failures delay nothing.
    pub(super) free: i64,
    /// How many failures in a row are allowed at all. After them, the delay lasts until they are forgotten.
    pub(super) limit: Option<i64>,
    /// The first delay, which doubles up to the longest.
    pub(super) first: Duration,
    pub(super) longest: Duration,
    pub(super) forget: Forget,
}

/// When failures are forgotten.
#[derive(Clone, Copy, Debug)]
pub(super) enum Forget {
    /// After so long without one.
    AfterQuiet(Duration),
    /// So long after the first of them. A network with many users is never quiet.
    AfterFirst(Duration),
}

/// The attempt comes too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooEarly {
    /// How long to wait.
    pub(super) wait: Duration,
}

impl Rule {
    /// Counts an attempt, before it is known whether it fails.
    pub(super) fn attempt(&self, old: Option<Count>, now: Timestamp) -> Result<Count, TooEarly> {
        let old = old.unwrap_or_default();
        refuse_early(&old, now)?;
        let is_forgotten = old.forget_at <= micros(now);
        let failures = if is_forgotten { 1 } else { old.failures.saturating_add(1) };
        let delay = self.delay(failures);
        let allowed_at = if delay.is_zero() { 0 } else { micros(now.saturating_add(delay)) };
        let forget_at = match self.forget {
            Forget::AfterFirst(_) if !is_forgotten => old.forget_at,
            Forget::AfterFirst(time) | Forget::AfterQuiet(time) => micros(now.saturating_add(time)),
        };
        Ok(Count { failures, allowed_at, forget_at, kept_until: old.kept_until.max(forget_at).max(allowed_at) })
    }

    /// Returns whether this failure begins a delay, or the lock at the limit. It is logged then, and only then.
    pub(super) fn locks(&self, failures: i64) -> bool {
        failures == self.free || Some(failures) == self.limit
    }

    /// Returns the delay after this many failures.
    fn delay(&self, failures: i64) -> Duration {
        if self.limit.is_some_and(|limit| failures >= limit) {
            let (Forget::AfterFirst(time) | Forget::AfterQuiet(time)) = self.forget;
            return time;
        }
        let doublings = failures.saturating_sub(self.free);
        if doublings < 0 {
            return Duration::ZERO;
        }
        let factor =
            u32::try_from(doublings).ok().and_then(|doublings| 1_u32.checked_shl(doublings)).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.longest)
    }
}

impl Count {
    /// Takes back an attempt that did not fail. A delay ends if this attempt caused it.
    pub(super) fn without(self, attempt: Self) -> Self {
        let allowed_at = if self.allowed_at == attempt.allowed_at { 0 } else { self.allowed_at };
        Self { failures: self.failures.saturating_sub(1).max(0), allowed_at, ..self }
    }

    /// Returns the counter of an address from which a login has just succeeded.
    pub(super) fn known_until(time: Timestamp) -> Self {
        Self { kept_until: micros(time), ..Self::default() }
    }

    /// Returns whether the counter still counts, or may be deleted.
    pub(super) fn is_kept(&self, now: Timestamp) -> bool {
        self.kept_until > micros(now)
    }
}

/// Returns an error while further attempts are refused.
pub(super) fn refuse_early(count: &Count, now: Timestamp) -> Result<(), TooEarly> {
    match u64::try_from(count.allowed_at.saturating_sub(micros(now))) {
        Ok(wait) if wait > 0 => Err(TooEarly { wait: Duration::from_micros(wait) }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule {
        free: 3,
        limit: Some(8),
        first: Duration::from_secs(1),
        longest: Duration::from_secs(5),
        forget: Forget::AfterQuiet(Duration::from_mins(10)),
    };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_secs(1_000_000 + seconds)
    }

    /// Fails as often as it may for some time, and returns the seconds at which it did.
    fn failures(rule: &Rule, seconds: u64) -> Vec<u64> {
        let mut count = None;
        let attempt = |second: &u64| match rule.attempt(count, at(*second)) {
            Ok(next) => count.replace(next).is_none_or(|_| true),
            Err(_) => false,
        };
        (0..seconds).filter(attempt).collect()
    }

    #[test]
    fn free_attempts_are_followed_by_doubling_delays() {
        let mut count = None;
        for _ in 0..3 {
            count = Some(RULE.attempt(count, at(0)).unwrap());
        }
        let mut now = 0;
        for wait in [1, 2, 4, 5, 5] {
            let refused = RULE.attempt(count, at(now)).unwrap_err();
            assert_eq!(refused, TooEarly { wait: Duration::from_secs(wait) });
            now += wait;
            count = Some(RULE.attempt(count, at(now)).unwrap());
        }
        let locked = RULE.attempt(count, at(now)).unwrap_err();
        assert_eq!(locked.wait, Duration::from_mins(10), "the eighth failure in a row locks until it is forgotten");
    }

    #[test]
    fn no_more_failures_follow_each_other_than_the_limit() {
        assert_eq!(failures(&RULE, 600), [0, 1, 2, 3, 5, 9, 14, 19]);
        assert_eq!(failures(&RULE, 622)[8..], [619, 620, 621], "they begin again after the quiet time");
    }

    #[test]
    fn a_quiet_time_forgets_failures() {
        let count = RULE.attempt(None, at(0)).unwrap();
        assert_eq!(RULE.attempt(Some(count), at(599)).unwrap().failures, 2);
        assert_eq!(RULE.attempt(Some(count), at(600)).unwrap().failures, 1);
    }

    #[test]
    fn a_network_is_forgiven_although_it_is_never_quiet() {
        let rule = Rule { limit: None, forget: Forget::AfterFirst(Duration::from_mins(1)), ..RULE };
        let mut count = rule.attempt(None, at(0)).unwrap();
        for second in [20, 40] {
            count = rule.attempt(Some(count), at(second)).unwrap();
        }
        assert_eq!(count.failures, 3);
        assert_eq!(rule.attempt(Some(count), at(60)).unwrap().failures, 1);
    }

    #[test]
    fn an_attempt_taken_back_ends_only_its_own_delay() {
        let two = RULE.attempt(RULE.attempt(None, at(0)).ok(), at(0)).unwrap();
        let three = RULE.attempt(Some(two), at(0)).unwrap();
        assert!(three.allowed_at > 0);
        assert_eq!(three.without(three), Count { allowed_at: 0, ..two });
        assert_eq!(three.without(two).allowed_at, three.allowed_at);
    }

    #[test]
    fn very_many_failures_neither_overflow_nor_shorten_the_delay() {
        let rule = Rule { limit: None, ..RULE };
        for failures in [7, 40, 4_000_000_000, i64::MAX] {
            assert_eq!(rule.delay(failures), Duration::from_secs(5));
        }
    }
}
