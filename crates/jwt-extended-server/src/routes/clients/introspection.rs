//! `POST /introspect`: tells a service whether a token is active, and what it says (RFC 7662).

use axum::{
    Json,
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use jwt_extended_axum::{
    Token,
    jwt_extended::Timestamp,
    token::{Freshness, TokenType},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    authentication::{self, Asked},
    refusal::Refusal,
};
use crate::{App, ClientAddress, clients::Right};

/// What a client learns of a token. Of one that is not active, nothing else (RFC 7662 section 2.2).
#[derive(Default, Serialize, ToSchema)]
pub(super) struct Introspection {
    /// Whether a guard of this server would admit the token now.
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    /// The user.
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    /// The user, as in the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    /// What the token allows, with spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// When it expires, in seconds since 1970, as are the other times.
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<u64>,
    /// When the user logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    aud: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    /// The session.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    /// Whether it is straight from a login.
    #[serde(skip_serializing_if = "Option::is_none")]
    fresh: Option<bool>,
}

/// Tell a service whether a token is active
///
/// Only for clients that may introspect. Every token that a guard of this server would refuse is inactive, and so is a
/// refresh token, unless the client says with `token_type_hint=refresh_token` that it means one.
#[utoipa::path(
    post,
    path = "/introspect",
    tag = "for other services",
    request_body(content = super::TokenParameters, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "What the server knows of the token", body = Introspection),
        super::Refused,
    ),
    security(("client" = [])),
)]
pub(in crate::routes) async fn introspect(
    State(app): State<App>,
    address: ClientAddress,
    request: Request,
) -> Result<Response, Refusal> {
    let Asked { token, hint } = authentication::read(request, address, &app, Right::Introspect).await?;
    let admitted = match app.jwt.active_token(&token).await? {
        // A service that takes every active token for an access token must not take a refresh token for one.
        Some(token) if token.token_type() == TokenType::Refresh && hint.as_deref() != Some("refresh_token") => None,
        admitted => admitted,
    };
    let body = admitted.as_ref().map_or_else(Introspection::default, Introspection::of);
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

impl Introspection {
    fn of(token: &Token) -> Self {
        let is_fresh = token.freshness() != Freshness::Stale;
        let scopes = token.scopes();
        Self {
            active: true,
            token_type: Some(match token.token_type() {
                TokenType::Refresh => "refresh_token",
                _ => "Bearer",
            }),
            username: Some(token.subject().to_owned()),
            sub: Some(token.subject().to_owned()),
            scope: (!scopes.is_empty()).then(|| scopes.join(" ")),
            exp: token.expires_at().map(Timestamp::as_secs),
            iat: token.issued_at().map(Timestamp::as_secs),
            nbf: token.not_before().map(Timestamp::as_secs),
            auth_time: token.auth_time().map(Timestamp::as_secs),
            aud: claim(token, "aud"),
            iss: claim(token, "iss"),
            jti: token.jti().map(str::to_owned),
            sid: token.session().map(str::to_owned),
            fresh: Some(is_fresh),
        }
    }
}

/// Returns a claim that a token of this server has checked.
fn claim<T: serde::de::DeserializeOwned>(token: &Token, name: &str) -> Option<T> {
    token.claim(name).ok().flatten()
}
