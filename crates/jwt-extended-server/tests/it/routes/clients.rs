//! `POST /introspect` and `POST /revoke`: what other services may ask, and who they must be.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jwt_extended_axum::session::{
    Answer as StoreAnswer, RevocationStore, RevokeRequest, StoreError, TokenIds, TokenStatus,
};
use serde_json::Value;

use crate::support::{
    app::{Answer, FORM, TestApp, app, app_with, builder},
    member,
};

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

async fn ask(app: &TestApp, path: &str, id: &str, body: &str) -> Answer {
    let credentials = basic(id, &format!("secret of {id}"));
    app.post(path, &[FORM, ("authorization", &credentials)], body).await
}

async fn introspect(app: &TestApp, body: &str) -> Value {
    let answer = ask(app, "/introspect", "orders", body).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

/// Returns an access and a refresh token, without `Bearer`.
async fn tokens(app: &TestApp) -> (String, String) {
    let (access, refresh) = app.bearers().await;
    let text = |bearer: String| bearer.strip_prefix("Bearer ").unwrap().to_owned();
    (text(access), text(refresh))
}

#[tokio::test]
async fn a_service_learns_what_an_active_token_says() {
    let app = app();
    let (access, _) = tokens(&app).await;
    let said = introspect(&app, &format!("token={access}&token_type_hint=access_token")).await;
    assert_eq!(
        (&said["active"], &said["sub"], &said["username"]),
        (&true.into(), &"testuser".into(), &"testuser".into())
    );
    assert_eq!((&said["token_type"], &said["fresh"]), (&"Bearer".into(), &true.into()));
    assert_eq!(said["exp"].as_u64().unwrap() - said["iat"].as_u64().unwrap(), 900);
    for name in ["jti", "sid"] {
        assert!(said[name].is_string(), "{name}: {said}");
    }
}

#[tokio::test]
async fn every_other_token_is_inactive_and_says_nothing() {
    let app = app();
    let (access, refresh) = tokens(&app).await;
    let inactive = serde_json::json!({ "active": false });
    let mut forged = access.clone();
    forged.replace_range(forged.len() - 4.., "AAAA");
    for token in ["x", "a.b.c", &forged, &refresh] {
        assert_eq!(introspect(&app, &format!("token={token}")).await, inactive, "{token}");
    }
    let logout = app.post("/logout", &[("authorization", &format!("Bearer {access}"))], "").await;
    assert_eq!(logout.status, 200);
    assert_eq!(introspect(&app, &format!("token={access}")).await, inactive);
}

#[tokio::test]
async fn a_refresh_token_is_active_only_if_the_service_means_one() {
    let app = app();
    let (_, refresh) = tokens(&app).await;
    let said = introspect(&app, &format!("token={refresh}&token_type_hint=refresh_token")).await;
    assert_eq!((&said["active"], &said["token_type"]), (&true.into(), &"refresh_token".into()));
}

#[tokio::test]
async fn a_revoked_token_ends_its_session() {
    let app = app();
    let (access, refresh) = tokens(&app).await;
    let answer = ask(&app, "/revoke", "closer", &format!("token={refresh}")).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    for path in ["/protected", "/sessions"] {
        let refused = app.get(path, &[("authorization", &format!("Bearer {access}"))]).await;
        refused.says(401, "Token has been revoked");
    }
    // RFC 7009 section 2.2: an unknown token is no error.
    for token in ["x", &access] {
        assert_eq!(ask(&app, "/revoke", "closer", &format!("token={token}")).await.status, 200, "{token}");
    }
}

#[tokio::test]
async fn a_client_proves_who_it_is_in_the_header_or_the_form() {
    let app = app();
    let (access, _) = tokens(&app).await;
    let body = format!("token={access}&client_id=orders&client_secret=secret+of+orders");
    let answer = app.post("/introspect", &[FORM], &body).await;
    assert!(answer.body.contains("\"active\":true"), "{answer:?}");
    let both = app.post("/introspect", &[FORM, ("authorization", &basic("orders", "secret of orders"))], &body).await;
    assert_eq!((both.status, member(&both.body, "error").as_str()), (400, "invalid_request"));
}

#[tokio::test]
async fn nobody_else_may_ask() {
    let app = app();
    for credentials in [
        basic("orders", "secret of closer"),
        basic("orders", ""),
        basic("nobody", "secret of orders"),
        "Basic !".to_owned(),
        "Bearer x".to_owned(),
        String::new(),
    ] {
        let answer = app.post("/introspect", &[FORM, ("authorization", &credentials)], "token=x").await;
        assert_eq!((answer.status, member(&answer.body, "error").as_str()), (401, "invalid_client"), "{credentials}");
        assert!(answer.header("www-authenticate").starts_with("Basic "), "{answer:?}");
    }
    let answer = app.post("/revoke", &[FORM], "token=x").await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn a_client_may_do_only_what_the_file_says() {
    let app = app();
    for (path, id) in [("/revoke", "orders"), ("/introspect", "closer")] {
        let answer = ask(&app, path, id, "token=x").await;
        assert_eq!((answer.status, member(&answer.body, "error").as_str()), (403, "unauthorized_client"), "{path}");
    }
}

#[tokio::test]
async fn a_request_without_one_token_is_malformed() {
    let app = app();
    for body in ["", "token=", "token=a&token=b", "token_type_hint=access_token"] {
        let answer = ask(&app, "/introspect", "orders", body).await;
        assert_eq!((answer.status, member(&answer.body, "error").as_str()), (400, "invalid_request"), "{body}");
    }
    let json = app
        .post(
            "/introspect",
            &[("content-type", "application/json"), ("authorization", &basic("orders", "secret of orders"))],
            "{}",
        )
        .await;
    assert_eq!(json.status, 400);
}

#[tokio::test]
async fn a_client_that_asks_too_often_gets_429() {
    let app = app();
    assert_eq!(ask(&app, "/introspect", "slow", "token=x").await.status, 200);
    let answer = ask(&app, "/introspect", "slow", "token=x").await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "1"));
    assert_eq!(ask(&app, "/introspect", "orders", "token=x").await.status, 200);
}

