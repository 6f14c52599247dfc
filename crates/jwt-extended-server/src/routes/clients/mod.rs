//! The endpoints for other services, which prove who they are: introspection (RFC 7662) and revocation (RFC 7009).

mod authentication;
mod introspection;
mod refusal;
mod revocation;

use serde::Deserialize;
use utoipa::{IntoResponses, ToSchema};

use self::refusal::OAuthError;
pub(super) use self::{
    introspection::{__path_introspect, introspect},
    revocation::{__path_revoke, revoke},
};

/// The form of a request about a token, for the description of the interface.
#[derive(Deserialize, ToSchema)]
#[expect(dead_code, reason = "its fields are only described")]
struct TokenParameters {
    /// The token.
    #[schema(min_length = 1)]
    token: String,
    /// `access_token` or `refresh_token`.
    token_type_hint: Option<String>,
    /// The client's name, if it is not in the Authorization header.
    client_id: Option<String>,
    /// The client's secret, if it is not in the Authorization header.
    client_secret: Option<String>,
}

/// The refusals of a request about a token.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "its variants are only described")]
enum Refused {
    /// The request is malformed
    #[response(status = 400)]
    Malformed(#[to_schema] OAuthError),
    /// Nobody has this name and this secret
    #[response(status = 401)]
    UnknownClient(#[to_schema] OAuthError),
    /// The client may not do this
    #[response(status = 403)]
    NotAllowed(#[to_schema] OAuthError),
    /// The body is too long
    #[response(status = 413)]
    TooLong(#[to_schema] OAuthError),
    /// The client has sent too many requests
    #[response(status = 429)]
    TooMany(#[to_schema] OAuthError),
    /// The store does not answer
    #[response(status = 503)]
    Unavailable(#[to_schema] OAuthError),
}
