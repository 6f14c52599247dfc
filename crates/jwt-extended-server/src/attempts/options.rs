//! The section `[guessing]` of the configuration file, checked.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use super::rule::{Forget, Rule};

/// The section `[guessing]`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Given")]
pub(crate) struct GuessingOptions {
    /// Whether there are limits.
    pub(super) enabled: bool,
    /// The limits of an account, and of an account at an address from which its user has logged in before.
    pub(super) account: Rule,
    /// The limits of an address.
    pub(super) address: Rule,
    /// How long an address is known after a login.
    pub(super) known_for: Duration,
    /// How many addresses of an account are known.
    pub(super) known_addresses: u32,
}

/// The options as the file has them.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Given {
    enabled: bool,
    #[serde(deserialize_with = "positive")]
    account_attempts: u32,
    #[serde(deserialize_with = "positive")]
    account_failures: u32,
    #[serde(deserialize_with = "positive")]
    account_delay_seconds: u32,
    #[serde(deserialize_with = "positive")]
    account_forget_seconds: u32,
    #[serde(deserialize_with = "positive")]
    address_attempts: u32,
    #[serde(deserialize_with = "positive")]
    address_delay_seconds: u32,
    #[serde(deserialize_with = "positive")]
    address_forget_seconds: u32,
    #[serde(deserialize_with = "positive")]
    known_days: u32,
    #[serde(deserialize_with = "positive")]
    known_addresses: u32,
}

/// The first delay.
const FIRST: Duration = Duration::from_secs(1);

impl Default for Given {
    fn default() -> Self {
        Self {
            enabled: true,
            account_attempts: 10,
            // NIST SP 800-63B section 5.2.2 allows at most 100 failures in a row.
            account_failures: 100,
            account_delay_seconds: 15 * 60,
            account_forget_seconds: 24 * 60 * 60,
            address_attempts: 100,
            address_delay_seconds: 60,
            address_forget_seconds: 60 * 60,
            known_days: 90,
            known_addresses: 32,
        }
    }
}

impl TryFrom<Given> for GuessingOptions {
    type Error = &'static str;

    fn try_from(given: Given) -> Result<Self, Self::Error> {
        if given.account_failures < given.account_attempts {
            return Err("account_failures must be at least account_attempts: it counts the free attempts too");
        }
        if given.account_delay_seconds > given.account_forget_seconds {
            return Err("account_delay_seconds must not be longer than account_forget_seconds");
        }
        if given.address_delay_seconds > given.address_forget_seconds {
            return Err("address_delay_seconds must not be longer than address_forget_seconds");
        }
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        Ok(Self {
            enabled: given.enabled,
            account: Rule {
                free: given.account_attempts.into(),
                limit: Some(given.account_failures.into()),
                first: FIRST,
                longest: seconds(given.account_delay_seconds),
                forget: Forget::AfterQuiet(seconds(given.account_forget_seconds)),
            },
            address: Rule {
                free: given.address_attempts.into(),
                limit: None,
                first: FIRST,
                longest: seconds(given.address_delay_seconds),
                forget: Forget::AfterFirst(seconds(given.address_forget_seconds)),
            },
            known_for: Duration::from_secs(u64::from(given.known_days) * 24 * 60 * 60),
            known_addresses: given.known_addresses,
        })
    }
}

impl GuessingOptions {
    /// Returns whether there are limits.
    pub(crate) fn are_on(&self) -> bool {
        self.enabled
    }
}

impl Default for GuessingOptions {
    fn default() -> Self {
        let given = Given::default();
        Self::try_from(given).unwrap_or_else(|why| unreachable!("the defaults are good: {why}"))
    }
}

fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        0 => Err(de::Error::custom("a limit of guessing must be at least 1; `enabled = false` switches all off")),
        number => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_contradict_each_other_are_refused() {
        for text in [
            "account_failures = 9",
            "account_delay_seconds = 86401",
            "address_forget_seconds = 59",
            "account_attempts = 0",
            "known_days = 0",
            "account_attemps = 5",
        ] {
            assert!(toml::from_str::<GuessingOptions>(text).is_err(), "{text}");
        }
        assert!(toml::from_str::<GuessingOptions>("").unwrap().enabled);
        assert!(!toml::from_str::<GuessingOptions>("enabled = false").unwrap().enabled);
    }
}
