//! The examples printed in RFC 7515, RFC 7517, RFC 7638 and RFC 8037.

use jwt_extended::jose::{Algorithm, Key, KeyError, VerifyingKey, sign, sign_with_header, verify};
use serde_json::{Value, json};

use super::{PAYLOAD, only, published, rfc};

#[test]
fn rfc_7515_a_2_rs256() {
    let key = Key::from_jwk_as(Algorithm::RS256, rfc::A2_KEY).unwrap();
    let verified = verify(&only(key.verifying_key().clone()), rfc::A2_TOKEN).unwrap();
    assert_eq!(sign_with_header(&key, verified.header(), verified.payload()).unwrap(), rfc::A2_TOKEN);
}

#[test]
fn rfc_7515_a_3_and_a_4_es256_and_es512() {
    for (algorithm, key, token) in
        [(Algorithm::ES256, rfc::A3_KEY, rfc::A3_TOKEN), (Algorithm::ES512, rfc::A4_KEY, rfc::A4_TOKEN)]
    {
        let key = Key::from_jwk_as(algorithm, key).unwrap();
        let ring = only(key.verifying_key().clone());
        let verified = verify(&ring, token).unwrap();
        let again = sign_with_header(&key, verified.header(), verified.payload()).unwrap();
        assert!(again != token && verify(&ring, &again).is_ok(), "each signature is another");
    }
}

#[test]
fn rfc_8037_a_ed25519_and_its_thumbprint() {
    let key = Key::from_jwk_as(Algorithm::EdDSA, rfc::ED25519_KEY).unwrap();
    assert_eq!(key.kid(), Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
    let signed = sign_with_header(&key, r#"{"alg":"EdDSA"}"#, "Example of Ed25519 signing").unwrap();
    assert_eq!(signed, rfc::ED25519_TOKEN);
    assert!(verify(&only(key.into()), rfc::ED25519_TOKEN).is_ok());
}

#[test]
fn rfc_7517_a_1_a_set_of_public_keys() {
    let set = VerifyingKey::from_jwk_set(rfc::PUBLIC_SET).unwrap();
    assert_eq!(set.keys.len(), 1);
    assert_eq!((set.keys[0].kid(), set.keys[0].algorithm()), (Some("2011-04-29"), Algorithm::RS256));
    assert_eq!(set.unusable, [KeyError::JwkWithoutAlgorithm], "the key on P-256 does not say its algorithm");
    let parsed: Value = serde_json::from_str(rfc::PUBLIC_SET).unwrap();
    let for_encryption = parsed["keys"][0].to_string();
    assert_eq!(VerifyingKey::from_jwk_as(Algorithm::ES256, &for_encryption).unwrap_err(), KeyError::JwkUse);
    let thumbprint = VerifyingKey::from_jwk(&parsed["keys"][1].to_string()).unwrap();
    let unnamed = published(&thumbprint)["n"].clone();
    let unnamed = json!({"kty": "RSA", "alg": "RS256", "e": "AQAB", "n": unnamed}).to_string();
    let kid = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    assert_eq!(VerifyingKey::from_jwk(&unnamed).unwrap().kid(), Some(kid), "RFC 7638 section 3.1");
}

#[test]
fn rfc_7517_a_2_a_private_key_on_p_256() {
    let mut jwk: Value = serde_json::from_str(rfc::PRIVATE_P256).unwrap();
    assert_eq!(Key::from_jwk_as(Algorithm::ES256, &jwk.to_string()).unwrap_err(), KeyError::JwkUse);
    jwk["use"] = "sig".into();
    let key = Key::from_jwk_as(Algorithm::ES256, &jwk.to_string()).unwrap();
    assert_eq!(key.kid(), Some("1"));
    assert!(verify(&only(key.clone().into()), &sign(&key, PAYLOAD).unwrap()).is_ok());
}
