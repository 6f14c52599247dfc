//! The app's own users: `Identity` makes tokens of them, `LoadUser` finds them again, and a route takes the
//! `CurrentUser`. A user who was deleted is refused, although the token is good.
//!
//! ```text
//! $ ACCESS=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/me
//! 7: testuser, editor
//! $ curl -s -X DELETE -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/me
//! goodbye, testuser
//! $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/me
//! {"msg":"Error loading the user 7"}
//! ```

use std::{
    borrow::Cow,
    sync::{Arc, PoisonError, RwLock},
};

use axum::{
    Json, Router,
    extract::{FromRef, State},
    http::StatusCode,
    routing::{get, post},
};
use examples_axum::{BAD_LOGIN, Login, serve};
use jwt_extended_axum::{
    CurrentUser, JwtManager, Rejection, Token, Tokens,
    jose::{Algorithm, Key},
    token::{Claims, ClaimsError, Identity, LoadUser},
};
use serde_json::json;

#[derive(Clone)]
struct User {
    id: u64,
    name: String,
    role: &'static str,
}

/// From the user to the tokens: the subject, which never changes, and claims.
impl Identity for User {
    fn subject(&self) -> Cow<'_, str> {
        self.id.to_string().into()
    }

    fn additional_claims(&self) -> Result<Claims, ClaimsError> {
        Claims::new(&json!({ "role": self.role }))
    }
}

/// From the token back to the user. `None` refuses the request.
impl LoadUser<App> for User {
    /// The response if the lookup fails, for example because the database is down.
    type Error = StatusCode;

    async fn load_user(token: &Token, app: &App) -> Result<Option<Self>, StatusCode> {
        let id = token.subject().parse::<u64>().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
        Ok(app.find(|user| user.id == id))
    }
}

/// The app's state. The users would be in a database.
#[derive(Clone)]
struct App {
    jwt: JwtManager,
    users: Arc<RwLock<Vec<User>>>,
}

impl App {
    fn find(&self, wanted: impl Fn(&User) -> bool) -> Option<User> {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        users.iter().find(|user| wanted(user)).cloned()
    }

    fn delete(&self, id: u64) {
        self.users.write().unwrap_or_else(PoisonError::into_inner).retain(|user| user.id != id);
    }
}

/// Lets guards find the manager in the app's state.
impl FromRef<App> for JwtManager {
    fn from_ref(app: &App) -> Self {
        app.jwt.clone()
    }
}

async fn login(State(app): State<App>, Json(form): Json<Login>) -> Result<Tokens, Rejection> {
    let user = form.user().and_then(|name| app.find(|user| user.name == name));
    let user = user.ok_or_else(|| app.jwt.reject(BAD_LOGIN, None))?;
    Ok(Tokens(app.jwt.login(&user).await?))
}

async fn me(user: CurrentUser<User>) -> String {
    format!("{}: {}, {}\n", user.id, user.name, user.role)
}

async fn delete_me(State(app): State<App>, user: CurrentUser<User>) -> String {
    app.delete(user.id);
    format!("goodbye, {}\n", user.name)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt = JwtManager::builder().key(Key::generate(Algorithm::HS256)?).build()?;
    let users = vec![User { id: 7, name: "testuser".to_owned(), role: "editor" }];
    let app = Router::new()
        .route("/login", post(login))
        .route("/me", get(me).delete(delete_me))
        .with_state(App { jwt, users: Arc::new(users.into()) });
    serve(app).await
}
