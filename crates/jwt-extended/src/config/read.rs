//! Reads a [`Config`] from environment variables and through serde. Every mistake is reported, not only the first.
//!
//! A source changes only the options that it names, so several can be read one after the other: a base, a file, the
//! environment.

use std::{collections::BTreeSet, ffi::OsString, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, IntoDeserializer, MapAccess, value::StrDeserializer},
};
use serde_json::Value;

use super::{
    Assigned, Config, ConfigError, Secret,
    files::{self, option_of},
    service_links::is_service_link,
};

/// The prefix of our environment variables.
const PREFIX: &str = "JWT_";

/// How alike two names must be before one is suggested for the other: 1.0 for equal names.
const SIMILAR: f64 = 0.5;

impl Config {
    /// Returns the defaults, changed by the process's `JWT_…` environment variables. Lists are written with commas.
    ///
    /// # Errors
    /// If a variable has an unusable value, or a `JWT_…` variable is not an option: it may be misspelled.
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut config = Self::default();
        config.read_env(std::env::vars_os())?;
        Ok(config)
    }

    /// Changes this configuration by environment variables: those whose names begin with `JWT_`.
    ///
    /// Variables that Kubernetes sets for a service called `jwt` or `jwt-…` are ignored: `JWT_SERVICE_HOST`,
    /// `JWT_PORT=tcp://…` and the others of that form.
    ///
    /// `JWT_SECRET_KEY_FILE`, `JWT_PRIVATE_KEY_FILE` and `JWT_PUBLIC_KEY_FILE` name a file whose content is the value
    /// ([`Secret::read_file`]). A key that is itself the path of an existing file is refused.
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub fn read_env<N, V>(&mut self, variables: impl IntoIterator<Item = (N, V)>) -> Result<(), ConfigError>
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        let mut mistakes = Vec::new();
        let mut given = Given::default();
        for (variable, value) in variables {
            // All our names are ASCII.
            let Ok(variable) = variable.into().into_string() else { continue };
            // No option takes a value that is not Unicode. The empty text is refused with the option's own message.
            let value = value.into().into_string().unwrap_or_default();
            let Some(name) = variable.strip_prefix(PREFIX).map(str::to_ascii_lowercase) else {
                continue;
            };
            if is_service_link(&variable, &value) {
                continue;
            }
            if let Err(mistake) = given.add(&name, variable_name) {
                mistakes.push(mistake);
                continue;
            }
            let text: StrDeserializer<'_, de::value::Error> = value.as_str().into_deserializer();
            mistakes.extend(self.set_shown(&variable, &name, text, variable_name).err());
        }
        if mistakes.is_empty() { Ok(()) } else { Err(ConfigError::new(mistakes)) }
    }

    /// Changes this configuration by a table of options: a section of a file, a JSON object, or any other map that
    /// serde can read. An option that is left out, or is `null`, keeps its value. `secret_key_file`, `private_key_file`
    /// and `public_key_file` name a file whose content is the value.
    ///
    /// ```
    /// use jwt_extended::Config;
    ///
    /// let mut config = Config::default();
    /// config.realm = Some("api".to_owned());
    /// config.read(&mut serde_json::Deserializer::from_str(r#"{"access_token_expires": "5m"}"#))?;
    /// assert_eq!(config.realm.as_deref(), Some("api"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    /// If an option does not exist or has an unusable value. The message names all of them.
    pub fn read<'de, D: Deserializer<'de>>(&mut self, options: D) -> Result<(), D::Error> {
        struct Visitor<'a>(&'a mut Config);
        impl<'de> de::Visitor<'de> for Visitor<'_> {
            type Value = ();

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of options")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
                let mut mistakes = Vec::new();
                let mut given = Given::default();
                // Each value is read whole before it is checked, so that the map can be read on after a mistake.
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if value.is_null() {
                        continue;
                    }
                    if let Err(mistake) = given.add(&name, str::to_owned) {
                        mistakes.push(mistake);
                    } else {
                        mistakes.extend(self.0.set_shown(&name, &name, value, str::to_owned).err());
                    }
                }
                if mistakes.is_empty() { Ok(()) } else { Err(de::Error::custom(ConfigError::new(mistakes))) }
            }
        }
        options.deserialize_map(Visitor(self))
    }

    /// Sets one option by its name, for readers that know the place of each option in their file and report it with the
    /// mistake. [`read`](Self::read) sets all options of a table.
    ///
    /// # Errors
    /// If the option does not exist or the value is unusable.
    pub fn set<'de, D: Deserializer<'de>>(&mut self, name: &str, value: D) -> Result<(), ConfigError> {
        self.set_shown(name, name, value, str::to_owned).map_err(|mistake| ConfigError::new(vec![mistake]))
    }

    /// Sets one option, which a mistake calls `shown`; `spell` writes the name of another option in the same style.
    fn set_shown<'de, D: Deserializer<'de>>(
        &mut self,
        shown: &str,
        name: &str,
        value: D,
        spell: fn(&str) -> String,
    ) -> Result<(), String> {
        if let Some(option) = option_of(name) {
            let path = String::deserialize(value).map_err(|_| format!("{shown} must be a text"))?;
            let secret = Secret::read_file(path).map_err(|error| format!("{shown}: {error}"))?;
            let text: StrDeserializer<'_, de::value::Error> = secret.expose().into_deserializer();
            return self.assign(option, text).map(drop).map_err(|_| format!("{shown} must name a text"));
        }
        if self.set_value(shown, name, value)? == Assigned::NoSuchOption {
            return Err(not_an_option(shown, name, spell));
        }
        if self.holds_a_path(name) {
            let file = spell(&format!("{name}{}", files::SUFFIX));
            return Err(format!("{shown} is the path of a file; set {file} to it, so that its content is used"));
        }
        Ok(())
    }

    fn set_value<'de, D: Deserializer<'de>>(&mut self, shown: &str, name: &str, value: D) -> Result<Assigned, String> {
        self.assign(name, value).map_err(|error| match name {
            // The error may quote the value, and keys must not be shown.
            "secret_key" | "private_key" => format!("{shown} must be a text"),
            _ => format!("{shown}: {}", error.to_string().trim_end()),
        })
    }
}

