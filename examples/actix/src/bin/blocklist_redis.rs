//! Sessions and revoked tokens in Redis, for several machines: end one session, or all of a user. The environment
//! variable `REDIS_URL` names the server, by default `redis://127.0.0.1:6379`.
//!
//! ```text
//! $ PHONE=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ LAPTOP=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ DESKTOP=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ curl -s -X DELETE -H "Authorization: Bearer $PHONE" http://127.0.0.1:3000/logout
//! logged out
//! $ curl -s -H "Authorization: Bearer $PHONE" http://127.0.0.1:3000/protected
//! {"msg":"Token has been revoked"}
//! $ curl -s -H "Authorization: Bearer $LAPTOP" http://127.0.0.1:3000/protected
//! hello testuser
//! $ curl -s -X DELETE -H "Authorization: Bearer $LAPTOP" http://127.0.0.1:3000/logout/everywhere
//! ended 2 sessions
//! $ curl -s -H "Authorization: Bearer $DESKTOP" http://127.0.0.1:3000/protected
//! {"msg":"Token has been revoked"}
//! ```

use std::env;

use actix_web::{
    App,
    web::{Data, Json, delete, get, post},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use jwt_extended_actix::{
    Access, JwtManager, Logout, Rejection, Tokens, WithCookies,
    jose::{Algorithm, Key},
};
use jwt_extended_redis::RedisStore;

async fn login(jwt: Data<JwtManager>, form: Json<Login>) -> Result<Tokens, Rejection> {
    let user = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    Ok(Tokens(jwt.login(user).await?))
}

async fn logout(logout: Logout) -> WithCookies<&'static str> {
    logout.with("logged out\n")
}

async fn logout_everywhere(jwt: Data<JwtManager>, token: Access) -> Result<String, Rejection> {
    let ended = jwt.end_all_sessions(&token).await?;
    Ok(format!("ended {ended} sessions\n"))
}

async fn protected(token: Access) -> String {
    format!("hello {}\n", token.subject())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = env::var("REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned());
    // If Redis is down later, requests are answered with 503, and none is let through unchecked.
    let store = RedisStore::connect(url).await?;
    let jwt = JwtManager::builder().key(Key::generate(Algorithm::HS256)?).session_store(store).build()?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/login", post().to(login))
            .route("/logout", delete().to(logout))
            .route("/logout/everywhere", delete().to(logout_everywhere))
            .route("/protected", get().to(protected))
    };
    serve(app).await
}
