//! Responses: tokens in the body, cookies beside any body, and rejections.

use std::fmt;

use axum_core::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use http::{HeaderValue, StatusCode, header};
use jwt_extended::{
    CookieError, TokenPair,
    http::{Reason, SetCookies},
    session::StoreError,
    token::IssueError,
};

use crate::Logout;

/// Answers with a pair of tokens as JSON, in the format of RFC 6749 section 5.1, and `Cache-Control: no-store`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens(pub TokenPair);

impl IntoResponse for Tokens {
    fn into_response(self) -> Response {
        let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
        (headers, self.0.to_json().to_string()).into_response()
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
#[derive(Clone, thiserror::Error)]
#[error(transparent)]
pub struct Rejection(Cause);

#[derive(Clone, Debug, thiserror::Error)]
enum Cause {
    #[error(transparent)]
    Rejected(#[from] jwt_extended::Rejection),
    #[error(transparent)]
    Issue(#[from] IssueError),
    #[error(transparent)]
    Cookie(#[from] CookieError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Rejection {
    /// Returns the engine's rejection with its reason, or `None` if the handler failed for another reason.
    pub fn rejection(&self) -> Option<&jwt_extended::Rejection> {
        match &self.0 {
            Cause::Rejected(rejection) => Some(rejection),
            Cause::Issue(_) | Cause::Cookie(_) | Cause::Store(_) => None,
        }
    }

    /// Returns the engine's rejection, or this one if the handler failed for another reason.
    pub(crate) fn into_rejection(self) -> Result<jwt_extended::Rejection, Self> {
        match self.0 {
            Cause::Rejected(rejection) => Ok(rejection),
            other => Err(Self(other)),
        }
    }

    pub(crate) fn is_for_missing_token(&self) -> bool {
        self.rejection().is_some_and(|rejection| matches!(rejection.reason(), Reason::Missing(_)))
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let rejection = match self.0 {
            Cause::Rejected(rejection) => rejection,
            Cause::Store(error) | Cause::Issue(IssueError::Store(error)) => return store_failed(&error),
            Cause::Issue(IssueError::SessionEnded) => return json_error(StatusCode::UNAUTHORIZED, LOGGED_OUT),
            Cause::Issue(error) => return issue_failed(&error),
            Cause::Cookie(error) => return issue_failed(&error),
        };
        let mut response = rejection.to_response().map(Into::into);
        response.extensions_mut().insert(rejection);
        response
    }
}

/// The message if all of the user's sessions were ended while this one was being opened.
const LOGGED_OUT: &str = "You were logged out everywhere meanwhile. Log in again";

fn store_failed(error: &StoreError) -> Response {
    tracing::error!(%error, "the store failed");
    match error {
        // The app is misconfigured, so trying again would not help.
        StoreError::NoStore | StoreError::NoSessions | StoreError::ReadOnly | StoreError::Unnamed(_) => {
            json_error(StatusCode::INTERNAL_SERVER_ERROR, "The server is not set up for this request")
        }
        _ => {
            let mut response = json_error(StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment");
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
    }
}

fn issue_failed(error: &dyn fmt::Display) -> Response {
    tracing::error!(%error, "a token could not be issued");
    json_error(StatusCode::INTERNAL_SERVER_ERROR, "The token could not be issued")
}

/// Answers with a short JSON error. The details are in the log.
pub(crate) fn json_error(status: StatusCode, message: &str) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], format!("{{\"msg\":\"{message}\"}}")).into_response()
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! causes {
    ($($error:ty),*) => {$(
        impl From<$error> for Rejection {
            fn from(error: $error) -> Self {
                Self(error.into())
            }
        }
    )*};
}

causes!(jwt_extended::Rejection, IssueError, CookieError, StoreError);
