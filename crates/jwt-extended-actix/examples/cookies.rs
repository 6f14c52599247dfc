//! An app for browsers: cookies with CSRF protection, the app's own user and claims, automatic renewal.
//!
//! Start it with `cargo run -p jwt-extended-actix --example cookies`, and then:
//!
//! ```text
//! curl -X POST http://127.0.0.1:3000/login/1 -c jar.txt
//! curl http://127.0.0.1:3000/me -b jar.txt
//! curl -X POST http://127.0.0.1:3000/admin/report -b jar.txt -H "X-CSRF-TOKEN: $(awk '$6 == "csrf_access_token" {print $7}' jar.txt)"
//! ```

use std::{borrow::Cow, convert::Infallible, time::Duration};

use actix_web::{
    App, Error, HttpServer,
    error::ErrorForbidden,
    web::{Data, Json, Path, get, post, resource},
};
use jwt_extended_actix::{
    Access, Claims, Cookies, CurrentUser, GuardLayer, JwtManager, Location, Logout, Reason, Refresh, RefreshLayer,
    Rejection, RequestParts, Requirement, Switch, Token, TokenPair, Visitor, WithCookies,
    jose::{Algorithm, Key},
    session::MemoryStore,
    token::{self, Identity, LoadUser},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The app's own user.
#[derive(Clone)]
struct User {
    id: u64,
    name: &'static str,
    role: &'static str,
}

/// From the user to the token: its subject and the app's own claims.
impl Identity for User {
    fn subject(&self) -> Cow<'_, str> {
        self.id.to_string().into()
    }

    fn additional_claims(&self) -> Result<token::Claims, token::ClaimsError> {
        token::Claims::new(&json!({ "role": self.role }))
    }
}

/// From the token back to the user. `None` rejects the request: the user no longer exists.
impl LoadUser<Users> for User {
    type Error = Infallible;

    async fn load_user(token: &Token, users: &Users) -> Result<Option<Self>, Infallible> {
        Ok(users.find(token.subject()))
    }
}

/// The claims that a route needs.
#[derive(Deserialize)]
struct Role {
    role: String,
}

struct Users(Vec<User>);

impl Users {
    fn find(&self, id: &str) -> Option<User> {
        self.0.iter().find(|user| user.id.to_string() == id).cloned()
    }

    fn user(&self, jwt: &JwtManager, id: &str) -> Result<User, Rejection> {
        self.find(id).ok_or_else(|| jwt.reject(Reason::UserNotFound(id.to_owned()), None).into())
    }
}

/// A response that sets cookies and tells the page when to refresh.
type CookieResponse = Result<WithCookies<Json<Value>>, Rejection>;

/// Sets four cookies: two tokens that no script can read, and two CSRF values that the app's pages can read.
fn set_cookies(jwt: &JwtManager, pair: &TokenPair) -> CookieResponse {
    let expiry = json!({ "expires_in": pair.expires_in(), "refresh_expires_in": pair.refresh_expires_in() });
    Ok(Cookies(jwt.set_cookies(pair)?).with(Json(expiry)))
}

async fn login(jwt: Data<JwtManager>, users: Data<Users>, id: Path<String>, request: RequestParts) -> CookieResponse {
    // Otherwise another site could log its visitor in as somebody else.
    jwt.refuse_cross_site(&request)?;
    // Check a password here.
    let user = users.user(&jwt, &id)?;
    // A user who logs in again in the same browser has one session, not two.
    set_cookies(&jwt, &jwt.login(&user).replacing(&request).await?)
}

/// Sets a new access cookie and the next refresh cookie, with the user's current claims.
async fn refresh(jwt: Data<JwtManager>, users: Data<Users>, token: Refresh) -> CookieResponse {
    let user = users.user(&jwt, token.subject())?;
    set_cookies(&jwt, &jwt.refresh(&token).identity(&user).await?)
}

/// Ends the session and clears the cookies, also if the token has expired.
async fn logout(logout: Logout) -> WithCookies<&'static str> {
    logout.with("goodbye\n")
}

async fn me(user: CurrentUser<User, Users>) -> String {
    format!("{}\n", user.name)
}

/// A page for everyone. A browser whose cookie has expired or was revoked sees what a stranger sees.
async fn home(visitor: Visitor<Access>) -> WithCookies<String> {
    let token = visitor.token;
    let greeting = token.map_or("hello, stranger\n".to_owned(), |token| format!("hello, user {}\n", token.subject()));
    visitor.cookies.with(greeting)
}

async fn report(Claims(claims): Claims<Role>) -> Result<&'static str, Error> {
    if claims.role == "admin" { Ok("all is well\n") } else { Err(ErrorForbidden("admins only\n")) }
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
    let users = [User { id: 1, name: "Alice", role: "admin" }, User { id: 2, name: "Bob", role: "reader" }];
    let users = Data::new(Users(users.into()));
    let app = move || {
        let admin =
            resource("/admin/report").route(post().to(report)).wrap(GuardLayer::new(jwt.clone(), Requirement::fresh()));
        App::new()
            .app_data(Data::new(jwt.clone()))
            .app_data(users.clone())
            .route("/", get().to(home))
            .route("/login/{id}", post().to(login))
            .route("/refresh", post().to(refresh))
            .route("/logout", post().to(logout))
            .route("/me", get().to(me))
            .service(admin)
            .wrap(RefreshLayer::new(jwt.clone(), Duration::from_secs(5 * 60)))
    };
    Ok(HttpServer::new(app).bind("127.0.0.1:3000")?.run().await?)
}
