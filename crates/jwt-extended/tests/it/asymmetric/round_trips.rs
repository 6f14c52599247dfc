//! Keys that work, in every form, with our own tokens and with tokens from OpenSSL.

use jwt_extended::jose::{Algorithm, JwsError, Key, KeyError, KeyRing, VerifyingKey, sign, verify};

use super::{
    ALL, PAYLOAD, asymmetric, der,
    keys::{
        ED25519, ED25519_PUBLIC, ML_DSA_44, P256, P256_SEC1, P256_SEC1_COMPRESSED, P256_SEC1_NO_PUBLIC,
        P256_SEC1_PUBLIC, P384, P521, RSA_PKCS1, RSA_PKCS8, RSA_PUBLIC_PKCS1, SECP256K1,
    },
    only, public, published,
};

#[test]
fn a_generated_key_signs_only_for_its_public_half() {
    for algorithm in asymmetric() {
        let (key, other) = (Key::generate(algorithm).unwrap(), Key::generate(algorithm).unwrap());
        let token = sign(&key, PAYLOAD).unwrap();
        assert_eq!(verify(&only(key.verifying_key().clone()), &token).unwrap().payload(), PAYLOAD, "{algorithm}");
        assert_ne!(key.kid(), other.kid());
        let unrelated = only(other.verifying_key().clone().without_kid());
        assert_eq!(verify(&unrelated, &token).unwrap_err(), JwsError::Signature, "{algorithm}");
    }
}

#[test]
fn a_key_pair_survives_pem_der_and_jwk() {
    for (algorithm, private, public_pem, _) in ALL {
        let from_pem = Key::from_pem(algorithm, private).unwrap();
        let token = sign(&from_pem, PAYLOAD).unwrap();
        let jwk = published(from_pem.verifying_key());
        let halves = [
            VerifyingKey::from_pem(algorithm, public_pem).unwrap(),
            VerifyingKey::from_der(algorithm, der(public_pem)).unwrap(),
            VerifyingKey::from_jwk(&jwk.to_string()).unwrap(),
            Key::from_der(algorithm, der(private)).unwrap().verifying_key().clone(),
            Key::from_pem(algorithm, from_pem.to_pem().unwrap().as_str()).unwrap().verifying_key().clone(),
        ];
        for half in halves {
            assert_eq!(half.kid(), from_pem.kid(), "{algorithm}");
            assert_eq!(published(&half), jwk, "{algorithm}");
            assert!(verify(&only(half), &token).is_ok(), "{algorithm}");
        }
    }
}

#[test]
fn a_generated_key_can_be_stored_as_pem() {
    for algorithm in asymmetric() {
        let key = Key::generate(algorithm).unwrap();
        let text = key.to_pem().unwrap();
        assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n") && text.ends_with("\n-----END PRIVATE KEY-----\n"));
        assert!(text.lines().all(|line| line.len() <= 64), "{algorithm}");
        let again = Key::from_pem(algorithm, text.as_str()).unwrap();
        assert!(verify(&only(key.into()), &sign(&again, PAYLOAD).unwrap()).is_ok(), "{algorithm}");
    }
}

#[test]
fn a_key_from_openssl_is_written_back_unchanged() {
    for text in [RSA_PKCS8, P256, P384, P521, SECP256K1, ED25519, ML_DSA_44] {
        let (algorithm, ..) = ALL.into_iter().find(|(_, private, ..)| *private == text).unwrap();
        assert_eq!(Key::from_pem(algorithm, text).unwrap().to_pem().unwrap().as_str(), text);
    }
}

