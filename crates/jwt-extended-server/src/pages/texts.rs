//! The words of the pages: in English and German, and in the languages and with the changes of the configuration.
//!
//! The files in the folder `texts` have one line for each text. A language that leaves a text out has the English one.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;

const ENGLISH: &str = include_str!("texts/en.toml");
const GERMAN: &str = include_str!("texts/de.toml");

/// Makes the struct of all texts, and that of the texts that the configuration changes.
macro_rules! texts {
    ($($name:ident,)*) => {
        /// The words of one language.
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct Texts {
            $(pub(super) $name: String,)*
        }

        /// The words of one language that the configuration changes.
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(crate) struct OwnTexts {
            $($name: Option<String>,)*
        }

        impl Texts {
            fn change(&mut self, own: OwnTexts) {
                $(if let Some(text) = own.$name {
                    self.$name = text;
                })*
            }
        }
    };
}

texts! {
    log_in,
    log_in_to,
    username,
    password,
    confirm,
    confirm_text,
    go_on,
    account,
    logged_in_as,
    log_out,
    playground,
    sessions,
    sessions_text,
    this_session,
    opened,
    last_used,
    end,
    end_device,
    end_others,
    show_more,
    unknown_device,
    device,
    change_password,
    change_password_text,
    current_password,
    new_password,
    new_password_hint,
    back,
    now,
    minute_ago,
    minutes_ago,
    hour_ago,
    hours_ago,
    day_ago,
    days_ago,
    seconds,
    second,
    minutes,
    logged_out,
    session_over,
    stolen,
    late,
    password_changed,
    session_ended,
    others_ended,
    no_such_session,
    wrong_password,
    locked,
    locked_over,
    busy,
    unavailable,
    cookies_blocked,
    other_site,
    malformed,
    too_long,
    timeout,
    not_found,
    not_allowed,
    old_password_wrong,
    password_short,
    password_long,
    password_monotonous,
    password_is_name,
    password_public,
    password_unchanged,
    password_overtaken,
    password_listed,
    sessions_left,
    problem,
}

/// All languages, by their tags in lower case. The first one is the default.
#[derive(Clone, Debug)]
pub(super) struct Languages(Vec<(String, Arc<Texts>)>);

/// A mistake in the languages of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LanguageError {
    /// The words that come with the program cannot be read.
    #[error("the texts of the program cannot be read: {0}")]
    BuiltIn(String),
    /// The language is not there.
    #[error("pages.language is \"{0}\", and there are no texts in it; add [pages.texts.{0}]")]
    Unknown(String),
    /// The name of a language is not a tag.
    #[error("pages.texts.{0}: a language is a tag such as fr or pt-br")]
    Tag(String),
}

impl Languages {
    /// Adds the words of the configuration to those of the program. With a fixed language, only that one is left.
    pub(super) fn new(own: BTreeMap<String, OwnTexts>, fixed: Option<&str>) -> Result<Self, LanguageError> {
        let read =
            |text: &str| toml::from_str::<Texts>(text).map_err(|error| LanguageError::BuiltIn(error.to_string()));
        let english = read(ENGLISH)?;
        let mut all = vec![("en".to_owned(), english.clone()), ("de".to_owned(), read(GERMAN)?)];
        for (tag, own) in own {
            let tag = tag.to_ascii_lowercase();
            if !is_tag(&tag) {
                return Err(LanguageError::Tag(tag));
            }
            let place = all.iter().position(|(known, _)| *known == tag).unwrap_or_else(|| {
                all.push((tag, english.clone()));
                all.len() - 1
            });
            if let Some((_, texts)) = all.get_mut(place) {
                texts.change(own);
            }
        }
        if let Some(fixed) = fixed {
            let tag = fixed.to_ascii_lowercase();
            all.retain(|(known, _)| *known == tag);
            if all.is_empty() {
                return Err(LanguageError::Unknown(fixed.to_owned()));
            }
        }
        Ok(Self(all.into_iter().map(|(tag, texts)| (tag, Arc::new(texts))).collect()))
    }

    /// Returns whether the answer depends on what the browser prefers.
    pub(super) fn are_negotiated(&self) -> bool {
        self.0.len() > 1
    }

