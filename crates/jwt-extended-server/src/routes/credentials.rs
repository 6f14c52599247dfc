//! The parts of a login request: name, password and the name of the device.

use std::convert::Infallible;

use axum::{
    Form,
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Multipart, Request},
    http::{StatusCode, header, request::Parts},
};
use jwt_extended_axum::{Rejection, jwt_extended::http::BodyKind};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::App;
use crate::{VerifiedPassword, audit::Address};

/// A name and a password, as JSON or as a form: URL-encoded, or as `FormData` sends it.
#[derive(Deserialize)]
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
        let refuse =
            |status| app.refuse(status, "credentials_malformed", "Send username and password, as JSON or as a form");
        let credentials = match BodyKind::of(&request) {
            // Serde would also accept a list of the two values.
            BodyKind::Json => Bytes::from_request(request, app)
                .await
                .ok()
                .filter(|body| body.trim_ascii_start().starts_with(b"{"))
                .and_then(|body| serde_json::from_slice(&body).ok()),
            BodyKind::Form => Form::from_request(request, app).await.ok().map(|Form(credentials)| credentials),
            BodyKind::Multipart => match read_multipart(request, app).await {
                Err(StatusCode::PAYLOAD_TOO_LARGE) => {
                    return Err(app.refuse(StatusCode::PAYLOAD_TOO_LARGE, "body_too_long", "The body is too long"));
                }
                credentials => credentials.ok(),
            },
            BodyKind::Other => return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
        };
        credentials.ok_or_else(|| refuse(StatusCode::BAD_REQUEST))
    }
}

/// Reads a form in parts, up to the limit of the router. Other fields are left out; a file is no text, and a field that
/// comes twice is refused.
async fn read_multipart(request: Request, app: &App) -> Result<Credentials, StatusCode> {
    let mut form = Multipart::from_request(request, app).await.map_err(|_| StatusCode::BAD_REQUEST)?;
    let (mut username, mut password) = (None, None);
    while let Some(field) = form.next_field().await.map_err(|error| error.status())? {
        let place = match field.name() {
            Some("username") => &mut username,
            Some("password") => &mut password,
            _ => continue,
        };
        let is_file = field.file_name().is_some();
        let bytes = field.bytes().await.map_err(|error| error.status())?;
        let text = std::str::from_utf8(&bytes).map_err(|_| StatusCode::BAD_REQUEST)?;
        if is_file || place.replace(Zeroizing::new(text.to_owned())).is_some() {
            return Err(StatusCode::BAD_REQUEST);
        }
    }
    let (Some(username), Some(password)) = (username, password) else { return Err(StatusCode::BAD_REQUEST) };
    Ok(Credentials { username: username.to_string(), password })
}

/// The device that logs in: the name that it gives itself, and the tokens that it has already.
pub(super) struct Device {
    label: Option<String>,
    request: Parts,
}

impl Device {
    /// Returns the name (`User-Agent`), for the list of sessions.
    pub(super) fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// Returns where the request came from.
    pub(super) fn address(&self) -> Address {
        Address::of(&self.request.extensions)
    }

    /// Returns the request, whose session the login replaces.
    pub(super) fn request(&self) -> &Parts {
        &self.request
    }
}

impl<S: Sync> FromRequestParts<S> for Device {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let name = parts.headers.get(header::USER_AGENT);
        let label = name.map(|name| String::from_utf8_lossy(name.as_bytes()).into_owned());
        Ok(Self { label, request: parts.clone() })
    }
}
