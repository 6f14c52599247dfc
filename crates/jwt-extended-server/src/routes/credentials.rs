//! The parts of a login request: name, password and the name of the device.

use std::convert::Infallible;

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{header, request::Parts},
};
use jwt_extended_axum::Rejection;
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{
    App,
    form::{self, TwoTexts},
};
use crate::{ClientAddress, CountersError, Guess, VerifiedPassword, audit::Address};

/// A name and a password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Credentials {
    /// The user's name, in any spelling that looks the same.
    #[schema(value_type = String)]
    username: Zeroizing<String>,
    #[schema(value_type = String, format = Password)]
    password: Zeroizing<String>,
}

impl Credentials {
    /// Returns the name as it was sent.
    pub(crate) fn username(&self) -> &str {
        &self.username
    }

    /// Checks the password, if the account and the client's address may have another attempt.
    pub(super) async fn check(self, app: &App, client: ClientAddress) -> Result<VerifiedPassword, Rejection> {
        let Self { username, password } = self;
        app.check_password(&username, password, client).await?.ok_or_else(|| app.bad_credentials())
    }
}

impl App {
    /// Checks a password, if the account and the client's address may have another attempt. `None` if it is wrong.
    pub(super) async fn check_password(
        &self,
        name: &str,
        password: Zeroizing<String>,
        client: ClientAddress,
    ) -> Result<Option<VerifiedPassword>, Rejection> {
        let now = || self.jwt.now();
        let permit = self.attempts.begin(Guess::Login { name }, client, now()).await;
        let permit = permit.map_err(|refused| self.too_many(refused))?;
        let unavailable = |error: CountersError| self.too_many(error.into());
        match self.users.check(name, password).await {
            Ok(Some(verified)) => {
                permit.succeed(now()).await.map_err(unavailable)?;
                Ok(Some(verified))
            }
            Ok(None) => {
                permit.fail();
                Ok(None)
            }
            Err(error) => {
                permit.cancel(now()).await.map_err(unavailable)?;
                Err(self.cannot_check(&error))
            }
        }
    }
}

impl TwoTexts for Credentials {
    const NAMES: [&'static str; 2] = ["username", "password"];
    const CODE: &'static str = "credentials_malformed";
    const MESSAGE: &'static str = "Send username and password, as JSON or as a form";

    fn of([username, password]: [Zeroizing<String>; 2]) -> Self {
        Self { username, password }
    }
}

impl FromRequest<App> for Credentials {
    type Rejection = Rejection;

    async fn from_request(request: Request, app: &App) -> Result<Self, Rejection> {
        form::read(request, app).await
    }
}

/// The device that logs in: the name that it gives itself, and the tokens that it has already.
pub(crate) struct Device {
    label: Option<String>,
    address: Address,
    request: Parts,
}

impl Device {
    /// Returns the name (`User-Agent`), for the list of sessions.
    pub(super) fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// Returns where the request came from.
    pub(super) fn address(&self) -> Address {
        self.address
    }

    /// Returns the request, whose session the login replaces.
    pub(super) fn request(&self) -> &Parts {
        &self.request
    }
}

impl FromRequestParts<App> for Device {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let name = parts.headers.get(header::USER_AGENT);
        let label = name.map(|name| String::from_utf8_lossy(name.as_bytes()).into_owned());
        let address = Address::from_request_parts(parts, app).await?;
        Ok(Self { label, address, request: parts.clone() })
    }
}
