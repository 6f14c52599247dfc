//! An API with login, guarded routes, refresh and logout.

use actix_web::{
    App, HttpServer,
    web::{Data, Json, get, post},
};
use http::StatusCode;
use jwt_extended_actix::{
    Access, Config, Fresh, JwtManager, Logout, Reason, Refresh, Rejection, Tokens, WithCookies, session::MemoryStore,
};

const BAD_LOGIN: Reason =
    Reason::App { status: StatusCode::UNAUTHORIZED, code: "bad_login", message: "Bad username or password" };

#[derive(serde::Deserialize)]
struct Login {
    username: String,
    password: String,
}

async fn login(jwt: Data<JwtManager>, form: Json<Login>) -> Result<Tokens, Rejection> {
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

async fn refresh(jwt: Data<JwtManager>, token: Refresh) -> Result<Tokens, Rejection> {
    Ok(Tokens(jwt.refresh(&token).await?))
}

/// Also with an expired token: a valid signature is enough to log out.
async fn logout(logout: Logout) -> WithCookies<&'static str> {
    logout.with("logged out\n")
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // JWT_SECRET_KEY and every other option can be set in the environment.
    let jwt = JwtManager::from_config(Config::from_env()?).session_store(MemoryStore::new()).build()?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/login", post().to(login))
            .route("/protected", get().to(protected))
            .route("/transfer", post().to(transfer))
            .route("/refresh", post().to(refresh))
            .route("/logout", post().to(logout))
    };
    Ok(HttpServer::new(app).bind("127.0.0.1:3000")?.run().await?)
}
