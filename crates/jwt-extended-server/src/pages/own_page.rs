//! A form that comes from a page of this server. Otherwise another site, or a sibling subdomain, could log its visitor
//! in as somebody else.

use axum::{
    extract::FromRequestParts,
    http::{HeaderName, header, request::Parts},
};
use jwt_extended_axum::{Reason, Rejection, jwt_extended::http::CsrfError};

use crate::App;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Proof that no page of another origin has sent a form, as far as browsers say so.
pub(super) struct OwnPage;

impl FromRequestParts<App> for OwnPage {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Rejection> {
        app.jwt.refuse_cross_site(parts)?;
        if is_own(parts) || app.cors.allows(&parts.headers) {
            Ok(Self)
        } else {
            Err(app.jwt.reject(Reason::Csrf(CsrfError::CrossSite), None).into())
        }
    }
}

/// Returns whether a request may be from a page of this server. Old browsers, and those that do not trust the
/// connection, say only the origin of the page; other programs say nothing.
fn is_own(request: &Parts) -> bool {
    if let Some(site) = request.headers.get(SEC_FETCH_SITE) {
        // The user has reloaded the page that shows an error.
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let Some(origin) = request.headers.get(header::ORIGIN) else { return true };
    let Some((_, host)) = origin.to_str().ok().and_then(|origin| origin.split_once("://")) else { return false };
    // Pages cannot set either of them. A proxy may have replaced the first.
    let hosts = [header::HOST, FORWARDED_HOST].map(|name| request.headers.get(name));
    hosts.iter().flatten().any(|known| known.as_bytes().eq_ignore_ascii_case(host.as_bytes()))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn is_own_with(headers: &[(&str, &str)]) -> bool {
        let request = Request::builder().header("host", "login.example:8443");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        is_own(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn the_browser_says_which_page_has_sent_a_form() {
        for site in ["same-origin", "none"] {
            assert!(is_own_with(&[("sec-fetch-site", site)]), "{site}");
        }
        for site in ["same-site", "cross-site", "", "anything"] {
            assert!(!is_own_with(&[("sec-fetch-site", site), ("origin", "https://login.example:8443")]), "{site}");
        }
    }

    #[test]
    fn an_old_browser_says_only_the_origin() {
        assert!(is_own_with(&[]), "a program");
        assert!(is_own_with(&[("origin", "https://login.example:8443")]));
        assert!(is_own_with(&[("origin", "http://LOGIN.example:8443")]), "behind a proxy with TLS");
        assert!(is_own_with(&[("origin", "https://a.example"), ("x-forwarded-host", "a.example")]), "behind a proxy");
        for origin in
            ["null", "https://login.example", "https://evil.example", "https://login.example:8443.evil.example"]
        {
            assert!(!is_own_with(&[("origin", origin)]), "{origin}");
        }
    }
}
