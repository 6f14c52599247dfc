//! Sessions: where a user is logged in, ending a session, changing the password, and noticing a stolen refresh token.
//!
//! Start it with `JWT_SECRET_KEY="$(openssl rand -base64 48)" cargo run -p jwt-extended-actix --example sessions`, and
//! then:
//!
//! ```text
//! curl -X POST http://127.0.0.1:3000/login/alice
//! curl -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/sessions
//! ```
#![allow(clippy::print_stdout, reason = "an example may print")]

use actix_web::{
    App, HttpRequest, HttpServer,
    http::header,
    web::{Data, Json, Path, delete, get, post},
};
use jwt_extended_actix::{
    Access, Config, Fresh, JwtManager, Refresh, Rejection, Token, Tokens,
    session::{MemoryStore, Session},
};

/// Takes no password. Look the user up in your database here.
async fn login(jwt: Data<JwtManager>, user: Path<String>, request: HttpRequest) -> Result<Tokens, Rejection> {
    Ok(Tokens(jwt.login(&*user).label(device(&request)).await?))
}

/// Each refresh token works once and gives the next one.
async fn refresh(jwt: Data<JwtManager>, token: Refresh) -> Result<Tokens, Rejection> {
    Ok(Tokens(jwt.refresh(&token).await?))
}

/// The session of the request has `"current": true`.
async fn sessions(jwt: Data<JwtManager>, token: Access) -> Result<Json<Vec<Session>>, Rejection> {
    Ok(Json(jwt.sessions(&token).await?))
}

/// Ends one of the user's own sessions. Returns false for another user's.
async fn end(jwt: Data<JwtManager>, token: Access, id: Path<String>) -> Result<Json<bool>, Rejection> {
    Ok(Json(jwt.end_session(&token, &id).await?))
}

async fn end_others(jwt: Data<JwtManager>, token: Access) -> Result<Json<u64>, Rejection> {
    Ok(Json(jwt.end_other_sessions(&token).await?))
}

/// Store the new password first. Then one call ends all of the user's sessions and opens a new one here.
async fn password(jwt: Data<JwtManager>, token: Fresh, request: HttpRequest) -> Result<Tokens, Rejection> {
    Ok(Tokens(jwt.password_changed(token.subject()).label(device(&request)).await?))
}

/// The label by which the user recognises the session.
fn device(request: &HttpRequest) -> &str {
    request.headers().get(header::USER_AGENT).and_then(|name| name.to_str().ok()).unwrap_or("unknown device")
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt = JwtManager::from_config(Config::from_env()?)
        // For one process. For several, use a store of jwt-extended-sqlx or jwt-extended-redis.
        .session_store(MemoryStore::new())
        .max_sessions(10_usize)
        // A good place to warn the user.
        .on_replay(|token: &Token| println!("a refresh token of {} was stolen", token.subject()))
        .build()?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/login/{user}", post().to(login))
            .route("/refresh", post().to(refresh))
            .route("/sessions", get().to(sessions))
            .route("/sessions/others", delete().to(end_others))
            .route("/sessions/{id}", delete().to(end))
            .route("/password", post().to(password))
    };
    Ok(HttpServer::new(app).bind("127.0.0.1:3000")?.run().await?)
}
