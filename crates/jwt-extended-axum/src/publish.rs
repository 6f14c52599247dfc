//! Publishes the app's public keys.

use std::convert::Infallible;

use axum_core::{
    extract::{FromRef, FromRequestParts},
    response::{IntoResponse, Response},
};
use http::request::Parts;
use jwt_extended::JwtManager;

/// Answers with the app's public keys as a JWK Set, cacheable and with an `ETag`
/// ([`JwtManager::jwk_set_response`]). Take it as an argument and return it:
///
/// ```
/// use axum::{Router, routing::get};
/// use jwt_extended_axum::{JwkSet, JwtManager};
///
/// fn routes(jwt: JwtManager) -> Router {
///     Router::new().route("/.well-known/jwks.json", get(async |keys: JwkSet| keys)).with_state(jwt)
/// }
/// ```
#[derive(Debug)]
#[must_use = "return it from the handler"]
pub struct JwkSet(http::Response<Vec<u8>>);

impl<S> FromRequestParts<S> for JwkSet
where
    JwtManager: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self(JwtManager::from_ref(state).jwk_set_response(parts)))
    }
}

impl IntoResponse for JwkSet {
    fn into_response(self) -> Response {
        self.0.map(Into::into)
    }
}
