//! How the endpoints for other services refuse a request: as OAuth does (RFC 6749 section 5.2).

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jwt_extended_axum::session::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answered::RefusalCode;

/// A reason to refuse a request.
#[derive(Debug)]
pub(in crate::routes) enum Refusal {
    /// The request has parameters twice or too few, or is no form.
    Malformed(&'static str),
    /// Nobody has this name and this secret.
    UnknownClient,
    /// The client may not do this.
    NotAllowed,
    /// The client has sent too many requests.
    TooMany(Duration),
    /// The store did not answer.
    Unavailable(StoreError),
}

/// The body of a refused request.
#[derive(Serialize, ToSchema)]
pub(in crate::routes) struct OAuthError {
    /// The code of the reason.
    error: &'static str,
    /// The reason in words, for developers.
    error_description: &'static str,
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error, error_description) = match &self {
            Self::Malformed(why) => (StatusCode::BAD_REQUEST, "invalid_request", *why),
            Self::UnknownClient => {
                (StatusCode::UNAUTHORIZED, "invalid_client", "There is no client of this name with this secret")
            }
            Self::NotAllowed => (
                StatusCode::FORBIDDEN,
                "unauthorized_client",
                "This client may not do this; its `may` in the server's configuration says what it may do",
            ),
            Self::TooMany(_) => {
                (StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "This client has sent too many requests")
            }
            Self::Unavailable(error) => {
                tracing::error!(%error, "the store failed, so a client is refused");
                (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "Try again in a moment")
            }
        };
        let mut response = (status, Json(OAuthError { error, error_description })).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match self {
            Self::UnknownClient => {
                let challenge = HeaderValue::from_static("Basic realm=\"clients\", charset=\"UTF-8\"");
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            Self::TooMany(wait) => {
                headers.insert(header::RETRY_AFTER, (wait.as_secs() + 1).into());
            }
            Self::Unavailable(_) => {
                headers.insert(header::RETRY_AFTER, 1.into());
            }
            Self::Malformed(_) | Self::NotAllowed => {}
        }
        response.extensions_mut().insert(RefusalCode(error));
        response
    }
}
