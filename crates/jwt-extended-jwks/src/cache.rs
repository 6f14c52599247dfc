//! [`Cache`]: the keys that are held, and the times that decide whether they serve and when to ask again.
//!
//! It gets the time passed in, never changes, and does not know where keys come from.

use std::{collections::HashSet, sync::Arc, time::Duration};

use jwt_extended::{
    Timestamp,
    jose::{KeyError, KeyRing, SkippedKey},
};

use crate::{FetchError, FetchFailure, fetch::Fetched};

/// How long after one fetch the next may begin, whatever became of the first and whoever asks.
const APART: Duration = Duration::from_secs(30);
/// How long keys that have expired serve if there are no others.
const OUTAGE: Duration = Duration::from_secs(24 * 60 * 60);
/// How recently a fetch must have failed for that. Under traffic one fails every half minute.
const RECENTLY: Duration = Duration::from_secs(60);
/// How many skipped keys are remembered, so that each is logged once.
const MOST_REPORTED: usize = 1000;

/// How many characters of a kid and of a reason are remembered.
const LONGEST_REPORTED: usize = 200;

/// A kid and the reason why its key is skipped.
type Skipped = (Option<String>, String);

#[derive(Clone, Debug, Default)]
pub(crate) struct Cache {
    held: Option<Held>,
    /// When the last fetch that has ended began.
    asked: Option<Timestamp>,
    /// Why it failed, if it did.
    error: Option<FetchError>,
    reported: Arc<HashSet<Skipped>>,
}

#[derive(Clone, Debug)]
struct Held {
    ring: Arc<KeyRing>,
    asked: Timestamp,
    /// The last fifth of their life begins.
    ageing: Timestamp,
    expires: Timestamp,
}

impl Cache {
    /// Returns the keys that check tokens now. Keys that have expired do so only in an outage: if the issuer was not
    /// asked for an hour, it may have withdrawn one, so the next token waits until it was asked.
    pub(crate) fn serving(&self, now: Timestamp) -> Option<&Arc<KeyRing>> {
        let held = self.held.as_ref()?;
        let serves = now < held.expires || (now < held.expires.saturating_add(OUTAGE) && self.failed_recently(now));
        serves.then_some(&held.ring)
    }

    /// Returns whether the held keys are to be replaced in the background.
    pub(crate) fn is_ageing(&self, now: Timestamp) -> bool {
        // A clock that was set back must not make keys live longer.
        self.held.as_ref().is_some_and(|held| now >= held.ageing || now < held.asked) && self.may_ask(now)
    }

    /// Returns whether the last fetch is long enough ago. A clock that was set back by more counts too.
    pub(crate) fn may_ask(&self, now: Timestamp) -> bool {
        self.asked.is_none_or(|asked| apart(asked, now) >= APART)
    }

    pub(crate) fn error(&self) -> Option<&FetchError> {
        self.error.as_ref()
    }

    /// Returns whether a fetch has ended.
    pub(crate) fn has_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// Returns the number of keys that are held.
    pub(crate) fn len(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.ring.verifying_keys().len())
    }

    /// Returns the cache after a fetch that began at that time. A failure leaves the keys as they are.
    pub(crate) fn after(&self, asked: Timestamp, outcome: &Result<Fetched, FetchError>) -> Self {
        match outcome {
            Ok(fetched) => Self {
                held: Some(Held {
                    ring: Arc::new(fetched.keys.ring.clone()),
                    asked,
                    ageing: asked.saturating_add(fetched.lifetime * 4 / 5),
                    expires: asked.saturating_add(fetched.lifetime),
                }),
                asked: Some(asked),
                error: None,
                reported: self.reported_with(&fetched.keys.skipped),
            },
            // Who publishes a private key has lost it: no key of that set may be trusted any more.
            Err(error) if error.why == FetchFailure::Keys(KeyError::PrivateKeyPublished) => {
                Self { held: None, asked: Some(asked), error: Some(error.clone()), ..self.clone() }
            }
            Err(error) => Self { asked: Some(asked), error: Some(error.clone()), ..self.clone() },
        }
    }

    /// Returns whether this key has not been reported as skipped for this reason.
    pub(crate) fn is_news(&self, skipped: &SkippedKey) -> bool {
        !self.reported.contains(&key_of(skipped))
    }

    fn reported_with(&self, skipped: &[SkippedKey]) -> Arc<HashSet<Skipped>> {
        if !skipped.iter().any(|skipped| self.is_news(skipped)) {
            return Arc::clone(&self.reported);
        }
        let mut reported = HashSet::clone(&self.reported);
        if reported.len() > MOST_REPORTED {
            reported.clear();
        }
        reported.extend(skipped.iter().map(key_of));
        Arc::new(reported)
    }

    fn failed_recently(&self, now: Timestamp) -> bool {
        self.error.is_some() && self.asked.is_some_and(|asked| apart(asked, now) < RECENTLY)
    }
}

fn apart(one: Timestamp, other: Timestamp) -> Duration {
    one.saturating_duration_since(other).max(other.saturating_duration_since(one))
}

fn key_of(skipped: &SkippedKey) -> Skipped {
    // An issuer may send names of many kilobytes.
    let short = |text: &str| text.chars().take(LONGEST_REPORTED).collect();
    (skipped.kid.as_deref().map(short), short(&skipped.why.to_string()))
}

