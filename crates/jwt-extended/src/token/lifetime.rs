//! How long a token lives: a duration, or `Never`, which must be chosen explicitly.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, de};

/// How long a token lives from the moment it is issued.
///
/// In a configuration file or an environment variable: whole seconds (`900`), a number with a unit (`"15m"`; s, m, h,
/// d, w), or `false` or `"never"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// The token expires after this duration. Its `exp` is rounded down to the second.
    For(Duration),
    /// The token never expires: it has no `exp`. Only revocation ends it.
    Never,
}

impl Lifetime {
    /// Returns a lifetime in minutes.
    pub const fn minutes(minutes: u64) -> Self {
        Self::For(Duration::from_secs(minutes.saturating_mul(60)))
    }

    /// Returns a lifetime in days.
    pub const fn days(days: u64) -> Self {
        Self::For(Duration::from_secs(days.saturating_mul(86_400)))
    }

    /// Returns the longer of two lifetimes.
    pub fn max(self, other: Self) -> Self {
        match (self, other) {
            (Self::For(one), Self::For(two)) => Self::For(one.max(two)),
            _ => Self::Never,
        }
    }

    /// Returns the duration; `None` for [`Never`](Self::Never).
    pub const fn duration(self) -> Option<Duration> {
        match self {
            Self::For(duration) => Some(duration),
            Self::Never => None,
        }
    }
}

impl From<Duration> for Lifetime {
    fn from(duration: Duration) -> Self {
        Self::For(duration)
    }
}

/// Reads `900`, `15m` or `never`.
fn parse(text: &str) -> Option<Lifetime> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("never") || text.eq_ignore_ascii_case("false") {
        return Some(Lifetime::Never);
    }
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let seconds = match unit.trim() {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    Some(Lifetime::For(Duration::from_secs(digits.parse::<u64>().ok()?.checked_mul(seconds)?)))
}

impl<'de> Deserialize<'de> for Lifetime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Lifetime;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seconds as a whole number, a string such as \"15m\" or \"30d\", or false for never")
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Lifetime, E> {
                Ok(Lifetime::For(Duration::from_secs(seconds)))
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Lifetime, E> {
                u64::try_from(seconds)
                    .map(|seconds| Lifetime::For(Duration::from_secs(seconds)))
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(seconds), &self))
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Lifetime, E> {
                if value { Err(E::invalid_value(de::Unexpected::Bool(true), &self)) } else { Ok(Lifetime::Never) }
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Lifetime, E> {
                parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Lifetime> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn reads_seconds_units_and_never() {
        assert_eq!(read("900"), Some(Lifetime::minutes(15)));
        assert_eq!(read("\"900\""), Some(Lifetime::minutes(15)));
        assert_eq!(read("\"15m\""), Some(Lifetime::minutes(15)));
        assert_eq!(read("\"2w\""), Some(Lifetime::days(14)));
        assert_eq!(read("false"), Some(Lifetime::Never));
        assert_eq!(read("\"never\""), Some(Lifetime::Never));
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "-1",
            "true",
            "\"15 minutes\"",
            "\"m\"",
            "\"\"",
            "1.5",
            "[]",
            "\"99999999999999999999\"",
            "\"99999999999999999w\"",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
