//! A whole app: login, guarded routes, refresh, logout. The README shows this file.

use axum::{
    Json, Router,
    extract::{FromRef, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use jwt_extended_axum::{
    Access, AnyToken, Fresh, JwtManager, Refresh, Rejection, Tokens, jose::Key, session::MemoryStore,
};

#[derive(Clone)]
struct AppState {
    jwt: JwtManager,
}

/// How guards find the manager in the app's state.
impl FromRef<AppState> for JwtManager {
    fn from_ref(state: &AppState) -> Self {
        state.jwt.clone()
    }
}

#[derive(serde::Deserialize)]
struct Login {
    username: String,
    password: String,
}

async fn login(State(app): State<AppState>, Json(form): Json<Login>) -> Result<Response, Rejection> {
    // Ask your own users here.
    if (form.username.as_str(), form.password.as_str()) != ("testuser", "testpass") {
        return Ok((StatusCode::UNAUTHORIZED, "Bad username or password\n").into_response());
    }
    Ok(Tokens(app.jwt.login(&form.username).await?).into_response())
}

async fn protected(token: Access) -> String {
    format!("hello {}\n", token.subject())
}

async fn page(token: Option<Access>) -> String {
    format!("logged in: {}\n", token.is_some())
}

async fn transfer(_: Fresh) -> &'static str {
    "done\n"
}

async fn refresh(State(app): State<AppState>, token: Refresh) -> Result<Tokens, Rejection> {
    Ok(Tokens(app.jwt.refresh(&token).await?))
}

async fn logout(State(app): State<AppState>, token: AnyToken) -> Result<&'static str, Rejection> {
    app.jwt.logout(&token).await?;
    Ok("logged out\n")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = std::env::var("JWT_SECRET_KEY").map_err(|_| "set JWT_SECRET_KEY to at least 32 random bytes")?;
    let key = Key::hs256(secret).map_err(|error| error.to_string())?;
    let jwt = JwtManager::builder().key(key).session_store(MemoryStore::new()).build()?;
    let app = Router::new()
        .route("/", get(page))
        .route("/login", post(login))
        .route("/protected", get(protected))
        .route("/transfer", post(transfer))
        .route("/refresh", post(refresh))
        .route("/logout", post(logout))
        .with_state(AppState { jwt });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
