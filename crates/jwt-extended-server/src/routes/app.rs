//! The state that the routes share, and what several of them do: log in, refresh, answer with tokens, refuse.

use std::{ops::Deref, sync::Arc};

use axum::{
    Json,
    extract::FromRef,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use jwt_extended_axum::{Cookies, JwtManager, Location, Reason, Rejection, Token, TokenPair, Tokens, session::Subject};
use serde::Serialize;

use super::{
    Metadata,
    credentials::{Credentials, Device},
};
use crate::{
    Attempts, CheckError, ClientAddress, Clients, Cors, ForwardAuth, Pages, Users,
    audit::{Actor, Event, Name},
};

pub(super) const BUSY: &str = "Too many logins at once. Try again in a moment";
const DOWN: &str = "Nobody can log in right now. Try again in a moment";

/// The state that the routes share. Cloning it is cheap, which each request does several times.
#[derive(Clone, Debug)]
pub struct App(Arc<AppParts>);

/// The parts of an [`App`].
#[derive(Debug)]
pub struct AppParts {
    /// Issues and verifies tokens.
    pub jwt: JwtManager,
    /// The users who may log in.
    pub users: Users,
    /// The other origins whose pages may use the server.
    pub cors: Cors,
    /// What the server says of itself to clients.
    pub metadata: Metadata,
    /// What it answers to proxies in front of apps.
    pub forward_auth: ForwardAuth,
    /// The services that may ask about tokens.
    pub clients: Clients,
    /// How often somebody may guess a secret.
    pub attempts: Attempts,
    /// What people see.
    pub pages: Pages,
}

impl From<AppParts> for App {
    fn from(parts: AppParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0
    }
}

impl FromRef<App> for JwtManager {
    fn from_ref(app: &App) -> Self {
        app.jwt.clone()
    }
}

impl App {
    /// Opens a session, if the password is right.
    pub(crate) async fn log_in(
        &self,
        credentials: Credentials,
        client: ClientAddress,
        device: &Device,
    ) -> Result<TokenPair, Rejection> {
        let password = credentials.check(self, client).await?;
        // As it is stored: one user is one subject, however the login spells the name.
        let name = password.name();
        let login = self.jwt.login(name).label(device.label()).replacing(device.request());
        let pair = password.with_scopes(login).await?;
        // The user may have been disabled, or the password or the scopes changed, during the check. That has ended all
        // sessions except this one.
        let refusal = match self.users.is_still_valid(&password).await {
            Ok(true) => {
                let event = Event::new(Name::SessionOpened, Actor::User).subject(name);
                let event = event.session(pair.access.session().as_deref());
                event.client(device.label()).address(device.address()).record();
                self.users.renew_hash(&password).await;
                return Ok(pair);
            }
            Ok(false) => self.bad_credentials(),
            Err(error) => self.cannot_check(&error),
        };
        if let Some(session) = pair.access.session() {
            self.jwt.end_session(Subject(name), &session).await?;
        }
        Err(refusal)
    }

    /// Returns new tokens the way the old one came: cookies for a cookie, otherwise a body.
    pub(super) fn answer_where_it_came_from<T>(
        &self,
        location: Location,
        headers: &HeaderMap,
        pair: TokenPair,
    ) -> Result<Response, Rejection>
    where
        T: Serialize + for<'p> From<&'p TokenPair>,
    {
        match location {
            Location::Cookie => self.answer_with_cookies::<T>(headers, &pair),
            _ => Ok(Tokens(pair).into_response()),
        }
    }

    /// Sets cookies, and says for what in the body. A page of another origin also gets the CSRF values.
    pub(super) fn answer_with_cookies<T>(&self, headers: &HeaderMap, pair: &TokenPair) -> Result<Response, Rejection>
    where
        T: Serialize + for<'p> From<&'p TokenPair>,
    {
        let csrf = self.cors.csrf_values(headers, pair);
        Ok((csrf, Cookies(self.jwt.set_cookies(pair)?), Json(T::from(pair))).into_response())
    }

    /// Refreshes. Scopes that were taken from the user since the login are left out. The session's refresh tokens keep
    /// those of the login, so scopes that the user has got since then begin with the next login.
    pub(crate) async fn refresh(&self, token: &Token) -> Result<TokenPair, Rejection> {
        let mut scopes = token.scopes();
        if scopes.is_empty() {
            return Ok(self.jwt.refresh(token).await?);
        }
        let current = self.users.scopes_of(token.subject()).await.map_err(|error| self.cannot_check(&error))?;
        scopes.retain(|scope| current.contains(scope));
        Ok(self.jwt.refresh(token).scopes(scopes).await?)
    }

    /// Returns whether the user still has all scopes of a token. False if the database cannot say.
    pub(crate) async fn has_all_scopes(&self, token: &Token) -> bool {
        let scopes = token.scopes();
        if scopes.is_empty() {
            return true;
        }
        match self.users.scopes_of(token.subject()).await {
            Ok(current) => scopes.iter().all(|scope| current.contains(scope)),
            Err(error) => {
                tracing::warn!(%error, "the scopes of a user cannot be read, so no cookie is renewed");
                false
            }
        }
    }

    /// Returns the same rejection for a wrong name, a wrong password and a disabled user, so that it does not reveal
    /// which names exist.
    pub(super) fn bad_credentials(&self) -> Rejection {
        self.refuse(StatusCode::UNAUTHORIZED, "bad_credentials", "Bad username or password")
    }

    pub(super) fn cannot_check(&self, error: &CheckError) -> Rejection {
        match error {
            CheckError::Busy => self.refuse(StatusCode::SERVICE_UNAVAILABLE, "busy", BUSY),
            CheckError::Database(_) | CheckError::Hash(_) => {
                tracing::error!(%error, "the users' database is unavailable, so nobody can log in");
                self.refuse(StatusCode::SERVICE_UNAVAILABLE, "users_unavailable", DOWN)
            }
        }
    }

    pub(super) fn too_long(&self) -> Rejection {
        self.refuse(StatusCode::PAYLOAD_TOO_LARGE, "body_too_long", "The body is too long")
    }

    /// Returns a rejection with this message, in the configured format.
    pub(crate) fn refuse(&self, status: StatusCode, code: &'static str, message: &'static str) -> Rejection {
        refuse(&self.jwt, status, code, message)
    }
}

/// Returns a rejection with this message, in the configured format.
pub(super) fn refuse(jwt: &JwtManager, status: StatusCode, code: &'static str, message: &'static str) -> Rejection {
    jwt.reject(Reason::App { status, code, message }, None).into()
}
