//! The smallest app: a login answers with tokens, and a route asks for one by its argument.
//!
//! ```text
//! $ curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login
//! {"access_token":"…","expires_in":900,"refresh_expires_in":2592000,"refresh_token":"…","token_type":"Bearer"}
//! $ curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "wrong"}' http://127.0.0.1:3000/login
//! {"msg":"Bad username or password"}
//! $ curl -s -w '\n%{http_code}\n' http://127.0.0.1:3000/protected
//! {"msg":"Missing Authorization Header"}
//! 401
//! $ ACCESS=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/protected
//! hello testuser
//! ```

use actix_web::{
    App,
    web::{Data, Json, get, post},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use jwt_extended_actix::{
    Access, JwtManager, Rejection, Tokens,
    jose::{Algorithm, Key},
};

async fn login(jwt: Data<JwtManager>, form: Json<Login>) -> Result<Tokens, Rejection> {
    let user = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    Ok(Tokens(jwt.login(user).await?))
}

async fn protected(token: Access) -> String {
    format!("hello {}\n", token.subject())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A new secret at each start: all tokens end with the process. To keep them, read the secret from a safe place,
    // such as the environment: `JwtManager::from_config(Config::from_env()?)` takes it from `JWT_SECRET_KEY`.
    let jwt = JwtManager::builder().key(Key::generate(Algorithm::HS256)?).build()?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/login", post().to(login))
            .route("/protected", get().to(protected))
    };
    serve(app).await
}