#[test]
fn tokens_of_openssl_are_accepted() {
    for (algorithm, _, public_pem, token) in ALL {
        let verified = verify(&public(algorithm, public_pem), token).unwrap();
        assert_eq!(verified.payload(), r#"{"by":"openssl"}"#, "{algorithm}");
    }
}

#[test]
fn older_forms_of_a_key_give_the_same_kid() {
    let kid = |key: Result<Key, KeyError>| key.unwrap().kid().unwrap().to_owned();
    let rsa = kid(Key::from_pem(Algorithm::RS256, RSA_PKCS8));
    assert_eq!(kid(Key::from_pem(Algorithm::RS256, RSA_PKCS1)), rsa);
    assert_eq!(kid(Key::from_der(Algorithm::PS512, der(RSA_PKCS1))), rsa);
    let half = VerifyingKey::from_pem(Algorithm::RS256, RSA_PUBLIC_PKCS1).unwrap();
    assert_eq!(half.kid(), Some(rsa.as_str()));
    assert_eq!(VerifyingKey::from_der(Algorithm::RS256, der(RSA_PUBLIC_PKCS1)).unwrap().kid(), Some(rsa.as_str()));
    let curve = kid(Key::from_pem(Algorithm::ES256, P256));
    assert_eq!(kid(Key::from_pem(Algorithm::ES256, P256_SEC1_NO_PUBLIC)), curve);
    assert_eq!(kid(Key::from_pem(Algorithm::ES256, P256_SEC1_COMPRESSED)), curve);
    let sec1 = kid(Key::from_pem(Algorithm::ES256, P256_SEC1));
    assert_eq!(VerifyingKey::from_pem(Algorithm::ES256, P256_SEC1_PUBLIC).unwrap().kid(), Some(sec1.as_str()));
}

#[test]
fn white_space_byte_order_marks_and_crlf_are_accepted() {
    let windows = RSA_PKCS8.replace('\n', "\r\n");
    let kid = Key::from_pem(Algorithm::RS256, RSA_PKCS8).unwrap().kid().unwrap().to_owned();
    for text in [format!("\n\t {RSA_PKCS8}\n \n"), format!("\u{feff}{windows}"), format!("\r\n\u{feff}{RSA_PKCS8}")] {
        assert_eq!(Key::from_pem(Algorithm::RS256, text).unwrap().kid(), Some(kid.as_str()));
    }
    assert!(Key::from_pem(Algorithm::ES256, P256_SEC1.replace('\n', "\r\n")).is_ok());
}

#[test]
fn an_ed25519_key_is_bound_to_one_name_of_its_algorithm() {
    let old = Key::from_pem(Algorithm::EdDSA, ED25519).unwrap();
    let new = Key::from_pem(Algorithm::Ed25519, ED25519).unwrap();
    assert_eq!(old.kid(), new.kid());
    assert_eq!(verify(&KeyRing::new(old.clone()), &sign(&new, PAYLOAD).unwrap()), Err(JwsError::AlgorithmNotAllowed));
    let both = KeyRing::new(new).also_verify(old.clone()).unwrap();
    assert!(verify(&both, &sign(&old, PAYLOAD).unwrap()).is_ok());
}

#[test]
fn the_public_half_in_a_version_2_key_must_match() {
    let plain = der(ED25519);
    let half = der(ED25519_PUBLIC).split_off(12);
    let with = |tail: &[u8], half: &[u8]| {
        let length = u8::try_from(plain.len() - 2 + tail.len() + half.len()).unwrap();
        [&[0x30, length, 2, 1, 1][..], &plain[5..], tail, half].concat()
    };
    let (rfc, ring) = (&[0x81, 0x21, 0][..], &[0xa1, 0x23, 3, 0x21, 0][..]);
    let kid = Key::from_pem(Algorithm::EdDSA, ED25519).unwrap().kid().unwrap().to_owned();
    for tail in [rfc, ring] {
        assert_eq!(Key::from_der(Algorithm::EdDSA, with(tail, &half)).unwrap().kid(), Some(kid.as_str()));
        let refused = Key::from_der(Algorithm::EdDSA, with(tail, &[7; 32])).unwrap_err();
        assert!(refused.to_string().contains("do not belong together"), "{refused}");
    }
    let mut version_1 = with(rfc, &half);
    version_1[4] = 0;
    assert!(Key::from_der(Algorithm::EdDSA, version_1).is_err());
}
