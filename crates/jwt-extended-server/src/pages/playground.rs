//! `/playground`, only in the demo: what the tokens say, and buttons that use them. For developers, so in English.

use std::borrow::Cow;

use askama::Template;
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use jwt_extended_axum::{Cookies, Rejection, Token, jwt_extended::Timestamp, token::TokenType};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    login::instead,
    request::PageRequest,
    times::iso,
    views::Frame,
    visit::{Visit, requirement},
};
use crate::{App, ClientAddress};

#[derive(Template)]
#[template(path = "playground.html")]
struct Playground<'a> {
    frame: Frame<'a>,
    tokens: Vec<ShownToken>,
    csrf: &'a str,
    refresh_csrf: &'a str,
}

/// A token as people read it.
#[derive(Serialize)]
pub(super) struct ShownToken {
    kind: &'static str,
    #[serde(skip)]
    heading: &'static str,
    claims: Vec<Claim>,
}

#[derive(Serialize)]
struct Claim {
    name: String,
    value: String,
    /// When the token expires, in seconds since 1970, if that is what the claim says.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
}

/// The playground, or the login in its place.
pub(super) async fn page(
    State(app): State<App>,
    client: ClientAddress,
    request: PageRequest,
) -> Result<Response, Rejection> {
    let token = match Visit::of(&app, &request.parts, client).await? {
        Visit::Out(trouble, cookies) => return Ok(instead(&request, trouble, cookies)),
        // The next request has them both.
        Visit::Renewed(_, cookies) => return Ok((Cookies(cookies), request.redirect("playground")).into_response()),
        Visit::In(token) => token,
    };
    let tokens = tokens_of(&app, &request);
    let of_refresh = tokens.iter().find(|token| token.token_type() == TokenType::Refresh);
    let view = Playground {
        frame: Frame { language: "en", ..request.frame_of(&token, app.jwt.now()) },
        csrf: token.csrf().unwrap_or_default(),
        refresh_csrf: of_refresh.and_then(Token::csrf).unwrap_or_default(),
        tokens: tokens.iter().map(shown).collect(),
    };
    Ok(request.answer(StatusCode::OK, &view))
}

/// The claims of the browser's tokens, for the script: it cannot read the tokens.
pub(super) async fn claims(State(app): State<App>, request: PageRequest) -> Result<Response, Rejection> {
    let bodiless = (&request.parts, b"".as_slice());
    app.jwt.authenticate(&bodiless, &requirement()).await?;
    let tokens: Vec<_> = tokens_of(&app, &request).iter().map(shown).collect();
    Ok(([("cache-control", "no-store")], Json(tokens)).into_response())
}

/// Returns the access and the refresh token of the browser.
fn tokens_of(app: &App, request: &PageRequest) -> Vec<Token> {
    let ring = app.jwt.key_ring();
    app.jwt.steps().tokens_in(&(&request.parts, b"".as_slice()), |_| Some(Cow::Borrowed(&*ring)))
}

fn shown(token: &Token) -> ShownToken {
    let (kind, heading) = match token.token_type() {
        TokenType::Refresh => ("refresh", "Refresh token"),
        _ => ("access", "Access token"),
    };
    // A token that was verified is a JSON object.
    let claims: Map<String, Value> = serde_json::from_str(token.claims_json()).unwrap_or_default();
    ShownToken { kind, heading, claims: claims.into_iter().map(claim).collect() }
}

fn claim((name, value): (String, Value)) -> Claim {
    let seconds = value.as_u64().filter(|_| matches!(&*name, "exp" | "iat" | "nbf" | "auth_time"));
    let text = match (&value, seconds) {
        (_, Some(seconds)) => iso(Timestamp::from_secs(seconds)).replace('T', " ").replace('Z', " UTC"),
        (Value::String(text), None) => text.clone(),
        (value, None) => value.to_string(),
    };
    Claim { expires: seconds.filter(|_| name == "exp"), value: text, name }
}
