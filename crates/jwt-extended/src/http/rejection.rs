//! Why a request was refused: one enum of reasons, and for each its status, code, sentence and challenge.

use std::{fmt, sync::Arc};

use http::{HeaderValue, Response, StatusCode};

use super::{CsrfError, Missing, Renderer, RequestError, Statuses};
use crate::{
    session::StoreError,
    token::{IssueError, Token, TokenError},
};

/// A refused request. A face turns it into its framework's response.
///
/// Displays as the sentence that the client gets; holds no token's text.
#[derive(Clone)]
pub struct Rejection {
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    reason: Reason,
    token: Option<Token>,
    renderer: Arc<Renderer>,
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// There is no token.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// The token came in a cookie, without proof that our own site sent it.
    #[error(transparent)]
    Csrf(#[from] CsrfError),
    /// The request carries a token in a malformed way, or more than one.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The token is not acceptable.
    #[error(transparent)]
    Token(TokenError),
    /// A refresh token where another is due.
    #[error("Only non-refresh tokens are allowed")]
    RefreshToken,
    /// Another token where a refresh token is due.
    #[error("Only refresh tokens are allowed")]
    NotRefreshToken,
    /// The token was good until it expired.
    #[error("Token has expired")]
    Expired,
    /// The token, its session, or all of its subject's tokens were revoked.
    #[error("Token has been revoked")]
    Revoked,
    /// A refresh token that was turned into its successor before. Somebody has a copy of it, so its session was ended.
    #[error("Token was used before, so its session has ended. Log in again")]
    Replayed,
    /// The token is good and not fresh.
    #[error("Fresh token required")]
    NotFresh {
        /// How long ago, in seconds, the user may have logged in at most (RFC 9470): `fresh_token_expires`, or 0, which
        /// asks for a new login, where freshness has no set length.
        max_age: u64,
    },
    /// The app's own verification said no.
    #[error("User claims verification failed")]
    Verification,
    /// The app found no user for the token.
    #[error("Error loading the user {0}")]
    UserNotFound(String),
    /// The state of the token could not be asked.
    #[error("The token's state cannot be checked right now. Try again in a moment")]
    StoreUnavailable(StoreError),
    /// The app's own reason, in its own words: for answers of its own that look like all others.
    #[error("{message}")]
    App {
        /// The status of the answer.
        status: StatusCode,
        /// A stable name for machines.
        code: &'static str,
        /// The sentence for the client.
        message: &'static str,
    },
    /// A token that the answer needs could not be made. What it says is for the log, not for the client.
    #[error("The token could not be issued")]
    Issue(IssueError),
    /// The app is put together wrongly. What it says is for the log, not for the client.
    #[error("The server is not set up for this request")]
    Misconfigured(&'static str),
}

/// Which of an app's handlers a reason goes to: Flask-JWT-Extended's seven, and two of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Handler {
    /// No token, or no CSRF value: `unauthorized_loader`.
    Unauthorized,
    /// A malformed request or token: `invalid_token_loader`.
    InvalidToken,
    /// An expired token: `expired_token_loader`.
    ExpiredToken,
    /// A token that is not fresh: `needs_fresh_token_loader`.
    NeedsFreshToken,
    /// A revoked token: `revoked_token_loader`.
    RevokedToken,
    /// No user for the token: `user_lookup_error_loader`.
    UserLookupError,
    /// The app's own verification failed: `token_verification_failed_loader`.
    TokenVerificationFailed,
    /// The store did not answer, which Flask-JWT-Extended does not know.
    StoreUnavailable,
    /// The app's own reason.
    App,
    /// The app's own fault: 500.
    ServerError,
}

impl Reason {
    /// A stable name for machines.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "token_missing",
            Self::Csrf(CsrfError::Missing) => "csrf_missing",
            Self::Csrf(CsrfError::Mismatch) => "csrf_mismatch",
            Self::Csrf(CsrfError::CrossSite) => "csrf_cross_site",
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

    /// The handler that it goes to.
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

    /// The status, in one of the two ways of choosing it.
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

    /// The error code of the challenge (RFC 6750 section 3.1, RFC 9470 section 3): `None` for a bare challenge, which is
    /// due when no token was sent.
    pub(crate) const fn challenge_error(&self) -> Option<&'static str> {
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

impl Rejection {
    pub(crate) fn new(reason: Reason, token: Option<Token>, renderer: Arc<Renderer>) -> Self {
        Self { inner: Box::new(Inner { reason, token, renderer }) }
    }

    /// Why.
    pub fn reason(&self) -> &Reason {
        &self.inner.reason
    }

    /// A stable name for machines, such as `token_expired`.
    pub fn code(&self) -> &'static str {
        self.inner.reason.code()
    }

    /// The sentence for the developer on the other side.
    pub fn message(&self) -> String {
        self.inner.reason.to_string()
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.inner.reason.status(self.inner.renderer.statuses)
    }

    /// The `WWW-Authenticate` challenge, if one is due: with every refusal that a token could mend (RFC 6750 section 3).
    pub fn challenge(&self) -> Option<HeaderValue> {
        self.inner.renderer.challenge(self)
    }

    /// The token, where its signature was good and the fault lies elsewhere: expired, revoked, not fresh, of the wrong
    /// type, without a user, or refused by the app.
    pub fn token(&self) -> Option<&Token> {
        self.inner.token.as_ref()
    }

    /// The answer, as the app wants it: by its handler for this reason, its handler for all, or the default.
    pub fn to_response(&self) -> Response<Vec<u8>> {
        self.inner.renderer.response(self)
    }

    /// The answer without the app's handlers, for those that only want to change a part of it.
    pub fn default_response(&self) -> Response<Vec<u8>> {
        self.inner.renderer.default_response(self)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.reason.fmt(f)
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("status", &self.status().as_u16())
            .field("reason", self.reason())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Rejection {}
