//! The parts of a login request: name, password and the name of the device.

use std::convert::Infallible;

use axum::{
    Form,
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, header, request::Parts},
};
use jwt_extended_axum::{Rejection, jwt_extended::http::BodyKind};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::App;
use crate::VerifiedPassword;

/// A name and a password, as JSON or as a form.
pub(super) struct Credentials {
    username: String,
    password: Zeroizing<String>,
}

impl Credentials {
    /// Checks the password.
    pub(super) async fn check(self, app: &App) -> Result<VerifiedPassword, Rejection> {
        let Self { username, password } = self;
        match app.users.check(&username, password).await {
            Ok(Some(verified)) => Ok(verified),
            Ok(None) => Err(app.bad_credentials()),
            Err(error) => Err(app.cannot_check(&error)),
        }
    }
}

impl FromRequest<App> for Credentials {
    type Rejection = Rejection;

    async fn from_request(request: Request, app: &App) -> Result<Self, Rejection> {
        #[derive(Deserialize)]
        struct Fields {
            username: String,
            password: Zeroizing<String>,
        }
        let refuse =
            |status| app.refuse(status, "credentials_malformed", "Send username and password, as JSON or as a form");
        let fields = match BodyKind::of(&request) {
            // Serde would also accept a list of the two values.
            BodyKind::Json => Bytes::from_request(request, app)
                .await
                .ok()
                .filter(|body| body.trim_ascii_start().starts_with(b"{"))
                .and_then(|body| serde_json::from_slice(&body).ok()),
            BodyKind::Form => Form::<Fields>::from_request(request, app).await.ok().map(|Form(fields)| fields),
            BodyKind::Other => return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
        };
        let Fields { username, password } = fields.ok_or_else(|| refuse(StatusCode::BAD_REQUEST))?;
        Ok(Self { username, password })
    }
}

/// The name that the device gives itself (`User-Agent`), for the list of sessions.
pub(super) struct Device(Option<String>);

impl Device {
    pub(super) fn label(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl<S: Sync> FromRequestParts<S> for Device {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let name = parts.headers.get(header::USER_AGENT);
        Ok(Self(name.map(|name| String::from_utf8_lossy(name.as_bytes()).into_owned())))
    }
}
