//! Random and damaged keys do not cause a panic, and damaged signatures do not verify.

use jwt_extended::jose::{Algorithm, Key, KeyRing, VerifyingKey, sign, verify};
use proptest::prelude::*;
use serde_json::Value;

use super::{
    ALL, PAYLOAD, der,
    keys::{
        ED25519, ED25519_PUBLIC, ML_DSA_44, ML_DSA_44_PUBLIC, P256, P256_CERTIFICATE, P256_PUBLIC, P256_SEC1,
        P521_PUBLIC, RSA_PKCS1, RSA_PUBLIC_PKCS1, RSA_SPKI, TOKEN_RS256,
    },
    only, pem, public, rfc, with_signature,
};

const TEXTS: [&str; 12] = [
    RSA_PKCS1,
    RSA_PUBLIC_PKCS1,
    RSA_SPKI,
    P256,
    P256_PUBLIC,
    P256_SEC1,
    P521_PUBLIC,
    ED25519,
    ED25519_PUBLIC,
    P256_CERTIFICATE,
    ML_DSA_44,
    ML_DSA_44_PUBLIC,
];

/// Reads the bytes as a key in every way. A key that results must sign and can be written out.
fn offer(algorithm: Algorithm, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let keys = [
        Key::from_pem(algorithm, bytes),
        Key::from_der(algorithm, bytes),
        Key::from_jwk(&text),
        Key::from_jwk_as(algorithm, &text),
    ];
    for key in keys.into_iter().flatten() {
        assert!(verify(&KeyRing::new(key.clone()), &sign(&key, PAYLOAD).unwrap()).is_ok());
        let _ = (key.to_pem(), key.verifying_key().to_jwk());
    }
    let keys = [
        VerifyingKey::from_pem(algorithm, bytes),
        VerifyingKey::from_der(algorithm, bytes),
        VerifyingKey::from_jwk(&text),
        VerifyingKey::from_jwk_as(algorithm, &text),
    ];
    for key in keys.into_iter().flatten() {
        let _ = (key.to_jwk(), verify(&only(key), TOKEN_RS256));
    }
    let _ = VerifyingKey::from_jwk_set(&text);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), algorithm in 0..Algorithm::ALL.len()) {
        offer(Algorithm::ALL[algorithm], &bytes);
        offer(Algorithm::ALL[algorithm], pem("PRIVATE KEY", &bytes).as_bytes());
    }

    #[test]
    fn damaged_keys_do_not_panic(
        text in 0..TEXTS.len(),
        algorithm in 0..Algorithm::ALL.len(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
        kind in 0..4_u8,
    ) {
        for mut bytes in [der(TEXTS[text]), TEXTS[text].as_bytes().to_vec()] {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => { bytes.remove(at); }
                _ => bytes.truncate(cut.index(bytes.len())),
            }
            offer(Algorithm::ALL[algorithm], &bytes);
        }
    }

    #[test]
    fn damaged_jwks_do_not_panic(
        key in 0..5_usize,
        algorithm in 0..Algorithm::ALL.len(),
        at in any::<prop::sample::Index>(),
        byte in "[ -~]",
        member in 0..9_usize,
        value in "[A-Za-z0-9_-]{0,90}",
    ) {
        let text = [rfc::A2_KEY, rfc::A3_KEY, rfc::A4_KEY, rfc::ED25519_KEY, rfc::PUBLIC_SET][key];
        let at = at.index(text.len());
        offer(Algorithm::ALL[algorithm], [&text[..at], &byte, &text[at + 1..]].concat().as_bytes());
        let mut jwk: Value = serde_json::from_str(text).unwrap();
        jwk[["n", "e", "d", "p", "q", "x", "y", "crv", "kty"][member]] = value.into();
        offer(Algorithm::ALL[algorithm], jwk.to_string().as_bytes());
    }

    #[test]
    fn no_changed_signature_verifies(which in 0..ALL.len(), at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
        let (algorithm, _, public_pem, token) = ALL[which];
        let changed = with_signature(token, |mut bytes| {
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            bytes
        });
        prop_assert!(verify(&public(algorithm, public_pem), &changed).is_err());
    }
}
