//! Optional tokens: a page for everyone, which greets a user by name. A bad token is still refused, so that a client
//! learns that it must log in again.
//!
//! ```text
//! $ curl -s http://127.0.0.1:3000/
//! hello, stranger
//! $ ACCESS=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/
//! hello testuser
//! $ curl -s -H "Authorization: Bearer ${ACCESS}x" http://127.0.0.1:3000/
//! {"msg":"Signature verification failed"}
//! $ curl -s -H "Cookie: access_token_cookie=${ACCESS}x" http://127.0.0.1:3000/home
//! hello, stranger
//! $ curl -s -H "Cookie: access_token_cookie=$ACCESS" http://127.0.0.1:3000/home
//! hello testuser
//! ```

use actix_web::{
    App,
    web::{Data, Json, get, post},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use jwt_extended_actix::{
    Access, JwtManager, Location, Optional, Rejection, Tokens, Visitor, WithCookies,
    jose::{Algorithm, Key},
};

async fn login(jwt: Data<JwtManager>, form: Json<Login>) -> Result<Tokens, Rejection> {
    let user = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    Ok(Tokens(jwt.login(user).await?))
}

async fn index(Optional(token): Optional<Access>) -> String {
    greeting(token)
}

/// A page of a website. A browser keeps sending a cookie that has expired or is malformed, and its user cannot help
/// that: they see the page as a stranger does, and the response clears the cookie.
async fn home(visitor: Visitor<Access>) -> WithCookies<String> {
    visitor.cookies.with(greeting(visitor.token))
}

fn greeting(token: Option<Access>) -> String {
    token.map_or("hello, stranger\n".to_owned(), |token| format!("hello {}\n", token.subject()))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt = JwtManager::builder()
        .key(Key::generate(Algorithm::HS256)?)
        .token_location([Location::Header, Location::Cookie])
        .build()?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/login", post().to(login))
            .route("/", get().to(index))
            .route("/home", get().to(home))
    };
    serve(app).await
}
