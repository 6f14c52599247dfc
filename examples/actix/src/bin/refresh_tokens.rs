//! Refresh tokens: access tokens live for minutes, and a refresh token gives new ones for a month. The example
//! `rotation` has the safer way, where each refresh token works once.
//!
//! ```text
//! $ TOKENS=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login)
//! $ ACCESS=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' <<< "$TOKENS")
//! $ REFRESH=$(sed 's/.*"refresh_token":"\([^"]*\)".*/\1/' <<< "$TOKENS")
//! $ curl -s -X POST -H "Authorization: Bearer $REFRESH" http://127.0.0.1:3000/refresh
//! {"access_token":"…","expires_in":300,"token_type":"Bearer"}
//! $ curl -s -X POST -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/refresh
//! {"msg":"Only refresh tokens are allowed"}
//! $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/protected
//! hello testuser
//! $ curl -s -H "Authorization: Bearer $REFRESH" http://127.0.0.1:3000/protected
//! {"msg":"Only non-refresh tokens are allowed"}
//! ```

use actix_web::{
    App,
    web::{Data, Json, get, post},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use jwt_extended_actix::{
    Access, JwtManager, Refresh, Rejection, Tokens,
    jose::{Algorithm, Key},
    token::Lifetime,
};

async fn login(jwt: Data<JwtManager>, form: Json<Login>) -> Result<Tokens, Rejection> {
    let user = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    Ok(Tokens(jwt.login(user).await?))
}

/// Answers with a new access token. Without a session store, the refresh token stays valid.
async fn refresh(jwt: Data<JwtManager>, token: Refresh) -> Result<Tokens, Rejection> {
    Ok(Tokens(jwt.refresh(&token).await?))
}

async fn protected(token: Access) -> String {
    format!("hello {}\n", token.subject())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt = JwtManager::builder()
        .key(Key::generate(Algorithm::HS256)?)
        .access_token_expires(Lifetime::minutes(5))
        .refresh_token_expires(Lifetime::days(30))
        .build()?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/login", post().to(login))
            .route("/refresh", post().to(refresh))
            .route("/protected", get().to(protected))
    };
    serve(app).await
}
