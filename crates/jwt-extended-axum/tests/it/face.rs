//! Features that only a face has: the current user, typed claims, cookies beside a body, layers with exceptions and
//! renewal.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Body,
    extract::{FromRef, State},
    response::IntoResponse,
    routing::{any, get, post},
};
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use jwt_extended::{
    http::{Handler, Location},
    session::{Answer, MemoryStore, RevocationStore, RevokeRequest, StoreError, Subject, TokenIds, TokenStatus},
    token::{Issuer, LoadUser},
};
use jwt_extended_axum::{
    Access, BodyLayer, Claims, Cookies, CurrentUser, Fresh, GuardLayer, JwtManager, JwtManagerBuilder, Logout, Refresh,
    Rejection, Requirement, Token, Tokens, UserRejection,
    jose::{Algorithm, Key, KeyRing},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt;

pub(super) const MINUTE: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub(super) struct App {
    pub(super) jwt: JwtManager,
}

impl FromRef<App> for JwtManager {
    fn from_ref(app: &App) -> Self {
        app.jwt.clone()
    }
}

pub(super) struct Person {
    pub(super) name: String,
}

/// The app's error when its database is down.
pub(super) struct DatabaseDown;

impl IntoResponse for DatabaseDown {
    fn into_response(self) -> axum::response::Response {
        (StatusCode::BAD_GATEWAY, "database down").into_response()
    }
}

impl LoadUser<App> for Person {
    type Error = DatabaseDown;

    async fn load_user(token: &Token, _: &App) -> Result<Option<Self>, DatabaseDown> {
        match token.subject() {
            "alice" => Ok(Some(Self { name: "Alice Liddell".to_owned() })),
            "broken" => Err(DatabaseDown),
            _ => Ok(None),
        }
    }
}

pub(super) fn builder() -> JwtManagerBuilder {
    let key = Key::hs256("a secret of at least thirty-two bytes, from a safe place").unwrap();
    JwtManager::builder().key(key).session_store(MemoryStore::new())
}

pub(super) async fn send(app: &Router, request: Request<Body>) -> Response<Vec<u8>> {
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    Response::from_parts(parts, body.collect().await.unwrap().to_bytes().to_vec())
}

pub(super) fn with_bearer(path: &str, token: &str) -> Request<Body> {
    Request::builder().uri(path).header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap()
}

pub(super) fn with_cookie(path: &str, token: &str) -> Request<Body> {
    Request::builder().uri(path).header("cookie", format!("access_token_cookie={token}")).body(Body::empty()).unwrap()
}

pub(super) fn set_cookies(response: &Response<Vec<u8>>) -> Vec<&str> {
    response.headers().get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect()
}

#[tokio::test]
async fn the_current_user_is_loaded_or_rejected_or_an_app_error() {
    let jwt = builder().build().unwrap();
    let app = Router::new()
        .route("/", get(|user: CurrentUser<Person>| async move { user.name.clone() }))
        .with_state(App { jwt: jwt.clone() });
    let answer = async |subject: &str| send(&app, with_bearer("/", &jwt.create_access_token(subject).unwrap())).await;

    assert_eq!(*answer("alice").await.body(), b"Alice Liddell");
    let gone = answer("bob").await;
    assert_eq!((gone.status().as_u16(), &**gone.body()), (401, &br#"{"msg":"Error loading the user bob"}"#[..]));
    let broken = answer("broken").await;
    assert_eq!((broken.status().as_u16(), &**broken.body()), (502, &b"database down"[..]));
    let none = send(&app, Request::builder().body(Body::empty()).unwrap()).await;
    assert_eq!(none.status(), 401);
}

#[tokio::test]
async fn a_foreign_token_has_no_user_of_the_app() {
    let key = Key::hs256("the secret of another issuer, thirty-two bytes long").unwrap().with_kid("idp").unwrap();
    let name = "https://idp.example";
    let issuer = Issuer::new(name, Arc::new(KeyRing::verify_only(key.clone())));
    let issuer = issuer.algorithms([Algorithm::HS256]).audience("us");
    let app = Router::new()
        .route("/", get(|token: Access| async move { token.subject().to_owned() }))
        .route("/me", get(|user: CurrentUser<Person>| async move { user.name.clone() }))
        .with_state(App { jwt: builder().issuer(issuer).build().unwrap() });
    let issuing = JwtManager::builder().key(key).encode_issuer(name).encode_audience("us").build().unwrap();
    let alice = issuing.create_access_token("alice").unwrap();
    assert_eq!(*send(&app, with_bearer("/", &alice)).await.body(), b"alice");
    let refused = send(&app, with_bearer("/me", &alice)).await;
    assert_eq!(
        (refused.status().as_u16(), &**refused.body()),
        (401, &br#"{"msg":"Error loading the user alice"}"#[..])
    );
}

#[tokio::test]
async fn a_token_without_the_claims_of_the_type_is_rejected() {
    #[derive(Deserialize)]
    struct Role {
        sub: String,
        role: String,
    }
    let jwt = builder().build().unwrap();
    let app: Router = Router::new()
        .route("/", get(|Claims(role): Claims<Role>| async move { format!("{} is {}", role.sub, role.role) }))
        .with_state(jwt.clone());
    let admin = jwt.access_token("alice").additional_claims(&json!({ "role": "admin" })).create().unwrap();
    assert_eq!(*send(&app, with_bearer("/", &admin)).await.body(), b"alice is admin");
    let refused = send(&app, with_bearer("/", &jwt.create_access_token("bob").unwrap())).await;
    assert_eq!(refused.status(), 401);
}

#[tokio::test]
async fn an_optional_user_still_rejects_a_bad_token() {
    #[derive(Deserialize)]
    struct Role {
        role: String,
    }
    let jwt = builder().build().unwrap();
    let app = Router::new()
        .route(
            "/user",
            get(|user: Option<CurrentUser<Person>>| async move { user.map(|user| user.0.name).unwrap_or_default() }),
        )
        .route(
            "/role",
            get(|role: Option<Claims<Role>>| async move { role.map(|role| role.0.role).unwrap_or_default() }),
        )
        .with_state(App { jwt: jwt.clone() });
    let alice = jwt.access_token("alice").additional_claims(&json!({ "role": "admin" })).create().unwrap();
    for (path, expected) in [("/user", "Alice Liddell"), ("/role", "admin")] {
        let none = send(&app, Request::builder().uri(path).body(Body::empty()).unwrap()).await;
        assert_eq!((none.status().as_u16(), none.body().len()), (200, 0), "{path}");
        assert_eq!(*send(&app, with_bearer(path, &alice)).await.body(), expected.as_bytes());
        assert_eq!(send(&app, with_bearer(path, "nonsense")).await.status(), 401, "{path}");
        assert_eq!(
            send(&app, with_bearer(path, &jwt.create_access_token("bob").unwrap())).await.status(),
            401,
            "{path}"
        );
    }
}

pub(super) async fn login(State(jwt): State<JwtManager>) -> Result<(Cookies, Json<Value>), Rejection> {
    let pair = jwt.login("alice").await?;
    Ok((Cookies(jwt.set_cookies(&pair)?), Json(json!({ "login": true }))))
}

pub(super) async fn logout(logout: Logout) -> (Logout, &'static str) {
    (logout, "bye")
}

#[tokio::test]
async fn handlers_return_cookies_together_with_a_body() {
    let jwt = builder().token_location([Location::Cookie]).build().unwrap();
    let app = Router::new().route("/login", post(login)).with_state(jwt);
    let answer = send(&app, Request::post("/login").body(Body::empty()).unwrap()).await;
    assert_eq!(*answer.body(), br#"{"login":true}"#);
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
    let cookies = set_cookies(&answer);
    assert_eq!(cookies.len(), 4);
    assert!(
        cookies[0].starts_with("access_token_cookie=ey")
            && cookies[0].ends_with("; Secure; HttpOnly; Path=/; SameSite=Lax")
    );
    assert!(cookies[1].starts_with("csrf_access_token=") && cookies[1].ends_with("; Secure; Path=/; SameSite=Lax"));
    assert!(cookies[2].starts_with("refresh_token_cookie=ey") && cookies[3].starts_with("csrf_refresh_token="));
}

#[tokio::test]
async fn a_pair_in_the_body_must_not_be_cached() {
    let app = token_routes(&builder().build().unwrap());
    let answer = send(&app, Request::post("/token").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(900)));
}

#[tokio::test]
async fn a_refresh_keeps_the_session_and_ends_freshness() {
    let jwt = builder().build().unwrap();
    let app = token_routes(&jwt);
    let answer = send(&app, Request::post("/token").body(Body::empty()).unwrap()).await;
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    let (access, refresh) = (body["access_token"].as_str().unwrap(), body["refresh_token"].as_str().unwrap());
    assert_eq!(*send(&app, with_bearer("/transfer", access)).await.body(), b"done");

    let body: Value = serde_json::from_slice(send(&app, with_bearer("/refresh", refresh)).await.body()).unwrap();
    assert_ne!(body["refresh_token"].as_str().unwrap(), refresh, "the refresh token is rotated");
    let second = body["access_token"].as_str().unwrap();
    assert_eq!(send(&app, with_bearer("/transfer", second)).await.status(), 401, "a refreshed token is not fresh");
    let session = |token: &str| jwt.decode_token(token).unwrap().session().map(str::to_owned);
    assert_eq!(session(access), session(second));
    assert!(session(access).is_some());
}

fn token_routes(jwt: &JwtManager) -> Router {
    let token = async |State(jwt): State<JwtManager>| Ok::<_, Rejection>(Tokens(jwt.login("alice").await?));
    let refresh =
        async |State(jwt): State<JwtManager>, token: Refresh| Ok::<_, Rejection>(Tokens(jwt.refresh(&token).await?));
    Router::new()
        .route("/token", post(token))
        .route("/refresh", any(refresh))
        .route("/transfer", any(async |_: Fresh| "done"))
        .with_state(jwt.clone())
}

#[tokio::test]
async fn a_guard_layer_protects_everything_but_named_exceptions() {
    let jwt = builder().build().unwrap();
    let layer = GuardLayer::new(jwt.clone(), Requirement::access())
        .except("/login")
        .unwrap()
        .except("/public/{*file}")
        .unwrap();
    let app: Router = Router::new()
        .route("/login", any(async || "open"))
        .route("/public/{*file}", any(async || "open"))
        .route("/private", any(async || "closed"))
        .nest("/api", Router::new().route("/login", any(async || "closed")))
        .layer(layer);
    let status =
        async |path: &str| send(&app, Request::builder().uri(path).body(Body::empty()).unwrap()).await.status();
    for open in ["/login", "/login?next=/private", "/public/a.css", "/public/a/b.css"] {
        assert_eq!(status(open).await, 200, "{open}");
    }
    let closed = [
        "/private",
        "/api/login",
        "/nowhere",
        "/login/",
        "//login",
        "/Login",
        "/%6cogin",
        "/public",
        "/public/../private",
    ];
    for closed in closed.into_iter().chain(["/public/%2E%2e/private", "/public/..%2fprivate", "/public/..%5Cprivate"]) {
        assert_eq!(status(closed).await, 401, "{closed}");
    }
    assert_eq!(send(&app, with_bearer("/private", &jwt.create_access_token("alice").unwrap())).await.status(), 200);
    let preflight = Request::builder().method("OPTIONS").uri("/private").body(Body::empty()).unwrap();
    assert_eq!(send(&app, preflight).await.status(), 200, "a CORS preflight has no token");
}

#[tokio::test]
async fn layers_leave_an_upload_unread() {
    let jwt = builder().token_location([Location::Header, Location::Json]).build().unwrap();
    let layer = GuardLayer::new(jwt.clone(), Requirement::access()).body_limit(10);
    let app: Router = Router::new()
        .route("/", any(async |body: bytes::Bytes| body.len().to_string()))
        .layer(layer)
        .layer(BodyLayer::new().limit(10));
    for content_type in ["multipart/form-data; boundary=x", "text/plain"] {
        let mut request = with_bearer("/", &jwt.create_access_token("alice").unwrap());
        request.headers_mut().insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        *request.body_mut() = Body::from("x".repeat(11));
        let answer = send(&app, request).await;
        assert_eq!((answer.status().as_u16(), &**answer.body()), (200, &b"11"[..]), "{content_type}");
    }
}

#[test]
fn a_malformed_exception_is_an_error() {
    let layer = GuardLayer::new(builder().build().unwrap(), Requirement::access());
    assert_eq!(
        layer.clone().except("login").unwrap_err().to_string(),
        "\"login\" cannot be an exception: it must begin with /"
    );
    assert!(layer.clone().except("/{").is_err());
    assert!(layer.except("/a").unwrap().except("/a").is_err());
}

/// A store that always fails.
struct Down;

impl RevocationStore for Down {
    fn status<'a>(&'a self, _: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        Answer::later(async { Err(StoreError::Unavailable("connection refused by 10.0.0.7".to_owned())) })
    }

    fn revoke<'a>(&'a self, _: &'a RevokeRequest<'_>) -> Answer<'a, Result<(), StoreError>> {
        Answer::later(async { Err(StoreError::Unavailable("connection refused by 10.0.0.7".to_owned())) })
    }
}

#[tokio::test]
async fn a_failing_store_means_503_without_details() {
    let jwt = builder().revocation_store(Down).build().unwrap();
    let app = Router::new()
        .route("/page", get(async |_: Access| "page"))
        .route("/optional", get(async |_: Option<Access>| "page"))
        .route(
            "/everywhere",
            get(async |State(jwt): State<JwtManager>| {
                Ok::<_, Rejection>(Json(jwt.end_all_sessions(Subject("alice")).await?))
            }),
        )
        .with_state(jwt.clone());
    let token = jwt.create_access_token("alice").unwrap();
    for path in ["/page", "/optional", "/everywhere"] {
        let answer = send(&app, with_bearer(path, &token)).await;
        assert_eq!(answer.status(), 503, "{path}");
        assert_eq!(answer.headers()[header::RETRY_AFTER], "1");
        assert!(!String::from_utf8_lossy(answer.body()).contains("10.0.0.7"));
    }
}

#[tokio::test]
async fn an_apps_handler_replaces_the_default_response() {
    let jwt = builder()
        .on(Handler::Unauthorized, |rejection| {
            Response::builder().status(418).body(format!("no: {rejection}").into_bytes()).unwrap()
        })
        .build()
        .unwrap();
    let app = Router::new().route("/page", get(async |_: Access| "page")).with_state(jwt);
    let answer = send(&app, Request::builder().uri("/page").body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status().as_u16(), &**answer.body()), (418, &b"no: Missing Authorization Header"[..]));
}

#[tokio::test]
async fn a_token_that_cannot_be_issued_means_500_without_details() {
    let jwt = JwtManager::builder()
        .verifying_key(Key::hs256("a secret of at least thirty-two bytes, from a safe place").unwrap())
        .build()
        .unwrap();
    let app = Router::new().route("/login", post(login)).with_state(jwt);
    let answer = send(&app, Request::post("/login").body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status().as_u16(), &**answer.body()), (500, &br#"{"msg":"The token could not be issued"}"#[..]));
}

#[test]
fn an_infallible_user_rejection_converts_to_a_rejection() {
    fn question_mark(rejection: UserRejection<std::convert::Infallible>) -> Result<(), Rejection> {
        Err(rejection)?
    }
    let rejection = builder().build().unwrap().reject(jwt_extended::http::Reason::Verification, None);
    let rejected = question_mark(UserRejection::Refused(rejection.into())).unwrap_err();
    assert_eq!(rejected.to_string(), "User claims verification failed");
}
