//! Rotation: with a session store, each refresh token works once and gives the next one. If a used one comes back, it
//! was stolen, and its session ends. Users see their sessions and can end them.
//!
//! ```text
//! $ TOKENS=$(curl -s -A laptop -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login)
//! $ FIRST=$(sed 's/.*"refresh_token":"\([^"]*\)".*/\1/' <<< "$TOKENS")
//! $ TOKENS=$(curl -s -X POST -H "Authorization: Bearer $FIRST" http://127.0.0.1:3000/refresh)
//! $ SECOND=$(sed 's/.*"refresh_token":"\([^"]*\)".*/\1/' <<< "$TOKENS")
//! $ LAPTOP=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' <<< "$TOKENS")
//! $ PHONE=$(curl -s -A phone -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ curl -s -H "Authorization: Bearer $PHONE" http://127.0.0.1:3000/sessions
//! [{"id":"…","label":"phone","opened":…,"last_used":…,"ends":…,"current":true},{"id":"…","label":"laptop",…,"current":false}]
//! $ sleep 2
//! $ curl -s -X POST -H "Authorization: Bearer $FIRST" http://127.0.0.1:3000/refresh
//! {"msg":"Token was used before, so its session has ended. Log in again"}
//! $ curl -s -X POST -H "Authorization: Bearer $SECOND" http://127.0.0.1:3000/refresh
//! {"msg":"Token has been revoked"}
//! $ curl -s -H "Authorization: Bearer $LAPTOP" http://127.0.0.1:3000/sessions
//! {"msg":"Token has been revoked"}
//! $ ID=$(curl -s -H "Authorization: Bearer $PHONE" http://127.0.0.1:3000/sessions | sed 's/^\[{"id":"\([^"]*\)".*/\1/')
//! $ curl -s -X DELETE -H "Authorization: Bearer $PHONE" http://127.0.0.1:3000/sessions/$ID
//! true
//! $ curl -s -H "Authorization: Bearer $PHONE" http://127.0.0.1:3000/sessions
//! {"msg":"Token has been revoked"}
//! ```

use std::time::Duration;

use actix_web::{
    App, HttpRequest,
    http::header,
    web::{Data, Json, Path, delete, get, post},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use jwt_extended_actix::{
    Access, JwtManager, Refresh, Rejection, Token, Tokens,
    jose::{Algorithm, Key},
    session::{MemoryStore, Session},
};

/// Opens a session. The user recognises it by its label.
async fn login(jwt: Data<JwtManager>, request: HttpRequest, form: Json<Login>) -> Result<Tokens, Rejection> {
    let user = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    let device = request.headers().get(header::USER_AGENT).and_then(|name| name.to_str().ok());
    Ok(Tokens(jwt.login(user).label(device).await?))
}

/// Answers with an access token and the next refresh token.
async fn refresh(jwt: Data<JwtManager>, token: Refresh) -> Result<Tokens, Rejection> {
    Ok(Tokens(jwt.refresh(&token).await?))
}

async fn sessions(jwt: Data<JwtManager>, token: Access) -> Result<Json<Vec<Session>>, Rejection> {
    Ok(Json(jwt.sessions(&token).await?))
}

/// Ends one of the user's own sessions. Answers false for any other.
async fn end(jwt: Data<JwtManager>, token: Access, id: Path<String>) -> Result<Json<bool>, Rejection> {
    Ok(Json(jwt.end_session(&token, &id).await?))
}

/// A good place to warn the user by mail. Slow work belongs into a task.
#[expect(clippy::print_stdout, reason = "an example may print")]
fn on_replay(token: &Token) {
    println!("a refresh token of {} was stolen", token.subject());
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt = JwtManager::builder()
        .key(Key::generate(Algorithm::HS256)?)
        // For one process. For several, see the examples `blocklist_database` and `blocklist_redis`.
        .session_store(MemoryStore::new())
        // How long a used token gives its successor again, for parallel requests. Usual are 10 seconds.
        .refresh_grace(Duration::from_secs(1))
        .on_replay(on_replay)
        .build()?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/login", post().to(login))
            .route("/refresh", post().to(refresh))
            .route("/sessions", get().to(sessions))
            .route("/sessions/{id}", delete().to(end))
    };
    serve(app).await
}