#[cfg(test)]
mod tests {
    use jwt_extended::jose::{Algorithms, PublishedKeys};

    use super::*;

    const START: u64 = 1_800_000_000;
    const HOUR: u64 = 3600;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_secs(START + second)
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is an outcome")]
    fn fetched(text: &str) -> Result<Fetched, FetchError> {
        let keys = PublishedKeys::parse(text, Algorithms::ASYMMETRIC).unwrap();
        Ok(Fetched { keys, lifetime: Duration::from_secs(HOUR) })
    }

    fn failed() -> Result<Fetched, FetchError> {
        Err(FetchError { url: String::new(), why: FetchFailure::Timeout })
    }

    fn leaked() -> Result<Fetched, FetchError> {
        let why = FetchFailure::Keys(KeyError::PrivateKeyPublished);
        Err(FetchError { url: String::new(), why })
    }

    /// A cache whose keys were asked for at the start, for an hour.
    fn filled() -> Cache {
        Cache::default().after(at(0), &fetched(r#"{"keys": []}"#))
    }

    #[test]
    fn keys_serve_until_they_expire() {
        assert!(Cache::default().serving(at(0)).is_none());
        assert!(filled().serving(at(HOUR - 1)).is_some());
        assert!(filled().serving(at(HOUR)).is_none());
    }

    #[test]
    fn keys_are_ageing_in_the_last_fifth() {
        assert!(!Cache::default().is_ageing(at(0)));
        assert!(!filled().is_ageing(at(HOUR * 4 / 5 - 1)));
        assert!(filled().is_ageing(at(HOUR * 4 / 5)));
    }

    #[test]
    fn fetches_are_half_a_minute_apart() {
        assert!(Cache::default().may_ask(at(0)));
        let after = |outcome| Cache::default().after(at(0), &outcome);
        for cache in [filled(), after(failed()), after(leaked())] {
            assert!(!cache.may_ask(at(29)));
            assert!(cache.may_ask(at(30)));
        }
    }

    #[test]
    fn expired_keys_serve_for_a_day_of_failures() {
        let failing = |second| filled().after(at(second), &failed());
        let day_after = HOUR + 24 * HOUR;
        assert!(failing(HOUR - 10).serving(at(HOUR + 49)).is_some());
        assert!(failing(day_after - 30).serving(at(day_after - 1)).is_some());
        assert!(failing(day_after - 30).serving(at(day_after)).is_none());
    }

    #[test]
    fn expired_keys_do_not_serve_if_nobody_asked() {
        let failing = filled().after(at(HOUR), &failed());
        assert!(failing.serving(at(HOUR + 59)).is_some());
        assert!(failing.serving(at(HOUR + 60)).is_none());
    }

    #[test]
    fn a_clock_that_is_set_back_stops_no_renewal() {
        let now = Timestamp::from_secs(START - 2 * HOUR);
        assert!(filled().is_ageing(now) && filled().may_ask(now));
        assert!(filled().serving(now).is_some());
    }

    #[test]
    fn keys_are_not_ageing_when_they_are_asked_for() {
        assert!(!filled().after(at(40), &failed()).is_ageing(at(0)));
    }

    #[test]
    fn a_success_ends_an_error_and_a_failure_keeps_keys() {
        let failing = filled().after(at(40), &failed());
        assert!(failing.error().is_some() && failing.serving(at(41)).is_some());
        assert_eq!(failing.after(at(80), &fetched(r#"{"keys": []}"#)).error(), None);
    }

    #[test]
    fn a_published_private_key_ends_all_keys() {
        let leaked = filled().after(at(40), &leaked());
        assert!(leaked.serving(at(41)).is_none() && leaked.error().is_some());
    }

    #[test]
    fn held_keys_are_counted() {
        // RFC 8037 appendix A.2.
        let key =
            r#"{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let one = Cache::default().after(at(0), &fetched(&format!(r#"{{"keys": [{key}]}}"#)));
        assert_eq!([Cache::default().len(), one.len()], [0, 1]);
    }

    #[test]
    fn a_skipped_key_is_news_once() {
        let set = |kid: &str| fetched(&format!(r#"{{"keys": [{{"kty": "oct", "k": "AAAA", "kid": "{kid}"}}]}}"#));
        let skipped = |kid| set(kid).unwrap().keys.skipped.remove(0);
        let cache = Cache::default();
        assert!(cache.is_news(&skipped("a")));
        let cache = cache.after(at(0), &set("a")).after(at(30), &set("b")).after(at(60), &failed());
        assert!(!cache.is_news(&skipped("a")) && !cache.is_news(&skipped("b")) && cache.is_news(&skipped("c")));
    }

    #[test]
    fn the_memory_of_skipped_keys_is_bounded() {
        // The limit is no multiple of 99, so no turn ends exactly there.
        let many = |from: usize| {
            let keys: Vec<_> = (from..from + 99).map(|n| format!(r#"{{"kty": "oct", "kid": "{n}"}}"#)).collect();
            fetched(&format!(r#"{{"keys": [{}]}}"#, keys.join(",")))
        };
        let cache = (0..50).fold(Cache::default(), |cache, turn| cache.after(at(0), &many(turn * 99)));
        assert!(cache.reported.len() <= MOST_REPORTED + 99);
    }
}
