//! Key pairs through the public API: signing, checking, and the keys and signatures that are refused.
#![cfg(feature = "asymmetric")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "asymmetric/cache.rs"]
mod cache;
#[path = "asymmetric/damage.rs"]
mod damage;
#[path = "asymmetric/jwk.rs"]
mod jwk;
#[path = "asymmetric/keys.rs"]
pub(crate) mod keys;
#[path = "asymmetric/lattice.rs"]
mod lattice;
#[path = "asymmetric/lattice_keys.rs"]
mod lattice_keys;
#[path = "asymmetric/padding.rs"]
mod padding;
#[path = "asymmetric/published.rs"]
mod published_set;
#[path = "asymmetric/refused_keys.rs"]
mod refused_keys;
#[path = "asymmetric/refused_signatures.rs"]
mod refused_signatures;
#[path = "asymmetric/rfc.rs"]
mod rfc;
#[path = "asymmetric/rfc_7520.rs"]
mod rfc_7520;
#[path = "asymmetric/rfc_examples.rs"]
mod rfc_examples;
#[path = "asymmetric/round_trips.rs"]
mod round_trips;
#[path = "asymmetric/rsa_keys.rs"]
mod rsa_keys;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jwt_extended::jose::{Algorithm, Family, Key, KeyError, KeyRing, VerifyingKey};
use keys::{
    ED25519, ED25519_PUBLIC, ML_DSA_44, ML_DSA_44_PUBLIC, P256, P256_PUBLIC, P384, P384_PUBLIC, P521, P521_PUBLIC,
    RSA_PKCS8, RSA_SPKI, SECP256K1, SECP256K1_PUBLIC, TOKEN_EDDSA, TOKEN_ES256, TOKEN_ES256K, TOKEN_ES384, TOKEN_ES512,
    TOKEN_ML_DSA_44, TOKEN_PS256, TOKEN_PS384, TOKEN_PS512, TOKEN_RS256, TOKEN_RS384, TOKEN_RS512,
};
use serde_json::Value;

const PAYLOAD: &str = r#"{"sub":"alice"}"#;

/// Each algorithm with a private key in PEM, its public half, and a token that OpenSSL signed with the key.
const ALL: [(Algorithm, &str, &str, &str); 12] = [
    (Algorithm::RS256, RSA_PKCS8, RSA_SPKI, TOKEN_RS256),
    (Algorithm::RS384, RSA_PKCS8, RSA_SPKI, TOKEN_RS384),
    (Algorithm::RS512, RSA_PKCS8, RSA_SPKI, TOKEN_RS512),
    (Algorithm::PS256, RSA_PKCS8, RSA_SPKI, TOKEN_PS256),
    (Algorithm::PS384, RSA_PKCS8, RSA_SPKI, TOKEN_PS384),
    (Algorithm::PS512, RSA_PKCS8, RSA_SPKI, TOKEN_PS512),
    (Algorithm::ES256, P256, P256_PUBLIC, TOKEN_ES256),
    (Algorithm::ES384, P384, P384_PUBLIC, TOKEN_ES384),
    (Algorithm::ES512, P521, P521_PUBLIC, TOKEN_ES512),
    (Algorithm::ES256K, SECP256K1, SECP256K1_PUBLIC, TOKEN_ES256K),
    (Algorithm::EdDSA, ED25519, ED25519_PUBLIC, TOKEN_EDDSA),
    (Algorithm::MlDsa44, ML_DSA_44, ML_DSA_44_PUBLIC, TOKEN_ML_DSA_44),
];

fn asymmetric() -> impl Iterator<Item = Algorithm> {
    Algorithm::ALL.into_iter().filter(|algorithm| algorithm.family() != Family::Hmac)
}

fn der(pem: &str) -> Vec<u8> {
    let block = &pem[pem.rfind("-----BEGIN").unwrap()..];
    let body: String = block.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap()
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn only(key: VerifyingKey) -> KeyRing {
    KeyRing::verify_only(key)
}

fn public(algorithm: Algorithm, pem: &str) -> KeyRing {
    only(VerifyingKey::from_pem(algorithm, pem).unwrap().without_kid())
}

fn private_error(algorithm: Algorithm, pem: impl AsRef<[u8]>) -> KeyError {
    Key::from_pem(algorithm, pem).unwrap_err()
}

fn public_error(algorithm: Algorithm, pem: impl AsRef<[u8]>) -> KeyError {
    VerifyingKey::from_pem(algorithm, pem).unwrap_err()
}

fn published(key: &VerifyingKey) -> Value {
    serde_json::to_value(key.to_jwk().unwrap()).unwrap()
}

/// Returns the token with a changed signature.
fn with_signature(token: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = change(URL_SAFE_NO_PAD.decode(signature).unwrap());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn signature(token: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(token.rsplit_once('.').unwrap().1).unwrap()
}
