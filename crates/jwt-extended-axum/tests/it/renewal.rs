//! The layer that renews cookies, and what it leaves alone.

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};
use http::header;
use jwt_extended::{ManualClock, Timestamp, http::Location};
use jwt_extended_axum::{Access, CurrentUser, JwtManager, RefreshLayer, token};

use super::face::*;

fn renewing(jwt: &JwtManager) -> Router {
    Router::new()
        .route("/page", get(async || "page"))
        .route("/login", get(login))
        .route("/logout", get(logout))
        .with_state(jwt.clone())
        .layer(RefreshLayer::new(jwt.clone(), 5 * MINUTE))
}

fn clocked() -> (JwtManager, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_800_000_000)));
    (builder().token_location([Location::Cookie]).clock(Arc::clone(&clock)).build().unwrap(), clock)
}

#[tokio::test]
async fn a_cookie_about_to_expire_is_renewed() {
    let (jwt, clock) = clocked();
    let app = renewing(&jwt);
    let first = jwt.login("alice").await.unwrap().access;
    assert!(set_cookies(&send(&app, with_cookie("/page", &first)).await).is_empty(), "it does not expire soon");

    clock.advance(11 * MINUTE);
    let answer = send(&app, with_cookie("/page", &first)).await;
    let cookies = set_cookies(&answer);
    assert_eq!(cookies.len(), 2);
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    let second = cookies[0].split(['=', ';']).nth(1).unwrap();
    let (old, new) = (jwt.decode_token(&first).unwrap(), jwt.decode_token(second).unwrap());
    assert_eq!((old.subject(), old.session(), old.csrf()), (new.subject(), new.session(), new.csrf()));
    assert_ne!(old.jti(), new.jti());
    assert_eq!(new.freshness(), token::Freshness::Stale, "renewal never gives a fresh token");

    clock.advance(5 * MINUTE);
    assert!(set_cookies(&send(&app, with_cookie("/page", &first)).await).is_empty(), "an expired token is not renewed");
}

#[tokio::test]
async fn a_rejected_request_renews_nothing() {
    let (jwt, clock) = clocked();
    let app = Router::new()
        .route("/me", get(|user: CurrentUser<Person>| async move { user.name.clone() }))
        .route("/transfer", post(async |_: Access| "done"))
        .with_state(App { jwt: jwt.clone() })
        .layer(RefreshLayer::new(jwt.clone(), 5 * MINUTE));
    let token = jwt.login("bob").await.unwrap().access;
    clock.advance(11 * MINUTE);
    let gone = send(&app, with_cookie("/me", &token)).await;
    assert_eq!((gone.status().as_u16(), set_cookies(&gone).len()), (401, 0), "the user no longer exists");
    let mut forged = with_cookie("/transfer", &token);
    *forged.method_mut() = http::Method::POST;
    let forged = send(&app, forged).await;
    assert_eq!((forged.status().as_u16(), set_cookies(&forged).len()), (401, 0), "no CSRF value");
}

#[tokio::test]
async fn a_logged_out_cookie_is_not_brought_back() {
    let (jwt, clock) = clocked();
    let app = renewing(&jwt);
    let token = jwt.login("alice").await.unwrap().access;
    clock.advance(11 * MINUTE);
    let answer = send(&app, with_cookie("/logout", &token)).await;
    assert_eq!(*answer.body(), b"bye");
    assert!(
        set_cookies(&answer).iter().all(|line| line.contains("=; Expires=Thu, 01 Jan 1970")),
        "the response only clears cookies"
    );
    assert!(set_cookies(&send(&app, with_cookie("/page", &token)).await).is_empty(), "nor does a late request");
}

#[tokio::test]
async fn a_login_is_not_overwritten_by_a_renewal() {
    let (jwt, clock) = clocked();
    let token = jwt.login("alice").await.unwrap().access;
    clock.advance(11 * MINUTE);
    assert_eq!(set_cookies(&send(&renewing(&jwt), with_cookie("/login", &token)).await).len(), 4);
}

#[tokio::test]
async fn renewal_stops_after_a_refresh_tokens_lifetime() {
    let (jwt, clock) = clocked();
    let app = renewing(&jwt);
    let mut token = jwt.login("alice").await.unwrap().access.into_string();
    clock.advance(11 * MINUTE);
    let mut renewals = 0;
    loop {
        let answer = send(&app, with_cookie("/page", &token)).await;
        let Some(renewed) = set_cookies(&answer).first().map(|line| line.split(['=', ';']).nth(1).unwrap().to_owned())
        else {
            break;
        };
        token = renewed;
        renewals += 1;
        clock.advance(12 * MINUTE);
    }
    assert_eq!(renewals, 30 * 24 * 60 / 12, "twelve minutes at a time, for thirty days");
}
