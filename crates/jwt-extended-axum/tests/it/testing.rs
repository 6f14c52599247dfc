//! The helpers for tests, used as an app's tests use them.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    extract::State,
    routing::{get, post},
};
use http::{Request, StatusCode};
use jwt_extended_axum::{
    Access, Fresh, JwtManager, Location, Rejection, Requirement, Tokens, guard,
    testing::{self, FailingStore, TestTokens},
};
use tower::ServiceExt;

guard!(ReadOrders = Requirement::access().scopes(["read:orders"]));

/// The app under test.
fn app(jwt: &JwtManager) -> Router {
    Router::new()
        .route("/", get(async |token: Access| token.subject().to_owned()))
        .route("/orders", get(async |_: ReadOrders| "orders"))
        .route("/transfer", post(async |_: Fresh| "done"))
        .route("/login", post(login))
        .with_state(jwt.clone())
}

async fn login(State(jwt): State<JwtManager>) -> Result<Tokens, Rejection> {
    Ok(Tokens(jwt.login("alice").await?))
}

async fn status(jwt: &JwtManager, request: http::request::Builder) -> StatusCode {
    app(jwt).oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
}

#[tokio::test]
async fn a_user_is_logged_in_with_one_line() {
    let (builder, _clock) = testing::manager();
    let jwt = builder.build().unwrap();
    let tokens = TestTokens::of(&jwt);
    assert_eq!(status(&jwt, tokens.access("alice").log_in(Request::get("/"))).await, 200);
    assert_eq!(status(&jwt, tokens.access("alice").log_in(Request::get("/orders"))).await, 403);
    assert_eq!(status(&jwt, tokens.access("alice").scopes(["read:orders"]).log_in(Request::get("/orders"))).await, 200);
    assert_eq!(status(&jwt, tokens.access("alice").log_in(Request::post("/transfer"))).await, 401);
    assert_eq!(status(&jwt, tokens.access("alice").fresh().log_in(Request::post("/transfer"))).await, 200);
}

#[tokio::test]
async fn cookies_pass_the_csrf_check() {
    let (builder, _clock) = testing::manager();
    let jwt = builder.token_location([Location::Cookie]).build().unwrap();
    let request = TestTokens::of(&jwt).access("alice").fresh().log_in(Request::post("/transfer"));
    assert_eq!(status(&jwt, request).await, 200);
}

#[tokio::test]
async fn the_test_moves_the_clock_and_takes_the_store_down() {
    let (store, outage) = FailingStore::new();
    let (builder, clock) = testing::manager();
    let jwt = builder.session_store(store).build().unwrap();
    let request = || TestTokens::of(&jwt).access("alice").log_in(Request::get("/"));
    let early = request();
    assert_eq!(status(&jwt, request()).await, 200);
    outage.begin();
    assert_eq!(status(&jwt, request()).await, 503);
    outage.end();
    clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(status(&jwt, early).await, 401);
}
