//! Features that only a face has: the current user, typed claims, cookies beside a body, errors as responses.

use std::{fmt, sync::Arc, time::Duration};

use actix_web::{
    App, Error, HttpResponse, ResponseError,
    body::{MessageBody, to_bytes},
    dev::{Service, ServiceResponse},
    http::{Method, StatusCode, header},
    test::{TestRequest, init_service},
    web,
};
use http::{Request, Response};
use jwt_extended::{
    ManualClock, Timestamp,
    http::{Handler, Location},
    session::{
        Answer as StoreAnswer, MemoryStore, RevocationStore, RevokeRequest, StoreError, Subject, TokenIds, TokenStatus,
    },
    token::LoadUser,
};
use jwt_extended_actix::{
    Access, Claims, Cookies, CurrentUser, Fresh, JwtManager, JwtManagerBuilder, Logout, Optional, Refresh, Rejection,
    Token, Tokens, WithCookies, jose::Key,
};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) const MINUTE: Duration = Duration::from_secs(60);

/// An answer as the engine's tests see it.
pub(super) type Answer = Response<Vec<u8>>;

/// Where the app looks its users up.
pub(super) struct Users;

pub(super) struct Person {
    pub(super) name: String,
}

/// The app's error when its database is down.
#[derive(Debug)]
pub(super) struct DatabaseDown;

impl fmt::Display for DatabaseDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("database down")
    }
}

impl ResponseError for DatabaseDown {
    fn status_code(&self) -> StatusCode {
        StatusCode::BAD_GATEWAY
    }
}

impl LoadUser<Users> for Person {
    type Error = DatabaseDown;

    async fn load_user(token: &Token, _: &Users) -> Result<Option<Self>, DatabaseDown> {
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

pub(super) fn clocked<const N: usize>(locations: [Location; N]) -> (JwtManager, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_800_000_000)));
    (builder().token_location(locations).clock(Arc::clone(&clock)).build().unwrap(), clock)
}

/// Sends a request, and returns the answer with the engine's rejection in its extensions.
pub(super) async fn send<R, B: MessageBody + 'static>(
    app: &impl Service<R, Response = ServiceResponse<B>, Error = Error>,
    request: R,
) -> Answer {
    let response = match app.call(request).await {
        Ok(response) => response.into_parts().1.map_into_boxed_body(),
        Err(error) => HttpResponse::from_error(error),
    };
    let mut answer = Response::builder().status(response.status().as_u16());
    for (name, value) in response.headers() {
        answer = answer.header(name.as_str(), value.as_bytes());
    }
    if let Some(rejection) = response.extensions().get::<jwt_extended::Rejection>() {
        answer = answer.extension(rejection.clone());
    }
    answer.body(to_bytes(response.into_body()).await.ok().unwrap().to_vec()).unwrap()
}

/// Turns a request of the engine's `http` into one of actix-web.
pub(super) fn to_actix(request: Request<Vec<u8>>) -> TestRequest {
    let method = Method::from_bytes(request.method().as_str().as_bytes()).unwrap();
    let mut made = TestRequest::with_uri(&request.uri().to_string()).method(method);
    for (name, value) in request.headers() {
        made = made.append_header((name.as_str(), value.as_bytes()));
    }
    if request.body().is_empty() { made } else { made.set_payload(request.into_body()) }
}

pub(super) fn with_bearer(path: &str, token: &str) -> TestRequest {
    TestRequest::with_uri(path).insert_header(("authorization", format!("Bearer {token}")))
}

pub(super) fn with_cookie(path: &str, token: &str) -> TestRequest {
    TestRequest::with_uri(path).insert_header(("cookie", format!("access_token_cookie={token}")))
}

pub(super) fn set_cookies(answer: &Answer) -> Vec<&str> {
    answer.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect()
}

