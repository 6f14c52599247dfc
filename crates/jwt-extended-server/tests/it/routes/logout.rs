//! `/logout`: ends the session of an access or a refresh token.

use std::{sync::Arc, time::Duration};

use jwt_extended_axum::{
    Switch,
    jwt_extended::{Clock as _, ManualClock, SystemClock},
};

use crate::support::app::*;

const REVOKED: &str = "Token has been revoked";

#[tokio::test]
async fn a_logout_clears_the_cookies_and_ends_the_session() {
    let app = app();
    let browser = app.browser().await;
    let other = app.browser().await;
    let cookies = browser.cookies();
    let cookies = ("cookie", cookies.as_str());
    let refresh = [cookies, ("x-csrf-token", browser.refresh_csrf.as_str())];
    let renewed = app.post("/refresh", &refresh, "").await.cookie("access_token_cookie");

    let logout = app.post("/logout", &[cookies, ("x-csrf-token", &browser.access_csrf)], "").await;
    logout.is(200, r#"{"logout":true}"#);
    assert_eq!(logout.header("cache-control"), "no-store");
    let names = ["access_token_cookie", "csrf_access_token", "refresh_token_cookie", "csrf_refresh_token"];
    let lines = logout.all("set-cookie");
    assert_eq!(lines.len(), names.len(), "{lines:?}");
    for (line, name) in lines.iter().zip(names) {
        let cleared = format!("{name}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
        assert!(line.starts_with(&cleared) && line.contains("; Path=/"), "{line}");
    }

    app.get("/protected", &[cookies]).await.says(401, REVOKED);
    let renewed = format!("access_token_cookie={renewed}");
    app.get("/protected", &[("cookie", &renewed)]).await.says(401, REVOKED);
    app.post("/refresh", &refresh, "").await.says(401, REVOKED);
    // In the second tab, whose session is over already.
    let again = app.post("/logout", &[cookies, ("x-csrf-token", &browser.access_csrf)], "").await;
    again.is(200, r#"{"logout":true}"#);
    assert_eq!(again.all("set-cookie").len(), 4);
    // Another session of the same user stays open.
    assert_eq!(app.get("/protected", &[("cookie", &other.cookies())]).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_alone_can_log_out() {
    let app = app();
    // The access cookie is missing, expired, or damaged.
    let expired = app.jwt.access_token("testuser").lifetime(Duration::ZERO).create().unwrap();
    for rest in ["", &format!("; access_token_cookie={expired}"), "; access_token_cookie=garbage"] {
        let browser = app.browser().await;
        let cookies = browser.refresh_cookie() + rest;
        let headers = [("cookie", cookies.as_str()), ("x-csrf-token", &browser.refresh_csrf)];
        let logout = app.post("/logout", &headers, "").await;
        logout.is(200, r#"{"logout":true}"#);
        assert_eq!(logout.all("set-cookie").len(), 4);
        app.get("/protected", &[("cookie", &browser.access_cookie())]).await.says(401, REVOKED);
    }
    let (access, refresh) = app.bearers().await;
    app.post("/logout", &[("authorization", &refresh)], "").await.is(200, r#"{"logout":true}"#);
    app.get("/protected", &[("authorization", &access)]).await.says(401, REVOKED);
}

#[tokio::test]
async fn an_expired_access_token_alone_can_log_out() {
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let app = app_with(builder().clock(Arc::clone(&clock)));
    let browser = app.browser().await;
    clock.advance(Duration::from_hours(1));
    let cookie = browser.access_cookie();
    let logout = app.post("/logout", &[("cookie", &cookie), ("x-csrf-token", &browser.access_csrf)], "").await;
    logout.is(200, r#"{"logout":true}"#);
    let refresh = [("cookie", &*browser.refresh_cookie()), ("x-csrf-token", &*browser.refresh_csrf)];
    app.post("/refresh", &refresh, "").await.says(401, REVOKED);
}

#[tokio::test]
async fn a_public_page_opens_with_the_cookie_of_an_ended_session() {
    let app = app_with(builder().clear_rejected_cookies(Switch::On));
    let browser = app.browser().await;
    let cookies = browser.cookies();
    app.post("/logout", &[("cookie", &cookies), ("x-csrf-token", &browser.access_csrf)], "").await;
    let page = app.get("/partially-protected", &[("cookie", &cookies)]).await;
    page.is(200, r#"{"logged_in_as":"anonymous user"}"#);
    assert_eq!(page.all("set-cookie").len(), 4, "it clears them");
    let guarded = app.get("/protected", &[("cookie", &cookies)]).await;
    guarded.says(401, REVOKED);
    assert_eq!(guarded.all("set-cookie").len(), 4, "and so does a rejection");
}

#[tokio::test]
async fn a_forged_logout_ends_nothing() {
    let app = app();
    let browser = app.browser().await;
    let cookies = browser.cookies();
    let cookies = ("cookie", cookies.as_str());
    let cross_site = ("sec-fetch-site", "cross-site");
    let csrf = ("x-csrf-token", browser.access_csrf.as_str());
    for (headers, message) in [
        (vec![cookies], "Missing CSRF token"),
        (vec![cookies, ("x-csrf-token", "guessed")], "CSRF double submit tokens do not match"),
        (vec![cookies, csrf, cross_site], "Cross-site requests with cookies are refused"),
    ] {
        let refused = app.post("/logout", &headers, "").await;
        refused.says(401, message);
        assert_eq!(refused.all("set-cookie"), [""; 0]);
    }
    assert_eq!(app.get("/protected", &[cookies]).await.status, 200);
}

#[tokio::test]
async fn a_logout_without_a_token_is_refused() {
    let app = app();
    let refused = app.post("/logout", &[], "").await;
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, "Bearer"));
    app.post("/logout", &[("authorization", "Bearer garbage")], "").await.says(401, "Not enough segments");
}
