//! Accepts the access tokens of an identity provider, and asks for a scope.
//!
//! Start it with the provider's issuer and the audience that its tokens name for this API:
//!
//! ```text
//! ISSUER=https://example.eu.auth0.com/ AUDIENCE=https://orders.example cargo run --example identity_provider
//! curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:3000/orders
//! ```
//!
//! A provider on this machine may speak plain HTTP: `ISSUER=http://127.0.0.1:8080/realms/main`.

use std::env;

use axum::{Router, routing::get};
use jwt_extended_axum::{Access, JwtManager, Requirement, guard, token::Issuer};
use jwt_extended_jwks::RemoteKeys;

guard!(ReadOrders = Requirement::access().scopes(["read:orders"]));

/// The subject is a name that the issuer gave, so both together name the user.
async fn whoami(token: Access) -> String {
    format!("{} of {}\n", token.subject(), token.issuer().unwrap_or("this app"))
}

async fn orders(token: ReadOrders) -> String {
    format!("the orders of {}\n", token.subject())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (issuer, audience) = (env::var("ISSUER")?, env::var("AUDIENCE")?);
    let keys = RemoteKeys::discover(&*issuer).allow_loopback_http().build()?;
    // Fails early if the issuer is misspelled. An app may start without the keys, too: they are asked for again.
    keys.ready().await?;
    let jwt = JwtManager::builder().issuer(Issuer::new(&*issuer, keys).audience(audience)).build()?;
    let app = Router::new().route("/", get(whoami)).route("/orders", get(orders)).with_state(jwt);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
