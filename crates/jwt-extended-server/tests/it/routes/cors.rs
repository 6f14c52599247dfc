//! Pages of other origins: those that the configuration names, with their cookies or tokens, and no others.

use crate::support::{
    LOGGED_IN, REFRESHED,
    {app::*, member},
};

const APP: &str = "https://app.example.com";
const FOREIGN: &str = "https://evil.example";

fn cors_app() -> TestApp {
    app_with_origins(builder(), &[APP, "http://localhost:3000"])
}

async fn preflight(app: &TestApp, path: &str, origin: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,x-csrf-token"),
    ];
    app.send("OPTIONS", path, &headers, b"").await
}

#[tokio::test]
async fn a_preflight_of_a_named_origin_allows_what_the_routes_need() {
    let app = cors_app();
    for path in ["/login", "/token", "/refresh", "/logout", "/sessions/some-id", "/protected"] {
        let answer = preflight(&app, path, APP).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), APP);
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
        assert_eq!(answer.header("access-control-allow-methods"), "GET,POST,DELETE");
        let headers = answer.header("access-control-allow-headers");
        for needed in ["content-type", "authorization", "x-csrf-token"] {
            assert!(headers.split(',').any(|header| header == needed), "{headers}");
        }
        assert!(answer.header("vary").contains("origin"), "{answer:?}");
    }
}

#[tokio::test]
async fn no_other_origin_may_read_an_answer() {
    let app = cors_app();
    for origin in [FOREIGN, "null", "*", "http://app.example.com", "https://app.example.com.evil.example", ""] {
        let answer = preflight(&app, "/login", origin).await;
        assert_eq!(answer.all("access-control-allow-origin"), [""; 0], "{origin}");
        let login = app.post("/login", &[JSON, ("origin", origin)], CREDENTIALS).await;
        assert_eq!(login.all("access-control-allow-origin"), [""; 0], "{origin}");
        assert_eq!(login.all("x-csrf-access"), [""; 0], "{origin}");
    }
    let twice = app.post("/login", &[JSON, ("origin", APP), ("origin", FOREIGN)], CREDENTIALS).await;
    assert_eq!(twice.all("x-csrf-access"), [""; 0]);
}

#[tokio::test]
async fn another_site_is_still_refused_with_its_visitors_cookies() {
    let app = cors_app();
    let browser = app.browser().await;
    let (cookies, csrf) = (browser.cookies(), &*browser.access_csrf);
    let headers =
        [("cookie", &*cookies), ("x-csrf-token", csrf), ("origin", FOREIGN), ("sec-fetch-site", "cross-site")];
    let refused = app.post("/logout", &headers, "").await;
    refused.says(401, "Cross-site requests with cookies are refused");
    let forged = [FORM, ("origin", FOREIGN), ("sec-fetch-site", "cross-site")];
    let refused = app.post("/login", &forged, "username=testuser&password=testpass").await;
    refused.says(401, "Cross-site requests with cookies are refused");
}

#[tokio::test]
async fn a_page_of_a_named_origin_uses_cookies_and_csrf_values() {
    let app = cors_app();
    let from = [("origin", APP), ("sec-fetch-site", "cross-site")];
    let login = app.post("/login", &[JSON, from[0], from[1]], CREDENTIALS).await;
    login.is(200, LOGGED_IN);
    assert_eq!(login.header("access-control-allow-origin"), APP);
    assert_eq!(login.header("access-control-allow-credentials"), "true");
    let exposed = login.header("access-control-expose-headers");
    assert!(exposed.contains("x-csrf-access") && exposed.contains("x-csrf-refresh"), "{exposed}");
    assert_eq!(login.header("x-csrf-access"), login.cookie("csrf_access_token"));
    assert_eq!(login.header("x-csrf-refresh"), login.cookie("csrf_refresh_token"));

    let refresh_cookie = format!("refresh_token_cookie={}", login.cookie("refresh_token_cookie"));
    let without = app.post("/refresh", &[("cookie", &refresh_cookie), from[0], from[1]], "").await;
    without.says(401, "Missing CSRF token");
    let csrf = ("x-csrf-token", login.header("x-csrf-refresh"));
    let refreshed = app.post("/refresh", &[("cookie", &refresh_cookie), csrf, from[0], from[1]], "").await;
    refreshed.is(200, REFRESHED);
    assert_eq!(refreshed.header("x-csrf-access"), refreshed.cookie("csrf_access_token"));
    assert_eq!(refreshed.header("x-csrf-refresh"), refreshed.cookie("csrf_refresh_token"));

    let access_cookie = format!("access_token_cookie={}", refreshed.cookie("access_token_cookie"));
    let csrf = ("x-csrf-token", refreshed.header("x-csrf-access"));
    let logout = app.post("/logout", &[("cookie", &access_cookie), csrf, from[0], from[1]], "").await;
    logout.is(200, r#"{"logout":true}"#);
}

#[tokio::test]
async fn a_page_of_a_named_origin_uses_tokens_in_headers() {
    let app = cors_app();
    let login = app.post("/token", &[JSON, ("origin", "http://localhost:3000")], CREDENTIALS).await;
    assert_eq!(login.header("access-control-allow-origin"), "http://localhost:3000");
    assert_eq!(login.all("x-csrf-access"), [""; 0], "tokens in headers need no CSRF value");
    let bearer = format!("Bearer {}", member(&login.body, "access_token"));
    let headers = [("authorization", &*bearer), ("origin", APP), ("sec-fetch-site", "cross-site")];
    let answer = app.get("/protected", &headers).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, APP));
}

#[tokio::test]
async fn a_page_of_a_named_origin_can_read_rejections() {
    let app = cors_app();
    let long = "a".repeat(70_000);
    for (answer, status) in [
        (app.get("/protected", &[("origin", APP)]).await, 401),
        (app.get("/nowhere", &[("origin", APP)]).await, 404),
        (app.get("/login", &[("origin", APP)]).await, 405),
        (app.post("/login", &[JSON, ("origin", APP)], &long).await, 413),
    ] {
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (status, APP), "{answer:?}");
    }
}

#[tokio::test]
async fn without_named_origins_nothing_is_added() {
    let app = app();
    let login = app.post("/login", &[JSON, ("origin", APP)], CREDENTIALS).await;
    assert_eq!(login.status, 200);
    for header in ["access-control-allow-origin", "access-control-allow-credentials", "vary", "x-csrf-access"] {
        assert_eq!(login.all(header), [""; 0], "{header}");
    }
    assert_eq!(preflight(&app, "/login", APP).await.status, 405);
    let cross = app.post("/login", &[JSON, ("origin", APP), ("sec-fetch-site", "cross-site")], CREDENTIALS).await;
    cross.says(401, "Cross-site requests with cookies are refused");
}
