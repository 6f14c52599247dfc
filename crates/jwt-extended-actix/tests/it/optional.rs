//! Guards that admit requests without a token, and actix-web's own `Option`, which swallows rejections.

use std::{
    pin::Pin,
    sync::atomic::{AtomicU32, Ordering},
};

use actix_web::{App, Either, FromRequest, HttpRequest, dev::Payload, test, web};
use jwt_extended_actix::{
    Access, BodyLayer, CurrentUser, JwtManager, Optional, Refresh, Rejection, Requirement, Visitor, authenticate,
};

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

#[actix_web::test]
async fn a_failed_lookup_of_a_user_is_never_none() {
    type User = CurrentUser<Person, Users>;
    let (jwt, data) = manager();
    let app = App::new()
        .app_data(data)
        .app_data(web::Data::new(Users))
        .route("/optional", web::get().to(async |_: Optional<User>| "in"))
        .route("/visitor", web::get().to(async |_: Visitor<User>| "in"))
        .route("/option", web::get().to(async |_: Option<User>| "in"))
        .route("/result", web::get().to(async |user: Result<User, Rejection>| user.map(|_| "in")))
        .wrap(BodyLayer::new());
    let app = test::init_service(app).await;
    let token = jwt.create_access_token("broken").unwrap();
    for path in ["/optional", "/visitor", "/option"] {
        let answer = send(&app, with_bearer(path, &token).to_request()).await;
        assert_eq!((answer.status().as_u16(), &**answer.body()), (502, &b"database down"[..]), "{path}");
    }
    let answer = send(&app, with_bearer("/result", &token).to_request()).await;
    assert_eq!((answer.status().as_u16(), &**answer.body()), (500, &br#"{"msg":"The user could not be loaded"}"#[..]));
}

/// A guard that an app has written.
struct Own;

impl FromRequest for Own {
    type Error = Rejection;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Rejection>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { authenticate(&request, &Requirement::access()).await.map(|_| Self) })
    }
}

#[actix_web::test]
async fn a_guard_of_the_app_can_be_optional() {
    let page = async |Optional(own): Optional<Own>| if own.is_some() { "in" } else { "out" };
    let app = App::new().app_data(manager().1).route("/", web::get().to(page)).wrap(BodyLayer::new());
    let app = test::init_service(app).await;
    assert_eq!(*send(&app, test::TestRequest::default().to_request()).await.body(), b"out");
    assert_eq!(send(&app, with_bearer("/", "nonsense").to_request()).await.status(), 401);
}
