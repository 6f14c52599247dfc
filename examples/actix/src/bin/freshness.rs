//! Freshness: a critical route admits only the token of a login, and not one of a refresh. So a user who comes back
//! after days enters the password again before money moves.
//!
//! ```text
//! $ TOKENS=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login)
//! $ FRESH=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' <<< "$TOKENS")
//! $ REFRESH=$(sed 's/.*"refresh_token":"\([^"]*\)".*/\1/' <<< "$TOKENS")
//! $ curl -s -X POST -H "Authorization: Bearer $FRESH" http://127.0.0.1:3000/transfer
//! done
//! $ STALE=$(curl -s -X POST -H "Authorization: Bearer $REFRESH" http://127.0.0.1:3000/refresh | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ curl -s -H "Authorization: Bearer $STALE" http://127.0.0.1:3000/account
//! the account of testuser
//! $ curl -s -i -X POST -H "Authorization: Bearer $STALE" http://127.0.0.1:3000/transfer | grep -i -e ^HTTP -e ^www -e msg
//! HTTP/1.1 401 Unauthorized
//! www-authenticate: Bearer error="insufficient_user_authentication", error_description="Fresh token required", max_age="600"
//! {"msg":"Fresh token required"}
//! ```

use std::time::Duration;

use actix_web::{
    App,
    web::{Data, Json, get, post},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use jwt_extended_actix::{
    Access, Fresh, JwtManager, Refresh, Rejection, Tokens,
    jose::{Algorithm, Key},
};

/// The access token is fresh, because the user has just proved who they are.
async fn login(jwt: Data<JwtManager>, form: Json<Login>) -> Result<Tokens, Rejection> {
    let user = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    Ok(Tokens(jwt.login(user).await?))
}

/// The access token is not fresh.
async fn refresh(jwt: Data<JwtManager>, token: Refresh) -> Result<Tokens, Rejection> {
    Ok(Tokens(jwt.refresh(&token).await?))
}

async fn account(token: Access) -> String {
    format!("the account of {}\n", token.subject())
}

async fn transfer(_: Fresh) -> &'static str {
    "done\n"
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt = JwtManager::builder()
        .key(Key::generate(Algorithm::HS256)?)
        // Without this, a token is fresh as long as it lives.
        .fresh_token_expires(Duration::from_mins(10))
        .build()?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/login", post().to(login))
            .route("/refresh", post().to(refresh))
            .route("/account", get().to(account))
            .route("/transfer", post().to(transfer))
    };
    serve(app).await
}
