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
    sync::{PoisonError, RwLock},
};

use actix_web::{
    App,
    error::{Error, ErrorInternalServerError},
    web::{Data, Json, delete, get, post},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use jwt_extended_actix::{
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
impl LoadUser<Users> for User {
    /// The response if the lookup fails, for example because the database is down.
    type Error = Error;

    async fn load_user(token: &Token, users: &Users) -> Result<Option<Self>, Error> {
        let id = token.subject().parse::<u64>().map_err(ErrorInternalServerError)?;
        Ok(users.find(|user| user.id == id))
    }
}

/// The app's users. They would be in a database.
struct Users(RwLock<Vec<User>>);

impl Users {
    fn find(&self, wanted: impl Fn(&User) -> bool) -> Option<User> {
        let users = self.0.read().unwrap_or_else(PoisonError::into_inner);
        users.iter().find(|user| wanted(user)).cloned()
    }

    fn delete(&self, id: u64) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|user| user.id != id);
    }
}

async fn login(jwt: Data<JwtManager>, users: Data<Users>, form: Json<Login>) -> Result<Tokens, Rejection> {
    let user = form.user().and_then(|name| users.find(|user| user.name == name));
    let user = user.ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    Ok(Tokens(jwt.login(&user).await?))
}

async fn me(user: CurrentUser<User, Users>) -> String {
    format!("{}: {}, {}\n", user.id, user.name, user.role)
}

async fn delete_me(users: Data<Users>, user: CurrentUser<User, Users>) -> String {
    users.delete(user.id);
    format!("goodbye, {}\n", user.name)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt = JwtManager::builder().key(Key::generate(Algorithm::HS256)?).build()?;
    let users = vec![User { id: 7, name: "testuser".to_owned(), role: "editor" }];
    let users = Data::new(Users(users.into()));
    let app = move || {
        App::new()
            // Guards find the manager and the users in the app's data.
            .app_data(Data::new(jwt.clone()))
            .app_data(users.clone())
            .route("/login", post().to(login))
            .route("/me", get().to(me))
            .route("/me", delete().to(delete_me))
    };
    serve(app).await
}
