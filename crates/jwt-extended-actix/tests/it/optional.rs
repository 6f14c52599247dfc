//! Guards that admit requests without a token, and actix-web's own `Option`, which swallows rejections.

use std::sync::atomic::{AtomicU32, Ordering};

use actix_web::{App, Either, test, web};
use jwt_extended_actix::{Access, BodyLayer, JwtManager, Optional, Refresh, Rejection, Visitor};

use super::face::*;

fn manager() -> (JwtManager, web::Data<JwtManager>) {
    let jwt = builder().build().unwrap();
    (jwt.clone(), web::Data::new(jwt))
}

#[actix_web::test]
async fn optional_admits_no_token_and_rejects_a_bad_one() {
    let (jwt, data) = manager();
    let page =
        async |Optional(token): Optional<Access>| token.map_or("none".to_owned(), |token| token.subject().to_owned());
    let app = test::init_service(App::new().app_data(data).route("/", web::get().to(page))).await;
    assert_eq!(*send(&app, test::TestRequest::default().to_request()).await.body(), b"none");
    assert_eq!(send(&app, with_bearer("/", "nonsense").to_request()).await.status(), 401);
    let token = jwt.create_access_token("alice").unwrap();
    assert_eq!(*send(&app, with_bearer("/", &token).to_request()).await.body(), b"alice");
}

#[actix_web::test]
async fn a_swallowed_rejection_is_answered_by_a_layer() {
    static SERVED: AtomicU32 = AtomicU32::new(0);
    let (jwt, data) = manager();
    let page = async |token: Option<Access>| {
        SERVED.fetch_add(1, Ordering::Relaxed);
        token.map_or("none".to_owned(), |token| token.subject().to_owned())
    };
    let bare = App::new().app_data(data.clone()).route("/", web::get().to(page));
    let bare = test::init_service(bare).await;
    let layered = App::new().app_data(data).route("/", web::get().to(page)).wrap(BodyLayer::new());
    let layered = test::init_service(layered).await;
    for request in [test::TestRequest::default, || with_bearer("/", "nonsense")] {
        assert_eq!(*send(&bare, request().to_request()).await.body(), b"none", "actix-web swallows it");
        let answer = send(&layered, request().to_request()).await;
        assert_eq!(answer.status(), 401, "the layer answers it");
        assert!(answer.extensions().get::<jwt_extended::Rejection>().is_some());
    }
    assert_eq!(SERVED.load(Ordering::Relaxed), 4, "the handler has run");
    let token = jwt.create_access_token("alice").unwrap();
    assert_eq!(*send(&layered, with_bearer("/", &token).to_request()).await.body(), b"alice");
}

#[actix_web::test]
async fn a_handler_may_answer_a_rejection_itself() {
    let page = async |token: Result<Access, Rejection>| match token {
        Ok(_) => "in".to_owned(),
        Err(rejection) => format!("out: {rejection}"),
    };
    let lazy = async |token: Result<Access, actix_web::Error>| if token.is_ok() { "in" } else { "out" };
    let app = App::new()
        .app_data(manager().1)
        .route("/page", web::get().to(page))
        .route("/lazy", web::get().to(lazy))
        .wrap(BodyLayer::new());
    let app = test::init_service(app).await;
    let answer = send(&app, test::TestRequest::with_uri("/page").to_request()).await;
    assert_eq!(*answer.body(), b"out: Missing Authorization Header");
    assert_eq!(send(&app, test::TestRequest::with_uri("/lazy").to_request()).await.status(), 401);
}

#[actix_web::test]
async fn the_first_rejection_of_two_guards_is_the_response() {
    let (jwt, data) = manager();
    let app = App::new()
        .app_data(data)
        .route("/both", web::get().to(async |_: Access, _: Refresh| "in"))
        .route("/either", web::get().to(async |_: Either<Access, Refresh>| "in"))
        .wrap(BodyLayer::new());
    let app = test::init_service(app).await;
    for path in ["/both", "/either"] {
        let answer = send(&app, test::TestRequest::with_uri(path).to_request()).await;
        assert_eq!(
            (answer.status().as_u16(), &**answer.body()),
            (401, &br#"{"msg":"Missing Authorization Header"}"#[..])
        );
    }
    let refresh = jwt.create_refresh_token("alice").unwrap();
    let answer = send(&app, with_bearer("/both", &refresh).to_request()).await;
    assert_eq!(*answer.body(), br#"{"msg":"Only non-refresh tokens are allowed"}"#);
}

#[actix_web::test]
async fn a_visitor_may_be_anyone_but_a_bad_header() {
    let page =
        async |visitor: Visitor<Access>| visitor.cookies.with(if visitor.token.is_some() { "in" } else { "out" });
    let app = App::new().app_data(manager().1).route("/", web::get().to(page)).wrap(BodyLayer::new());
    let app = test::init_service(app).await;
    assert_eq!(*send(&app, test::TestRequest::default().to_request()).await.body(), b"out");
    assert_eq!(send(&app, with_bearer("/", "nonsense").to_request()).await.status(), 401);
}
