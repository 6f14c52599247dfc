//! Points in time as tokens write them, and clocks.
//!
//! Code that compares times gets the current one as an argument; only [`JwtManager`](crate::JwtManager) asks a
//! [`Clock`].

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Serialize, Serializer};

const MICROS: u64 = 1_000_000;

/// A point in time: a `NumericDate` of RFC 7519, seconds since 1970-01-01 UTC, to the microsecond.
///
/// The range is 1970 to the end of the year 9999.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    micros: u64,
}

impl Timestamp {
    /// The last second of the year 9999.
    pub const MAX: Self = Self { micros: 253_402_300_799 * MICROS };

    /// Returns the time this many seconds after 1970, at most [`MAX`](Self::MAX).
    pub const fn from_secs(seconds: u64) -> Self {
        Self::from_micros(seconds.saturating_mul(MICROS))
    }

    /// Returns the time this many microseconds after 1970, at most [`MAX`](Self::MAX).
    pub const fn from_micros(micros: u64) -> Self {
        if micros > Self::MAX.micros { Self::MAX } else { Self { micros } }
    }

    /// Returns the whole seconds since 1970, rounded down.
    pub const fn as_secs(self) -> u64 {
        self.micros / MICROS
    }

    /// Returns the microseconds since 1970.
    pub const fn as_micros(self) -> u64 {
        self.micros
    }

    /// Returns this time without its fraction of a second.
    pub const fn floor(self) -> Self {
        Self { micros: self.micros - self.micros % MICROS }
    }

    /// Adds a duration, up to [`MAX`](Self::MAX).
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self::from_micros(self.micros.saturating_add(micros_of(duration)))
    }

    /// Subtracts a duration, down to 1970.
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self { micros: self.micros.saturating_sub(micros_of(duration)) }
    }

    /// Returns how long after `earlier` this is; zero if it is not later.
    pub const fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.micros.saturating_sub(earlier.micros))
    }

    /// Reads a JSON number. Returns `None` before 1970, past the year 9999, or if the text is no number.
    pub(crate) fn from_json_number(text: &str) -> Option<Self> {
        // Up to fifteen digits before the point are read exactly; times of today have ten.
        let within = |seconds: u64| seconds <= Self::MAX.as_secs();
        if let Some(seconds) = whole_number(text) {
            return within(seconds).then(|| Self::from_secs(seconds));
        }
        if let Some((whole, fraction)) = text.split_once('.')
            && let (Some(seconds), Some(micros)) = (whole_number(whole), micros_of_fraction(fraction))
        {
            return within(seconds).then(|| Self::from_micros(seconds * MICROS + micros));
        }
        let seconds: f64 = text.parse().ok()?;
        #[expect(clippy::cast_precision_loss, reason = "the year 9999 in seconds is far below 2^53")]
        let latest = Self::MAX.as_secs() as f64;
        if !(0.0..=latest).contains(&seconds) {
            return None;
        }
        Some(Self::default().saturating_add(Duration::try_from_secs_f64(seconds).ok()?))
    }

    /// Reads a number, clamped to 1970 and the year 9999. Returns `None` if the text is no finite number.
    pub(crate) fn clamped(text: &str) -> Option<Self> {
        let seconds: f64 = text.parse().ok().filter(|seconds: &f64| seconds.is_finite())?;
        let duration = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
        Some(Self::default().saturating_add(duration))
    }
}

/// Returns the whole microseconds of a duration. Numbers of 64 bits are enough: the longest duration is cut to half a
/// million years. (`Duration::as_micros` computes with 128 bits, which took a twentieth of verifying a token.)
fn micros_of(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(MICROS).saturating_add(u64::from(duration.subsec_micros()))
}

/// Reads one to fifteen digits and nothing else.
fn whole_number(text: &str) -> Option<u64> {
    if !(1..=15).contains(&text.len()) {
        return None;
    }
    text.bytes().try_fold(0_u64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| number * 10 + u64::from(digit))
    })
}

