//! How long an answer may be used, by its headers (RFC 9111), within the limits for keys.
//!
//! Knows the headers `Cache-Control` and `Age`, and no clock.

use std::time::Duration;

use http::{HeaderMap, header};

/// For answers that say nothing.
const DEFAULT: Duration = Duration::from_secs(5 * 60);
/// Also for answers that must not be kept at all: a guard cannot fetch keys for each token.
const SHORTEST: Duration = Duration::from_secs(60);
/// A key that the issuer withdraws must not remain for months.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns how long the answer with these headers may be used, from when it was asked for.
pub(crate) fn lifetime(headers: &HeaderMap) -> Duration {
    let mut longest: Option<Duration> = None;
    for directive in headers.get_all(header::CACHE_CONTROL).iter().flat_map(|value| directives(value.as_bytes())) {
        let (name, argument) = directive.split_once('=').unwrap_or((&directive, ""));
        let name = name.trim();
        let stated = if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
            Duration::ZERO
        } else if name.eq_ignore_ascii_case("max-age") {
            // An unreadable age means that the answer is stale (RFC 9111 section 4.2.1).
            seconds(argument.trim().trim_matches('"')).unwrap_or_default()
        } else {
            continue;
        };
        longest = Some(longest.map_or(stated, |before| before.min(stated)));
    }
    let age = headers.get(header::AGE).and_then(|age| seconds(age.to_str().ok()?.trim())).unwrap_or_default();
    longest.map_or(DEFAULT, |longest| longest.saturating_sub(age)).clamp(SHORTEST, LONGEST)
}

/// Splits at commas, except those within quotes.
fn directives(value: &[u8]) -> Vec<String> {
    let mut quoted = false;
    let parts = value.split(|byte| {
        quoted ^= *byte == b'"';
        !quoted && *byte == b','
    });
    parts.map(|part| String::from_utf8_lossy(part).trim().to_owned()).collect()
}

/// Reads a number of seconds; one that is too large for us is the largest.
fn seconds(text: &str) -> Option<Duration> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Duration::from_secs(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&'static str, &str)]) -> u64 {
        let parsed = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        lifetime(&parsed.collect::<HeaderMap>()).as_secs()
    }

    #[test]
    fn an_answer_lives_for_max_age_less_its_age() {
        assert_eq!(of(&[("cache-control", "public, max-age=3600")]), 3600);
        assert_eq!(of(&[("cache-control", "public, max-age=3600"), ("age", "600")]), 3000);
        assert_eq!(of(&[("cache-control", "Max-Age=\"3600\"")]), 3600);
        assert_eq!(of(&[("cache-control", "max-age=3600"), ("age", "-5")]), 3600);
    }

    #[test]
    fn it_lives_for_a_minute_to_a_day() {
        assert_eq!(of(&[("cache-control", "max-age=0")]), 60);
        assert_eq!(of(&[("cache-control", "max-age=3600"), ("age", "999999")]), 60);
        assert_eq!(of(&[("cache-control", "max-age=99999999")]), 86_400);
        assert_eq!(of(&[("cache-control", "max-age=99999999999999999999999")]), 86_400);
    }

    #[test]
    fn an_answer_that_says_nothing_lives_for_five_minutes() {
        assert_eq!(of(&[]), 300);
        assert_eq!(of(&[("cache-control", "public, must-revalidate, s-maxage=7200")]), 300);
        assert_eq!(of(&[("age", "200")]), 300);
    }

    #[test]
    fn no_store_and_no_cache_mean_a_minute() {
        for value in ["no-store", "no-cache", "No-Cache, max-age=3600", "max-age=3600, no-cache=\"set-cookie, x\""] {
            assert_eq!(of(&[("cache-control", value)]), 60, "{value}");
        }
    }

    #[test]
    fn odd_directives_are_read_with_care() {
        assert_eq!(of(&[("cache-control", "max-age=soon")]), 60);
        assert_eq!(of(&[("cache-control", "max-age=7200, max-age=3600")]), 3600);
        assert_eq!(of(&[("cache-control", "private=\"a, max-age=90\", max-age=3600")]), 3600);
    }
}
