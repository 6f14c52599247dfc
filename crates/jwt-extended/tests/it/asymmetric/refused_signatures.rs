//! Signatures that must be refused.

use jwt_extended::jose::{Algorithm, JwsError, Key, sign, sign_with_header, verify};
use serde_json::Value;

use super::{
    ALL, PAYLOAD,
    keys::{
        P256, RSA_PKCS8, RSA_SPKI, TOKEN_ES256_DER, TOKEN_ES256K_DER, TOKEN_ES384_DER, TOKEN_ES512_DER, TOKEN_PS256,
        TOKEN_PS256_LONG_SALT, TOKEN_PS256_NO_SALT, TOKEN_PS256_SALT_20, TOKEN_PS384, TOKEN_PS512, TOKEN_RS256,
        TOKEN_RS384, TOKEN_RS512,
    },
    only, private_error, public, rfc, signature, with_signature,
};

#[test]
fn a_short_long_zero_or_changed_signature_is_refused() {
    for (algorithm, _, public_pem, token) in ALL {
        let ring = public(algorithm, public_pem);
        let changes: [fn(Vec<u8>) -> Vec<u8>; 10] = [
            |_| vec![],
            |_| vec![0],
            |s| s[..s.len() - 1].to_vec(),
            |s| s[1..].to_vec(),
            |s| s[..s.len() / 2].to_vec(),
            |s| [&s[..], &[0]].concat(),
            |s| [&[0][..], &s].concat(),
            |s| vec![0; s.len()],
            |s| vec![0xff; s.len()],
            |mut s| {
                s[7] ^= 1;
                s
            },
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let refused = verify(&ring, &with_signature(token, change)).unwrap_err();
            assert_eq!(refused, JwsError::Signature, "{algorithm}, change {number}");
        }
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let other = format!("{}.eyJieSI6Im1hbGxvcnkifQ.{signature}", signed.split_once('.').unwrap().0);
        assert_eq!(verify(&ring, &other).unwrap_err(), JwsError::Signature, "{algorithm}");
    }
}

#[test]
fn an_ecdsa_signature_in_der_is_refused() {
    for (algorithm, length, in_der) in [
        (Algorithm::ES256, 64, TOKEN_ES256_DER),
        (Algorithm::ES384, 96, TOKEN_ES384_DER),
        (Algorithm::ES512, 132, TOKEN_ES512_DER),
        (Algorithm::ES256K, 64, TOKEN_ES256K_DER),
    ] {
        let (_, private, public_pem, token) = ALL.into_iter().find(|(own, ..)| *own == algorithm).unwrap();
        let ring = public(algorithm, public_pem);
        assert_eq!(verify(&ring, in_der).unwrap_err(), JwsError::Signature, "{algorithm} in DER");
        let half = length / 2;
        for (r, s) in [(0, 0), (0, half), (half, 0)] {
            let zeroed = with_signature(token, |mut bytes| {
                bytes[r..r + half].fill(0);
                bytes[s..s + half].fill(0);
                bytes
            });
            assert_eq!(verify(&ring, &zeroed).unwrap_err(), JwsError::Signature, "{algorithm}");
        }
        let key = Key::from_pem(algorithm, private).unwrap();
        for _ in 0..40 {
            assert_eq!(signature(&sign(&key, PAYLOAD).unwrap()).len(), length, "leading zeros are kept");
        }
    }
}

#[test]
fn an_rsa_signature_is_bound_to_its_algorithm() {
    let tokens = [TOKEN_RS256, TOKEN_RS384, TOKEN_RS512, TOKEN_PS256, TOKEN_PS384, TOKEN_PS512];
    let algorithms =
        [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];
    let key = |algorithm| Key::from_pem(algorithm, RSA_PKCS8).unwrap().without_kid();
    for (own, token) in algorithms.into_iter().zip(tokens) {
        for other in algorithms.into_iter().filter(|other| *other != own) {
            let ring = only(key(other).into());
            assert_eq!(verify(&ring, token).unwrap_err(), JwsError::AlgorithmNotAllowed);
            // The header claims `other`, but `own` made the signature.
            let header = format!(r#"{{"alg":"{other}"}}"#);
            let forged = sign_with_header(&key(own), &header, PAYLOAD).unwrap();
            assert_eq!(verify(&ring, &forged).unwrap_err(), JwsError::Signature, "{own} as {other}");
        }
    }
}

#[test]
fn a_pss_salt_must_be_as_long_as_the_hash() {
    let ring = public(Algorithm::PS256, RSA_SPKI);
    for token in [TOKEN_PS256_NO_SALT, TOKEN_PS256_SALT_20, TOKEN_PS256_LONG_SALT] {
        assert_eq!(verify(&ring, token).unwrap_err(), JwsError::Signature);
    }
}

#[test]
fn a_public_key_cannot_be_used_as_an_hmac_secret() {
    // The attack of CVE-2016-10555. `hmac_short_secret` must refuse PEM as well.
    assert!(Key::hmac_short_secret(Algorithm::HS256, RSA_SPKI).is_err());
    let forged = sign_with_header(
        &Key::hs256("an attacker's own secret of at least thirty-two bytes").unwrap(),
        r#"{"alg":"HS256"}"#,
        PAYLOAD,
    );
    let refused = verify(&public(Algorithm::RS256, RSA_SPKI), &forged.unwrap()).unwrap_err();
    assert_eq!(refused, JwsError::AlgorithmNotAllowed);
}

#[test]
fn no_error_shows_any_part_of_a_key() {
    let mut jwk: Value = serde_json::from_str(rfc::A2_KEY).unwrap();
    jwk["dp"] = jwk["dq"].clone();
    let errors = [
        private_error(Algorithm::ES256, RSA_PKCS8),
        private_error(Algorithm::ES384, P256),
        private_error(Algorithm::RS256, RSA_PKCS8.replace("MIIE", "MIIF")),
        Key::from_jwk_as(Algorithm::RS256, &jwk.to_string()).unwrap_err(),
    ];
    for error in errors {
        let shown = format!("{error} {error:?}");
        for secret in [RSA_PKCS8, P256] {
            assert!(secret.lines().skip(1).all(|line| line.starts_with('-') || !shown.contains(line)), "{shown}");
        }
        assert!(
            jwk.as_object()
                .unwrap()
                .values()
                .all(|value| !shown.contains(value.as_str().unwrap()) || value == "RSA" || value == "AQAB"),
            "{shown}"
        );
    }
}
