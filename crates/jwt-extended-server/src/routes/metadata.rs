//! What the server says of itself to clients: the metadata of an authorization server (RFC 8414).

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use jwt_extended_axum::Config;
use serde_json::{Value, json};

use super::App;

/// How long clients may cache the metadata.
const CACHE: &str = "public, max-age=3600";

/// The metadata of the server: its issuer, and where its keys are.
#[derive(Clone, Debug)]
pub struct Metadata {
    issuer: Option<String>,
}

impl Metadata {
    /// Takes the issuer of the configuration (`encode_issuer`). Without one that is an address, there is no metadata.
    pub fn of(config: &Config) -> Self {
        let is_address = |issuer: &String| issuer.starts_with("https://") || issuer.starts_with("http://");
        Self { issuer: config.encode_issuer.clone().filter(is_address) }
    }

    /// Returns the document. It lists no endpoint of OAuth, because the server has none.
    fn document(&self) -> Option<Value> {
        let issuer = self.issuer.as_deref()?;
        Some(json!({
            "issuer": issuer,
            "jwks_uri": format!("{}/.well-known/jwks.json", issuer.trim_end_matches('/')),
            "response_types_supported": [],
            "grant_types_supported": [],
        }))
    }
}

/// Answers with the metadata, or says what to set.
pub(super) async fn answer(State(app): State<App>) -> Response {
    const NO_ISSUER: &str = "This server has no issuer. Set JWT_ENCODE_ISSUER to its address";
    match app.metadata.document() {
        Some(document) => ([(header::CACHE_CONTROL, CACHE)], Json(document)).into_response(),
        None => app.refuse(StatusCode::NOT_FOUND, "no_issuer", NO_ISSUER).into_response(),
    }
}
