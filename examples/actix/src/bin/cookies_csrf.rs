//! Cookies for browsers: no script can read the tokens, and a request that changes something needs a CSRF value, which
//! only the app's own pages can read.
//!
//! ```text
//! $ curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login -c jar.txt
//! {"expires_in":900}
//! $ grep -c HttpOnly jar.txt
//! 2
//! $ curl -s http://127.0.0.1:3000/account -b jar.txt
//! the account of testuser
//! $ curl -s -X POST http://127.0.0.1:3000/transfer -b jar.txt
//! {"msg":"Missing CSRF token"}
//! $ CSRF=$(awk '$6 == "csrf_access_token" {print $7}' jar.txt)
//! $ curl -s -X POST -H "X-CSRF-TOKEN: $CSRF" http://127.0.0.1:3000/transfer -b jar.txt
//! done
//! $ REFRESH_CSRF=$(awk '$6 == "csrf_refresh_token" {print $7}' jar.txt)
//! $ curl -s -X POST -H "X-CSRF-TOKEN: $REFRESH_CSRF" http://127.0.0.1:3000/refresh -b jar.txt -c jar.txt
//! {"expires_in":900}
//! $ curl -s -X POST -H "X-CSRF-TOKEN: $CSRF" http://127.0.0.1:3000/transfer -b jar.txt
//! {"msg":"CSRF double submit tokens do not match"}
//! $ CSRF=$(awk '$6 == "csrf_access_token" {print $7}' jar.txt)
//! $ curl -s -X POST -H "X-CSRF-TOKEN: $CSRF" http://127.0.0.1:3000/logout -b jar.txt -c jar.txt
//! goodbye
//! $ curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1:3000/account -b jar.txt
//! 401
//! ```

use actix_web::{
    App,
    web::{Data, Json, get, post},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use jwt_extended_actix::{
    Access, Cookies, JwtManager, Location, Logout, Refresh, Rejection, RequestParts, Switch, TokenPair, WithCookies,
    jose::{Algorithm, Key},
    session::MemoryStore,
};
use serde_json::{Value, json};

/// A response that sets cookies, and tells the page when to refresh.
type CookieResponse = Result<WithCookies<Json<Value>>, Rejection>;

fn set_cookies(jwt: &JwtManager, pair: &TokenPair) -> CookieResponse {
    Ok(Cookies(jwt.set_cookies(pair)?).with(Json(json!({ "expires_in": pair.expires_in() }))))
}

async fn login(jwt: Data<JwtManager>, request: RequestParts, form: Json<Login>) -> CookieResponse {
    // Otherwise another site could log its visitor in as somebody else.
    jwt.refuse_cross_site(&request)?;
    let user = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    // A user who logs in again in the same browser has one session, not two.
    set_cookies(&jwt, &jwt.login(user).replacing(&request).await?)
}

async fn refresh(jwt: Data<JwtManager>, token: Refresh) -> CookieResponse {
    set_cookies(&jwt, &jwt.refresh(&token).await?)
}

/// Ends the session and clears the cookies, also if the token has expired.
async fn logout(logout: Logout) -> WithCookies<&'static str> {
    logout.with("goodbye\n")
}

async fn account(token: Access) -> String {
    format!("the account of {}\n", token.subject())
}

async fn transfer(_: Access) -> &'static str {
    "done\n"
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt = JwtManager::builder()
        .key(Key::generate(Algorithm::HS256)?)
        .token_location([Location::Cookie])
        // For plain HTTP on this machine. Leave it out behind HTTPS.
        .cookie_secure(Switch::Off)
        .session_store(MemoryStore::new())
        .build()?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/login", post().to(login))
            .route("/refresh", post().to(refresh))
            .route("/logout", post().to(logout))
            .route("/account", get().to(account))
            .route("/transfer", post().to(transfer))
    };
    serve(app).await
}
