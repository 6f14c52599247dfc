//! What goes wrong, in words: refusals of the routes and of the engine, as a person should read them.

use axum::{http::StatusCode, response::Response};
use jwt_extended_axum::{Reason, Rejection, jwt_extended};

use super::texts::{Texts, fill};
use crate::users::NewPasswordError;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    WrongPassword,
    /// So many seconds until the next attempt.
    Locked(u32),
    Busy,
    Unavailable,
    CookiesBlocked,
    OtherSite,
    Malformed,
    TooLong,
    Timeout,
    NotFound,
    NotAllowed,
    SessionOver,
    Stolen,
    Late,
    NoSuchSession,
    OldPasswordWrong,
    NewPassword(NewPasswordError),
    PasswordOvertaken,
    PasswordListed,
    SessionsLeft,
}

impl Trouble {
    /// Returns what a refusal means.
    pub(super) fn of(rejection: &Rejection) -> Self {
        rejection.rejection().map_or(Self::Unavailable, Self::of_engine)
    }

    /// Returns what a refusal means that was made into a response already.
    pub(super) fn of_response(response: &Response) -> Self {
        match response.extensions().get() {
            Some(rejection) => Self::of_engine(rejection),
            None => Self::of_status(response.status()),
        }
    }

    fn of_engine(rejection: &jwt_extended::Rejection) -> Self {
        if let Reason::TooManyAttempts { retry_after } = rejection.reason() {
            return Self::Locked(*retry_after);
        }
        match rejection.code() {
            "bad_credentials" => Self::WrongPassword,
            "bad_password" => Self::OldPasswordWrong,
            "password_overtaken" => Self::PasswordOvertaken,
            "password_listed" => Self::PasswordListed,
            "sessions_unavailable" => Self::SessionsLeft,
            "no_such_session" => Self::NoSuchSession,
            "busy" => Self::Busy,
            "csrf_cross_site" => Self::OtherSite,
            "csrf_missing" | "csrf_mismatch" | "token_expired" => Self::Late,
            "token_replayed" => Self::Stolen,
            "token_missing" | "token_revoked" | "token_invalid" | "token_type_wrong" | "claims_refused" => {
                Self::SessionOver
            }
            _ => Self::of_status(rejection.status()),
        }
    }

    fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::FORBIDDEN => Self::NotAllowed,
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Self::NotFound,
            StatusCode::REQUEST_TIMEOUT => Self::Timeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLong,
            status if status.is_server_error() => Self::Unavailable,
            _ => Self::Malformed,
        }
    }

    /// Returns how many seconds to wait until the next attempt.
    pub(super) fn seconds(self) -> Option<u32> {
        match self {
            Self::Locked(seconds) => Some(seconds),
            _ => None,
        }
    }

    /// Says it.
    pub(super) fn text(self, texts: &Texts) -> String {
        let text = match self {
            Self::Locked(seconds) => return fill(&texts.locked, "time", &texts.duration(seconds)),
            Self::WrongPassword => &texts.wrong_password,
            Self::Busy => &texts.busy,
            Self::Unavailable => &texts.unavailable,
            Self::CookiesBlocked => &texts.cookies_blocked,
            Self::OtherSite => &texts.other_site,
            Self::Malformed => &texts.malformed,
            Self::TooLong => &texts.too_long,
            Self::Timeout => &texts.timeout,
            Self::NotFound => &texts.not_found,
            Self::NotAllowed => &texts.not_allowed,
            Self::SessionOver => &texts.session_over,
            Self::Stolen => &texts.stolen,
            Self::Late => &texts.late,
            Self::NoSuchSession => &texts.no_such_session,
            Self::OldPasswordWrong => &texts.old_password_wrong,
            Self::NewPassword(NewPasswordError::Short) => &texts.password_short,
            Self::NewPassword(NewPasswordError::Long) => &texts.password_long,
            Self::NewPassword(NewPasswordError::Monotonous) => &texts.password_monotonous,
            Self::NewPassword(NewPasswordError::Name) => &texts.password_is_name,
            Self::NewPassword(NewPasswordError::Public) => &texts.password_public,
            Self::NewPassword(NewPasswordError::Unchanged) => &texts.password_unchanged,
            Self::PasswordOvertaken => &texts.password_overtaken,
            Self::PasswordListed => &texts.password_listed,
            Self::SessionsLeft => &texts.sessions_left,
        };
        text.clone()
    }
}

#[cfg(test)]
mod tests {
    use jwt_extended_axum::{JwtManager, config::Secret, jwt_extended::http::CsrfError, session::StoreError};

    use super::*;

    fn of(reason: Reason) -> Trouble {
        let secret = Secret::from("a secret of at least thirty-two bytes, from a safe place");
        let jwt = JwtManager::builder().secret_key(secret).build().unwrap();
        Trouble::of(&jwt.reject(reason, None).into())
    }

    fn of_app(status: StatusCode, code: &'static str) -> Trouble {
        of(Reason::App { status, code, message: "" })
    }

    #[test]
    fn every_refusal_of_a_login_has_words_of_its_own() {
        for (code, status, trouble) in [
            ("bad_credentials", StatusCode::UNAUTHORIZED, Trouble::WrongPassword),
            ("busy", StatusCode::SERVICE_UNAVAILABLE, Trouble::Busy),
            ("users_unavailable", StatusCode::SERVICE_UNAVAILABLE, Trouble::Unavailable),
            ("credentials_malformed", StatusCode::BAD_REQUEST, Trouble::Malformed),
            ("body_too_long", StatusCode::PAYLOAD_TOO_LARGE, Trouble::TooLong),
            ("body_timeout", StatusCode::REQUEST_TIMEOUT, Trouble::Timeout),
        ] {
            assert_eq!(of_app(status, code), trouble, "{code}");
        }
        assert_eq!(of(Reason::TooManyAttempts { retry_after: 30 }), Trouble::Locked(30));
        assert_eq!(of(Reason::Csrf(CsrfError::CrossSite)), Trouble::OtherSite);
        assert_eq!(of(Reason::Csrf(CsrfError::SameSite)), Trouble::OtherSite);
        let error = StoreError::Unavailable("connection refused".to_owned());
        assert_eq!(Trouble::of(&error.into()), Trouble::Unavailable);
    }

    #[test]
    fn an_ended_session_is_told_from_a_stolen_one() {
        for (reason, trouble) in [
            (Reason::Revoked, Trouble::SessionOver),
            (Reason::Replayed, Trouble::Stolen),
            (Reason::Expired, Trouble::Late),
            (Reason::Csrf(CsrfError::Mismatch), Trouble::Late),
            (Reason::Misconfigured(""), Trouble::Unavailable),
        ] {
            assert_eq!(of(reason.clone()), trouble, "{reason:?}");
        }
    }
}
