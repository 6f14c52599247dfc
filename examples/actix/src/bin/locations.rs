//! Locations: tokens in the header, in a cookie or in a JSON body, and for links to downloads in the query string.
//!
//! ```text
//! $ ACCESS=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/whoami
//! testuser, by a token in headers
//! $ curl -s -H "Cookie: access_token_cookie=$ACCESS" http://127.0.0.1:3000/whoami
//! testuser, by a token in cookies
//! $ curl -s -X POST -H "Content-Type: application/json" -d "{\"access_token\": \"$ACCESS\"}" http://127.0.0.1:3000/whoami
//! testuser, by a token in json
//! $ curl -s "http://127.0.0.1:3000/whoami?jwt=$ACCESS"
//! {"msg":"Missing JWT in headers, cookies or json (…)"}
//! $ curl -s "http://127.0.0.1:3000/download?jwt=$ACCESS"
//! the file of testuser
//! $ curl -s -X POST -H "Cookie: access_token_cookie=$ACCESS" http://127.0.0.1:3000/whoami
//! {"msg":"Missing CSRF token"}
//! ```

use actix_web::{
    App,
    web::{Data, Json, get, post, resource},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use jwt_extended_actix::{
    Access, BodyLayer, JwtManager, Location, Rejection, Requirement, Tokens, guard,
    jose::{Algorithm, Key},
};

guard! {
    /// Looks in the query string alone. URLs end up in logs and histories, so no other route accepts tokens there.
    Download = Requirement::access().locations([Location::QueryString])
}

async fn login(jwt: Data<JwtManager>, form: Json<Login>) -> Result<Tokens, Rejection> {
    let user = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    Ok(Tokens(jwt.login(user).await?))
}

/// A POST with a cookie needs the CSRF value, too: see the example `cookies_csrf`.
async fn whoami(token: Access) -> String {
    format!("{}, by a token in {}\n", token.subject(), Access::location(&token))
}

async fn download(token: Download) -> String {
    format!("the file of {}\n", token.subject())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt = JwtManager::builder()
        .key(Key::generate(Algorithm::HS256)?)
        .token_location([Location::Header, Location::Cookie, Location::Json])
        .build()?;
    let app = move || {
        // The layer lets the guards inside read JSON bodies. The handlers receive them as well.
        let whoami = resource("/whoami").route(get().to(whoami)).route(post().to(whoami)).wrap(BodyLayer::new());
        App::new()
            .app_data(Data::new(jwt.clone()))
            .service(whoami)
            .route("/login", post().to(login))
            .route("/download", get().to(download))
    };
    serve(app).await
}
