//! Another issuer: this app has no key and no login. It accepts the tokens of the example `key_pair`, whose public keys
//! it fetches. `ISSUER_URL` is that program's address, by default `http://127.0.0.1:3001`.
//!
//! ```text
//! needs: key_pair on port 3001
//! $ ACCESS=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3001/login | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/orders
//! the orders of testuser of https://login.example.com
//! $ curl -s -H "Authorization: Bearer ${ACCESS%????}AAAA" http://127.0.0.1:3000/orders
//! {"msg":"Signature verification failed"}
//! $ curl -s -X POST -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/transfer
//! {"msg":"Fresh token required"}
//! ```

use std::env;

use actix_web::{
    App,
    web::{Data, get, post},
};
use examples_actix::serve;
use jwt_extended_actix::{Access, Fresh, JwtManager, token::Issuer};
use jwt_extended_jwks::RemoteKeys;

/// Two issuers may give one name to two people, so issuer and subject together name the user.
async fn orders(token: Access) -> String {
    format!("the orders of {} of {}\n", token.subject(), token.issuer().unwrap_or("this app"))
}

/// Tokens of other issuers are never fresh. A guard with `max_age` admits them after a recent login.
async fn transfer(_: Fresh) -> &'static str {
    "done\n"
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = env::var("ISSUER_URL").unwrap_or_else(|_| "http://127.0.0.1:3001".to_owned());
    // Of an issuer that publishes a discovery document, the name is enough: `RemoteKeys::discover`.
    let keys = RemoteKeys::jwk_set(format!("{url}/.well-known/jwks.json"))
        // For an issuer on this machine. All others need HTTPS.
        .allow_loopback_http()
        .build()?;
    // The issuer's name is that in its tokens, letter by letter, and the audience is who this app is for the issuer.
    let issuer = Issuer::new("https://login.example.com", keys).audience("orders");
    let jwt = JwtManager::builder().issuer(issuer).build()?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/orders", get().to(orders))
            .route("/transfer", post().to(transfer))
    };
    serve(app).await
}
