//! `POST /password`: a user changes their own password.

use axum::{
    extract::{FromRequest, Request, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use jwt_extended_axum::{Rejection, Requirement, TokenPair, guard};
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{
    App,
    credentials::Device,
    describe::{BodyRejected, Message, PasswordDone, TokenRejected, TokensBody, TooManyAttempts},
    form::{self, TwoTexts},
};
use crate::{
    ClientAddress,
    audit::{Actor, Event, Name},
    users::{NewPassword, NewPasswordError, PasswordChange},
};

guard! {
    /// A token straight from a login at this server. The users of other issuers have no password here.
    pub(super) OwnFresh = Requirement::fresh().own()
}

/// The old and the new password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Passwords {
    /// The old password.
    #[schema(value_type = String, format = Password)]
    password: Zeroizing<String>,
    /// The new one: at least 8 characters, at least 4 of them different, and neither the name nor the old password.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 1024)]
    new_password: Zeroizing<String>,
}

impl TwoTexts for Passwords {
    const NAMES: [&'static str; 2] = ["password", "new_password"];
    const CODE: &'static str = "passwords_malformed";
    const MESSAGE: &'static str = "Send password and new_password, as JSON or as a form";

    fn of([password, new_password]: [Zeroizing<String>; 2]) -> Self {
        Self { password, new_password }
    }
}

impl FromRequest<App> for Passwords {
    type Rejection = Rejection;

    async fn from_request(request: Request, app: &App) -> Result<Self, Rejection> {
        form::read(request, app).await
    }
}

/// Change the password
///
/// Needs a fresh access token and the old password. All sessions of the user end, and the person who changed the
/// password gets the tokens of a new one, where the access token of the request was: in cookies or in the body.
#[utoipa::path(
    post,
    path = "/password",
    tag = "sessions",
    request_body(content(
        (Passwords = "application/json"),
        (Passwords = "application/x-www-form-urlencoded"),
        (Passwords = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The password is changed", content(
            (PasswordDone = "application/json"), (TokensBody = "application/json"),
        )),
        BodyRejected,
        TokenRejected,
        TooManyAttempts,
        (status = 409, description = "Somebody else has changed the password at the same time", body = Message),
    ),
    security(("access" = []), ("access_cookie" = [], "csrf" = [])),
)]
pub(super) async fn change(
    State(app): State<App>,
    token: OwnFresh,
    device: Device,
    client: ClientAddress,
    headers: HeaderMap,
    passwords: Passwords,
) -> Result<Response, Rejection> {
    match app.change_password(token.subject(), passwords, client, &device).await {
        Ok(pair) => app.answer_where_it_came_from::<PasswordDone>(token.location(), &headers, pair),
        Err(ChangeRefused::NewPassword(error)) => Err(app.refuse_password(error)),
        Err(ChangeRefused::Rejected(rejection)) => Err(rejection),
    }
}

/// Why a password was not changed.
pub(crate) enum ChangeRefused {
    /// The new password breaks a rule.
    NewPassword(NewPasswordError),
    /// Any other reason.
    Rejected(Rejection),
}

impl From<Rejection> for ChangeRefused {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

const LEFT: &str = "Your password is changed, but your other sessions could not be ended. Log in and end them";

impl App {
    /// Changes the password of a user, ends all sessions and opens a new one.
    pub(crate) async fn change_password(
        &self,
        name: &str,
        Passwords { password, new_password }: Passwords,
        client: ClientAddress,
        device: &Device,
    ) -> Result<TokenPair, ChangeRefused> {
        let refuse = |status, code, message| Err(self.refuse(status, code, message).into());
        let new = NewPassword::parse(name, &password, &new_password).map_err(ChangeRefused::NewPassword)?;
        // Whoever has stolen a token must not guess the password more often than at the login.
        let Some(verified) = self.check_password(name, password, client).await? else {
            // Not a 401, which would say that the token is no good.
            return refuse(StatusCode::FORBIDDEN, "bad_password", "The old password is wrong");
        };
        match self.users.change_password(&verified, new).await {
            Ok(PasswordChange::Done) => {}
            Ok(PasswordChange::Overtaken) => {
                const OVERTAKEN: &str = "The password was changed by somebody else at the same time. Try again";
                return refuse(StatusCode::CONFLICT, "password_overtaken", OVERTAKEN);
            }
            Ok(PasswordChange::Listed) => {
                const LISTED: &str =
                    "Your password is in the server's configuration, which only an administrator changes";
                return refuse(StatusCode::FORBIDDEN, "password_listed", LISTED);
            }
            Err(error) => return Err(self.cannot_check(&error).into()),
        }
        // After the change, so that a login with the old password that is under way finds the new one.
        let login = self.jwt.password_changed(verified.name()).label(device.label());
        let pair = verified.with_scopes(login).await.map_err(|error| {
            let subject = verified.name();
            tracing::error!(%error, subject, "a password is changed, but the old sessions could not be ended");
            self.refuse(StatusCode::SERVICE_UNAVAILABLE, "sessions_unavailable", LEFT)
        })?;
        let event = |name| Event::new(name, Actor::User).subject(verified.name()).address(device.address());
        event(Name::PasswordChanged).record();
        let opened = event(Name::SessionOpened).session(pair.access.session().as_deref());
        opened.client(device.label()).record();
        Ok(pair)
    }

    fn refuse_password(&self, error: NewPasswordError) -> Rejection {
        self.refuse(StatusCode::UNPROCESSABLE_ENTITY, "new_password_refused", error.message())
    }
}
