//! Protected by default: a layer guards every path, and the app names the exceptions. So nobody forgets to guard a new
//! route.
//!
//! ```text
//! $ curl -s http://127.0.0.1:3000/health
//! ok
//! $ curl -s http://127.0.0.1:3000/account
//! {"msg":"Missing Authorization Header"}
//! $ curl -s http://127.0.0.1:3000/no/such/path
//! {"msg":"Missing Authorization Header"}
//! $ TOKENS=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login)
//! $ ACCESS=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' <<< "$TOKENS")
//! $ REFRESH=$(sed 's/.*"refresh_token":"\([^"]*\)".*/\1/' <<< "$TOKENS")
//! $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/account
//! the account of testuser
//! $ curl -s -X POST -H "Authorization: Bearer $REFRESH" http://127.0.0.1:3000/refresh
//! {"access_token":"…","expires_in":900,"token_type":"Bearer"}
//! ```

use actix_web::{
    App,
    web::{Data, Json, ReqData, get, post},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use jwt_extended_actix::{
    Admitted, GuardLayer, JwtManager, Refresh, Rejection, Requirement, Tokens,
    jose::{Algorithm, Key},
};

async fn login(jwt: Data<JwtManager>, form: Json<Login>) -> Result<Tokens, Rejection> {
    let user = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    Ok(Tokens(jwt.login(user).await?))
}

/// The layer asks for access tokens, so this route is an exception, with a guard of its own.
async fn refresh(jwt: Data<JwtManager>, token: Refresh) -> Result<Tokens, Rejection> {
    Ok(Tokens(jwt.refresh(&token).await?))
}

/// The layer has left the token in the request's extensions.
async fn account(admitted: ReqData<Admitted>) -> String {
    format!("the account of {}\n", admitted.token().subject())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt = JwtManager::builder().key(Key::generate(Algorithm::HS256)?).build()?;
    let guard =
        GuardLayer::new(jwt.clone(), Requirement::access()).except("/health")?.except("/login")?.except("/refresh")?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/health", get().to(async || "ok\n"))
            .route("/login", post().to(login))
            .route("/refresh", post().to(refresh))
            .route("/account", get().to(account))
            // It guards all routes of the app, and paths without a route.
            .wrap(guard.clone())
    };
    serve(app).await
}
