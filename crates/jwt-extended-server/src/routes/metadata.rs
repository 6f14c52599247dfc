//! What the server says of itself to clients: the metadata of an authorization server (RFC 8414).

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use jwt_extended_axum::Config;
use serde_json::{Value, json};

use super::{App, describe::Message};
use crate::Clients;

/// How long clients may cache the metadata.
const CACHE: &str = "public, max-age=3600";

/// The metadata of the server: its issuer, where its keys are, and what other services may ask.
#[derive(Clone, Debug)]
pub struct Metadata {
    issuer: Option<String>,
    answers_clients: bool,
}

impl Metadata {
    /// Takes the issuer of the configuration (`encode_issuer`). Without one that is an address, there is no metadata.
    /// It names the endpoints for clients if there are any.
    pub fn of(config: &Config, clients: &Clients) -> Self {
        let is_address = |issuer: &String| issuer.starts_with("https://") || issuer.starts_with("http://");
        Self { issuer: config.encode_issuer.clone().filter(is_address), answers_clients: !clients.is_empty() }
    }

    /// Returns the document. It lists no endpoint that gives tokens by a grant of OAuth, because the server has none.
    fn document(&self) -> Option<Value> {
        let issuer = self.issuer.as_deref()?;
        let address = |path: &str| format!("{}{path}", issuer.trim_end_matches('/'));
        let mut document = json!({
            "issuer": issuer,
            "jwks_uri": address("/.well-known/jwks.json"),
            "service_documentation": address("/openapi.json"),
            "response_types_supported": [],
            "grant_types_supported": [],
        });
        if self.answers_clients {
            for (name, path) in [("introspection", "/introspect"), ("revocation", "/revoke")] {
                document[format!("{name}_endpoint")] = address(path).into();
                document[format!("{name}_endpoint_auth_methods_supported")] =
                    json!(["client_secret_basic", "client_secret_post"]);
            }
        }
        Some(document)
    }
}

/// Tell clients about this server
///
/// The metadata of an authorization server (RFC 8414).
#[utoipa::path(
    get,
    path = "/.well-known/oauth-authorization-server",
    tag = "for other services",
    responses(
        (status = 200, description = "The metadata", body = Object),
        (status = 404, description = "The server has no issuer", body = Message),
    ),
)]
pub(super) async fn answer(State(app): State<App>) -> Response {
    const NO_ISSUER: &str = "This server has no issuer. Set JWT_ENCODE_ISSUER to its address";
    match app.metadata.document() {
        Some(document) => ([(header::CACHE_CONTROL, CACHE)], Json(document)).into_response(),
        None => app.refuse(StatusCode::NOT_FOUND, "no_issuer", NO_ISSUER).into_response(),
    }
}
