//! Bodies that guards have read, and bodies that stream past them.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    App, HttpResponse,
    body::{BodySize, MessageBody},
    test, web,
};
use jwt_extended::test_util::{Guard, Table};
use jwt_extended_actix::{Access, BodyLayer, GuardLayer};
use serde::{Deserialize, Serialize};

use super::face::*;

#[actix_web::test]
async fn a_handler_still_gets_the_body_that_a_guard_has_read() {
    let table = Table::load();
    let case = table.cases().iter().find(|case| case.name == "a JSON body").unwrap();
    let jwt = table.manager(case);
    let request = || to_actix(table.request(case)).to_request();
    let sent = table.request(case).into_body();

    let app = App::new()
        .app_data(web::Data::new(jwt.clone()))
        .route("/access", web::to(async |_: Access, body: web::Bytes| body))
        .wrap(BodyLayer::new());
    assert_eq!(*send(&test::init_service(app).await, request()).await.body(), sent);

    let layer = GuardLayer::new(jwt, Guard::Access.requirement());
    let route = web::resource("/access").route(web::to(async |body: web::Bytes| body)).wrap(layer);
    let app = App::new().service(route).wrap(BodyLayer::new());
    assert_eq!(*send(&test::init_service(app).await, request()).await.body(), sent, "which is read only once");
}

#[derive(Deserialize, Serialize)]
struct Transfer {
    access_token: String,
    amount: u32,
}

#[actix_web::test]
async fn json_and_form_arguments_follow_a_guard() {
    let jwt = builder().token_location([jwt_extended::http::Location::Json]).build().unwrap();
    let token = jwt.create_access_token("alice").unwrap();
    let transfer = async |body: web::Json<Transfer>, token: Access| format!("{} {}", token.subject(), body.amount);
    let app = App::new()
        .app_data(web::Data::new(jwt))
        .route("/json", web::post().to(transfer))
        .route("/form", web::post().to(async |form: web::Form<Transfer>| form.amount.to_string()))
        .wrap(BodyLayer::new());
    let app = test::init_service(app).await;
    let body = Transfer { access_token: token.to_string(), amount: 7 };
    let request = test::TestRequest::post().uri("/json").set_json(&body).to_request();
    assert_eq!(*send(&app, request).await.body(), b"alice 7", "in either order");
    let request = test::TestRequest::post().uri("/form").set_form(&body).to_request();
    assert_eq!(*send(&app, request).await.body(), b"7");
}

#[actix_web::test]
async fn a_guard_that_needs_the_body_answers_500_without_body_layer() {
    let table = Table::load();
    let case = table.cases().iter().find(|case| case.name == "a JSON body").unwrap();
    let app =
        App::new().app_data(web::Data::new(table.manager(case))).route("/access", web::to(async |_: Access| "in"));
    let answer = send(&test::init_service(app).await, to_actix(table.request(case)).to_request()).await;
    assert_eq!(answer.status(), 500);
    assert_eq!(*answer.body(), br#"{"msg":"The server is not set up for this request"}"#);
}

#[actix_web::test]
async fn a_body_over_the_limit_is_rejected() {
    let open = async |body: web::Bytes| body.len().to_string();
    let app = App::new().route("/open", web::post().to(open)).wrap(BodyLayer::new().limit(10));
    let app = test::init_service(app).await;
    let request = |content_type: &str| {
        let request = test::TestRequest::post().uri("/open").insert_header(("content-type", content_type));
        request.set_payload("x".repeat(11)).to_request()
    };
    let answer = send(&app, request("application/json")).await;
    assert_eq!((answer.status().as_u16(), &**answer.body()), (413, &br#"{"msg":"The body is too long"}"#[..]));
    for unread in ["text/plain", "multipart/form-data; boundary=x"] {
        assert_eq!(*send(&app, request(unread)).await.body(), b"11");
    }
}

/// A response in two parts, of which the second waits once.
struct Parts(u8);

impl MessageBody for Parts {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<web::Bytes, Self::Error>>> {
        self.0 += 1;
        match self.0 {
            1 => Poll::Ready(Some(Ok(web::Bytes::from_static(b"one ")))),
            2 => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            3 => Poll::Ready(Some(Ok(web::Bytes::from_static(b"two")))),
            _ => Poll::Ready(None),
        }
    }
}

#[actix_web::test]
async fn a_response_streams_through_all_layers() {
    let jwt = builder().build().unwrap();
    let token = jwt.create_access_token("alice").unwrap();
    let app = App::new()
        .route("/stream", web::get().to(async || HttpResponse::Ok().body(Parts(0))))
        .wrap(GuardLayer::new(jwt.clone(), Guard::Access.requirement()))
        .wrap(BodyLayer::new())
        .wrap(jwt_extended_actix::RefreshLayer::new(jwt, MINUTE));
    let app = test::init_service(app).await;
    let response = test::call_service(&app, with_bearer("/stream", &token).to_request()).await;
    assert_eq!(response.response().body().size(), BodySize::Stream, "nothing has collected it");
    assert_eq!(test::read_body(response).await, "one two");
}
