//! The part of the configuration that says how tokens travel, checked and ready to use.

use http::HeaderName;

use super::Location;

/// Where tokens are looked for, and what is asked of a cookie.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one option of the configuration, already decided")]
pub(crate) struct LocateSettings {
    pub(crate) locations: Vec<Location>,
    pub(crate) header_name: HeaderName,
    /// The header's name as the configuration spells it, for messages.
    pub(crate) header_display: String,
    /// Empty: the whole header is the token.
    pub(crate) header_type: String,
    pub(crate) query_name: String,
    pub(crate) query_prefix: String,
    pub(crate) access: KindSettings,
    pub(crate) refresh: KindSettings,
    pub(crate) csrf_protect: bool,
    pub(crate) csrf_methods: Vec<String>,
    pub(crate) csrf_check_form: bool,
    pub(crate) refuse_cross_site: bool,
    /// Two different tokens in one request are refused; otherwise the first one counts.
    pub(crate) refuse_several: bool,
    /// The header is read by Flask-JWT-Extended's rule.
    pub(crate) flask_header: bool,
}

/// The names that differ between access and refresh tokens.
#[derive(Clone, Debug)]
pub(crate) struct KindSettings {
    pub(crate) cookie_name: String,
    pub(crate) json_key: String,
    pub(crate) csrf_header: HeaderName,
    pub(crate) csrf_field: String,
}
