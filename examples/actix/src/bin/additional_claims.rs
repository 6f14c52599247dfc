//! Additional claims: the app puts its own data into a token, and a route reads it back as a type of its own.
//!
//! ```text
//! $ ACCESS=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/theme
//! testuser likes blue, in en_GB
//! $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/colour
//! blue
//! ```

use actix_web::{
    App, CustomizeResponder, Responder as _,
    http::header,
    web::{Data, Json, get, post},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use jwt_extended_actix::{
    Access, Claims, JwtManager, Rejection,
    jose::{Algorithm, Key},
    token::Fresh,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The app's claims. Everybody who holds a token can read them, so they contain no secret.
#[derive(Serialize, Deserialize)]
struct Theme {
    colour: String,
    language: String,
}

/// The claims that a route needs: those of the app, and the subject.
#[derive(Deserialize)]
struct UserTheme {
    sub: String,
    #[serde(flatten)]
    theme: Theme,
}

/// Claims for one token. For claims in all tokens of a user, see the example `users`.
async fn login(jwt: Data<JwtManager>, form: Json<Login>) -> Result<CustomizeResponder<Json<Value>>, Rejection> {
    let user = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    let theme = Theme { colour: "blue".to_owned(), language: "en_GB".to_owned() };
    let token = jwt.access_token(user).fresh(Fresh::Always).additional_claims(&theme).create()?;
    Ok(Json(json!({ "access_token": token.as_str() })).customize().insert_header((header::CACHE_CONTROL, "no-store")))
}

/// All claims at once. A token that lacks one of them is refused.
async fn theme(Claims(claims): Claims<UserTheme>) -> String {
    format!("{} likes {}, in {}\n", claims.sub, claims.theme.colour, claims.theme.language)
}

/// One claim. A token that lacks it is as good.
async fn colour(token: Access) -> String {
    let colour: Option<String> = token.claim("colour").unwrap_or_default();
    format!("{}\n", colour.as_deref().unwrap_or("white"))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt = JwtManager::builder().key(Key::generate(Algorithm::HS256)?).build()?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/login", post().to(login))
            .route("/theme", get().to(theme))
            .route("/colour", get().to(colour))
    };
    serve(app).await
}
