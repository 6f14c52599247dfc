//! Sessions and revoked tokens in SQLite: a logout ends the session of the token, for all processes of this machine.
//! `PostgresStore` does the same for several machines.
//!
//! ```text
//! $ TOKENS=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login)
//! $ ACCESS=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' <<< "$TOKENS")
//! $ REFRESH=$(sed 's/.*"refresh_token":"\([^"]*\)".*/\1/' <<< "$TOKENS")
//! $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/protected
//! hello testuser
//! $ curl -s -X DELETE -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/logout
//! logged out
//! $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/protected
//! {"msg":"Token has been revoked"}
//! $ curl -s -X POST -H "Authorization: Bearer $REFRESH" http://127.0.0.1:3000/refresh
//! {"msg":"Token has been revoked"}
//! ```

use std::env;

use actix_web::{
    App,
    web::{Data, Json, delete, get, post},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use jwt_extended_actix::{
    Access, JwtManager, Logout, Refresh, Rejection, Tokens, WithCookies,
    jose::{Algorithm, Key},
};
use jwt_extended_sqlx::SqliteStore;

async fn login(jwt: Data<JwtManager>, form: Json<Login>) -> Result<Tokens, Rejection> {
    let user = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    Ok(Tokens(jwt.login(user).await?))
}

async fn refresh(jwt: Data<JwtManager>, token: Refresh) -> Result<Tokens, Rejection> {
    Ok(Tokens(jwt.refresh(&token).await?))
}

/// Ends the session: its access tokens and its refresh token are revoked. An expired token can log out, too.
async fn logout(logout: Logout) -> WithCookies<&'static str> {
    logout.with("logged out\n")
}

async fn protected(token: Access) -> String {
    format!("hello {}\n", token.subject())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Keep the file of your app in a folder that outlives the process, such as /var/lib/app.
    let store = SqliteStore::open(env::temp_dir().join("jwt-extended-example.db")).await?;
    store.migrate().await?;
    let jwt = JwtManager::builder().key(Key::generate(Algorithm::HS256)?).session_store(store).build()?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/login", post().to(login))
            .route("/refresh", post().to(refresh))
            .route("/logout", delete().to(logout))
            .route("/protected", get().to(protected))
    };
    serve(app).await
}
