//! ML-DSA (RFC 9964): the examples of the RFC, the forms of a key (RFC 9881), and the sizes of tokens.

use aws_lc_rs::{
    encoding::AsRawBytes as _,
    signature::{ML_DSA_44_SIGNING, ML_DSA_65_SIGNING, ML_DSA_87_SIGNING, PqdsaKeyPair, PqdsaSigningAlgorithm},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jwt_extended::{
    JwtManager,
    jose::{Algorithm, Algorithms, Key, KeyError, PublishedKeys, VerifyingKey, sign, verify},
};
use serde_json::{Value, json};

use super::{
    keys::{RFC_44, RFC_65, RFC_87},
    only, published, signature,
};

/// Each algorithm with the last byte of its OID, the `kid` and token of RFC 9964 appendix A, and a signature's size.
const RFC_9964: [(Algorithm, u8, &str, &str, usize); 3] = [
    (Algorithm::MlDsa44, 0x11, "T4xl70S7MT6Zeq6r9V9fPJGVn76wfnXJ21-gyo0Gu6o", RFC_44, 2420),
    (Algorithm::MlDsa65, 0x12, "Suiu29qbfuaBaR4Ats-c6XQBePB_OpAxAwcTR_0KXVM", RFC_65, 3309),
    (Algorithm::MlDsa87, 0x13, "tRn1JNIkgMsABVQBlXeDHxAIcclh-2IX0UdDEzPt5XU", RFC_87, 4627),
];

const SEED: [u8; 32] = [0; 32];

/// Writes one element of DER.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let header = match content.len() {
        0..=0x7f => vec![tag, length[1]],
        0x80..=0xff => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [&header[..], content].concat()
}

/// Writes PKCS#8 around a key of the algorithm with this OID.
fn pkcs8(oid: u8, key: &[u8]) -> Vec<u8> {
    let oid = element(6, &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, oid]);
    element(0x30, &[element(2, &[0]), element(0x30, &oid), element(4, key)].concat())
}

fn seed_of_the_rfc(algorithm: Algorithm, oid: u8) -> Key {
    Key::from_der(algorithm, pkcs8(oid, &element(0x80, &SEED))).unwrap()
}

/// Returns the JWK of a key pair with this seed.
fn private_jwk(key: &Key, seed: &[u8]) -> Value {
    let mut jwk = published(key.verifying_key());
    jwk["priv"] = URL_SAFE_NO_PAD.encode(seed).into();
    jwk
}

