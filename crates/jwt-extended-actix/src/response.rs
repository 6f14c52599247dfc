//! Responses: tokens in the body, and cookies beside any body.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use jwt_extended::{TokenPair, http::SetCookies};

use crate::Logout;

/// Answers with a pair of tokens as JSON, in the format of RFC 6749 section 5.1, and `Cache-Control: no-store`.
///
/// ```
/// use actix_web::web;
/// use jwt_extended_actix::{JwtManager, Rejection, Tokens};
///
/// async fn login(jwt: web::Data<JwtManager>) -> Result<Tokens, Rejection> {
///     Ok(Tokens(jwt.login("alice").await?))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens(pub TokenPair);

impl Responder for Tokens {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        to_actix(self.0.to_response())
    }
}

/// Sets or clears cookies beside any body, with `Cache-Control: no-store`.
///
/// ```
/// use actix_web::web::{Data, Json};
/// use jwt_extended_actix::{Cookies, JwtManager, Rejection, WithCookies};
/// use serde_json::{Value, json};
///
/// async fn login(jwt: Data<JwtManager>) -> Result<WithCookies<Json<Value>>, Rejection> {
///     let pair = jwt.login("alice").await?;
///     Ok(Cookies(jwt.set_cookies(&pair)?).with(Json(json!({ "login": true }))))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "return it from the handler"]
pub struct Cookies(pub SetCookies);

impl Cookies {
    /// Sends the cookies with this response.
    pub fn with<R: Responder>(self, responder: R) -> WithCookies<R> {
        WithCookies { cookies: self.0, responder }
    }
}

/// A response with cookies beside it: [`Cookies::with`] and [`Logout::with`] make it.
#[derive(Clone, Debug)]
#[must_use = "return it from the handler"]
pub struct WithCookies<R> {
    cookies: SetCookies,
    responder: R,
}

impl<R: Responder> Responder for WithCookies<R> {
    type Body = R::Body;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<R::Body> {
        let mut response = self.responder.respond_to(request);
        if !self.cookies.lines().is_empty() {
            append(self.cookies, response.headers_mut());
        }
        response
    }
}

impl Responder for Cookies {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        self.with(HttpResponse::Ok().finish()).respond_to(request)
    }
}

impl Responder for Logout {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        Cookies(self.into_cookies()).respond_to(request)
    }
}

/// Adds cookies to a response's headers. Keeps cookies that are already there.
pub(crate) fn append(cookies: SetCookies, headers: &mut header::HeaderMap) {
    for (name, value) in cookies.into_iter().filter_map(|(name, value)| to_actix_header(&name, &value)) {
        if name == header::CACHE_CONTROL {
            headers.insert(name, value);
        } else {
            headers.append(name, value);
        }
    }
}

/// Turns a response of the engine into one of actix-web.
pub(crate) fn to_actix(response: http::Response<Vec<u8>>) -> HttpResponse {
    let (parts, body) = response.into_parts();
    let status = StatusCode::from_u16(parts.status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::with_body(status, BoxBody::new(body));
    for (name, value) in parts.headers.iter().filter_map(|(name, value)| to_actix_header(name, value)) {
        response.headers_mut().append(name, value);
    }
    response
}

/// Turns a header of the engine's `http` into one of actix-web's older version. Both accept the same texts, so the
/// result is never `None`.
pub(crate) fn to_actix_header(name: &http::HeaderName, value: &http::HeaderValue) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
    let mut converted = HeaderValue::from_bytes(value.as_bytes()).ok()?;
    converted.set_sensitive(value.is_sensitive());
    Some((name, converted))
}