/// The names of one source whose options can be given in two ways: by value and by file.
#[derive(Default)]
struct Given(BTreeSet<String>);

impl Given {
    /// Notes a name, unless its option was given in the other way.
    fn add(&mut self, name: &str, spell: fn(&str) -> String) -> Result<(), String> {
        let option = option_of(name).unwrap_or(name);
        if !Config::IN_FILES.contains(&option) {
            return Ok(());
        }
        let file = format!("{option}{}", files::SUFFIX);
        let other = if name == option { &file } else { option };
        if self.0.contains(other) {
            return Err(format!("{} and {} are both given; leave one of them out", spell(option), spell(&file)));
        }
        self.0.insert(name.to_owned());
        Ok(())
    }
}

/// Returns what to say of an unknown name.
fn not_an_option(shown: &str, name: &str, spell: fn(&str) -> String) -> String {
    let meant = match name.strip_suffix(files::SUFFIX) {
        Some(option) if Config::NAMES.contains(&option) => {
            let known: Vec<_> = Config::IN_FILES.iter().map(|known| spell(known)).collect();
            return format!("{shown} is not an option: a file can hold only {}", known.join(", "));
        }
        // The name of a path must not lead to an option that takes the secret itself.
        Some(option) => closest_option(option, Config::IN_FILES).map(|known| format!("{known}{}", files::SUFFIX)),
        None => closest_option(name, Config::NAMES).map(str::to_owned),
    };
    match meant {
        Some(meant) => format!("{shown} is not an option; did you mean {}?", spell(&meant)),
        None => format!("{shown} is not an option"),
    }
}

fn variable_name(option: &str) -> String {
    format!("{PREFIX}{}", option.to_ascii_uppercase())
}

impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut config = Self::default();
        config.read(deserializer)?;
        Ok(config)
    }
}

