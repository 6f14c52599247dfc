//! An app for browsers: cookies with CSRF protection, the app's own user and claims, automatic renewal.
//!
//! Start it with `cargo run -p jwt-extended-axum --example cookies`, and then:
//!
//! ```text
//! curl -X POST http://127.0.0.1:3000/login/1 -c jar.txt
//! curl http://127.0.0.1:3000/me -b jar.txt
//! curl -X POST http://127.0.0.1:3000/admin/report -b jar.txt -H "X-CSRF-TOKEN: $(awk '$6 == "csrf_access_token" {print $7}' jar.txt)"
//! ```

use std::{borrow::Cow, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{FromRef, Path, State},
    http::{StatusCode, request::Parts},
    routing::{get, post},
};
use jwt_extended_axum::{
    Access, Claims, Cookies, CurrentUser, GuardLayer, JwtManager, Location, Logout, Reason, Refresh, RefreshLayer,
    Rejection, Requirement, Switch, Token, TokenPair, Visitor,
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
impl LoadUser<App> for User {
    type Error = Infallible;

    async fn load_user(token: &Token, app: &App) -> Result<Option<Self>, Infallible> {
        Ok(app.find(token.subject()))
    }
}

/// The claims that a route needs.
#[derive(Deserialize)]
struct Role {
    role: String,
}

#[derive(Clone)]
struct App {
    jwt: JwtManager,
    users: Arc<[User]>,
}

impl App {
    fn find(&self, id: &str) -> Option<User> {
        self.users.iter().find(|user| user.id.to_string() == id).cloned()
    }

    fn user(&self, id: &str) -> Result<User, Rejection> {
        self.find(id).ok_or_else(|| self.jwt.reject(Reason::UserNotFound(id.to_owned()), None).into())
    }
}

/// Lets guards find the manager in the app's state.
impl FromRef<App> for JwtManager {
    fn from_ref(app: &App) -> Self {
        app.jwt.clone()
    }
}

/// A response that sets cookies and tells the page when to refresh.
type CookieResponse = Result<(Cookies, Json<Value>), Rejection>;

/// Sets four cookies: two tokens that no script can read, and two CSRF values that the app's pages can read.
fn set_cookies(jwt: &JwtManager, pair: &TokenPair) -> CookieResponse {
    let expiry = json!({ "expires_in": pair.expires_in(), "refresh_expires_in": pair.refresh_expires_in() });
    Ok((Cookies(jwt.set_cookies(pair)?), Json(expiry)))
}

async fn login(State(app): State<App>, Path(id): Path<String>, request: Parts) -> CookieResponse {
    // Otherwise another site could log its visitor in as somebody else.
    app.jwt.refuse_cross_site(&request)?;
    // Check a password here.
    let user = app.user(&id)?;
    // A user who logs in again in the same browser has one session, not two.
    set_cookies(&app.jwt, &app.jwt.login(&user).replacing(&request).await?)
}

/// Sets a new access cookie and the next refresh cookie, with the user's current claims.
async fn refresh(State(app): State<App>, token: Refresh) -> CookieResponse {
    let user = app.user(token.subject())?;
    set_cookies(&app.jwt, &app.jwt.refresh(&token).identity(&user).await?)
}

/// Ends the session and clears the cookies, also if the token has expired.
async fn logout(logout: Logout) -> (Logout, &'static str) {
    (logout, "goodbye\n")
}

async fn me(user: CurrentUser<User>) -> String {
    format!("{}\n", user.name)
}

/// A page for everyone. A browser whose cookie has expired or was revoked sees what a stranger sees.
async fn home(visitor: Visitor<Access>) -> (Cookies, String) {
    let token = visitor.token;
    let greeting = token.map_or("hello, stranger\n".to_owned(), |token| format!("hello, user {}\n", token.subject()));
    (visitor.cookies, greeting)
}

async fn report(Claims(claims): Claims<Role>) -> Result<&'static str, StatusCode> {
    if claims.role == "admin" { Ok("all is well\n") } else { Err(StatusCode::FORBIDDEN) }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt = JwtManager::builder()
        .key(Key::generate(Algorithm::HS256)?)
        .token_location([Location::Cookie])
        // For plain HTTP on this machine. Leave it out behind HTTPS.
        .cookie_secure(Switch::Off)
        .session_store(MemoryStore::new())
        .build()?;
    let users = [User { id: 1, name: "Alice", role: "admin" }, User { id: 2, name: "Bob", role: "reader" }];
    let admin = Router::new()
        .route("/admin/report", post(report))
        .route_layer(GuardLayer::new(jwt.clone(), Requirement::fresh()));
    let app = Router::new()
        .route("/", get(home))
        .route("/login/{id}", post(login))
        .route("/refresh", post(refresh))
        .route("/logout", post(logout))
        .route("/me", get(me))
        .merge(admin)
        .layer(RefreshLayer::new(jwt.clone(), Duration::from_secs(5 * 60)))
        .with_state(App { jwt, users: users.into() });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, app).await?)
}
