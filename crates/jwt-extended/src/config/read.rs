//! Reading a [`Config`] through serde and from the environment, with every mistake reported, not only the first.

use std::{ffi::OsString, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, IntoDeserializer, MapAccess, value::StrDeserializer},
};
use serde_json::Value;

use super::{Config, ConfigError};

/// What the names of our environment variables begin with.
const PREFIX: &str = "JWT_";

impl Config {
    /// The defaults, changed by the process's `JWT_…` environment variables. Lists are written with commas.
    ///
    /// # Errors
    /// If a variable has an unusable value, or a `JWT_…` variable is no option: it may be a misspelled one.
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut config = Self::default();
        config.read_env(std::env::vars_os())?;
        Ok(config)
    }

    /// Changes this configuration by environment variables: those whose names begin with `JWT_`.
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub fn read_env<N, V>(&mut self, variables: impl IntoIterator<Item = (N, V)>) -> Result<(), ConfigError>
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        let mut mistakes = Vec::new();
        for (variable, value) in variables {
            // A name that is not Unicode is none of ours.
            let Ok(variable) = variable.into().into_string() else { continue };
            // A value that is not Unicode is of no use for any option: it is taken as the empty text.
            let value = value.into().into_string().unwrap_or_default();
            let Some(name) = variable.strip_prefix(PREFIX).map(str::to_ascii_lowercase) else {
                continue;
            };
            if !Self::NAMES.contains(&name.as_str()) {
                mistakes
                    .push(no_such_option(&variable, &name, |known| format!("{PREFIX}{}", known.to_ascii_uppercase())));
                continue;
            }
            let text: StrDeserializer<'_, de::value::Error> = value.as_str().into_deserializer();
            if let Err(error) = self.set(&name, text) {
                mistakes.push(unusable(&variable, &name, &error));
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(ConfigError::new(mistakes)) }
    }
}

impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Config;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of options")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Config, A::Error> {
                let mut config = Config::default();
                let mut mistakes = Vec::new();
                // Each value is taken out whole, so that one that does not fit leaves the others readable.
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if !Config::NAMES.contains(&name.as_str()) {
                        mistakes.push(no_such_option(&name, &name, str::to_owned));
                    } else if !value.is_null()
                        && let Err(error) = config.set(&name, value)
                    {
                        mistakes.push(unusable(&name, &name, &error));
                    }
                }
                if mistakes.is_empty() { Ok(config) } else { Err(de::Error::custom(ConfigError::new(mistakes))) }
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

fn unusable(shown: &str, name: &str, error: &dyn fmt::Display) -> String {
    // A mistake in a key must not be repeated with the key in it.
    if matches!(name, "secret_key" | "private_key") {
        return format!("{shown} must be a text");
    }
    format!("{shown}: {error}")
}

fn no_such_option(shown: &str, name: &str, spell: impl Fn(&str) -> String) -> String {
    match likeliest(name) {
        Some(known) => format!("{shown} is not an option; did you mean {}?", spell(known)),
        None => format!("{shown} is not an option"),
    }
}

/// The option that shares most words with a name, if it shares any of weight.
fn likeliest(name: &str) -> Option<&'static str> {
    let alike = |one: &str, two: &str| one.len().min(two.len()) >= 3 && (one.starts_with(two) || two.starts_with(one));
    let score = |known: &str| {
        let shared = name.split('_').filter(|word| known.split('_').any(|other| alike(word, other))).count();
        // Of two that share as many words, the one with fewer others is meant.
        (shared, usize::MAX - known.split('_').count())
    };
    Config::NAMES.iter().copied().filter(|known| score(known).0 > 0).max_by_key(|known| score(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Switch,
        http::{Location, SameSite},
        jose::Algorithm,
        token::Lifetime,
    };

    fn from_env(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let mut config = Config::default();
        config.read_env(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))?;
        Ok(config)
    }

    #[test]
    fn the_environment_sets_options_by_upstream_s_names() {
        let config = from_env(&[
            ("JWT_SECRET_KEY", "hush"),
            ("JWT_TOKEN_LOCATION", "headers, cookies"),
            ("JWT_ACCESS_TOKEN_EXPIRES", "60"),
            ("JWT_REFRESH_TOKEN_EXPIRES", "False"),
            ("JWT_COOKIE_SECURE", "false"),
            ("JWT_COOKIE_SAMESITE", "Strict"),
            ("JWT_ALGORITHM", "HS512"),
            ("JWT_MAX_TOKEN_LENGTH", "100"),
            ("PATH", "/bin"),
        ])
        .unwrap();
        assert_eq!(config.secret_key.unwrap().expose(), "hush");
        assert_eq!(config.token_location.0, [Location::Header, Location::Cookie]);
        assert_eq!(config.access_token_expires, Lifetime::minutes(1));
        assert_eq!(config.refresh_token_expires, Lifetime::Never);
        assert_eq!(config.cookie_secure, Switch::Off);
        assert_eq!(config.cookie_samesite, SameSite::Strict);
        assert_eq!(config.algorithm, Algorithm::HS512);
        assert_eq!(config.max_token_length.0, 100);
    }

    #[test]
    fn mistakes_are_reported_together_with_what_was_meant() {
        let error = from_env(&[
            ("JWT_CSRF_PROTECTION", "True"),
            ("JWT_ALGORITHM", "none"),
            ("JWT_TOKEN_LOCATION", "headers,pockets"),
            ("JWT_COOKIE_SECURE", "perhaps"),
            ("JWT_XYZ", ""),
        ])
        .unwrap_err();
        let [csrf, algorithm, location, secure, unknown] = error.mistakes() else { panic!("{error}") };
        assert_eq!(csrf, "JWT_CSRF_PROTECTION is not an option; did you mean JWT_COOKIE_CSRF_PROTECT?");
        assert!(algorithm.starts_with("JWT_ALGORITHM: \"none\" is not a signature algorithm"), "{algorithm}");
        assert!(location.starts_with("JWT_TOKEN_LOCATION: unknown variant `pockets`"), "{location}");
        assert!(secure.contains("expected true or false"), "{secure}");
        assert_eq!(unknown, "JWT_XYZ is not an option");
    }

    #[test]
    fn a_file_sets_options_and_reports_mistakes_together() {
        let config: Config =
            serde_json::from_str(r#"{"csrf_methods":["POST"],"access_token_expires":"5m","realm":null}"#).unwrap();
        assert_eq!(config.csrf_methods.0, ["POST"]);
        assert_eq!(config.access_token_expires, Lifetime::minutes(5));
        let error =
            serde_json::from_str::<Config>(r#"{"header_nam":"X","secret_key":["hush"],"verify_sub":3}"#).unwrap_err();
        let text = error.to_string();
        for part in
            ["header_nam is not an option; did you mean header_name?", "secret_key must be a text", "verify_sub: "]
        {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("hush"));
    }
}