#[actix_web::test]
async fn the_current_user_is_loaded_or_rejected_or_an_app_error() {
    let jwt = builder().build().unwrap();
    let app = App::new()
        .app_data(web::Data::new(jwt.clone()))
        .app_data(web::Data::new(Users))
        .route("/", web::get().to(async |user: CurrentUser<Person, Users>| user.name.clone()));
    let app = init_service(app).await;
    let answer = async |subject: &str| {
        send(&app, with_bearer("/", &jwt.create_access_token(subject).unwrap()).to_request()).await
    };

    assert_eq!(*answer("alice").await.body(), b"Alice Liddell");
    let gone = answer("bob").await;
    assert_eq!((gone.status().as_u16(), &**gone.body()), (401, &br#"{"msg":"Error loading the user bob"}"#[..]));
    let broken = answer("broken").await;
    assert_eq!((broken.status().as_u16(), &**broken.body()), (502, &b"database down"[..]));
    assert_eq!(send(&app, TestRequest::default().to_request()).await.status(), 401);
}

#[derive(Deserialize)]
struct Role {
    sub: String,
    role: String,
}

#[actix_web::test]
async fn a_token_without_the_claims_of_the_type_is_rejected() {
    let jwt = builder().build().unwrap();
    let app = App::new()
        .app_data(web::Data::new(jwt.clone()))
        .route("/", web::get().to(async |Claims(role): Claims<Role>| format!("{} is {}", role.sub, role.role)));
    let app = init_service(app).await;
    let admin = jwt.access_token("alice").additional_claims(&json!({ "role": "admin" })).create().unwrap();
    assert_eq!(*send(&app, with_bearer("/", &admin).to_request()).await.body(), b"alice is admin");
    let bob = jwt.create_access_token("bob").unwrap();
    assert_eq!(send(&app, with_bearer("/", &bob).to_request()).await.status(), 401);
}

#[actix_web::test]
async fn an_optional_user_still_rejects_a_bad_token() {
    let jwt = builder().build().unwrap();
    let app = App::new()
        .app_data(web::Data::new(jwt.clone()))
        .app_data(web::Data::new(Users))
        .route(
            "/user",
            web::get().to(async |Optional(user): Optional<CurrentUser<Person, Users>>| {
                user.map(|user| user.into_inner().name).unwrap_or_default()
            }),
        )
        .route(
            "/role",
            web::get()
                .to(async |Optional(role): Optional<Claims<Role>>| role.map(|role| role.0.role).unwrap_or_default()),
        );
    let app = init_service(app).await;
    let alice = jwt.access_token("alice").additional_claims(&json!({ "role": "admin" })).create().unwrap();
    for (path, expected) in [("/user", "Alice Liddell"), ("/role", "admin")] {
        let none = send(&app, TestRequest::with_uri(path).to_request()).await;
        assert_eq!((none.status().as_u16(), none.body().len()), (200, 0), "{path}");
        assert_eq!(*send(&app, with_bearer(path, &alice).to_request()).await.body(), expected.as_bytes());
        for bad in ["nonsense", &jwt.create_access_token("bob").unwrap()] {
            assert_eq!(send(&app, with_bearer(path, bad).to_request()).await.status(), 401, "{path}");
        }
    }
}

pub(super) async fn login(jwt: web::Data<JwtManager>) -> Result<WithCookies<web::Json<Value>>, Rejection> {
    let pair = jwt.login("alice").await?;
    Ok(Cookies(jwt.set_cookies(&pair)?).with(web::Json(json!({ "login": true }))))
}

pub(super) async fn logout(logout: Logout) -> WithCookies<&'static str> {
    logout.with("bye")
}

#[actix_web::test]
async fn handlers_return_cookies_together_with_a_body() {
    let jwt = builder().token_location([Location::Cookie]).build().unwrap();
    let app = App::new().app_data(web::Data::new(jwt)).route("/login", web::post().to(login));
    let answer = send(&init_service(app).await, TestRequest::post().uri("/login").to_request()).await;
    assert_eq!(*answer.body(), br#"{"login":true}"#);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["content-type"], "application/json");
    let cookies = set_cookies(&answer);
    assert_eq!(cookies.len(), 4);
    assert!(cookies[0].starts_with("access_token_cookie=ey"));
    assert!(cookies[0].ends_with("; Secure; HttpOnly; Path=/; SameSite=Lax"));
    assert!(cookies[1].starts_with("csrf_access_token=") && cookies[1].ends_with("; Secure; Path=/; SameSite=Lax"));
    assert!(cookies[2].starts_with("refresh_token_cookie=ey") && cookies[3].starts_with("csrf_refresh_token="));
}

#[actix_web::test]
async fn a_refresh_keeps_the_session_and_ends_freshness() {
    let jwt = builder().build().unwrap();
    let token = async |jwt: web::Data<JwtManager>| Ok::<_, Rejection>(Tokens(jwt.login("alice").await?));
    let refresh =
        async |jwt: web::Data<JwtManager>, token: Refresh| Ok::<_, Rejection>(Tokens(jwt.refresh(&token).await?));
    let app = App::new()
        .app_data(web::Data::new(jwt.clone()))
        .route("/token", web::post().to(token))
        .route("/refresh", web::to(refresh))
        .route("/transfer", web::to(async |_: Fresh| "done"));
    let app = init_service(app).await;
    let answer = send(&app, TestRequest::post().uri("/token").to_request()).await;
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(900)));
    let (access, refresh) = (body["access_token"].as_str().unwrap(), body["refresh_token"].as_str().unwrap());
    assert_eq!(*send(&app, with_bearer("/transfer", access).to_request()).await.body(), b"done");

    let answer = send(&app, with_bearer("/refresh", refresh).to_request()).await;
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_ne!(body["refresh_token"].as_str().unwrap(), refresh, "the refresh token is rotated");
    let second = body["access_token"].as_str().unwrap();
    let stale = send(&app, with_bearer("/transfer", second).to_request()).await;
    assert_eq!(stale.status(), 401, "a refreshed token is not fresh");
    let session = |token: &str| jwt.decode_token(token).unwrap().session().map(str::to_owned);
    assert_eq!(session(access), session(second));
    assert!(session(access).is_some());
}

