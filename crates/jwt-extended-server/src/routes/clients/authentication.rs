//! Who asks: a client's name and secret, in the `Authorization` header or in the form (RFC 6749 section 2.3.1).

use std::time::Duration;

use axum::{
    Form,
    extract::{FromRequest as _, Request},
    http::{HeaderMap, header},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jwt_extended_axum::session::StoreError;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::refusal::Refusal;
use crate::{
    App, ClientAddress, Guess, Refused,
    clients::{ClientSecret, Right},
};

/// The token that a client asks about.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) token: Zeroizing<String>,
    /// The kind of token that the client believes it to be.
    pub(super) hint: Option<String>,
}

/// The form of a request about a token. A parameter that comes twice is an error (RFC 6749 section 3.2), and an unknown
/// one is none.
#[derive(Deserialize)]
struct TokenForm {
    token: Option<Zeroizing<String>>,
    token_type_hint: Option<String>,
    client_id: Option<String>,
    client_secret: Option<ClientSecret>,
}

/// Reads a request of a client, and checks who it is, what it may do and how often it has asked.
pub(super) async fn read(request: Request, address: ClientAddress, app: &App, right: Right) -> Result<Asked, Refusal> {
    const NO_FORM: &str = "Send a form: token=…, as application/x-www-form-urlencoded, each parameter at most once";
    let in_header = credentials_of(request.headers())?;
    let Ok(Form(form)) = Form::<TokenForm>::from_request(request, app).await else {
        return Err(Refusal::Malformed(NO_FORM));
    };
    let TokenForm { token, token_type_hint: hint, client_id, client_secret } = form;
    let (id, secret) = match (in_header, client_id, client_secret) {
        (Some(_), _, Some(_)) => return Err(Refusal::Malformed("Send the client's secret in only one place")),
        (Some((id, _)), Some(other), None) if id != other => {
            return Err(Refusal::Malformed("client_id differs from the name in the header"));
        }
        (Some(credentials), _, None) => credentials,
        (None, Some(id), Some(secret)) => (id, secret),
        (None, _, _) => return Err(Refusal::UnknownClient),
    };
    let Some(client) = app.clients.find(&id, &secret) else { return Err(count_failure(app, &id, address).await) };
    client.count_request().map_err(Refusal::TooMany)?;
    if !client.may(right) {
        return Err(Refusal::NotAllowed);
    }
    let token = token.filter(|token| !token.is_empty()).ok_or(Refusal::Malformed("Send the parameter token"))?;
    Ok(Asked { token, hint })
}

/// Counts a wrong secret, and returns the refusal. A right one is not counted: it has 256 random bits, so nobody meets
/// it by guessing, and services ask often.
async fn count_failure(app: &App, id: &str, address: ClientAddress) -> Refusal {
    match app.attempts.begin(Guess::Client { id }, address, app.jwt.now()).await {
        Ok(permit) => {
            permit.fail();
            Refusal::UnknownClient
        }
        Err(Refused::TooMany { wait }) => Refusal::TooMany(wait),
        Err(Refused::Busy) => Refusal::TooMany(Duration::from_secs(1)),
        Err(Refused::Unavailable(error)) => Refusal::Unavailable(StoreError::Unavailable(error.to_string())),
    }
}

/// Returns the name and the secret of the `Authorization` header; `None` without the header. Another scheme than Basic
/// is of no client.
fn credentials_of(headers: &HeaderMap) -> Result<Option<(String, ClientSecret)>, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Refusal::Malformed("Send the Authorization header at most once"));
    }
    let read = || {
        let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("Basic") {
            return None;
        }
        let decoded = Zeroizing::new(STANDARD.decode(encoded.trim()).ok()?);
        let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        Some((unescaped(id)?, ClientSecret::from(unescaped(secret)?)))
    };
    read().map(Some).ok_or(Refusal::UnknownClient)
}

/// Decodes a part of the header, which clients encode as in a form. A name has no space, and neither has a secret that
/// the server made, so a plus is itself: some clients do not encode.
fn unescaped(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(Into::into)
}
