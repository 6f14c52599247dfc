//! Protection of cookies against forged requests: double submit of a CSRF value, and `Sec-Fetch-Site`.
//!
//! Extracts the value that was sent. `guard` compares it with the token's `csrf` claim.

use std::borrow::Cow;

use http::{HeaderName, Method, header};

use super::{
    BodyKind, CsrfError, Request,
    settings::{KindSettings, LocateSettings},
};

pub(crate) static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What must match the token's `csrf` claim.
pub(crate) enum CsrfCheck<'r> {
    NotNeeded,
    Sent(Cow<'r, [u8]>),
}

impl CsrfCheck<'_> {
    /// Copies what it borrows from the request.
    pub(super) fn into_owned(self) -> CsrfCheck<'static> {
        match self {
            Self::NotNeeded => CsrfCheck::NotNeeded,
            Self::Sent(value) => CsrfCheck::Sent(Cow::Owned(value.into_owned())),
        }
    }
}

/// Extracts the CSRF value that a request with a cookie must send.
pub(super) fn csrf_check<'r>(
    settings: &LocateSettings,
    request: &'r impl Request,
    kind: &KindSettings,
) -> Result<CsrfCheck<'r>, CsrfError> {
    let Some(csrf) = &settings.csrf else { return Ok(CsrfCheck::NotNeeded) };
    if !csrf.methods.iter().any(|method| method == request.method()) {
        return if csrf.refuse_cross_site {
            own_origin(request).map(|()| CsrfCheck::NotNeeded)
        } else {
            Ok(CsrfCheck::NotNeeded)
        };
    }
    refuse_cross_site(settings, request)?;
    let mut headers = request.header(&kind.csrf_header).filter(|value| !value.is_empty());
    let sent = match (headers.next(), headers.next()) {
        (Some(value), None) => Some(Cow::Borrowed(value)),
        (Some(_), Some(_)) => return Err(CsrfError::Mismatch),
        (None, _) if csrf.check_form => request.form_field(&kind.csrf_field),
        (None, _) => None,
    };
    sent.map(CsrfCheck::Sent).ok_or_else(|| {
        if csrf.check_form && !request.reads_multipart() && BodyKind::of(request) == BodyKind::Multipart {
            CsrfError::InHeaderOnly(kind.csrf_header.clone())
        } else {
            CsrfError::Missing
        }
    })
}

/// Rejects the handshake of a WebSocket from a page of another origin. It is a GET to which a page can add no header,
/// so no CSRF value guards it, and browsers let every page open it (RFC 6455 section 10.2).
fn own_origin(request: &impl Request) -> Result<(), CsrfError> {
    // HTTP/2 opens one with CONNECT and without an upgrade (RFC 8441).
    let is_handshake = request.method() == Method::CONNECT.as_str()
        || request.header(&header::SEC_WEBSOCKET_VERSION).next().is_some()
        || request.header(&header::UPGRADE).any(|value| value.trim_ascii().eq_ignore_ascii_case(b"websocket"));
    if !is_handshake {
        return Ok(());
    }
    if let Some(site) = request.header(&SEC_FETCH_SITE).next() {
        return if site.trim_ascii() == b"same-origin" { Ok(()) } else { Err(CsrfError::OtherOrigin) };
    }
    // Older browsers. A client that sends no origin is no browser, so no page makes it send a cookie.
    let Some(origin) = request.header(&header::ORIGIN).next() else { return Ok(()) };
    // A request without a host matches no origin.
    let Some(host) = request.header(&header::HOST).next() else { return Err(CsrfError::OtherOrigin) };
    let of_host = |scheme: &[u8]| origin.strip_prefix(scheme).is_some_and(|rest| rest.eq_ignore_ascii_case(host));
    if of_host(b"https://") || of_host(b"http://") { Ok(()) } else { Err(CsrfError::OtherOrigin) }
}

/// Rejects a request that the browser calls cross-site or same-site, if the configuration asks for it.
pub(crate) fn refuse_cross_site(settings: &LocateSettings, request: &impl Request) -> Result<(), CsrfError> {
    let Some(csrf) = &settings.csrf else { return Ok(()) };
    for site in request.header(&SEC_FETCH_SITE) {
        match site.trim_ascii() {
            b"cross-site" if csrf.refuse_cross_site => return Err(CsrfError::CrossSite),
            b"same-site" if csrf.refuse_same_site => return Err(CsrfError::SameSite),
            _ => {}
        }
    }
    Ok(())
}
