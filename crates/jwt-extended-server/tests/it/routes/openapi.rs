//! `/openapi.json`: the description of the interface.

use serde_json::Value;

use crate::support::app::app;

#[tokio::test]
async fn the_interface_is_described_with_every_route() {
    let answer = app().get("/openapi.json", &[]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    let document: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    for path in [
        "/login",
        "/token",
        "/refresh",
        "/logout",
        "/sessions",
        "/sessions/{id}",
        "/password",
        "/protected",
        "/partially-protected",
        "/transfer",
        "/introspect",
        "/revoke",
        "/healthz",
        "/readyz",
        "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server",
    ] {
        assert!(paths.contains(&path), "{path}: {paths:?}");
    }
    let login = &document["paths"]["/login"]["post"];
    assert_eq!(
        login["responses"]["200"]["content"]["application/json"]["schema"]["$ref"],
        "#/components/schemas/LoginDone"
    );
}

#[tokio::test]
async fn the_metadata_names_the_endpoints_for_clients() {
    let answer = app().get("/.well-known/oauth-authorization-server", &[]).await;
    let document: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(document["introspection_endpoint"], "https://login.example/introspect");
    assert_eq!(document["revocation_endpoint"], "https://login.example/revoke");
}