#[test]
fn rfc_9964_a_keys_thumbprints_and_tokens() {
    for (algorithm, oid, kid, token, _) in RFC_9964 {
        let key = seed_of_the_rfc(algorithm, oid);
        assert_eq!(key.kid(), Some(kid), "{algorithm}");
        let verified = verify(&only(key.clone().into()), token).unwrap();
        assert_eq!(verified.payload(), "It’s a dangerous business, Frodo, going out your door.");
        assert_eq!(verified.header(), format!(r#"{{"alg":"{algorithm}","kid":"{kid}"}}"#));
        let jwk = private_jwk(&key, &SEED);
        assert_eq!((&jwk["kty"], &jwk["alg"]), (&json!("AKP"), &json!(algorithm.name())));
        let from_jwk = Key::from_jwk(&jwk.to_string()).unwrap();
        assert!(verify(&only(key.into()), &sign(&from_jwk, "{}").unwrap()).is_ok());
        assert_eq!(published(&VerifyingKey::from_jwk(&jwk.to_string()).unwrap()).get("priv"), None);
    }
}

#[test]
fn an_ml_dsa_jwk_must_name_its_algorithm() {
    for (algorithm, oid, ..) in RFC_9964 {
        let mut jwk = private_jwk(&seed_of_the_rfc(algorithm, oid), &SEED);
        jwk.as_object_mut().unwrap().remove("alg");
        let missing = KeyError::JwkMember { member: "alg" };
        assert_eq!(Key::from_jwk_as(algorithm, &jwk.to_string()).unwrap_err(), missing);
        assert_eq!(VerifyingKey::from_jwk_as(algorithm, &jwk.to_string()).unwrap_err(), missing);
    }
}

#[test]
fn an_ml_dsa_jwk_must_have_its_own_seed_and_public_half() {
    let key = seed_of_the_rfc(Algorithm::MlDsa44, 0x11);
    let refusal = |jwk: &Value| Key::from_jwk(&jwk.to_string()).unwrap_err();
    assert!(matches!(refusal(&private_jwk(&key, &[1; 32])), KeyError::Malformed { .. }));
    for length in [0, 31, 33, 2560] {
        assert_eq!(refusal(&private_jwk(&key, &vec![0; length])), KeyError::JwkMember { member: "priv" });
    }
    let good = private_jwk(&key, &SEED);
    for (member, value) in [("pub", Value::Null), ("pub", json!("A")), ("priv", Value::Null), ("priv", json!("=A"))] {
        let mut jwk = good.clone();
        jwk[member] = value;
        assert_eq!(refusal(&jwk), KeyError::JwkMember { member });
    }
    let mut short = good.clone();
    short["pub"] = json!("AAAA");
    assert!(refusal(&short).to_string().contains("ML-DSA-44"));
}

#[test]
fn a_published_ml_dsa_key_checks_tokens_and_needs_its_alg() {
    let key = seed_of_the_rfc(Algorithm::MlDsa65, 0x12);
    let mut jwk = published(key.verifying_key());
    let read = |jwk: &Value| PublishedKeys::parse(&json!({ "keys": [jwk] }).to_string(), Algorithms::ALL).unwrap();
    assert!(verify(&read(&jwk).ring, RFC_65).is_ok());
    jwk.as_object_mut().unwrap().remove("alg");
    assert_eq!(read(&jwk).skipped[0].why, KeyError::NoAcceptedAlgorithm);
}

#[test]
fn a_padded_public_half_is_loose() {
    let key = seed_of_the_rfc(Algorithm::MlDsa44, 0x11);
    let mut jwk = published(key.verifying_key());
    jwk.as_object_mut().unwrap().remove("kid");
    jwk["pub"] = format!("{}==", jwk["pub"].as_str().unwrap()).into();
    assert!(matches!(VerifyingKey::from_jwk(&jwk.to_string()).unwrap_err(), KeyError::JwkNumber { member: "pub", .. }));
    assert_eq!(VerifyingKey::from_loose_jwk(&jwk.to_string()).unwrap().kid(), key.kid());
}

#[test]
fn pkcs8_may_hold_the_seed_the_expanded_key_or_both() {
    let signings: [&'static PqdsaSigningAlgorithm; 3] = [&ML_DSA_44_SIGNING, &ML_DSA_65_SIGNING, &ML_DSA_87_SIGNING];
    for ((algorithm, oid, kid, ..), signing) in RFC_9964.into_iter().zip(signings) {
        let expand = |seed: &[u8]| {
            let raw = PqdsaKeyPair::from_seed(signing, seed).unwrap().private_key().as_raw_bytes().unwrap();
            element(4, raw.as_ref())
        };
        let both = |other: &[u8]| element(0x30, &[element(4, &SEED), expand(other)].concat());
        for form in [element(0x80, &SEED), expand(&SEED), both(&SEED)] {
            assert_eq!(Key::from_der(algorithm, pkcs8(oid, &form)).unwrap().kid(), Some(kid), "{algorithm}");
        }
        assert!(Key::from_der(algorithm, pkcs8(oid, &both(&[1; 32]))).is_err(), "they must belong together");
        let seed = element(0x80, &SEED);
        for bad in [&[&seed[..], &[0]].concat()[..], &element(0x80, &[0; 31]), &element(4, &SEED), &SEED, &[]] {
            assert!(Key::from_der(algorithm, pkcs8(oid, bad)).is_err(), "{algorithm}: {bad:x?}");
        }
        // Nobody can compute the seed of an expanded key, and only seeds are written.
        assert_eq!(Key::from_der(algorithm, pkcs8(oid, &expand(&SEED))).unwrap().to_pem(), None);
    }
}

#[test]
fn parameters_beside_the_oid_of_ml_dsa_are_refused() {
    let oid = element(6, &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11]);
    let kind = element(0x30, &[oid, element(5, &[])].concat());
    let key = element(0x30, &[element(2, &[0]), kind, element(4, &element(0x80, &SEED))].concat());
    assert!(Key::from_der(Algorithm::MlDsa44, key).is_err());
}

#[test]
fn an_ml_dsa_token_fits_a_request_and_the_smallest_a_cookie() {
    for (algorithm, oid, _, _, size) in RFC_9964 {
        let jwt = JwtManager::builder().key(seed_of_the_rfc(algorithm, oid)).build().unwrap();
        let token = jwt.create_access_token("alice@example.com").unwrap();
        assert_eq!(signature(&token).len(), size, "{algorithm}");
        assert_eq!(token.len() < 4000, algorithm == Algorithm::MlDsa44, "{algorithm}: {}", token.len());
        assert!(jwt.decode_token(&token).is_ok());
    }
}
