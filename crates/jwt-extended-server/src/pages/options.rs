//! The section `[pages]` of the configuration file, checked.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use axum::http::HeaderValue;
use jwt_extended_axum::{Config, Location, config::Switch};
use serde::Deserialize;

use super::{
    Inner, Names, Pages, Playground,
    assets::{Assets, LogoError},
    colours::Colour,
    headers,
    texts::{LanguageError, Languages, OwnTexts},
};
use crate::ForwardAuth;

/// The section `[pages]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PagesOptions {
    /// Whether there are pages. By default, if tokens may be in cookies.
    enabled: Option<bool>,
    title: Option<String>,
    /// An SVG or PNG file.
    logo: Option<PathBuf>,
    accent: Option<Colour>,
    /// The only language, rather than the one that the browser prefers.
    language: Option<String>,
    /// Words to change or to add, by the tag of the language.
    texts: BTreeMap<String, OwnTexts>,
}

/// A mistake in the section `[pages]`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PagesError {
    /// The pages cannot keep anybody logged in.
    #[error("pages.enabled needs cookies, and token_location has none; add \"cookies\" to it, or turn the pages off")]
    NoCookies,
    /// The logo cannot be used.
    #[error(transparent)]
    Logo(#[from] LogoError),
    /// The language cannot be used.
    #[error(transparent)]
    Language(#[from] LanguageError),
}

impl Pages {
    /// Checks the options. If there are pages, sets in the other options that forms may hold the CSRF value.
    ///
    /// # Errors
    /// If the pages cannot be shown in this way.
    pub(crate) fn new(
        options: PagesOptions,
        config: &mut Config,
        forward_auth: &ForwardAuth,
        playground: Playground,
    ) -> Result<Self, PagesError> {
        let PagesOptions { enabled, title, logo, accent, language, texts } = options;
        let has_cookies = config.token_location.0.contains(&Location::Cookie);
        match enabled {
            Some(true) if !has_cookies => return Err(PagesError::NoCookies),
            Some(false) => return Ok(Self::off()),
            None if !has_cookies => return Ok(Self::off()),
            Some(true) | None => config.csrf_check_form = Switch::On,
        }
        let names = Names {
            access_cookie: config.access_csrf_cookie_name.clone(),
            refresh_cookie: config.refresh_csrf_cookie_name.clone(),
            header: config.access_csrf_header_name.clone(),
            field: config.access_csrf_field_name.clone(),
            refresh_field: config.refresh_csrf_field_name.clone(),
        };
        let is_readable = !config.cookie_csrf_protect.is_on() || config.csrf_in_cookies.is_on();
        let policy = headers::policy(forward_auth.return_origins());
        Ok(Self(Some(Arc::new(Inner {
            title: title.unwrap_or_else(|| "jwt-extended".to_owned()),
            languages: Languages::new(texts, language.as_deref())?,
            assets: Assets::new(accent, logo.as_deref(), playground)?,
            names,
            scripts_refresh: is_readable,
            // Origins are visible ASCII.
            policy: HeaderValue::from_str(&policy).unwrap_or(headers::STRICT),
            playground,
        }))))
    }

    /// Reads the section from the text of a configuration file in TOML, for tests.
    ///
    /// # Errors
    /// The text of the mistake.
    pub fn from_toml(section: &str, config: &mut Config, forward_auth: &ForwardAuth) -> Result<Self, String> {
        let options = toml::from_str(section).map_err(|error| error.to_string())?;
        Self::new(options, config, forward_auth, Playground::Hidden).map_err(|error| error.to_string())
    }

    /// No pages at all.
    pub fn off() -> Self {
        Self(None)
    }
}
