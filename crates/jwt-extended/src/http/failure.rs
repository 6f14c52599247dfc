//! Why a handler or a layer of a face fails, and the response to it: a rejection, or an error that knows no manager.

use http::{HeaderValue, Response, StatusCode, header};

use super::{CookieError, Reason, Rejection};
use crate::{session::StoreError, token::IssueError};

/// The message if all of the user's sessions were ended while this one was being opened.
const LOGGED_OUT: &str = "You were logged out everywhere meanwhile. Log in again";

/// Why a handler or a layer of a face fails. Every error of the engine converts to it, and a face wraps it in its own
/// type, which its framework can answer with.
///
/// ```
/// use jwt_extended::{http::Failure, session::StoreError};
///
/// let failure = Failure::from(StoreError::Unavailable("connection refused".to_owned()));
/// assert!(failure.rejection().is_none());
/// assert_eq!(failure.to_response().status(), 503);
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The request was rejected.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// A token could not be issued.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// A token does not fit into a cookie.
    #[error(transparent)]
    Cookie(#[from] CookieError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The lookup of a user failed. The text is the app's own error; it is logged and not sent to the client.
    #[error("the user could not be loaded: {0}")]
    UserLookup(String),
    /// The app is misconfigured. The text says what to change; it is logged and not sent to the client.
    #[error("{0}")]
    Misconfigured(String),
    /// The body is longer than guards read.
    #[error("The body is too long")]
    BodyTooLong,
    /// The body could not be read to its end.
    #[error("The body could not be read")]
    BodyUnreadable,
}

impl Failure {
    /// Returns the rejection with its reason; `None` for every other failure.
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Rejected(rejection) => Some(rejection),
            _ => None,
        }
    }

    /// Returns whether the request was rejected because it has no token.
    pub fn is_for_missing_token(&self) -> bool {
        self.rejection().is_some_and(|rejection| matches!(rejection.reason(), Reason::Missing(_)))
    }

    /// Makes the response, and logs what the client must not see.
    pub fn to_response(&self) -> Response<Vec<u8>> {
        match self {
            Self::Rejected(rejection) => rejection.to_response(),
            Self::Store(error) | Self::Issue(IssueError::Store(error)) => store_failed(error),
            Self::Issue(IssueError::SessionEnded) => answer(StatusCode::UNAUTHORIZED, LOGGED_OUT),
            Self::Issue(_) | Self::Cookie(_) => {
                tracing::error!(error = %self, "a token could not be issued");
                answer(StatusCode::INTERNAL_SERVER_ERROR, "The token could not be issued")
            }
            Self::UserLookup(_) => {
                tracing::error!(error = %self, "a lookup failed");
                answer(StatusCode::INTERNAL_SERVER_ERROR, "The user could not be loaded")
            }
            Self::Misconfigured(error) => {
                tracing::error!(%error, "the app is misconfigured");
                misconfigured()
            }
            Self::BodyTooLong => answer(StatusCode::PAYLOAD_TOO_LARGE, "The body is too long"),
            Self::BodyUnreadable => answer(StatusCode::BAD_REQUEST, "The body could not be read"),
        }
    }
}

fn store_failed(error: &StoreError) -> Response<Vec<u8>> {
    tracing::error!(%error, "the store failed");
    match error {
        // The app is misconfigured, so trying again would not help.
        StoreError::NoStore | StoreError::NoSessions | StoreError::ReadOnly | StoreError::Unnamed(_) => misconfigured(),
        _ => {
            let mut response = answer(StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment");
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
    }
}

fn misconfigured() -> Response<Vec<u8>> {
    answer(StatusCode::INTERNAL_SERVER_ERROR, "The server is not set up for this request")
}

/// Answers with a short JSON error. The details are in the log.
fn answer(status: StatusCode, message: &str) -> Response<Vec<u8>> {
    let mut response = Response::new(format!("{{\"msg\":\"{message}\"}}").into_bytes());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
