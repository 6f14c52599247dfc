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

#[tokio::test]
async fn every_reference_of_the_description_resolves() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document: Value = serde_json::from_str(&app().get("/openapi.json", &[]).await.body).unwrap();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} is not in the document");
    }
}
