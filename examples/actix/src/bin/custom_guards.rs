//! Custom guards: a route for users with a role, and a check of the app's own that every token must pass.
//!
//! ```text
//! $ ACCESS=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login/blue | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/drafts
//! the drafts of testuser
//! $ curl -s -w '\n%{http_code}\n' -X DELETE -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/drafts
//! {"msg":"The token's claim roles does not include admin"}
//! 403
//! $ OTHER=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login/red | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ curl -s -H "Authorization: Bearer $OTHER" http://127.0.0.1:3000/drafts
//! {"msg":"User claims verification failed"}
//! ```

use std::borrow::Cow;

use actix_web::{
    App,
    web::{Data, Json, Path, delete, get, post},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use jwt_extended_actix::{
    JwtManager, Rejection, Requirement, Token, Tokens, guard,
    jose::{Algorithm, Key},
    token::{Claims, ClaimsError, Identity},
};
use serde::Serialize;

guard! {
    /// Admits users who may write.
    Writer = Requirement::access().claim_has_any("roles", ["editor", "admin"])
}

guard! {
    /// Admits administrators alone.
    Admin = Requirement::access().claim_has("roles", ["admin"])
}

/// A user of one of the tenants whose apps share a key.
#[derive(Serialize)]
struct User<'a> {
    #[serde(skip)]
    name: &'a str,
    roles: &'a [&'a str],
    tenant: &'a str,
}

impl Identity for User<'_> {
    fn subject(&self) -> Cow<'_, str> {
        self.name.into()
    }

    fn additional_claims(&self) -> Result<Claims, ClaimsError> {
        Claims::new(self)
    }
}

async fn login(jwt: Data<JwtManager>, tenant: Path<String>, form: Json<Login>) -> Result<Tokens, Rejection> {
    let name = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    Ok(Tokens(jwt.login(&User { name, roles: &["editor"], tenant: &tenant }).await?))
}

async fn drafts(token: Writer) -> String {
    format!("the drafts of {}\n", token.subject())
}

async fn delete_drafts(_: Admin) -> &'static str {
    "deleted\n"
}

/// This app serves one tenant. The check runs after all others, so the token is valid.
fn is_of_this_tenant(token: &Token) -> bool {
    matches!(token.claim::<String>("tenant"), Ok(Some(tenant)) if tenant == "blue")
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt =
        JwtManager::builder().key(Key::generate(Algorithm::HS256)?).token_verification(is_of_this_tenant).build()?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/login/{tenant}", post().to(login))
            .route("/drafts", get().to(drafts))
            .route("/drafts", delete().to(delete_drafts))
    };
    serve(app).await
}