/// A store that always fails.
struct Down;

impl RevocationStore for Down {
    fn status<'a>(&'a self, _: &'a TokenIds<'_>) -> StoreAnswer<'a, Result<TokenStatus, StoreError>> {
        StoreAnswer::later(async { Err(StoreError::Unavailable("connection refused by 10.0.0.7".to_owned())) })
    }

    fn revoke<'a>(&'a self, _: &'a RevokeRequest<'_>) -> StoreAnswer<'a, Result<(), StoreError>> {
        StoreAnswer::later(async { Err(StoreError::Unavailable("connection refused by 10.0.0.7".to_owned())) })
    }
}

#[actix_web::test]
async fn a_failing_store_means_503_without_details() {
    let jwt = builder().revocation_store(Down).build().unwrap();
    let everywhere =
        async |jwt: web::Data<JwtManager>| Ok::<_, Rejection>(web::Json(jwt.end_all_sessions(Subject("alice")).await?));
    let app = App::new()
        .app_data(web::Data::new(jwt.clone()))
        .route("/page", web::get().to(async |_: Access| "page"))
        .route("/optional", web::get().to(async |_: Optional<Access>| "page"))
        .route("/everywhere", web::get().to(everywhere));
    let app = init_service(app).await;
    let token = jwt.create_access_token("alice").unwrap();
    for path in ["/page", "/optional", "/everywhere"] {
        let answer = send(&app, with_bearer(path, &token).to_request()).await;
        assert_eq!(answer.status(), 503, "{path}");
        assert_eq!(answer.headers()["retry-after"], "1");
        assert!(!String::from_utf8_lossy(answer.body()).contains("10.0.0.7"));
    }
}

#[actix_web::test]
async fn an_apps_handler_replaces_the_default_response() {
    let jwt = builder()
        .on(Handler::Unauthorized, |rejection| {
            Response::builder().status(418).body(format!("no: {rejection}").into_bytes()).unwrap()
        })
        .build()
        .unwrap();
    let app = App::new().app_data(web::Data::new(jwt)).route("/page", web::get().to(async |_: Access| "page"));
    let answer = send(&init_service(app).await, TestRequest::with_uri("/page").to_request()).await;
    assert_eq!((answer.status().as_u16(), &**answer.body()), (418, &b"no: Missing Authorization Header"[..]));
}

#[actix_web::test]
async fn a_token_that_cannot_be_issued_means_500_without_details() {
    let jwt = JwtManager::builder()
        .verifying_key(Key::hs256("a secret of at least thirty-two bytes, from a safe place").unwrap())
        .build()
        .unwrap();
    let app = App::new().app_data(web::Data::new(jwt)).route("/login", web::post().to(login));
    let answer = send(&init_service(app).await, TestRequest::post().uri("/login").to_request()).await;
    assert_eq!((answer.status().as_u16(), &**answer.body()), (500, &br#"{"msg":"The token could not be issued"}"#[..]));
}

#[actix_web::test]
async fn an_app_without_a_manager_answers_500() {
    let app = App::new()
        .route("/page", web::get().to(async |_: Access| "page"))
        .route("/optional", web::get().to(async |_: Optional<Access>| "page"))
        .route("/keys", web::get().to(async |keys: jwt_extended_actix::JwkSet| keys));
    let app = init_service(app).await;
    for path in ["/page", "/optional", "/keys"] {
        let answer = send(&app, TestRequest::with_uri(path).to_request()).await;
        assert_eq!(answer.status(), 500, "{path}");
        assert_eq!(*answer.body(), br#"{"msg":"The server is not set up for this request"}"#);
    }
    let Err(rejection) = jwt_extended_actix::authenticate(
        &TestRequest::default().to_http_request(),
        &jwt_extended_actix::Requirement::access(),
    )
    .await
    else {
        unreachable!("there is no manager")
    };
    assert_eq!(
        rejection.to_string(),
        "a guard needs a jwt_extended::manager::JwtManager; add `.app_data(web::Data::new(…))` with one to the `App`"
    );
}

#[actix_web::test]
async fn the_public_keys_are_cacheable_and_have_a_tag() {
    let app = App::new()
        .app_data(web::Data::new(builder().build().unwrap()))
        .route("/keys", web::get().to(async |keys: jwt_extended_actix::JwkSet| keys));
    let app = init_service(app).await;
    let answer = send(&app, TestRequest::with_uri("/keys").to_request()).await;
    assert_eq!((answer.status().as_u16(), &**answer.body()), (200, &br#"{"keys":[]}"#[..]));
    let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
    let again = TestRequest::with_uri("/keys").insert_header((header::IF_NONE_MATCH, tag));
    assert_eq!(send(&app, again.to_request()).await.status(), 304);
}