/// Returns the option that a misspelled name most likely means, if one is similar enough. Among equally similar
/// options, the shortest wins.
///
/// ```
/// use jwt_extended::{Config, config::closest_option};
///
/// assert_eq!(closest_option("header_nam", Config::NAMES), Some("header_name"));
/// assert_eq!(closest_option("csrf_protection", Config::NAMES), Some("cookie_csrf_protect"));
/// assert_eq!(closest_option("colour", Config::NAMES), None);
/// ```
pub fn closest_option<'a>(name: &str, options: &[&'a str]) -> Option<&'a str> {
    // Pairs of letters find 520 of 530 random slips of one letter, and 311 of 356 names with a missing or swapped word.
    // The edit distance finds all of the former, and 235 of the latter.
    let scored = options.iter().map(|known| (strsim::sorensen_dice(name, known), *known));
    let similar = scored.filter(|(score, _)| *score >= SIMILAR);
    let best = similar.max_by(|(one, a), (two, b)| one.total_cmp(two).then(b.len().cmp(&a.len())));
    best.map(|(_, known)| known)
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
    fn the_environment_sets_options_by_upstream_names() {
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
    fn mistakes_are_reported_together_with_suggestions() {
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
    fn the_variables_of_a_service_called_jwt_are_ignored() {
        let service = [
            ("JWT_SERVICE_HOST", "10.0.0.11"),
            ("JWT_SERVICE_PORT", "5000"),
            ("JWT_SERVICE_PORT_HTTP", "5000"),
            ("JWT_PORT", "tcp://10.0.0.11:5000"),
            ("JWT_PORT_5000_TCP", "tcp://10.0.0.11:5000"),
            ("JWT_PORT_5000_TCP_PROTO", "tcp"),
            ("JWT_PORT_5000_TCP_PORT", "5000"),
            ("JWT_PORT_5000_TCP_ADDR", "10.0.0.11"),
        ];
        from_env(&service).unwrap();
        from_env(&[("JWT_SERVER_SERVICE_HOST", "10.0.0.12"), ("JWT_SERVER_PORT", "tcp://10.0.0.12:80")]).unwrap();
        let error = from_env(&[("JWT_PORT", "5000"), ("JWT_SERVICE_NAME", "jwt")]).unwrap_err();
        assert_eq!(error.mistakes(), ["JWT_PORT is not an option", "JWT_SERVICE_NAME is not an option"]);
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

    #[test]
    fn a_source_changes_only_the_options_that_it_names() {
        let mut config = from_env(&[("JWT_REALM", "api"), ("JWT_MAX_SESSIONS", "5")]).unwrap();
        let file = r#"{"realm":null,"max_sessions":7,"header_type":""}"#;
        config.read(&mut serde_json::Deserializer::from_str(file)).unwrap();
        assert_eq!((config.realm.as_deref(), config.max_sessions.unwrap().0), (Some("api"), 7));
        assert_eq!(config.header_type, "");
    }

    #[test]
    fn one_option_is_set_by_its_name() {
        let mut config = Config::default();
        config.set("access_token_expires", Value::from(60)).unwrap();
        assert_eq!(config.access_token_expires, Lifetime::minutes(1));
        let error = config.set("acess_token_expires", Value::from(60)).unwrap_err();
        assert_eq!(error.mistakes(), ["acess_token_expires is not an option; did you mean access_token_expires?"]);
        let error = config.set("private_key", Value::from(["hush"].as_slice())).unwrap_err();
        assert_eq!(error.to_string(), "private_key must be a text");
    }

    #[test]
    fn a_slip_suggests_the_option_that_was_meant() {
        for (slip, meant) in [
            ("acess_cookie_name", "access_cookie_name"),
            ("cookie_samsite", "cookie_samesite"),
            ("access_expires", "access_token_expires"),
            ("error_msg_key", "error_message_key"),
            ("samesite", "cookie_samesite"),
            ("secret", "secret_key"),
        ] {
            assert_eq!(closest_option(slip, Config::NAMES), Some(meant), "{slip}");
        }
        for name in ["", "x", "user_claims", "jwks_url", "store_timeout"] {
            assert_eq!(closest_option(name, Config::NAMES), None, "{name}");
        }
    }
}