/// Reads the digits behind the point as microseconds, and drops anything smaller.
fn micros_of_fraction(digits: &str) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.bytes().chain([b'0'; 6]).take(6).fold(0, |micros, digit| micros * 10 + u64::from(digit - b'0')))
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.micros % MICROS {
            0 => write!(f, "{}", self.as_secs()),
            fraction => write!(f, "{}.{fraction:06}", self.as_secs()),
        }
    }
}

impl Serialize for Timestamp {
    /// Serializes as a `NumericDate`: a whole number if there is no fraction.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.micros.is_multiple_of(MICROS) {
            return serializer.serialize_u64(self.as_secs());
        }
        serializer.serialize_f64(Duration::from_micros(self.micros).as_secs_f64())
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self::default().saturating_add(time.duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        UNIX_EPOCH + Duration::from_micros(time.micros)
    }
}

/// A source of the current time. Any `Fn() -> Timestamp` is a clock.
pub trait Clock: Send + Sync {
    /// Returns the current time.
    fn now(&self) -> Timestamp;
}

impl<F: Fn() -> Timestamp + Send + Sync> Clock for F {
    fn now(&self) -> Timestamp {
        self()
    }
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }
}

/// A clock that moves only when a test moves it, so that tests need no sleep.
///
/// ```
/// use std::time::Duration;
/// use jwt_extended::{Clock, ManualClock, Timestamp};
///
/// let clock = ManualClock::new(Timestamp::from_secs(1_800_000_000));
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now().as_secs(), 1_800_000_060);
/// ```
#[derive(Debug, Default)]
pub struct ManualClock {
    micros: AtomicU64,
}

impl ManualClock {
    /// Returns a clock that shows this time.
    pub const fn new(time: Timestamp) -> Self {
        Self { micros: AtomicU64::new(time.micros) }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.set(self.now().saturating_add(by));
    }

    /// Sets the clock to this time, also backwards.
    pub fn set(&self, time: Timestamp) {
        self.micros.store(time.micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp { micros: self.micros.load(Ordering::SeqCst) }
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_number_that_a_token_may_contain() {
        let read = |text| Timestamp::from_json_number(text).map(Timestamp::as_micros);
        assert_eq!(read("0"), Some(0));
        assert_eq!(read("1700000000"), Some(1_700_000_000_000_000));
        assert_eq!(read("1700000000.25"), Some(1_700_000_000_250_000));
        assert_eq!(read("1800000010.000001"), Some(1_800_000_010_000_001));
        assert_eq!(read("0.9999999999999999999999"), Some(999_999));
        assert_eq!(read("1.7e9"), Some(1_700_000_000_000_000));
        assert_eq!(read("253402300799"), Some(Timestamp::MAX.as_micros()));
    }

    #[test]
    fn refuses_times_out_of_range() {
        for text in
            ["-1", "-0.5", "253402300800", "9223372036854775808", "1e400", "1e99", "99999999999999999999", "", "x"]
        {
            assert_eq!(Timestamp::from_json_number(text), None, "{text}");
        }
    }

    #[test]
    fn arithmetic_stops_at_both_ends() {
        assert_eq!(Timestamp::MAX.saturating_add(Duration::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::from_secs(1).saturating_sub(Duration::from_secs(2)), Timestamp::default());
        assert_eq!(Timestamp::from_secs(u64::MAX), Timestamp::MAX);
    }

    #[test]
    fn writes_whole_seconds_as_whole_numbers() {
        assert_eq!(serde_json::to_string(&Timestamp::from_secs(5)).unwrap(), "5");
        assert_eq!(serde_json::to_string(&Timestamp::from_micros(5_500_000)).unwrap(), "5.5");
        assert_eq!(Timestamp::from_micros(5_000_001).to_string(), "5.000001");
    }
}
