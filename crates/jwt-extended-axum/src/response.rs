//! Responses: tokens in the body, cookies beside any body, and rejections.

use axum_core::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use jwt_extended::{
    TokenPair,
    http::{Failure, SetCookies},
};

use crate::Logout;

/// Answers with a pair of tokens as JSON, in the format of RFC 6749 section 5.1, and `Cache-Control: no-store`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens(pub TokenPair);

impl IntoResponse for Tokens {
    fn into_response(self) -> Response {
        self.0.to_response().map(Into::into)
    }
}

/// Sets or clears cookies beside any body, with `Cache-Control: no-store`.
///
/// ```
/// use axum::{Json, extract::State};
/// use jwt_extended_axum::{Cookies, JwtManager, Rejection};
/// use serde_json::{Value, json};
///
/// async fn login(State(jwt): State<JwtManager>) -> Result<(Cookies, Json<Value>), Rejection> {
///     let pair = jwt.login("alice").await?;
///     Ok((Cookies(jwt.set_cookies(&pair)?), Json(json!({ "login": true }))))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookies(pub SetCookies);

impl IntoResponseParts for Cookies {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Self::Error> {
        if !self.0.lines().is_empty() {
            self.0.append_to(response.headers_mut());
        }
        Ok(response)
    }
}

impl IntoResponseParts for Logout {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, response: ResponseParts) -> Result<ResponseParts, Self::Error> {
        Cookies(self.into_cookies()).into_response_parts(response)
    }
}

impl IntoResponse for Logout {
    fn into_response(self) -> Response {
        (self, ()).into_response()
    }
}

impl IntoResponse for Cookies {
    fn into_response(self) -> Response {
        (self, ()).into_response()
    }
}

/// A rejected request, or an error of the engine in a handler: every error of the engine converts to it by `?`.
///
/// It wraps the engine's [`jwt_extended::Rejection`], because only a type of this crate can be an axum response. The
/// response carries the engine's rejection in its extensions.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct Rejection(pub(crate) Failure);

impl Rejection {
    /// Returns the engine's rejection with its reason, or `None` if the handler failed for another reason.
    pub fn rejection(&self) -> Option<&jwt_extended::Rejection> {
        self.0.rejection()
    }

    /// Returns the engine's rejection, or this one if the handler failed for another reason.
    pub(crate) fn into_rejection(self) -> Result<jwt_extended::Rejection, Self> {
        match self.0 {
            Failure::Rejected(rejection) => Ok(rejection),
            other => Err(Self(other)),
        }
    }

    pub(crate) fn is_for_missing_token(&self) -> bool {
        self.0.is_for_missing_token()
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let mut response = self.0.to_response().map(Into::into);
        if let Failure::Rejected(rejection) = self.0 {
            response.extensions_mut().insert(rejection);
        }
        response
    }
}

impl<E: Into<Failure>> From<E> for Rejection {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}
