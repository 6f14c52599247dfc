//! An API with login, guarded routes, refresh and logout. The README shows this file.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use jwt_extended_axum::{
    Access, Config, Fresh, JwtManager, Logout, Reason, Refresh, Rejection, Tokens, session::MemoryStore,
};

const BAD_LOGIN: Reason =
    Reason::App { status: StatusCode::UNAUTHORIZED, code: "bad_login", message: "Bad username or password" };

#[derive(serde::Deserialize)]
struct Login {
    username: String,
    password: String,
}

async fn login(State(jwt): State<JwtManager>, Json(form): Json<Login>) -> Result<Tokens, Rejection> {
    // Look the user up in your database here.
    if form.username != "testuser" || form.password != "testpass" {
        return Err(jwt.reject(BAD_LOGIN, None).into());
    }
    Ok(Tokens(jwt.login(&form.username).await?))
}

async fn protected(token: Access) -> String {
    format!("hello {}\n", token.subject())
}

/// Admits only a token from a login, not one from a refresh.
async fn transfer(_: Fresh) -> &'static str {
    "done\n"
}

async fn refresh(State(jwt): State<JwtManager>, token: Refresh) -> Result<Tokens, Rejection> {
    Ok(Tokens(jwt.refresh(&token).await?))
}

/// Also with an expired token: a valid signature is enough to log out.
async fn logout(logout: Logout) -> (Logout, &'static str) {
    (logout, "logged out\n")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // JWT_SECRET_KEY and every other option can be set in the environment.
    let jwt = JwtManager::from_config(Config::from_env()?).session_store(MemoryStore::new()).build()?;
    let app = Router::new()
        .route("/login", post(login))
        .route("/protected", get(protected))
        .route("/transfer", post(transfer))
        .route("/refresh", post(refresh))
        .route("/logout", post(logout))
        .with_state(jwt);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
