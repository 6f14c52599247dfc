//! Tests of an app: tokens in one line, a clock that the test moves, and a store that fails. The crate's feature
//! `testing` has the helpers; put it into `[dev-dependencies]`. Run them with `cargo test -p examples-axum`.
//!
//! ```text
//! $ ACCESS=$(curl -s -X POST -H "Content-Type: application/json" -d '{"username": "testuser", "password": "testpass"}' http://127.0.0.1:3000/login | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:3000/orders
//! the orders of testuser
//! ```

use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};
use examples_axum::{BAD_LOGIN, Login, serve};
use jwt_extended_axum::{
    Fresh, JwtManager, Rejection, Requirement, Tokens, guard,
    jose::{Algorithm, Key},
    session::MemoryStore,
};

guard!(ReadOrders = Requirement::access().scopes(["read:orders"]));

async fn login(State(jwt): State<JwtManager>, Json(form): Json<Login>) -> Result<Tokens, Rejection> {
    let user = form.user().ok_or_else(|| jwt.reject(BAD_LOGIN, None))?;
    Ok(Tokens(jwt.login(user).scopes(["read:orders"]).await?))
}

async fn orders(token: ReadOrders) -> String {
    format!("the orders of {}\n", token.subject())
}

async fn transfer(_: Fresh) -> &'static str {
    "done\n"
}

/// Tests call it with a manager of their own.
fn app(jwt: JwtManager) -> Router {
    Router::new()
        .route("/login", post(login))
        .route("/orders", get(orders))
        .route("/transfer", post(transfer))
        .with_state(jwt)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let jwt = JwtManager::builder().key(Key::generate(Algorithm::HS256)?).session_store(MemoryStore::new()).build()?;
    serve(app(jwt)).await
}

#[cfg(test)]
mod tests {
    use std::{error::Error, time::Duration};

    use axum::{
        body::Body,
        http::{Request, StatusCode, request},
    };
    use jwt_extended_axum::testing::{self, FailingStore, TestTokens};
    use tower::ServiceExt as _;

    use super::*;

    type Outcome = Result<(), Box<dyn Error>>;

    async fn status(jwt: &JwtManager, request: request::Builder) -> Result<StatusCode, Box<dyn Error>> {
        Ok(app(jwt.clone()).oneshot(request.body(Body::empty())?).await?.status())
    }

    #[tokio::test]
    async fn orders_need_their_scope() -> Outcome {
        let (builder, _clock) = testing::manager();
        let jwt = builder.build()?;
        let tokens = TestTokens::of(&jwt);
        let reader = tokens.access("alice").scopes(["read:orders"]);
        assert_eq!(status(&jwt, Request::get("/orders")).await?, 401);
        assert_eq!(status(&jwt, tokens.access("alice").log_in(Request::get("/orders"))).await?, 403);
        assert_eq!(status(&jwt, reader.log_in(Request::get("/orders"))).await?, 200);
        Ok(())
    }

    #[tokio::test]
    async fn a_fresh_token_expires() -> Outcome {
        let (builder, clock) = testing::manager();
        let jwt = builder.build()?;
        let token = TestTokens::of(&jwt).access("alice").fresh().issue();
        let transfer = || Request::post("/transfer").header("Authorization", format!("Bearer {token}"));
        assert_eq!(status(&jwt, transfer()).await?, 200);
        clock.advance(Duration::from_mins(15));
        assert_eq!(status(&jwt, transfer()).await?, 401);
        Ok(())
    }

    #[tokio::test]
    async fn an_outage_of_the_store_admits_nobody() -> Outcome {
        let (store, outage) = FailingStore::new();
        let (builder, _clock) = testing::manager();
        let jwt = builder.session_store(store).build()?;
        let user = TestTokens::of(&jwt).access("alice").fresh();
        outage.begin();
        assert_eq!(status(&jwt, user.log_in(Request::post("/transfer"))).await?, 503);
        Ok(())
    }
}
