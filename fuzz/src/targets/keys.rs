//! Keys of strangers: a key that is accepted works, and is the same key after it was written and read again.

use jwt_extended::jose::{self, Algorithm, Key, KeyRing, VerifyingKey};
use serde_json::Value;

/// The algorithm that an app expects of a PEM. Each kind of key has one.
const ALGORITHMS: [Algorithm; 8] = [
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::ES512,
    Algorithm::Ed25519,
    Algorithm::MlDsa44,
    Algorithm::HS256,
];

pub(crate) fn jwk(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let strict = VerifyingKey::from_jwk(text);
    if let Ok(key) = &strict {
        published(key);
        assert!(VerifyingKey::from_loose_jwk(text).is_ok(), "the loose reader refuses what the strict one accepts");
        assert!(VerifyingKey::from_jwk_as(key.algorithm(), text).is_ok());
        // A key has one algorithm, whoever asks.
        let others = ALGORITHMS.into_iter().filter(|algorithm| *algorithm != key.algorithm());
        for other in others {
            assert!(VerifyingKey::from_jwk_as(other, text).is_err(), "{other} accepts a key of {}", key.algorithm());
        }
    }
    if let Ok(key) = Key::from_jwk(text) {
        works(&key);
        assert!(strict.is_ok_and(|public| public.algorithm() == key.algorithm() && public.kid() == key.kid()));
    }
}

pub(crate) fn jwk_set(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let strict = VerifyingKey::from_jwk_set(text);
    let loose = VerifyingKey::from_loose_jwk_set(text);
    let Ok(set) = strict else { return };
    let members = serde_json::from_str(text).ok().and_then(|set: Value| set["keys"].as_array().map(Vec::len));
    assert_eq!(Some(set.keys.len() + set.unusable.len()), members, "a key is missing");
    assert!(loose.is_ok_and(|loose| loose.keys.len() >= set.keys.len()));
    set.keys.iter().for_each(published);
}

/// The first byte chooses the algorithm.
pub(crate) fn pem(data: &[u8]) {
    let Some((choice, pem)) = data.split_first() else { return };
    let algorithm = ALGORITHMS[usize::from(*choice) % ALGORITHMS.len()];
    if let Ok(key) = Key::from_pem(algorithm, pem) {
        assert_ne!(algorithm, Algorithm::HS256);
        works(&key);
        let again = key.to_pem().map(|pem| Key::from_pem(algorithm, pem.as_bytes()));
        assert_eq!(again.and_then(Result::ok).as_ref().and_then(Key::kid), key.kid(), "another key");
    }
    if let Ok(key) = VerifyingKey::from_pem(algorithm, pem) {
        published(&key);
    }
    // What is no text may be DER.
    let _ = Key::from_der(algorithm, pem).map(|key| works(&key));
    let _ = VerifyingKey::from_der(algorithm, pem).map(|key| published(&key));
    // Nothing that looks like a key pair is a secret.
    let is_text = pem.trim_ascii_start().starts_with(b"-----BEGIN ");
    assert!(!is_text || Key::hmac_short_secret(Algorithm::HS256, pem).is_err(), "a PEM as a secret");
}

/// What it signs, its public half verifies.
fn works(key: &Key) {
    let token = jose::sign(key, "{}").unwrap_or_else(|error| panic!("{error}"));
    let ring = KeyRing::verify_only(key.verifying_key().clone());
    assert_eq!(jose::verify(&ring, &token).map(|verified| verified.payload() == "{}"), Ok(true));
    let mut changed = token.into_bytes();
    let middle = changed.iter().rposition(|byte| *byte == b'.').unwrap_or_default() + 9;
    changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
    assert!(jose::verify(&ring, &String::from_utf8_lossy(&changed)).is_err(), "a changed signature");
}

/// A public key is the same after it was published and read again.
fn published(key: &VerifyingKey) {
    let Some(jwk) = key.to_jwk() else { return };
    let text = serde_json::to_string(&jwk).unwrap_or_else(|error| panic!("{error}"));
    let again = VerifyingKey::from_jwk(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(again.to_jwk(), Some(jwk), "another key");
    assert_eq!((again.algorithm(), again.kid()), (key.algorithm(), key.kid()));
}
