//! The headers of the pages: what a browser must not do with them.

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};

use super::Inner;
use crate::Origin;

/// The policy without other origins, which is too strict only for forms that end at another origin.
pub(super) const STRICT: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
);

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Returns the Content-Security-Policy of the pages. Forms may end at these origins: Chromium also checks the address
/// to which a login redirects.
pub(super) fn policy(return_to: &[Origin]) -> String {
    let origins: String = return_to.iter().flat_map(|origin| [" ", origin.as_str()]).collect();
    // A constant of ASCII.
    let strict = STRICT;
    strict.to_str().unwrap_or_default().replace("form-action 'self'", &format!("form-action 'self'{origins}"))
}

/// Adds the headers of a page.
pub(super) fn add(inner: &Inner, response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, inner.policy.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // With `no-referrer`, browsers would send forms with `Origin: null`.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    if inner.languages.are_negotiated() {
        headers.append(header::VARY, HeaderValue::from_static("Accept-Language"));
    }
}
