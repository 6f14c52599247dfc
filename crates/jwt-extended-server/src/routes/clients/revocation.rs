//! `POST /revoke`: ends the session of a token for a service (RFC 7009).

use axum::{
    extract::{Request, State},
    http::StatusCode,
};
use jwt_extended_axum::token::TokenError;

use super::{
    authentication::{self, Asked},
    refusal::Refusal,
};
use crate::{App, ClientAddress, clients::Right};

/// Revoke a token and end its session
///
/// Only for clients that may revoke. Takes an access or a refresh token, also an expired one; the session ends with all
/// of its tokens. A token that this server did not issue is no error, because it is not active here either.
#[utoipa::path(
    post,
    path = "/revoke",
    tag = "for other services",
    request_body(content = super::TokenParameters, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The token is not active"), super::Refused),
    security(("client" = [])),
)]
pub(in crate::routes) async fn revoke(
    State(app): State<App>,
    address: ClientAddress,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let Asked { token, .. } = authentication::read(request, address, &app, Right::Revoke).await?;
    if let Ok(token) | Err(TokenError::Expired(token)) = app.jwt.decode_token(&token)
        && token.issuer().is_none()
    {
        app.jwt.logout(&token).await?;
    }
    Ok(StatusCode::OK)
}
