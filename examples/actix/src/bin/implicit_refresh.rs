//! Implicit refresh: a layer renews the cookie of an active user before it expires, so that pages need no code for it.
//!
//! ```text
//! $ curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login -c jar.txt
//! welcome
//! $ cp jar.txt old.txt
//! $ sleep 2
//! $ curl -s http://127.0.0.1:3000/protected -b jar.txt -c jar.txt
//! hello testuser
//! $ TOKEN='$6 == "access_token_cookie" {print $7}'
//! $ test "$(awk "$TOKEN" jar.txt)" != "$(awk "$TOKEN" old.txt)" && echo 'the token was renewed'
//! the token was renewed
//! $ CSRF='$6 == "csrf_access_token" {print $7}'
//! $ test "$(awk "$CSRF" jar.txt)" = "$(awk "$CSRF" old.txt)" && echo 'open pages keep their CSRF value'
//! open pages keep their CSRF value
//! $ curl -s http://127.0.0.1:3000/protected -b jar.txt
//! hello testuser
//! ```

use std::time::Duration;

use actix_web::{
    App,
    web::{Data, Json, get, post},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use jwt_extended_actix::{
    Access, Cookies, JwtManager, Location, RefreshLayer, Rejection, RequestParts, Switch, WithCookies,
    jose::{Algorithm, Key},
    session::MemoryStore,
};

async fn login(
    jwt: Data<JwtManager>,
    request: RequestParts,
    form: Json<Login>,
) -> Result<WithCookies<&'static str>, Rejection> {
    jwt.refuse_cross_site(&request)?;
    let user = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    let pair = jwt.login(user).replacing(&request).await?;
    Ok(Cookies(jwt.set_cookies(&pair)?).with("welcome\n"))
}

async fn protected(token: Access) -> String {
    format!("hello {}\n", token.subject())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt = JwtManager::builder()
        .key(Key::generate(Algorithm::HS256)?)
        .token_location([Location::Cookie])
        // For plain HTTP on this machine. Leave it out behind HTTPS.
        .cookie_secure(Switch::Off)
        // Due for renewal after two seconds, so that you need not wait. Usual are 15 minutes.
        .access_token_expires(Duration::from_secs(302))
        .session_store(MemoryStore::new())
        .build()?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/login", post().to(login))
            .route("/protected", get().to(protected))
            .wrap(RefreshLayer::new(jwt.clone(), Duration::from_mins(5)))
    };
    serve(app).await
}
