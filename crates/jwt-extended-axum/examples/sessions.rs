//! Sessions: where a user is logged in, ending it, a new password, and what happens when a refresh token was stolen.
//!
//! `JWT_SECRET_KEY="$(openssl rand -base64 48)" cargo run -p jwt-extended-axum --example sessions`, and then for example
//!
//! ```text
//! curl -X POST http://127.0.0.1:3000/login/alice
//! curl -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/sessions
//! ```
#![allow(clippy::print_stdout, reason = "an example says what it does")]

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, header},
    routing::{delete, get, post},
};
use jwt_extended_axum::{
    Access, Fresh, JwtManager, Refresh, Rejection, Token, Tokens, jose::Key, session::MemoryStore, session::Session,
};

/// Without a password: ask your own users.
async fn login(
    State(jwt): State<JwtManager>,
    Path(user): Path<String>,
    headers: HeaderMap,
) -> Result<Tokens, Rejection> {
    Ok(Tokens(jwt.login_with_label(&user, device(&headers)).await?))
}

/// Each refresh token is good for one use, and gives the one that is due next.
async fn refresh(State(jwt): State<JwtManager>, token: Refresh) -> Result<Tokens, Rejection> {
    Ok(Tokens(jwt.refresh(&token).await?))
}

/// The session that asks has `"current": true`.
async fn sessions(State(jwt): State<JwtManager>, token: Access) -> Result<Json<Vec<Session>>, Rejection> {
    Ok(Json(jwt.sessions(&token).await?))
}

/// Only one of the user's own: another's is left alone.
async fn end(State(jwt): State<JwtManager>, token: Access, Path(id): Path<String>) -> Result<Json<bool>, Rejection> {
    Ok(Json(jwt.end_session(&*token, &id).await?))
}

async fn end_others(State(jwt): State<JwtManager>, token: Access) -> Result<Json<u64>, Rejection> {
    Ok(Json(jwt.end_other_sessions(&token).await?))
}

/// Store the new password first. Then one call logs the user out everywhere, and in again here.
async fn password(State(jwt): State<JwtManager>, token: Fresh, headers: HeaderMap) -> Result<Tokens, Rejection> {
    Ok(Tokens(jwt.password_changed_with_label(token.subject(), device(&headers)).await?))
}

/// What the user will know the session by.
fn device(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|name| name.to_str().ok()).unwrap_or("unknown device")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = std::env::var("JWT_SECRET_KEY").map_err(|_| "set JWT_SECRET_KEY to at least 32 random bytes")?;
    let jwt = JwtManager::builder()
        .key(Key::hs256(secret).map_err(|error| error.to_string())?)
        // For one process. For more, a store of jwt-extended-sqlx or jwt-extended-redis.
        .session_store(MemoryStore::new())
        .max_sessions(10_usize)
        // A good place to write to the user.
        .on_replay(|token: &Token| println!("a refresh token of {} was stolen", token.subject()))
        .build()?;
    let app = Router::new()
        .route("/login/{user}", post(login))
        .route("/refresh", post(refresh))
        .route("/sessions", get(sessions))
        .route("/sessions/{id}", delete(end))
        .route("/sessions/others", delete(end_others))
        .route("/password", post(password))
        .with_state(jwt);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
