//! What handlers return on its own, and what they learn from a guard: cookies, a logout, a rejection, public keys.

use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, State},
    response::IntoResponse,
    routing::{get, post},
};
use http::{Request, header, request::Parts};
use jwt_extended::{
    BODY_LIMIT,
    http::Location,
    session::{StoreError, Subject},
};
use jwt_extended_axum::{Access, BodyLayer, Cookies, JwkSet, JwtManager, Logout, Rejection, Visitor};

use super::face::*;

fn with_cookies() -> JwtManager {
    builder().token_location([Location::Cookie]).build().unwrap()
}

#[tokio::test]
async fn cookies_alone_are_an_empty_response() {
    let login = async |State(jwt): State<JwtManager>| {
        let pair = jwt.login("alice").await?;
        Ok::<_, Rejection>(Cookies(jwt.set_cookies(&pair)?))
    };
    let app = Router::new().route("/login", post(login)).with_state(with_cookies());
    let answer = send(&app, Request::post("/login").body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status().as_u16(), answer.body().len(), set_cookies(&answer).len()), (200, 0, 4));
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn a_logout_alone_clears_the_cookies() {
    let jwt = with_cookies();
    let app = Router::new().route("/logout", get(async |logout: Logout| logout)).with_state(jwt.clone());
    let pair = jwt.login("alice").await.unwrap();
    let answer = send(&app, with_cookie("/logout", &pair.access)).await;
    assert_eq!((answer.status().as_u16(), answer.body().len()), (200, 0));
    assert!(set_cookies(&answer)[0].starts_with("access_token_cookie=; "), "{:?}", set_cookies(&answer));
    assert!(jwt.sessions_of(Subject("alice")).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_logout_names_the_tokens_that_it_has_ended() {
    let jwt = builder().build().unwrap();
    let logout = async |logout: Logout| {
        let subjects: Vec<_> = logout.tokens().iter().map(|token| token.subject().to_owned()).collect();
        (logout, subjects.join(" "))
    };
    let app = Router::new().route("/logout", get(logout)).with_state(jwt.clone());
    let token = jwt.login("alice").await.unwrap().access;
    assert_eq!(*send(&app, with_bearer("/logout", &token)).await.body(), b"alice");
}

#[tokio::test]
async fn a_handler_can_answer_a_rejection_by_its_reason() {
    let page = async |token: Result<Access, Rejection>| match token {
        Ok(_) => "in".to_owned(),
        Err(failure) => failure.rejection().map_or_else(String::new, |rejection| rejection.message().clone()),
    };
    let app = Router::new().route("/", get(page)).with_state(builder().build().unwrap());
    assert_eq!(*send(&app, Request::new(Body::empty())).await.body(), b"Missing Authorization Header");
    assert!(Rejection::from(StoreError::NoStore).rejection().is_none(), "no request was rejected");
}

/// A guard of the app, whose store is away.
struct Unchecked;

impl<S: Sync> FromRequestParts<S> for Unchecked {
    type Rejection = Rejection;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Rejection> {
        Err(StoreError::Unavailable("connection refused".to_owned()).into())
    }
}

#[tokio::test]
async fn a_visitor_is_not_admitted_if_the_guard_fails() {
    let app = Router::new()
        .route("/", get(async |visitor: Visitor<Unchecked>| visitor.cookies.into_response()))
        .with_state(builder().build().unwrap());
    assert_eq!(send(&app, Request::new(Body::empty())).await.status(), 503);
}

#[tokio::test]
async fn the_public_keys_are_cacheable_and_have_a_tag() {
    let app = Router::new().route("/keys", get(async |keys: JwkSet| keys)).with_state(builder().build().unwrap());
    let answer = send(&app, Request::get("/keys").body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status().as_u16(), &**answer.body()), (200, &br#"{"keys":[]}"#[..]));
    assert!(answer.headers().contains_key(header::CACHE_CONTROL));
    let again = Request::get("/keys").header(header::IF_NONE_MATCH, &answer.headers()[header::ETAG]);
    assert_eq!(send(&app, again.body(Body::empty()).unwrap()).await.status(), 304);
}

fn json(body: Body) -> Request<Body> {
    Request::post("/").header(header::CONTENT_TYPE, "application/json").body(body).unwrap()
}

/// An app that reads bodies for guards, by default.
fn reading() -> Router {
    Router::new().route("/", post(async || "read")).layer(BodyLayer::default())
}

#[tokio::test]
async fn the_default_body_layer_reads_two_mebibytes() {
    for (length, status) in [(BODY_LIMIT, 200), (BODY_LIMIT + 1, 413)] {
        assert_eq!(send(&reading(), json(Body::from("x".repeat(length)))).await.status(), status, "{length}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_rejected() {
    // It fails after three bytes.
    let broken = Body::new(http_body_util::Limited::new(Body::from(r#"{"a": 1}"#), 3));
    let answer = send(&reading(), json(broken)).await;
    assert_eq!((answer.status().as_u16(), &**answer.body()), (400, &br#"{"msg":"The body could not be read"}"#[..]));
}
