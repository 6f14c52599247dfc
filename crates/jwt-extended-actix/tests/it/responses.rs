//! What handlers return on its own, and what they learn from a guard: cookies, a logout, a rejection, the request.

use actix_web::{App, FromRequest, ResponseError, dev::Payload, test, web};
use jwt_extended::{BODY_LIMIT, http::Location, session::Subject};
use jwt_extended_actix::{
    Access, BodyLayer, Cookies, GuardError, GuardLayer, JwtManager, Logout, Rejection, RequestParts, Requirement,
    authenticate,
};

use super::face::*;

fn with_cookies() -> JwtManager {
    builder().token_location([Location::Cookie]).build().unwrap()
}

#[actix_web::test]
async fn cookies_alone_are_an_empty_response() {
    let login = async |jwt: web::Data<JwtManager>| {
        let pair = jwt.login("alice").await?;
        Ok::<_, Rejection>(Cookies(jwt.set_cookies(&pair)?))
    };
    let app = App::new().app_data(web::Data::new(with_cookies())).route("/login", web::post().to(login));
    let answer = send(&test::init_service(app).await, test::TestRequest::post().uri("/login").to_request()).await;
    assert_eq!((answer.status().as_u16(), answer.body().len(), set_cookies(&answer).len()), (200, 0, 4));
    assert_eq!(answer.headers()["cache-control"], "no-store");
}

#[actix_web::test]
async fn a_logout_alone_clears_the_cookies() {
    let jwt = with_cookies();
    let app =
        App::new().app_data(web::Data::new(jwt.clone())).route("/logout", web::get().to(async |logout: Logout| logout));
    let pair = jwt.login("alice").await.unwrap();
    let answer = send(&test::init_service(app).await, with_cookie("/logout", &pair.access).to_request()).await;
    assert_eq!((answer.status().as_u16(), answer.body().len()), (200, 0));
    assert!(set_cookies(&answer)[0].starts_with("access_token_cookie=; "), "{:?}", set_cookies(&answer));
    assert!(jwt.sessions_of(Subject("alice")).await.unwrap().is_empty());
}

#[actix_web::test]
async fn a_logout_names_the_tokens_that_it_has_ended() {
    let jwt = builder().build().unwrap();
    let logout = async |logout: Logout| {
        let subjects: Vec<_> = logout.tokens().iter().map(|token| token.subject().to_owned()).collect();
        logout.with(subjects.join(" "))
    };
    let app = App::new().app_data(web::Data::new(jwt.clone())).route("/logout", web::get().to(logout));
    let token = jwt.login("alice").await.unwrap().access;
    assert_eq!(
        *send(&test::init_service(app).await, with_bearer("/logout", &token).to_request()).await.body(),
        b"alice"
    );
}

#[actix_web::test]
async fn a_login_sees_whether_another_site_has_sent_it() {
    let login = async |jwt: web::Data<JwtManager>, request: RequestParts| {
        jwt.refuse_cross_site(&request)?;
        Ok::<_, Rejection>("welcome")
    };
    let app = App::new().app_data(web::Data::new(with_cookies())).route("/login", web::post().to(login));
    let app = test::init_service(app).await;
    for (site, status) in [("same-origin", 200), ("cross-site", 401)] {
        let request = test::TestRequest::post().uri("/login").insert_header(("sec-fetch-site", site));
        assert_eq!(send(&app, request.to_request()).await.status(), status, "{site}");
    }
}

#[actix_web::test]
async fn the_status_of_a_rejection_is_that_of_its_response() {
    let jwt = builder().build().unwrap();
    let without_manager = test::TestRequest::default().to_http_request();
    let with_manager = test::TestRequest::default().app_data(web::Data::new(jwt)).to_http_request();
    for (request, status) in [(without_manager, 500), (with_manager, 401)] {
        let rejection = authenticate(&request, &Requirement::access()).await.map(drop).unwrap_err();
        assert_eq!(rejection.status_code(), status);
        assert_eq!(rejection.error_response().status(), status);
        let guard: GuardError = Access::from_request(&request, &mut Payload::None).await.map(drop).unwrap_err();
        assert_eq!(guard.status_code(), status);
        assert_eq!(guard.error_response().status(), status);
    }
}

#[actix_web::test]
async fn the_error_of_a_guard_shows_its_rejection() {
    let request = test::TestRequest::default().app_data(web::Data::new(builder().build().unwrap())).to_http_request();
    let rejection = authenticate(&request, &Requirement::access()).await.map(drop).unwrap_err();
    let guard: GuardError = rejection.clone().into();
    assert_eq!(format!("{guard:?}"), format!("{:?}", actix_web::Error::from(rejection)));
    drop(guard.error_response());
}

fn json(length: usize) -> test::TestRequest {
    let request = test::TestRequest::post().uri("/").insert_header(("content-type", "application/json"));
    request.set_payload("x".repeat(length))
}

#[actix_web::test]
async fn the_default_body_layer_reads_two_mebibytes() {
    let length = async |body: web::Bytes| body.len().to_string();
    let app = App::new()
        .app_data(web::PayloadConfig::new(2 * BODY_LIMIT))
        .route("/", web::post().to(length))
        .wrap(BodyLayer::default());
    let app = test::init_service(app).await;
    assert_eq!(send(&app, json(BODY_LIMIT).to_request()).await.status(), 200);
    assert_eq!(send(&app, json(BODY_LIMIT + 1).to_request()).await.status(), 413);
}

#[actix_web::test]
async fn a_guard_layer_reads_no_body_over_its_limit() {
    let jwt = builder().token_location([Location::Json]).build().unwrap();
    let app = App::new()
        .route("/", web::post().to(async || "in"))
        .wrap(GuardLayer::new(jwt, Requirement::access()).body_limit(10));
    let app = test::init_service(app).await;
    assert_eq!(send(&app, json(10).to_request()).await.status(), 401);
    assert_eq!(send(&app, json(11).to_request()).await.status(), 413);
}
