//! Cookies that are renewed in passing, when a proxy asks about a request.

use std::sync::Arc;

use jwt_extended_axum::{
    JwtManagerBuilder,
    jwt_extended::{Clock as _, ManualClock, SystemClock},
    session::MemoryStore,
};

use crate::support::app::*;

/// An app whose access tokens live 15 minutes and are renewed in their last five, and its clock.
fn renewing() -> (TestApp, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let builder: JwtManagerBuilder = builder().session_store(MemoryStore::new()).clock(Arc::clone(&clock));
    let fresh = "[[policies]]\nname = \"fresh\"\npaths = [\"/transfer\"]\nfresh = true";
    (app_behind_proxies(builder, &format!("[forward_auth]\nrenew = \"5m\"\n{fresh}")), clock)
}

fn minutes(count: u64) -> std::time::Duration {
    std::time::Duration::from_secs(60 * count)
}

#[tokio::test]
async fn an_expired_access_cookie_is_renewed_in_passing() {
    let (app, clock) = renewing();
    let login = app.browser().await;
    clock.advance(minutes(14));
    assert!(app.ask("GET /page", &[("cookie", &login.cookies())]).await.all("set-cookie").is_empty(), "still fresh");
    clock.advance(minutes(2));
    let answer = app.ask_with("/verify?cookies=numbered", "GET /page", &[("cookie", &login.cookies())]).await;
    assert_eq!((answer.status, answer.header("remote-user")), (204, "testuser"));
    let cookies = answer.all("set-cookie");
    assert_eq!(cookies.len(), 4, "both tokens and their CSRF values");
    let numbered = ["x-set-cookie-1", "x-set-cookie-2", "x-set-cookie-3", "x-set-cookie-4"];
    assert_eq!(numbered.map(|name| answer.header(name)).to_vec(), cookies);
    let renewed = format!("access_token_cookie={}", answer.cookie("access_token_cookie"));
    let next = app.ask("GET /page", &[("cookie", &renewed)]).await;
    assert_eq!((next.status, next.all("set-cookie").len()), (204, 0));
    clock.advance(minutes(11));
    let lengthened = app.ask("GET /page", &[("cookie", &renewed)]).await;
    assert_eq!((lengthened.status, lengthened.all("set-cookie").len()), (204, 2), "an access token that is not fresh");
}

#[tokio::test]
async fn two_tabs_renew_at_once_and_stay_logged_in() {
    let (app, clock) = renewing();
    let login = app.browser().await;
    clock.advance(minutes(16));
    let cookies = login.cookies();
    let first = app.ask("GET /page", &[("cookie", &cookies)]).await;
    let second = app.ask("GET /other", &[("cookie", &cookies)]).await;
    for tab in [&first, &second] {
        assert_eq!((tab.status, tab.header("remote-user")), (204, "testuser"));
    }
    clock.advance(minutes(16));
    let later = format!("refresh_token_cookie={}", second.cookie("refresh_token_cookie"));
    assert_eq!(app.ask("GET /page", &[("cookie", &later)]).await.status, 204);
}

#[tokio::test]
async fn a_stolen_refresh_cookie_ends_the_session_in_passing() {
    let (app, clock) = renewing();
    let login = app.browser().await;
    clock.advance(minutes(16));
    let renewed = app.ask("GET /page", &[("cookie", &login.cookies())]).await;
    clock.advance(minutes(1));
    let replayed = app.ask("GET /page", &[("cookie", &login.refresh_cookie())]).await;
    assert_eq!(replayed.status, 401);
    assert!(replayed.body.contains("Token was used before"), "{replayed:?}");
    let bearer = format!("Bearer {}", renewed.cookie("access_token_cookie"));
    app.ask("GET /page", &[("authorization", &bearer)]).await.says(401, "Token has been revoked");
}

#[tokio::test]
async fn nothing_is_renewed_where_a_renewed_token_is_no_use() {
    let (app, clock) = renewing();
    let login = app.browser().await;
    clock.advance(minutes(16));
    let cookies = login.cookies();
    let csrf = ("x-csrf-token", &*login.access_csrf);
    for (request, headers) in [
        ("GET /transfer", &[("cookie", &*cookies)][..]),
        ("POST /page", &[("cookie", &*cookies), csrf]),
        ("GET /page", &[("cookie", &login.access_cookie())]),
        ("GET /page", &[("cookie", "refresh_token_cookie=nonsense")]),
    ] {
        let answer = app.ask(request, headers).await;
        assert_eq!(answer.status, 401, "{request}");
        assert!(!answer.all("set-cookie").iter().any(|line| line.contains("=ey")), "{request}: {answer:?}");
    }
    for section in ["", "[forward_auth]\nrenew = false", "[forward_auth]\nrenew = \"never\""] {
        let off = app_behind_proxies(builder(), section);
        let login = off.browser().await;
        assert_eq!(off.ask("GET /page", &[("cookie", &login.refresh_cookie())]).await.status, 401, "{section}");
        let valid = off.ask("GET /page", &[("cookie", &login.cookies())]).await;
        assert_eq!((valid.status, valid.all("set-cookie").len()), (204, 0), "{section}");
    }
}

#[tokio::test]
async fn no_page_can_read_renewed_cookies_of_a_rejection() {
    let policies = "[[policies]]\nname = \"a\"\npaths = [\"/orders\"]\nscopes = [\"read\"]";
    let app = app_behind_proxies(builder(), &format!("[forward_auth]\nrenew = \"5m\"\n{policies}"));
    let refresh = app.browser().await.refresh_cookie();
    let answer = app.ask_with("/verify?cookies=numbered", "GET /orders", &[("cookie", &refresh)]).await;
    assert_eq!((answer.status, answer.all("set-cookie").len()), (403, 4));
    assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("x-set-cookie")), "{answer:?}");
}
