//! Scopes: a login says what its tokens allow, and each route asks for what it needs. A refresh can give a token that
//! allows less, for a part of the client that is trusted less. A refund also needs a recent login.
//!
//! ```text
//! $ TOKENS=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login)
//! $ ACCESS=$(sed 's/.*"access_token":"\([^"]*\)".*/\1/' <<< "$TOKENS")
//! $ REFRESH=$(sed 's/.*"refresh_token":"\([^"]*\)".*/\1/' <<< "$TOKENS")
//! $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/orders
//! the orders of testuser
//! $ curl -s -X POST -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/refund
//! done
//! $ curl -s -w '\n%{http_code}\n' -X DELETE -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/orders
//! {"msg":"The token needs the scope delete:orders"}
//! 403
//! $ READER=$(curl -s -X POST -H "Authorization: Bearer $REFRESH" http://127.0.0.1:3000/refresh/reader | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ curl -s -H "Authorization: Bearer $READER" http://127.0.0.1:3000/orders
//! the orders of testuser
//! $ curl -s -X POST -H "Authorization: Bearer $READER" http://127.0.0.1:3000/refund
//! {"msg":"The token needs the scope refund:orders"}
//! $ sleep 2
//! $ curl -s -i -X POST -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/refund | grep -i -e ^HTTP -e ^www -e msg
//! HTTP/1.1 401 Unauthorized
//! www-authenticate: Bearer error="insufficient_user_authentication", error_description="A more recent login is required", max_age="2"
//! {"msg":"A more recent login is required"}
//! ```

use std::time::Duration;

use actix_web::{
    App,
    web::{Data, Json, delete, get, post},
};
use examples_actix::{BAD_LOGIN, Login, serve};
use jwt_extended_actix::{
    JwtManager, Refresh, Rejection, Requirement, Tokens, guard,
    jose::{Algorithm, Key},
};

guard!(ReadOrders = Requirement::access().scopes(["read:orders"]));
guard!(DeleteOrders = Requirement::access().scopes(["delete:orders"]));
guard! {
    /// The login is at most two seconds ago, so that you need not wait. Usual are 10 minutes.
    Refund = Requirement::access().scopes(["refund:orders"]).max_age(Duration::from_secs(2))
}

async fn login(jwt: Data<JwtManager>, form: Json<Login>) -> Result<Tokens, Rejection> {
    let user = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    Ok(Tokens(jwt.login(user).scopes(["read:orders", "refund:orders"]).await?))
}

/// Answers with an access token that reads and does nothing else. The refresh token keeps its scopes.
async fn refresh_reader(jwt: Data<JwtManager>, token: Refresh) -> Result<Tokens, Rejection> {
    Ok(Tokens(jwt.refresh(&token).scopes(["read:orders"]).await?))
}

async fn orders(token: ReadOrders) -> String {
    format!("the orders of {}\n", token.subject())
}

async fn delete_orders(_: DeleteOrders) -> &'static str {
    "deleted\n"
}

async fn refund(_: Refund) -> &'static str {
    "done\n"
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt = JwtManager::builder().key(Key::generate(Algorithm::HS256)?).build()?;
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/login", post().to(login))
            .route("/refresh/reader", post().to(refresh_reader))
            .route("/orders", get().to(orders))
            .route("/orders", delete().to(delete_orders))
            .route("/refund", post().to(refund))
    };
    serve(app).await
}
