//! What handlers answer with: tokens in the body, cookies beside it, refusals.

use std::fmt;

use axum_core::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use http::{HeaderValue, StatusCode, header};
use jwt_extended::{
    CookieError, TokenPair,
    http::{Reason, SetCookies},
    session::StoreError,
    token::IssueError,
};

/// Answers a pair of tokens as JSON, with `Cache-Control: no-store`: the body of RFC 6749 section 5.1.
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
        self.0.append_to(response.headers_mut());
        Ok(response)
    }
}

impl IntoResponse for Cookies {
    fn into_response(self) -> Response {
        (self, ()).into_response()
    }
}

/// A refused request, or one whose answer could not be made: what `?` gives in a handler.
#[derive(Clone, thiserror::Error)]
#[error(transparent)]
pub struct Rejection(Cause);

#[derive(Clone, Debug, thiserror::Error)]
enum Cause {
    #[error(transparent)]
    Refused(#[from] jwt_extended::Rejection),
    #[error(transparent)]
    Issue(#[from] IssueError),
    #[error(transparent)]
    Cookie(#[from] CookieError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Rejection {
    /// The engine's refusal, with its reason; `None` where the app's own answer failed.
    pub fn refusal(&self) -> Option<&jwt_extended::Rejection> {
        match &self.0 {
            Cause::Refused(rejection) => Some(rejection),
            Cause::Issue(_) | Cause::Cookie(_) | Cause::Store(_) => None,
        }
    }

    pub(crate) fn is_for_lack_of_a_token(&self) -> bool {
        self.refusal().is_some_and(|rejection| matches!(rejection.reason(), Reason::Missing(_)))
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let rejection = match self.0 {
            Cause::Refused(rejection) => rejection,
            Cause::Store(error) | Cause::Issue(IssueError::Store(error)) => return not_kept(&error),
            Cause::Issue(IssueError::SessionEnded) => return plain(StatusCode::UNAUTHORIZED, LOGGED_OUT),
            Cause::Issue(error) => return not_issued(&error),
            Cause::Cookie(error) => return not_issued(&error),
        };
        let mut response = rejection.to_response().map(Into::into);
        response.extensions_mut().insert(rejection);
        response
    }
}

/// All sessions of the user ended while this one was being opened.
const LOGGED_OUT: &str = "You were logged out everywhere meanwhile. Log in again";

fn not_kept(error: &StoreError) -> Response {
    tracing::error!(%error, "the store failed");
    match error {
        // The app asks for what it is not set up for: trying again would not help.
        StoreError::NoStore | StoreError::NoSessions | StoreError::ReadOnly | StoreError::Unnamed(_) => {
            plain(StatusCode::INTERNAL_SERVER_ERROR, "The server is not set up for this request")
        }
        _ => {
            let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment");
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
    }
}

fn not_issued(error: &dyn fmt::Display) -> Response {
    tracing::error!(%error, "a token could not be issued");
    plain(StatusCode::INTERNAL_SERVER_ERROR, "The token could not be issued")
}

/// A small answer for faults of the app's own, whose details are for the log.
pub(crate) fn plain(status: StatusCode, message: &str) -> Response {
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
