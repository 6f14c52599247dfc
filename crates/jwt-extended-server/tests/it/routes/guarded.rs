//! The guarded pages: which requests pass, and the rejections of the others.

use std::time::Duration;

use crate::support::{SECRET, app::*};

#[tokio::test]
async fn a_header_or_a_cookie_opens_a_protected_page() {
    let app = app();
    let (access, _) = app.bearers().await;
    let lower = access.replace("Bearer", "bearer");
    let cookies = app.browser().await.cookies();
    for header in [("authorization", &access), ("authorization", &lower), ("cookie", &cookies)] {
        let headers = [(header.0, header.1.as_str())];
        app.get("/protected", &headers).await.is(200, r#"{"logged_in_as":"testuser"}"#);
        app.get("/partially-protected", &headers).await.is(200, r#"{"logged_in_as":"testuser"}"#);
    }
}

#[tokio::test]
async fn only_partially_protected_pages_open_without_a_token() {
    let app = app();
    for headers in [&[][..], &[("authorization", "")], &[("authorization", "Basic YTpi")], &[("cookie", "a=b")]] {
        let refused = app.get("/protected", headers).await;
        assert_eq!((refused.status, refused.header("www-authenticate")), (401, "Bearer"), "{refused:?}");
        assert!(refused.body.starts_with(r#"{"msg":"Missing JWT in headers or cookies ("#), "{refused:?}");
        let passed = app.get("/partially-protected", headers).await;
        passed.is(200, r#"{"logged_in_as":"anonymous user"}"#);
    }
}

#[tokio::test]
async fn a_bad_token_is_refused_even_where_tokens_are_optional() {
    let app = app();
    let (access, refresh) = app.bearers().await;
    let signature = access.rsplit('.').next().unwrap();
    // The last character stays, because some of its bits must be zero.
    let (first, last) = signature.split_at(signature.len() - 1);
    let damaged = first.chars().rev().collect::<String>() + last;
    let expired = app.jwt.access_token("testuser").lifetime(Duration::ZERO).create().unwrap();
    let other = app_with(builder().secret_key(SECRET.to_lowercase().as_str()));
    let revoked = app.bearers().await.0;
    assert_eq!(app.post("/logout", &[("authorization", &revoked)], "").await.status, 200);
    for (value, message) in [
        ("Bearer garbage".to_owned(), "Not enough segments"),
        (access.replace(signature, &damaged), "Signature verification failed"),
        (other.bearers().await.0, "Signature verification failed"),
        (refresh, "Only non-refresh tokens are allowed"),
        (format!("Bearer {expired}"), "Token has expired"),
        (revoked, "Token has been revoked"),
    ] {
        for path in ["/protected", "/partially-protected"] {
            let refused = app.get(path, &[("authorization", &value)]).await;
            assert_eq!(refused.status, 401, "{value}: {refused:?}");
            let challenge = refused.header("www-authenticate");
            assert!(challenge.starts_with("Bearer error=\"invalid_token\", error_description="), "{challenge}");
            refused.says(401, message);
        }
    }
}

#[tokio::test]
async fn only_a_fresh_token_authorizes_a_transfer() {
    let app = app();
    let (access, refresh) = app.bearers().await;
    app.post("/transfer", &[("authorization", &access)], "")
        .await
        .is(200, r#"{"authorized_by":"testuser","transfer":true}"#);

    let stale = app.post("/refresh", &[("authorization", &refresh)], "").await.body;
    let stale = format!("Bearer {}", crate::support::member(&stale, "access_token"));
    assert_eq!(app.get("/protected", &[("authorization", &stale)]).await.status, 200);
    let refused = app.post("/transfer", &[("authorization", &stale)], "").await;
    refused.says(401, "Fresh token required");
    assert_eq!(
        refused.header("www-authenticate"),
        "Bearer error=\"insufficient_user_authentication\", error_description=\"Fresh token required\", max_age=\"0\""
    );
    app.post("/transfer", &[("authorization", &refresh)], "").await.says(401, "Only non-refresh tokens are allowed");
    assert_eq!(app.post("/transfer", &[], "").await.status, 401);
}

#[tokio::test]
async fn a_cookie_needs_its_csrf_value_for_a_transfer() {
    let app = app();
    let browser = app.browser().await;
    let cookies = browser.cookies();
    let cookies = ("cookie", cookies.as_str());
    let transfer = async |headers: Headers<'_>| app.post("/transfer", &[&[cookies], headers].concat(), "").await;
    let csrf = ("x-csrf-token", browser.access_csrf.as_str());
    assert_eq!(transfer(&[csrf]).await.status, 200);
    transfer(&[]).await.says(401, "Missing CSRF token");
    transfer(&[("x-csrf-token", "")]).await.says(401, "Missing CSRF token");
    for wrong in [&browser.refresh_csrf, "x", &browser.access_csrf[1..]] {
        let refused = transfer(&[("x-csrf-token", wrong)]).await;
        refused.says(401, "CSRF double submit tokens do not match");
    }
    let twice = transfer(&[csrf, csrf]).await;
    twice.says(401, "CSRF double submit tokens do not match");
    let cross_site = transfer(&[csrf, ("sec-fetch-site", "cross-site")]).await;
    cross_site.says(401, "Cross-site requests with cookies are refused");
}

#[tokio::test]
async fn a_header_counts_and_not_a_stale_cookie() {
    let app = app();
    let (one, two) = (app.browser().await, app.browser().await);
    let (cookie, bearer) = (one.access_cookie(), |browser: &Browser| format!("Bearer {}", browser.access));
    let protected = async |headers: Headers<'_>| app.get("/protected", headers).await;
    let both = async |value: &str| protected(&[("cookie", &cookie), ("authorization", value)]).await;
    both(&bearer(&one)).await.is(200, r#"{"logged_in_as":"testuser"}"#);
    both(&bearer(&two)).await.is(200, r#"{"logged_in_as":"testuser"}"#);
    assert_eq!(both("Bearer garbage").await.status, 401, "the cookie does not stand in for the header");
}

#[tokio::test]
async fn two_different_tokens_in_one_place_are_refused() {
    let app = app();
    let (one, two) = (app.browser().await, app.browser().await);
    let (cookie, bearer) = (one.access_cookie(), |browser: &Browser| format!("Bearer {}", browser.access));
    let protected = async |headers: Headers<'_>| app.get("/protected", headers).await;
    let bearers = [bearer(&one), bearer(&two)];
    let twice = [("authorization", &*bearers[0]), ("authorization", &*bearers[1])];
    protected(&twice).await.says(400, "More than one token in the Authorization header. Send exactly one");
    let twice = format!("{cookie}; access_token_cookie={}", two.access);
    let refused = protected(&[("cookie", &twice)]).await;
    assert_eq!(refused.status, 400, "{refused:?}");
}

#[tokio::test]
async fn other_locations_are_ignored() {
    let app = app();
    let token = app.bearers().await.0.replace("Bearer ", "");
    assert_eq!(app.get(&format!("/protected?jwt={token}"), &[]).await.status, 401);
    let body = format!(r#"{{"access_token": "{token}"}}"#);
    assert_eq!(app.post("/transfer", &[JSON], &body).await.status, 401);
}
