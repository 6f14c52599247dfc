//! The order of `CorsLayer` and the guards: it goes around them, so it is added after them.

use axum::{
    Router,
    body::Body,
    http::{HeaderName, HeaderValue, Method, Request, Response, header},
    routing::post,
};
use jwt_extended_axum::{Access, GuardLayer, JwtManager, Location, Requirement, jose::Key};
use tower::ServiceExt as _;
use tower_http::cors::CorsLayer;

const ORIGIN: &str = "https://app.example.com";

fn jwt() -> JwtManager {
    let key = Key::hs256("a secret of at least thirty-two bytes, from a safe place").unwrap();
    JwtManager::builder().key(key).token_location([Location::Header, Location::Cookie]).build().unwrap()
}

fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(HeaderValue::from_static(ORIGIN))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, HeaderName::from_static("x-csrf-token")])
}

async fn send(app: &Router, method: Method, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::builder().method(method).uri("/transfer").header("origin", ORIGIN);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

const PREFLIGHT: [(&str, &str); 2] =
    [("access-control-request-method", "POST"), ("access-control-request-headers", "x-csrf-token")];

fn allows(response: &Response<Body>) -> bool {
    response.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_some_and(|origin| origin == ORIGIN)
}

/// A router that a layer guards, and one that an argument guards, each with `CorsLayer` around it.
fn guarded(jwt: &JwtManager) -> [Router; 2] {
    let by_layer = Router::new()
        .route("/transfer", post(async || "done"))
        .layer(GuardLayer::new(jwt.clone(), Requirement::access()))
        .layer(cors());
    let by_argument =
        Router::new().route("/transfer", post(async |_: Access| "done")).layer(cors()).with_state(jwt.clone());
    [by_layer, by_argument]
}

#[tokio::test]
async fn a_preflight_passes_the_guards_without_a_token() {
    for app in guarded(&jwt()) {
        let answer = send(&app, Method::OPTIONS, &PREFLIGHT).await;
        assert!(answer.status() == 200 && allows(&answer), "{answer:?}");
        assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
    }
}

#[tokio::test]
async fn a_page_can_read_a_rejection_inside_of_the_layer() {
    for app in guarded(&jwt()) {
        let answer = send(&app, Method::POST, &[]).await;
        assert!(answer.status() == 401 && allows(&answer), "{answer:?}");
    }
}

#[tokio::test]
async fn a_page_cannot_read_a_rejection_outside_of_the_layer() {
    let wrong = Router::new()
        .route("/transfer", post(async || "done"))
        .layer(cors())
        .layer(GuardLayer::new(jwt(), Requirement::access()));
    let answer = send(&wrong, Method::POST, &[]).await;
    assert!(answer.status() == 401 && !allows(&answer), "{answer:?}");
}

#[tokio::test]
async fn a_cookie_from_another_site_needs_the_option() {
    let jwt = jwt();
    let token = jwt.create_access_token("alice").unwrap();
    let cookie = format!("access_token_cookie={token}");
    let csrf = token.csrf().unwrap();
    let headers = [("cookie", &*cookie), ("x-csrf-token", &*csrf)];
    for app in guarded(&jwt) {
        for (site, status) in [("same-site", 200), ("cross-site", 401)] {
            let headers = [&headers[..], &[("sec-fetch-site", site)]].concat();
            assert_eq!(send(&app, Method::POST, &headers).await.status(), status, "{site}");
        }
    }
}
