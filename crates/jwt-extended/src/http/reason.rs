//! Why a request was rejected: one enum of reasons, and for each its code, handler, status and challenge.

use http::{HeaderValue, StatusCode};

use super::{CsrfError, Handler, Missing, RefusalSettings, RequestError, Statuses, render::ChallengeError};
use crate::{
    session::StoreError,
    token::{IssueError, TokenError},
};

/// Why a request was rejected. Displays as the message for the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The request has no token.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// The token came in a cookie, and nothing proves that our own site sent the request.
    #[error(transparent)]
    Csrf(#[from] CsrfError),
    /// The request carries its token in a malformed way, or carries more than one.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The token is not acceptable.
    #[error(transparent)]
    Token(TokenError),
    /// The token is a refresh token, and the route needs another type.
    #[error("Only non-refresh tokens are allowed")]
    RefreshToken,
    /// The token is not a refresh token, and the route needs one.
    #[error("Only refresh tokens are allowed")]
    NotRefreshToken,
    /// The token is valid but expired.
    #[error("Token has expired")]
    Expired,
    /// The token, its session, or all of its subject's tokens were revoked.
    #[error("Token has been revoked")]
    Revoked,
    /// The refresh token was already rotated. Somebody has a copy of it, so its session was ended.
    #[error("Token was used before, so its session has ended. Log in again")]
    Replayed,
    /// The token is valid but not fresh.
    #[error("Fresh token required")]
    NotFresh {
        /// The maximum age of the login in seconds (RFC 9470): `fresh_token_expires`. It is 0, which asks for a new
        /// login, if freshness has no set length.
        max_age: u64,
    },
    /// The app's own verification rejected the token.
    #[error("User claims verification failed")]
    Verification,
    /// The app found no user for the token.
    #[error("Error loading the user {}", shortened(.0))]
    UserNotFound(String),
    /// The store failed, so it is unknown whether the token was revoked.
    #[error("The token's state cannot be checked right now. Try again in a moment")]
    StoreUnavailable(StoreError),
    /// The app's own reason. Its response has the same format as all others.
    #[error("{message}")]
    App {
        /// The status of the response.
        status: StatusCode,
        /// A stable code for programs.
        code: &'static str,
        /// The message for the client.
        message: &'static str,
    },
    /// A token that the response needs could not be issued. The error is logged and not sent to the client.
    #[error("The token could not be issued")]
    Issue(IssueError),
    /// The app is misconfigured. The text is logged and not sent to the client.
    #[error("The server is not set up for this request")]
    Misconfigured(&'static str),
}

impl Reason {
    /// Returns a stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "token_missing",
            Self::Csrf(CsrfError::Missing | CsrfError::InHeaderOnly(_)) => "csrf_missing",
            Self::Csrf(CsrfError::Mismatch) => "csrf_mismatch",
            Self::Csrf(CsrfError::CrossSite | CsrfError::OtherOrigin) => "csrf_cross_site",
            Self::Request(_) => "request_malformed",
            Self::Token(_) => "token_invalid",
            Self::RefreshToken | Self::NotRefreshToken => "token_type_wrong",
            Self::Expired => "token_expired",
            Self::Revoked => "token_revoked",
            Self::Replayed => "token_replayed",
            Self::NotFresh { .. } => "token_not_fresh",
            Self::Verification => "claims_refused",
            Self::UserNotFound(_) => "user_not_found",
            Self::StoreUnavailable(_) => "store_unavailable",
            Self::App { code, .. } => code,
            Self::Issue(_) => "token_not_issued",
            Self::Misconfigured(_) => "misconfigured",
        }
    }

    /// Returns the handler that answers this reason, if the app has set one.
    pub const fn handler(&self) -> Handler {
        match self {
            Self::Missing(_) | Self::Csrf(_) => Handler::Unauthorized,
            Self::Request(_) | Self::Token(_) | Self::RefreshToken | Self::NotRefreshToken => Handler::InvalidToken,
            Self::Expired => Handler::ExpiredToken,
            Self::NotFresh { .. } => Handler::NeedsFreshToken,
            Self::Revoked | Self::Replayed => Handler::RevokedToken,
            Self::UserNotFound(_) => Handler::UserLookupError,
            Self::Verification => Handler::TokenVerificationFailed,
            Self::StoreUnavailable(_) => Handler::StoreUnavailable,
            Self::App { .. } => Handler::App,
            Self::Issue(_) | Self::Misconfigured(_) => Handler::ServerError,
        }
    }

    /// Returns the status, by one of the two conventions.
    pub const fn status(&self, statuses: Statuses) -> StatusCode {
        if let Self::App { status, .. } = self {
            return *status;
        }
        match (self.handler(), statuses) {
            (Handler::StoreUnavailable, _) => StatusCode::SERVICE_UNAVAILABLE,
            (Handler::ServerError, _) => StatusCode::INTERNAL_SERVER_ERROR,
            (Handler::InvalidToken, Statuses::FlaskJwtExtended) => StatusCode::UNPROCESSABLE_ENTITY,
            (Handler::TokenVerificationFailed, Statuses::FlaskJwtExtended) => StatusCode::BAD_REQUEST,
            _ if matches!(self, Self::Request(_)) => StatusCode::BAD_REQUEST,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// Makes the challenge: with an error code if the client sent a token, bare for other 401 responses, and none for
    /// the rest.
    pub(super) fn challenge(&self, settings: &RefusalSettings) -> Option<HeaderValue> {
        match self.challenge_error() {
            Some(error) => {
                let max_age = if let Self::NotFresh { max_age } = self { Some(*max_age) } else { None };
                settings.challenge(Some(&ChallengeError { error, description: &self.to_string(), max_age }))
            }
            None if self.status(settings.statuses) == StatusCode::UNAUTHORIZED => settings.challenge(None),
            None => None,
        }
    }

    /// Returns the challenge's error code (RFC 6750 section 3.1, RFC 9470 section 3).
    const fn challenge_error(&self) -> Option<&'static str> {
        match self {
            Self::Missing(_)
            | Self::Csrf(_)
            | Self::StoreUnavailable(_)
            | Self::App { .. }
            | Self::Issue(_)
            | Self::Misconfigured(_) => None,
            Self::Request(_) => Some("invalid_request"),
            Self::NotFresh { .. } => Some("insufficient_user_authentication"),
            _ => Some("invalid_token"),
        }
    }
}

/// How many characters of a subject a message repeats.
const SHOWN: usize = 200;

/// Returns a subject for a message. A client may have one of many thousand characters.
fn shortened(subject: &str) -> String {
    let mut shown: String = subject.chars().take(SHOWN).collect();
    if shown.len() < subject.len() {
        shown.push('…');
    }
    shown
}
