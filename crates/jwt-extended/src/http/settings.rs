//! The part of the configuration that says where tokens are, checked and ready to use.

use http::HeaderName;

use super::Location;
use crate::token::TokenType;

/// Where to look for tokens, and how to read each location.
#[derive(Clone, Debug)]
pub(crate) struct LocateSettings {
    pub(crate) locations: Vec<Location>,
    pub(crate) header_name: HeaderName,
    /// The header's name as the configuration spells it, for messages.
    pub(crate) header_display: String,
    /// The scheme before the token. Empty if the whole header is the token.
    pub(crate) header_type: String,
    pub(crate) query_name: String,
    pub(crate) query_prefix: String,
    pub(crate) access: KindSettings,
    pub(crate) refresh: KindSettings,
    /// `None` if cookies are not protected.
    pub(crate) csrf: Option<CsrfSettings>,
    /// Rejects two different tokens in one request. Otherwise the first one counts.
    pub(crate) refuse_several: bool,
    /// Reads the header by Flask-JWT-Extended's rule.
    pub(crate) flask_header: bool,
}

/// How cookies are protected against requests forged by another site.
#[derive(Clone, Debug)]
pub(crate) struct CsrfSettings {
    /// The methods that need a CSRF value.
    pub(crate) methods: Vec<String>,
    /// Accepts the value in a form field if the header is missing.
    pub(crate) check_form: bool,
    /// Rejects requests that the browser calls cross-site.
    pub(crate) refuse_cross_site: bool,
    pub(crate) refuse_same_site: bool,
}

/// The names that differ between access and refresh tokens.
#[derive(Clone, Debug)]
pub(crate) struct KindSettings {
    pub(crate) cookie_name: String,
    pub(crate) json_key: String,
    pub(crate) csrf_header: HeaderName,
    pub(crate) csrf_field: String,
}

impl LocateSettings {
    /// Returns the names for one type of token.
    pub(crate) fn of(&self, kind: TokenType) -> &KindSettings {
        match kind {
            TokenType::Refresh => &self.refresh,
            TokenType::Access | TokenType::Other => &self.access,
        }
    }

    /// Returns whether a token or a CSRF value may come in the body, if these locations are searched.
    pub(crate) fn needs_body(&self, locations: &[Location]) -> bool {
        let form = self.csrf.as_ref().is_some_and(|csrf| csrf.check_form);
        locations.contains(&Location::Json) || (form && locations.contains(&Location::Cookie))
    }
}
