//! Custom errors: the app's own response to one kind of rejection, and its own format for all others.
//!
//! ```text
//! $ curl -s -w '\n%{http_code}\n' http://127.0.0.1:3000/protected
//! {"error":"token_missing","detail":"Missing Authorization Header"}
//! 401
//! $ curl -s -H "Authorization: Bearer abc" http://127.0.0.1:3000/protected
//! {"error":"token_invalid","detail":"Not enough segments"}
//! $ curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "wrong"}' http://127.0.0.1:3000/login
//! {"error":"bad_login","detail":"Bad username or password"}
//! $ ACCESS=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ sleep 2
//! $ curl -s -w '\n%{http_code}\n' -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/protected
//! {"error":"token_expired","detail":"Dear testuser, please log in again"}
//! 419
//! ```

use std::time::Duration;

use actix_web::{
    App,
    web::{Data, Json, get, post},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use http::{Response, StatusCode};
use jwt_extended_actix::{
    Access, Handler, JwtManager, Rejection, Token, Tokens,
    jose::{Algorithm, Key},
    jwt_extended,
};
use serde::Serialize;

/// The body of every error of this app.
#[derive(Serialize)]
struct ErrorBody {
    error: &'static str,
    detail: String,
}

/// Replaces the body alone. The status and the challenge stay, and so does the content type: JSON.
fn answer(rejection: &jwt_extended::Rejection, detail: String) -> Response<Vec<u8>> {
    let mut response = rejection.default_response();
    let body = ErrorBody { error: rejection.code(), detail };
    // Two strings always serialize.
    *response.body_mut() = serde_json::to_vec(&body).unwrap_or_default();
    response
}

fn on_any(rejection: &jwt_extended::Rejection) -> Response<Vec<u8>> {
    answer(rejection, rejection.message())
}

/// The token of the rejection is verified, apart from its expiry.
fn on_expired(rejection: &jwt_extended::Rejection) -> Response<Vec<u8>> {
    let name = rejection.token().map_or("user", Token::subject);
    let mut response = answer(rejection, format!("Dear {name}, please log in again"));
    *response.status_mut() = StatusCode::from_u16(419).unwrap_or(StatusCode::UNAUTHORIZED);
    response
}

async fn login(jwt: Data<JwtManager>, form: Json<Login>) -> Result<Tokens, Rejection> {
    let user = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    Ok(Tokens(jwt.login(user).await?))
}

async fn protected(token: Access) -> String {
    format!("hello {}\n", token.subject())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt = JwtManager::builder()
        .key(Key::generate(Algorithm::HS256)?)
        // So short that you need not wait.
        .access_token_expires(Duration::from_secs(1))
        .on(Handler::ExpiredToken, on_expired)
        .on_rejection(on_any)
        .build()?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/login", post().to(login))
            .route("/protected", get().to(protected))
    };
    serve(app).await
}
