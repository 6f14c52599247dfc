//! `/refresh`: returns new tokens the way the refresh token came, in cookies or in the body.

use std::{sync::Arc, time::Duration};

use jwt_extended_axum::jwt_extended::{Clock as _, ManualClock, SystemClock};
use serde_json::{Value, json};

use crate::support::{
    REFRESHED,
    {app::*, member},
};

#[tokio::test]
async fn a_refresh_token_in_a_cookie_gets_cookies() {
    // The grace period is long enough for a busy machine.
    let app = app_with(builder().refresh_grace(Duration::from_mins(5)));
    let browser = app.browser().await;
    // The second request is that of another tab, after the browser has dropped the expired access cookie.
    let mut refresh_tokens = Vec::new();
    for cookies in [browser.cookies(), browser.refresh_cookie()] {
        let headers = [("cookie", cookies.as_str()), ("x-csrf-token", &browser.refresh_csrf)];
        let answer = app.post("/refresh", &headers, "").await;
        answer.is(200, REFRESHED);
        assert_eq!(answer.header("cache-control"), "no-store");
        let lines = answer.all("set-cookie");
        assert_eq!(lines.len(), 4, "{lines:?}");
        for pair in lines.chunks(2) {
            assert!(pair[0].ends_with("; HttpOnly; Path=/; SameSite=Lax"), "{lines:?}");
            assert!(pair[1].ends_with("; Path=/; SameSite=Lax") && !pair[1].contains("HttpOnly"), "{lines:?}");
        }
        refresh_tokens.push(answer.cookie("refresh_token_cookie"));
        assert_eq!(answer.cookie("csrf_refresh_token"), browser.refresh_csrf, "open pages keep working");
        assert_ne!(answer.cookie("csrf_access_token"), browser.access_csrf);

        let renewed = format!("access_token_cookie={}", answer.cookie("access_token_cookie"));
        app.get("/protected", &[("cookie", &renewed)]).await.is(200, r#"{"logged_in_as":"testuser"}"#);
        let csrf = answer.cookie("csrf_access_token");
        let transfer = app.post("/transfer", &[("cookie", &renewed), ("x-csrf-token", &csrf)], "").await;
        transfer.says(401, "Fresh token required");
    }
    assert_eq!(refresh_tokens[0], refresh_tokens[1]);
    assert_ne!(refresh_tokens[0], browser.refresh);
}

#[tokio::test]
async fn a_replayed_refresh_token_ends_its_session() {
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let app = app_with(builder().clock(Arc::clone(&clock)).refresh_grace(Duration::ZERO));
    let (access, first) = app.bearers().await;
    let second = app.post("/refresh", &[("authorization", &first)], "").await;
    let second = format!("Bearer {}", member(&second.body, "refresh_token"));
    clock.advance(Duration::from_micros(1));
    let replay = app.post("/refresh", &[("authorization", &first)], "").await;
    replay.says(401, "Token was used before, so its session has ended. Log in again");
    for bearer in [&first, &second] {
        app.post("/refresh", &[("authorization", bearer)], "").await.says(401, "Token has been revoked");
    }
    app.get("/protected", &[("authorization", &access)]).await.says(401, "Token has been revoked");
}

#[tokio::test]
async fn a_refresh_token_in_the_header_gets_tokens_in_the_body() {
    let app = app_with(builder().clock(ManualClock::new(SystemClock.now())));
    let (_, refresh) = app.bearers().await;
    let answer = app.post("/refresh", &[("authorization", &refresh)], "").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.all("set-cookie"), [""; 0]);
    let access = member(&answer.body, "access_token");
    let whole: Value = serde_json::from_str(&answer.body).unwrap();
    let next = member(&answer.body, "refresh_token");
    assert_ne!(format!("Bearer {next}"), refresh, "it is the next refresh token");
    let expected = json!({
        "access_token": access, "refresh_token": next, "token_type": "Bearer",
        "expires_in": 15 * 60, "refresh_expires_in": 30 * 24 * 60 * 60
    });
    assert_eq!(whole, expected);
    let bearer = format!("Bearer {access}");
    app.get("/protected", &[("authorization", &bearer)]).await.is(200, r#"{"logged_in_as":"testuser"}"#);
}

#[tokio::test]
async fn an_access_token_cannot_refresh() {
    let app = app();
    let (access, _) = app.bearers().await;
    app.post("/refresh", &[("authorization", &access)], "").await.says(401, "Only refresh tokens are allowed");
    let browser = app.browser().await;
    let swapped = format!("refresh_token_cookie={}", browser.access);
    let headers = [("cookie", swapped.as_str()), ("x-csrf-token", &browser.access_csrf)];
    app.post("/refresh", &headers, "").await.says(401, "Only refresh tokens are allowed");
    let alone = [("cookie", browser.access_cookie()), ("x-csrf-token", browser.access_csrf.clone())];
    let alone = [(alone[0].0, alone[0].1.as_str()), (alone[1].0, alone[1].1.as_str())];
    assert_eq!(app.post("/refresh", &alone, "").await.status, 401);
}

#[tokio::test]
async fn a_refresh_needs_the_csrf_value_of_the_refresh_token() {
    let app = app();
    let browser = app.browser().await;
    let cookies = browser.cookies();
    let cookies = ("cookie", cookies.as_str());
    app.post("/refresh", &[cookies], "").await.says(401, "Missing CSRF token");
    let wrong = ("x-csrf-token", browser.access_csrf.as_str());
    app.post("/refresh", &[cookies, wrong], "").await.says(401, "CSRF double submit tokens do not match");
    assert_eq!(app.post("/refresh", &[], "").await.status, 401);
}

#[tokio::test]
async fn an_expired_or_revoked_refresh_token_is_refused() {
    let app = app();
    let expired = app.jwt.refresh_token("testuser").lifetime(Duration::ZERO).create().unwrap();
    let bearer = format!("Bearer {expired}");
    app.post("/refresh", &[("authorization", &bearer)], "").await.says(401, "Token has expired");
    let (access, refresh) = app.bearers().await;
    app.post("/logout", &[("authorization", &access)], "").await.is(200, r#"{"logout":true}"#);
    app.post("/refresh", &[("authorization", &refresh)], "").await.says(401, "Token has been revoked");
}
