//! The answers to somebody who guesses too often.

use std::time::Duration;

use axum::http::StatusCode;
use jwt_extended_axum::{Reason, Rejection, session::StoreError};

use super::app::{App, BUSY};
use crate::{ClientAddress, Refused};

impl App {
    /// Returns the rejection of an attempt that was not checked. It is the same whether or not there is such a user.
    pub(super) fn too_many(&self, refused: Refused) -> Rejection {
        match refused {
            Refused::TooMany { wait } => self.jwt.reject(reason_to_wait(wait), None).into(),
            Refused::Busy => self.refuse(StatusCode::SERVICE_UNAVAILABLE, "busy", BUSY),
            // As if the session could not be opened, for the same reason.
            Refused::Unavailable(error) => StoreError::Unavailable(error.to_string()).into(),
        }
    }

    /// Counts a refresh token that was refused, and returns its rejection, or that of too many of them. The cookies are
    /// cleared in either case.
    pub(crate) async fn count_bad_refresh(&self, rejection: Rejection, client: ClientAddress) -> Rejection {
        let Some(refused) = rejection.rejection().filter(|refused| is_guess(refused.reason())) else {
            return rejection;
        };
        match self.attempts.count_bad_refresh(client, self.jwt.now()).await {
            Ok(()) => rejection,
            Err(Refused::TooMany { wait }) => {
                self.jwt.reject(reason_to_wait(wait), None).with_cookies(refused.cookies().clone()).into()
            }
            Err(refused) => self.too_many(refused),
        }
    }
}

/// Returns the reason of a rejection, with whole seconds: a client that waits for them is not too early.
fn reason_to_wait(wait: Duration) -> Reason {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Reason::TooManyAttempts { retry_after: u32::try_from(seconds).unwrap_or(u32::MAX) }
}

/// Returns whether a rejected token may be a guess: it is forged, or no longer counts. A missing token is none, and an
/// expired one has a good signature.
fn is_guess(reason: &Reason) -> bool {
    matches!(reason, Reason::Token(_) | Reason::Revoked | Reason::Replayed | Reason::Verification)
}
