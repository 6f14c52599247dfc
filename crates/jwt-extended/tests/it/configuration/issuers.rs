//! Other issuers as options: where their keys are, and how their tokens are read.

use std::sync::Arc;

use jwt_extended::{
    config::{IssuerOptions, KeysAt},
    jose::{self, Algorithm, Algorithms, Key, KeyRing},
    token::Provider,
};
use serde_json::{Value, json};

use crate::common::*;

const NAME: &str = "https://idp.example";

fn options(more: &Value) -> IssuerOptions {
    let mut all = json!({ "issuer": NAME, "audience": "us" });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

#[test]
fn keys_are_discovered_unless_an_option_says_where() {
    assert_eq!(options(&json!({})).keys_at(), KeysAt::Discovered);
    let uri = "https://idp.example/keys";
    assert_eq!(options(&json!({ "jwks_uri": uri })).keys_at(), KeysAt::Uri(uri));
    assert_eq!(options(&json!({ "jwks": { "keys": [] } })).keys_at(), KeysAt::Given);
}

#[test]
fn a_provider_brings_its_own_rules() {
    let rules = |name: &str| {
        let issuer = options(&json!({ "provider": name })).into_issuer(Arc::new(KeyRing::empty()));
        (issuer.name().to_owned(), format!("{issuer:?}"))
    };
    for (name, known) in [
        ("auth0", Provider::auth0("")),
        ("entra", Provider::entra("")),
        ("keycloak", Provider::keycloak("", "")),
        ("cognito", Provider::cognito("", "")),
        ("okta", Provider::okta("", "")),
        ("google", Provider::google()),
    ] {
        let own = format!("{:?}", known.name());
        let (issuer, shown) = rules(name);
        assert_eq!(issuer, NAME, "{name}");
        let expected = format!("{known:?}").replacen(&own, &format!("{NAME:?}"), 1);
        assert!(shown.contains(&expected), "{name}: {shown}");
    }
}

#[test]
fn only_the_named_subjects_are_admitted() {
    let secret = Key::hs256("the secret of another issuer, thirty-two bytes long").unwrap();
    let issuer = options(&json!({ "subjects": ["alice"], "algorithms": ["HS256"] }));
    assert_eq!(issuer.algorithms(), Algorithms::from([Algorithm::HS256]));
    let keys = Arc::new(KeyRing::verify_only(secret.clone()));
    let jwt = builder().issuer(issuer.into_issuer(keys)).build().unwrap();
    let of = |subject: &str| {
        let claims = json!({ "iss": NAME, "aud": "us", "sub": subject, "iat": NOW, "exp": NOW + 60, "jti": "1" });
        jose::sign_with_header(&secret, r#"{"alg":"HS256","typ":"at+jwt"}"#, &claims.to_string()).unwrap()
    };
    assert!(jwt.decode_token(&of("alice")).is_ok() && jwt.decode_token(&of("bob")).is_err());
}
