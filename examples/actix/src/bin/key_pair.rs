//! A key pair: only this app can sign tokens, and every service can verify them with the public keys that it serves.
//! The example `other_issuer` is such a service.
//!
//! ```text
//! $ curl -s http://127.0.0.1:3000/.well-known/jwks.json
//! {"keys":[{"kty":"EC","crv":"P-256","x":"…","y":"…","use":"sig","alg":"ES256","kid":"…"}]}
//! $ ACCESS=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/protected
//! hello testuser
//! ```

use actix_web::{
    App,
    web::{Data, Json, get, post},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use jwt_extended_actix::{
    Access, JwkSet, JwtManager, Rejection, Tokens,
    jose::{Algorithm, Key},
};

async fn login(jwt: Data<JwtManager>, form: Json<Login>) -> Result<Tokens, Rejection> {
    let user = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    Ok(Tokens(jwt.login(user).await?))
}

async fn protected(token: Access) -> String {
    format!("hello {}\n", token.subject())
}

/// The public keys, with the headers by which others cache them.
async fn jwk_set(keys: JwkSet) -> JwkSet {
    keys
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt = JwtManager::builder()
        // A new key at each start. To keep it, read it from a file: `Key::from_pem(Algorithm::ES256, pem)`.
        .key(Key::generate(Algorithm::ES256)?)
        // Who has issued the tokens, and for whom. Other services check both.
        .encode_issuer("https://login.example.com")
        .encode_audience("orders")
        .build()?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/login", post().to(login))
            .route("/protected", get().to(protected))
            .route("/.well-known/jwks.json", get().to(jwk_set))
    };
    serve(app).await
}
