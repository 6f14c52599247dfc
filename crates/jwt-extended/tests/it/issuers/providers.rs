//! A token of the form that each provider documents is accepted by its preset, and its ID token is refused.
//!
//! Forms by the providers' pages, November 2026: Auth0 "Access Token Profiles", Microsoft "Access token claims
//! reference", Keycloak "Server Administration", Amazon "Understanding the access token", Okta "Access tokens", Google
//! Cloud "ID tokens for service accounts".

use std::sync::Arc;

use jwt_extended::{
    JwtManager, Token,
    jose::{self, Algorithm, Algorithms, KeyRing},
    token::{Issuer, Provider},
};
use serde_json::{Value, json};

use super::idp_key;
use crate::common::*;

fn jwt(provider: Provider, audience: &str) -> JwtManager {
    let keys = Arc::new(KeyRing::verify_only(idp_key()));
    builder().issuer(Issuer::new(provider, keys).algorithms([Algorithm::HS256]).audience(audience)).build().unwrap()
}

/// Signs claims as the provider would, with the times filled in.
fn signed(typ: &str, mut claims: Value) -> String {
    let lifetime = claims["lifetime"].as_u64().unwrap_or(3600);
    claims.as_object_mut().unwrap().remove("lifetime");
    claims["iat"] = NOW.into();
    claims["exp"] = (NOW + lifetime).into();
    let header = json!({ "alg": "HS256", "kid": "idp", "typ": typ }).to_string();
    jose::sign_with_header(&idp_key(), &header, &claims.to_string()).unwrap()
}

fn accepted(jwt: &JwtManager, typ: &str, claims: Value) -> Token {
    jwt.decode_token(&signed(typ, claims)).unwrap()
}

fn refused(jwt: &JwtManager, claims: Value) {
    let error = complaint(jwt, &signed("JWT", claims));
    assert!(error.contains("access token") || error.contains("Audience"), "{error}");
}

#[test]
fn each_provider_has_the_algorithms_of_its_documentation() {
    use Algorithm::{PS256, RS256};
    let of = |provider: Provider| provider.algorithms().iter().collect::<Vec<_>>();
    assert_eq!(of(Provider::auth0("example.eu.auth0.com")), [RS256, PS256]);
    assert_eq!(of(Provider::entra("tenant")), [RS256]);
    assert_eq!(of(Provider::cognito("us-east-1", "pool")), [RS256]);
    assert_eq!(of(Provider::okta("example.okta.com", "default")), [RS256]);
    assert_eq!(of(Provider::google()), [RS256]);
    // The administrator of a realm chooses.
    assert_eq!(Provider::keycloak("https://sso.example", "main").algorithms(), Algorithms::ASYMMETRIC);
}

#[test]
fn auth0() {
    let jwt = jwt(Provider::auth0("example.eu.auth0.com"), "https://orders.example/api");
    let iss = "https://example.eu.auth0.com/";
    let claims = json!({
        "iss": iss, "sub": "auth0|5f7c8ec7c33c6c004bbafe82", "azp": "my_client_id", "lifetime": 86_400,
        "aud": ["https://orders.example/api", "https://example.eu.auth0.com/userinfo"],
        "scope": "openid profile read:orders", "permissions": ["write:orders"], "gty": "password"
    });
    let token = accepted(&jwt, "JWT", claims);
    assert_eq!(token.subject(), "auth0|5f7c8ec7c33c6c004bbafe82");
    assert_eq!(token.scopes(), ["openid", "profile", "read:orders", "write:orders"]);
    let rfc_9068 = json!({
        "iss": iss, "sub": "auth0|5f7c8ec7c33c6c004bbafe82", "client_id": "my_client_id", "jti": "73WakrfVbNJBaAmhQtEeDv",
        "aud": "https://orders.example/api", "scope": "read:orders"
    });
    assert_eq!(accepted(&jwt, "at+jwt", rfc_9068).jti(), Some("73WakrfVbNJBaAmhQtEeDv"));
    refused(&jwt, json!({ "iss": iss, "sub": "auth0|5f7", "aud": "my_client_id", "nonce": "n", "name": "Jane" }));
    refused(&jwt, json!({ "iss": iss, "sub": "auth0|5f7", "aud": "https://orders.example/api", "name": "Jane" }));
}

#[test]
fn entra() {
    let tenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
    let jwt = jwt(Provider::entra(tenant), "00001111-aaaa-2222-bbbb-3333cccc4444");
    let iss = format!("https://login.microsoftonline.com/{tenant}/v2.0");
    let user = json!({
        "aud": "00001111-aaaa-2222-bbbb-3333cccc4444", "iss": iss, "aio": "x", "azp": "the-client", "azpacr": "0",
        "name": "Abe", "oid": "ffffffff-eeee", "preferred_username": "abe@example.com", "scp": "Orders.Read Orders.Write",
        "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ", "tid": tenant, "uti": "fqiBqXLPj0", "ver": "2.0",
        "lifetime": 100_800
    });
    assert_eq!(accepted(&jwt, "JWT", user).scopes(), ["Orders.Read", "Orders.Write"]);
    let app = json!({
        "aud": "00001111-aaaa-2222-bbbb-3333cccc4444", "iss": iss, "azp": "the-client", "azpacr": "1", "idtyp": "app",
        "oid": "an-app", "roles": ["Orders.Read.All"], "sub": "an-app", "tid": tenant, "ver": "2.0"
    });
    assert_eq!(accepted(&jwt, "JWT", app).scopes(), ["Orders.Read.All"]);
    refused(
        &jwt,
        json!({
            "aud": "00001111-aaaa-2222-bbbb-3333cccc4444", "iss": iss, "name": "Abe", "roles": ["Orders.Read.All"],
            "sub": "HKZp", "tid": tenant, "ver": "2.0"
        }),
    );
}