    /// Returns the language that a browser prefers (`Accept-Language`, RFC 9110 section 12.5.4), with its tag.
    pub(super) fn preferred(&self, accept: Option<&str>) -> Option<(&str, &Arc<Texts>)> {
        let mut wanted: Vec<_> = accept.unwrap_or_default().split(',').filter_map(range).collect();
        // Stable, so that among equals the first one counts.
        wanted.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        let found = wanted.iter().filter(|(_, weight)| *weight > 0).find_map(|(tag, _)| self.find(tag));
        found.or_else(|| self.0.first()).map(|(tag, texts)| (tag.as_str(), texts))
    }

    /// Returns the language of a tag: `de` also for `de-AT`.
    fn find(&self, tag: &str) -> Option<&(String, Arc<Texts>)> {
        let exact = |tag: &str| self.0.iter().find(|(known, _)| known == tag);
        exact(tag).or_else(|| exact(tag.split('-').next()?))
    }
}

/// Reads `de;q=0.8` as the tag and its weight in thousandths.
fn range(text: &str) -> Option<(String, u32)> {
    let (tag, parameters) = text.split_once(';').unwrap_or((text, ""));
    let weight = match parameters.trim().strip_prefix("q=") {
        None => 1000,
        Some(weight) => thousandths(weight.trim())?,
    };
    Some((tag.trim().to_ascii_lowercase(), weight))
}

/// Reads a number of at most 1 with at most three decimals.
fn thousandths(text: &str) -> Option<u32> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match whole {
        "1" => Some(1000),
        "0" => format!("{decimals:0<3}").parse().ok(),
        _ => None,
    }
}

fn is_tag(text: &str) -> bool {
    let is_part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    text.split('-').all(is_part)
}

/// Replaces `{name}` in a text.
pub(super) fn fill(text: &str, name: &str, value: &str) -> String {
    text.replace(&format!("{{{name}}}"), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn languages() -> Languages {
        Languages::new(BTreeMap::new(), None).unwrap()
    }

    fn preferred(accept: &str) -> String {
        languages().preferred(Some(accept)).unwrap().0.to_owned()
    }

    #[test]
    fn the_language_is_the_one_that_the_browser_prefers() {
        for (accept, tag) in [
            ("", "en"),
            ("de", "de"),
            ("de-AT", "de"),
            ("DE", "de"),
            ("fr, de;q=0.5, en;q=0.4", "de"),
            ("en;q=0.3, de;q=0.9", "de"),
            ("de;q=0, en", "en"),
            ("de;q=0", "en"),
            ("fr", "en"),
            ("de;q=2, en;q=0.1", "en"),
            ("*", "en"),
            (";;;,,=,q", "en"),
        ] {
            assert_eq!(preferred(accept), tag, "{accept}");
        }
    }

    #[test]
    fn both_languages_fill_in_the_same_places() {
        let places = |text: &str| {
            let line = |line: &str| {
                let (name, text) = line.split_once(" = ")?;
                let mut places: Vec<_> = text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
                places.sort_unstable();
                Some((name.to_owned(), places.join(" ")))
            };
            text.lines().filter_map(line).collect::<Vec<_>>()
        };
        assert_eq!(places(ENGLISH), places(GERMAN));
    }

    #[test]
    fn the_configuration_changes_texts_and_adds_languages() {
        let own = toml::from_str("[en]\nlog_in = \"Sign in\"\n[fr]\nlog_in = \"Connexion\"").unwrap();
        let languages = Languages::new(own, None).unwrap();
        assert_eq!(languages.preferred(Some("en")).unwrap().1.log_in, "Sign in");
        let (tag, french) = languages.preferred(Some("fr-CA")).unwrap();
        assert_eq!((tag, &*french.log_in, &*french.log_out), ("fr", "Connexion", "Log out"));
        assert!(toml::from_str::<OwnTexts>("log_on = \"Log on\"").is_err(), "there is no such text");
    }

    #[test]
    fn a_fixed_language_is_the_only_one() {
        let german = Languages::new(BTreeMap::new(), Some("DE")).unwrap();
        assert_eq!(german.preferred(Some("en")).unwrap().0, "de");
        assert!(!german.are_negotiated() && languages().are_negotiated());
        let error = Languages::new(BTreeMap::new(), Some("xx")).unwrap_err();
        assert_eq!(error, LanguageError::Unknown("xx".to_owned()));
    }
}
