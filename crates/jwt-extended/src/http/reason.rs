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
    /// The token is of an issuer whose tokens the route does not accept.
    #[error("Tokens of this issuer are not accepted here")]
    OtherIssuer,
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
    /// The token lacks a scope (RFC 6750 section 3.1).
    #[error("The token needs the scope {scope}")]
    InsufficientScope {
        /// The scopes that the route asks for, with spaces between them.
        scope: String,
    },
    /// A claim of the token lacks a text that the route asks for: a permission or a role.
    #[error("The token's claim {claim} does not include {needed}")]
    NotGranted {
        /// The claim.
        claim: String,
        /// The texts that the route asks for, with spaces between them.
        needed: String,
    },
    /// The user logged in too long ago, or not in the way that the route asks for (RFC 9470).
    #[error("{message}")]
    InsufficientLogin {
        /// What is missing.
        message: &'static str,
        /// How many seconds ago the login may be.
        max_age: Option<u64>,
        /// The accepted classes of login, with spaces between them; empty for any.
        acr_values: String,
    },
    /// The keys of another issuer cannot be had, so its token cannot be checked.
    #[error("The keys of {} cannot be had right now. Try again in a moment", shortened(.0))]
    KeysUnavailable(String),
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
    /// Somebody has guessed too often. The response is 429 with `Retry-After`.
    #[error("Too many attempts. Try again in {}", in_words(*.retry_after))]
    TooManyAttempts {
        /// After how many seconds another attempt counts.
        retry_after: u32,
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
            Self::Csrf(CsrfError::CrossSite | CsrfError::SameSite | CsrfError::OtherOrigin) => "csrf_cross_site",
            Self::Request(_) => "request_malformed",
            Self::Token(_) => "token_invalid",
            Self::RefreshToken | Self::NotRefreshToken => "token_type_wrong",
            Self::OtherIssuer => "issuer_not_accepted",
            Self::Expired => "token_expired",
            Self::Revoked => "token_revoked",
            Self::Replayed => "token_replayed",
            Self::NotFresh { .. } => "token_not_fresh",
            Self::InsufficientScope { .. } | Self::NotGranted { .. } => "insufficient_scope",
            Self::InsufficientLogin { .. } => "insufficient_user_authentication",
            Self::KeysUnavailable(_) => "keys_unavailable",
            Self::Verification => "claims_refused",
            Self::UserNotFound(_) => "user_not_found",
            Self::StoreUnavailable(_) => "store_unavailable",
            Self::App { code, .. } => code,
            Self::TooManyAttempts { .. } => "too_many_attempts",
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
            Self::OtherIssuer | Self::InsufficientScope { .. } | Self::NotGranted { .. } => Handler::InsufficientScope,
            Self::InsufficientLogin { .. } => Handler::InsufficientLogin,
            Self::StoreUnavailable(_) | Self::KeysUnavailable(_) => Handler::StoreUnavailable,
            Self::App { .. } | Self::TooManyAttempts { .. } => Handler::App,
            Self::Issue(_) | Self::Misconfigured(_) => Handler::ServerError,
        }
    }

    /// Returns the status, by one of the two conventions.
    pub const fn status(&self, statuses: Statuses) -> StatusCode {
        if let Self::App { status, .. } = self {
            return *status;
        }
        if let Self::TooManyAttempts { .. } = self {
            return StatusCode::TOO_MANY_REQUESTS;
        }
        match (self.handler(), statuses) {
            (Handler::StoreUnavailable, _) => StatusCode::SERVICE_UNAVAILABLE,
            (Handler::InsufficientScope, _) => StatusCode::FORBIDDEN,
            (Handler::ServerError, _) => StatusCode::INTERNAL_SERVER_ERROR,
            (Handler::InvalidToken, Statuses::FlaskJwtExtended) => StatusCode::UNPROCESSABLE_ENTITY,
            (Handler::TokenVerificationFailed, Statuses::FlaskJwtExtended) => StatusCode::BAD_REQUEST,
            _ if matches!(self, Self::Request(_)) => StatusCode::BAD_REQUEST,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// Returns after how many seconds a client may try again, if waiting can help.
    pub(super) const fn retry_after(&self) -> Option<u32> {
        match self {
            Self::StoreUnavailable(_) => Some(1),
            // A source of keys asks again after that time.
            Self::KeysUnavailable(_) => Some(30),
            Self::TooManyAttempts { retry_after } => Some(*retry_after),
            _ => None,
        }
    }

    /// Makes the challenge: with an error code if the client sent a token, bare for other 401 responses, and none for
    /// the rest.
    pub(super) fn challenge(&self, settings: &RefusalSettings) -> Option<HeaderValue> {
        match self.challenge_error() {
            Some(error) => {
                let (max_age, acr_values, scope) = match self {
                    Self::NotFresh { max_age } => (Some(*max_age), "", ""),
                    Self::InsufficientLogin { max_age, acr_values, .. } => (*max_age, &**acr_values, ""),
                    Self::InsufficientScope { scope } => (None, "", &**scope),
                    _ => (None, "", ""),
                };
                let description = &self.to_string();
                settings.challenge(Some(&ChallengeError { error, description, max_age, acr_values, scope }))
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
            | Self::KeysUnavailable(_)
            | Self::App { .. }
            | Self::TooManyAttempts { .. }
            | Self::Issue(_)
            | Self::Misconfigured(_) => None,
            Self::Request(_) => Some("invalid_request"),
            Self::NotFresh { .. } | Self::InsufficientLogin { .. } => Some("insufficient_user_authentication"),
            Self::OtherIssuer | Self::InsufficientScope { .. } | Self::NotGranted { .. } => Some("insufficient_scope"),
            _ => Some("invalid_token"),
        }
    }
}

/// Returns a time to wait in words, rounded up: `1 second`, `2 minutes`.
fn in_words(seconds: u32) -> String {
    let (number, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds.div_ceil(60), "minute"),
        _ => (seconds.div_ceil(3600), "hour"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_attempts_say_when_to_try_again() {
        for (retry_after, words) in [(1, "1 second"), (90, "90 seconds"), (121, "3 minutes"), (86_400, "24 hours")] {
            let reason = Reason::TooManyAttempts { retry_after };
            assert_eq!(reason.to_string(), format!("Too many attempts. Try again in {words}"));
            assert_eq!((reason.code(), reason.retry_after()), ("too_many_attempts", Some(retry_after)));
            assert_eq!(reason.status(Statuses::FlaskJwtExtended), StatusCode::TOO_MANY_REQUESTS);
        }
    }
}