#[test]
fn keycloak() {
    let jwt = jwt(Provider::keycloak("https://sso.example/", "main"), "orders");
    let iss = "https://sso.example/realms/main";
    let claims = |typ: &str| {
        json!({
            "jti": "onrtac:2d9f", "iss": iss, "aud": ["orders", "account"], "sub": "f:42:alice", "typ": typ, "azp": "web",
            "sid": "b4d9f8a2-9a0c-4a2e-8c9d-5f1f0a9c6d7e", "acr": "1", "realm_access": { "roles": ["auditor"] },
            "resource_access": { "account": { "roles": ["view-profile"] } }, "scope": "openid email", "lifetime": 300
        })
    };
    let token = accepted(&jwt, "JWT", claims("Bearer"));
    assert_eq!(token.scopes(), ["openid", "email", "auditor"]);
    assert_eq!(token.granted("resource_access.account.roles"), ["view-profile"]);
    assert_eq!((token.session(), token.acr().as_deref()), (None, Some("1")));
    for typ in ["ID", "Refresh", "Offline", "Logout"] {
        refused(&jwt, claims(typ));
    }
}

#[test]
fn cognito() {
    let jwt = jwt(Provider::cognito("us-east-1", "us-east-1_example"), "xxxxxxxxxxxxexample");
    let iss = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_example";
    let claims = json!({
        "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "device_key": "d", "cognito:groups": ["testgroup"], "iss": iss,
        "version": 2, "client_id": "xxxxxxxxxxxxexample", "origin_jti": "o", "event_id": "64f513be", "token_use": "access",
        "scope": "aws.cognito.signin.user.admin", "auth_time": NOW - 5, "jti": "aaaaaaaa-bbbb", "username": "my-user"
    });
    let token = accepted(&jwt, "JWT", claims);
    assert_eq!(token.scopes(), ["aws.cognito.signin.user.admin", "testgroup"]);
    assert_eq!(token.auth_time().unwrap().as_secs(), NOW - 5);
    refused(
        &jwt,
        json!({
            "sub": "aaaaaaaa", "iss": iss, "aud": "xxxxxxxxxxxxexample", "token_use": "id", "client_id": "xxxxxxxxxxxxexample",
            "email": "a@example.com"
        }),
    );
    refused(&jwt, json!({ "sub": "aaaaaaaa", "iss": iss, "client_id": "another app", "token_use": "access" }));
}

#[test]
fn okta() {
    let jwt = jwt(Provider::okta("example.okta.com", "default"), "api://default");
    let iss = "https://example.okta.com/oauth2/default";
    let claims = json!({
        "ver": 1, "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE", "iss": iss, "aud": "api://default",
        "sub": "user@example.com", "cid": "nmdP1fcyvdVO11AL7ECm", "uid": "00ujmkLgagxeRrAg20g3",
        "scp": ["openid", "orders"], "scope": "admin"
    });
    assert_eq!(accepted(&jwt, "JWT", claims).scopes(), ["openid", "orders"]);
    refused(
        &jwt,
        json!({ "ver": 1, "jti": "ID.4eAWJOCMB3SX8XewDfVR", "iss": iss, "aud": "api://default", "sub": "00u" }),
    );
}

#[test]
fn google() {
    let keys = || Arc::new(KeyRing::verify_only(idp_key()));
    let google = || {
        let issuer = Issuer::new(Provider::google(), keys()).algorithms([Algorithm::HS256]);
        issuer.audience("https://orders-abc.a.run.app")
    };
    let error = builder().issuer(google()).build().unwrap_err();
    assert!(error.to_string().contains("anybody can get a token of https://accounts.google.com"), "{error}");
    let jwt = builder().issuer(google().subjects(["108"])).build().unwrap();
    let claims = json!({
        "iss": "https://accounts.google.com", "aud": "https://orders-abc.a.run.app", "azp": "108", "sub": "108",
        "email": "caller@project.iam.gserviceaccount.com", "email_verified": true, "scope": "admin"
    });
    let token = accepted(&jwt, "JWT", claims);
    assert_eq!((token.subject(), token.scopes()), ("108", vec![]));
    let stranger = json!({
        "iss": "https://accounts.google.com", "aud": "https://orders-abc.a.run.app", "azp": "109", "sub": "109"
    });
    assert_eq!(complaint(&jwt, &signed("JWT", stranger)), "The token's subject is not admitted");
    refused(
        &jwt,
        json!({
            "iss": "https://accounts.google.com", "aud": "https://orders-abc.a.run.app", "azp": "web", "sub": "1",
            "at_hash": "h", "nonce": "n"
        }),
    );
}
