//! Publishes the app's public keys.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder, body::BoxBody, dev::Payload};
use jwt_extended::JwtManager;

use crate::{Rejection, RequestParts, request::data, response::to_actix};

/// Answers with the app's public keys as a JWK Set, cacheable and with an `ETag`
/// ([`JwtManager::jwk_set_response`]). Take it as an argument and return it:
///
/// ```
/// use actix_web::web;
/// use jwt_extended_actix::JwkSet;
///
/// fn routes(app: &mut web::ServiceConfig) {
///     app.route("/.well-known/jwks.json", web::get().to(async |keys: JwkSet| keys));
/// }
/// ```
#[derive(Debug)]
#[must_use = "return it from the handler"]
pub struct JwkSet(http::Response<Vec<u8>>);

impl FromRequest for JwkSet {
    type Error = Rejection;
    type Future = Ready<Result<Self, Rejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(data::<JwtManager>(request).map(|jwt| Self(jwt.jwk_set_response(&RequestParts::of(request)))))
    }
}

impl Responder for JwkSet {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        to_actix(self.0)
    }
}
