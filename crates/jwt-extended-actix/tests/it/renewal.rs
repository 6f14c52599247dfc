//! The layer that renews cookies, and what it leaves alone.

use actix_web::{App, HttpResponse, error::ErrorNotFound, test, web};
use jwt_extended::http::Location;
use jwt_extended_actix::{Access, CurrentUser, JwtManager, RefreshLayer, token};

use super::face::*;

/// An app with a page, a login and a logout inside of the layer.
macro_rules! renewing {
    ($jwt:expr) => {
        test::init_service(
            App::new()
                .app_data(web::Data::new(JwtManager::clone($jwt)))
                .app_data(web::Data::new(Users))
                .route("/page", web::get().to(async || "page"))
                .route("/broken", web::get().to(async || Err::<HttpResponse, _>(ErrorNotFound("gone"))))
                .route("/me", web::get().to(async |user: CurrentUser<Person, Users>| user.name.clone()))
                .route("/transfer", web::post().to(async |_: Access| "done"))
                .route("/login", web::get().to(login))
                .route("/logout", web::get().to(logout))
                .wrap(RefreshLayer::new(JwtManager::clone($jwt), 5 * MINUTE)),
        )
        .await
    };
}

#[actix_web::test]
async fn a_cookie_about_to_expire_is_renewed() {
    let (jwt, clock) = clocked([Location::Cookie]);
    let app = renewing!(&jwt);
    let first = jwt.login("alice").await.unwrap().access;
    let answer = send(&app, with_cookie("/page", &first).to_request()).await;
    assert!(set_cookies(&answer).is_empty(), "it does not expire soon");

    clock.advance(11 * MINUTE);
    let answer = send(&app, with_cookie("/page", &first).to_request()).await;
    let cookies = set_cookies(&answer);
    assert_eq!(cookies.len(), 2);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let second = cookies[0].split(['=', ';']).nth(1).unwrap();
    let (old, new) = (jwt.decode_token(&first).unwrap(), jwt.decode_token(second).unwrap());
    assert_eq!((old.subject(), old.session(), old.csrf()), (new.subject(), new.session(), new.csrf()));
    assert_ne!(old.jti(), new.jti());
    assert_eq!(new.freshness(), token::Freshness::Stale, "renewal never gives a fresh token");
    assert_eq!(set_cookies(&send(&app, with_cookie("/broken", &first).to_request()).await).len(), 2);

    clock.advance(5 * MINUTE);
    let answer = send(&app, with_cookie("/page", &first).to_request()).await;
    assert!(set_cookies(&answer).is_empty(), "an expired token is not renewed");
}

#[actix_web::test]
async fn a_rejected_request_renews_nothing() {
    let (jwt, clock) = clocked([Location::Cookie]);
    let app = renewing!(&jwt);
    let token = jwt.login("bob").await.unwrap().access;
    clock.advance(11 * MINUTE);
    let gone = send(&app, with_cookie("/me", &token).to_request()).await;
    assert_eq!((gone.status().as_u16(), set_cookies(&gone).len()), (401, 0), "the user no longer exists");
    let forged = send(&app, with_cookie("/transfer", &token).method(actix_web::http::Method::POST).to_request()).await;
    assert_eq!((forged.status().as_u16(), set_cookies(&forged).len()), (401, 0), "no CSRF value");
}

#[actix_web::test]
async fn a_logged_out_cookie_is_not_brought_back() {
    let (jwt, clock) = clocked([Location::Cookie]);
    let app = renewing!(&jwt);
    let token = jwt.login("alice").await.unwrap().access;
    clock.advance(11 * MINUTE);
    let answer = send(&app, with_cookie("/logout", &token).to_request()).await;
    assert_eq!(*answer.body(), b"bye");
    let clears = |line: &&str| line.contains("=; Expires=Thu, 01 Jan 1970");
    assert!(set_cookies(&answer).iter().all(clears), "the response only clears cookies");
    let late = send(&app, with_cookie("/page", &token).to_request()).await;
    assert!(set_cookies(&late).is_empty(), "nor does a late request");
}

#[actix_web::test]
async fn a_login_is_not_overwritten_by_a_renewal() {
    let (jwt, clock) = clocked([Location::Cookie]);
    let token = jwt.login("alice").await.unwrap().access;
    clock.advance(11 * MINUTE);
    let answer = send(&renewing!(&jwt), with_cookie("/login", &token).to_request()).await;
    assert_eq!(set_cookies(&answer).len(), 4);
}
