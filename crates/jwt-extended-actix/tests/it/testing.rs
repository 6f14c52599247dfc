//! Requests of tests that are logged in.

use actix_web::{
    App,
    http::StatusCode,
    test::{TestRequest, call_service, init_service},
    web::{Data, post},
};
use jwt_extended_actix::{
    Access, JwtManager, Location,
    testing::{self, LogIn as _, TestTokens},
};

async fn status(jwt: &JwtManager, request: TestRequest) -> StatusCode {
    let routes = App::new().app_data(Data::new(jwt.clone())).route("/", post().to(async |_: Access| "done"));
    call_service(&init_service(routes).await, request.to_request()).await.status()
}

#[actix_web::test]
async fn a_request_is_logged_in_by_a_header() {
    let jwt = testing::manager().0.build().unwrap();
    let user = TestTokens::of(&jwt).access("alice");
    assert_eq!(status(&jwt, TestRequest::post()).await, 401);
    assert_eq!(status(&jwt, TestRequest::post().logged_in(&user)).await, 200);
    assert_eq!(status(&jwt, TestRequest::post().logged_in(&user.revoked().await)).await, 401);
}

#[actix_web::test]
async fn a_request_is_logged_in_by_a_cookie_and_its_csrf_value() {
    let jwt = testing::manager().0.token_location([Location::Cookie]).build().unwrap();
    let user = TestTokens::of(&jwt).access("alice");
    assert_eq!(status(&jwt, TestRequest::post().logged_in(&user)).await, 200);
    let theme = TestRequest::post().insert_header(("Cookie", "theme=dark"));
    assert_eq!(status(&jwt, theme.logged_in(&user)).await, 200, "other cookies stay");
}