#[tokio::test]
async fn guesses_of_a_secret_get_429() {
    let app = app();
    let wrong = basic("orders", "wrong");
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(app.post("/introspect", &[FORM, ("authorization", &wrong)], "token=x").await.status);
    }
    assert_eq!((statuses[0], statuses[11]), (401, 429), "{statuses:?}");
    // The client itself is not locked out: nobody can guess its secret.
    assert_eq!(ask(&app, "/introspect", "orders", "token=x").await.status, 200);
}

#[tokio::test]
async fn a_client_has_one_name_and_one_header() {
    let app = app();
    let orders = basic("orders", "secret of orders");
    let headers = [FORM, ("authorization", &*orders)];
    let twice = [&headers[..], &headers[1..]].concat();
    for (headers, body) in [(&headers[..], "token=x&client_id=closer"), (&twice, "token=x")] {
        let answer = app.post("/introspect", headers, body).await;
        assert_eq!((answer.status, member(&answer.body, "error").as_str()), (400, "invalid_request"), "{body}");
    }
    assert_eq!(app.post("/introspect", &headers, "token=x&client_id=orders").await.status, 200);
}

/// A store that is away.
struct Away;

impl RevocationStore for Away {
    fn status<'a>(&'a self, _: &'a TokenIds<'_>) -> StoreAnswer<'a, Result<TokenStatus, StoreError>> {
        StoreAnswer::Now(Err(StoreError::Unavailable("connection refused by 10.0.0.7".to_owned())))
    }

    fn revoke<'a>(&'a self, _: &'a RevokeRequest<'_>) -> StoreAnswer<'a, Result<(), StoreError>> {
        StoreAnswer::Now(Err(StoreError::Unavailable("connection refused by 10.0.0.7".to_owned())))
    }
}

#[tokio::test]
async fn a_service_is_told_to_ask_again_if_the_store_is_away() {
    let app = app_with(builder().revocation_store(Away));
    let access = app.jwt.create_access_token("testuser").unwrap();
    for (path, id) in [("/introspect", "orders"), ("/revoke", "closer")] {
        let answer = ask(&app, path, id, &format!("token={access}")).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, "1"), "{path}: {answer:?}");
        assert_eq!(member(&answer.body, "error"), "temporarily_unavailable", "{path}");
        assert!(!answer.body.contains("10.0.0.7"), "{path}: {answer:?}");
    }
}
