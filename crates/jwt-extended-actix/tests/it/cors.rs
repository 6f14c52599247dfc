//! The order of `Cors` and the guards: it goes around them, so it is wrapped after them.

use actix_cors::Cors;
use actix_web::{
    App,
    http::Method,
    test::{TestRequest, init_service},
    web,
};
use jwt_extended_actix::{Access, GuardLayer, JwtManager, Location, Requirement};

use super::face::*;

const ORIGIN: &str = "https://app.example.com";

fn cors() -> Cors {
    Cors::default().allowed_origin(ORIGIN).supports_credentials().allowed_methods(["GET", "POST"]).allowed_headers([
        "authorization",
        "content-type",
        "x-csrf-token",
    ])
}

/// The answers of an app that a layer guards, and of one that an argument guards, each with `Cors` around it.
async fn answers(jwt: &JwtManager, method: Method, headers: &[(&str, &str)]) -> [Answer; 2] {
    let request = || {
        let request = TestRequest::with_uri("/transfer").method(method.clone()).insert_header(("origin", ORIGIN));
        headers.iter().fold(request, |request, header| request.insert_header(*header)).to_request()
    };
    let by_layer = App::new()
        .route("/transfer", web::post().to(async || "done"))
        .wrap(GuardLayer::new(jwt.clone(), Requirement::access()))
        .wrap(cors());
    let by_argument = App::new()
        .app_data(web::Data::new(jwt.clone()))
        .route("/transfer", web::post().to(async |_: Access| "done"))
        .wrap(cors());
    [send(&init_service(by_layer).await, request()).await, send(&init_service(by_argument).await, request()).await]
}

fn allows(answer: &Answer) -> bool {
    answer.headers().get("access-control-allow-origin").is_some_and(|origin| origin == ORIGIN)
}

fn jwt() -> JwtManager {
    builder().token_location([Location::Header, Location::Cookie]).build().unwrap()
}

#[actix_web::test]
async fn a_preflight_passes_the_guards_without_a_token() {
    let asked = [("access-control-request-method", "POST"), ("access-control-request-headers", "x-csrf-token")];
    for answer in answers(&jwt(), Method::OPTIONS, &asked).await {
        assert!(answer.status() == 200 && allows(&answer), "{answer:?}");
    }
}

#[actix_web::test]
async fn a_page_can_read_a_rejection_inside_of_the_layer() {
    for answer in answers(&jwt(), Method::POST, &[]).await {
        assert!(answer.status() == 401 && allows(&answer), "{answer:?}");
    }
}

#[actix_web::test]
async fn a_page_cannot_read_a_rejection_outside_of_the_layer() {
    let wrong = App::new()
        .route("/transfer", web::post().to(async || "done"))
        .wrap(cors())
        .wrap(GuardLayer::new(jwt(), Requirement::access()));
    let request = TestRequest::post().uri("/transfer").insert_header(("origin", ORIGIN)).to_request();
    let answer = send(&init_service(wrong).await, request).await;
    assert!(answer.status() == 401 && !allows(&answer), "{answer:?}");
}

#[actix_web::test]
async fn a_cookie_from_another_site_needs_the_option() {
    let jwt = jwt();
    let token = jwt.create_access_token("alice").unwrap();
    let (cookie, csrf) = (format!("access_token_cookie={token}"), token.csrf().unwrap());
    for (site, status) in [("same-site", 200), ("cross-site", 401)] {
        let headers = [("cookie", &*cookie), ("x-csrf-token", &*csrf), ("sec-fetch-site", site)];
        for answer in answers(&jwt, Method::POST, &headers).await {
            assert_eq!(answer.status(), status, "{site}");
        }
    }
}
