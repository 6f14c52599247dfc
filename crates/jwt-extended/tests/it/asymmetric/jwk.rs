//! JWK: what may be in one, and what never is.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jwt_extended::jose::{Algorithm, Key, KeyError, KeyRing, VerifyingKey};
use serde_json::{Value, json};

use super::{ALL, published, rfc};

#[test]
fn a_jwk_names_its_algorithm_or_is_told() {
    for (algorithm, _, public, _) in ALL {
        let mut jwk = published(&VerifyingKey::from_pem(algorithm, public).unwrap());
        jwk.as_object_mut().unwrap().remove("alg");
        let jwk = jwk.to_string();
        assert_eq!(VerifyingKey::from_jwk(&jwk).unwrap_err(), KeyError::JwkWithoutAlgorithm);
        assert!(VerifyingKey::from_jwk_as(algorithm, &jwk).is_ok());
    }
    assert_eq!(Key::from_jwk(rfc::A2_KEY).unwrap_err(), KeyError::JwkWithoutAlgorithm);
}

#[test]
fn private_members_are_never_published() {
    for (algorithm, key) in [
        (Algorithm::RS256, rfc::A2_KEY),
        (Algorithm::ES256, rfc::A3_KEY),
        (Algorithm::ES512, rfc::A4_KEY),
        (Algorithm::EdDSA, rfc::ED25519_KEY),
    ] {
        let given: Value = serde_json::from_str(key).unwrap();
        let pair = Key::from_jwk_as(algorithm, key).unwrap();
        let checking = VerifyingKey::from_jwk_as(algorithm, key).unwrap();
        let ring = KeyRing::new(pair.clone());
        let shown =
            format!("{pair:?} {checking:?} {ring:?} {} {}", published(&checking), published(pair.verifying_key()));
        let shown = shown + &serde_json::to_string(&ring.to_jwk_set()).unwrap();
        for member in ["d", "p", "q", "dp", "dq", "qi"] {
            assert!(
                published(&checking).get(member).is_none() && published(pair.verifying_key()).get(member).is_none()
            );
            assert!(given.get(member).is_none_or(|value| !shown.contains(value.as_str().unwrap())), "{member}");
        }
        for member in ["n", "e", "x", "y", "crv", "kty"] {
            assert_eq!(published(&checking).get(member), given.get(member), "{algorithm} {member}");
        }
    }
}

#[test]
fn a_private_jwk_whose_numbers_do_not_belong_together_is_refused() {
    let change = |text: &str| {
        let mut bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        *bytes.last_mut().unwrap() ^= 2;
        URL_SAFE_NO_PAD.encode(bytes)
    };
    for (algorithm, key, members) in [
        (Algorithm::RS256, rfc::A2_KEY, &["n", "d", "p", "q", "dp", "dq", "qi"][..]),
        (Algorithm::ES256, rfc::A3_KEY, &["x", "y", "d"]),
        (Algorithm::ES512, rfc::A4_KEY, &["x", "y", "d"]),
        (Algorithm::EdDSA, rfc::ED25519_KEY, &["x", "d"]),
    ] {
        let good: Value = serde_json::from_str(key).unwrap();
        for member in members {
            let text = good[member].as_str().unwrap();
            let with = |value: Value| {
                let mut jwk = good.clone();
                jwk[member] = value;
                Key::from_jwk_as(algorithm, &jwk.to_string()).unwrap_err()
            };
            assert!(matches!(with(change(text).into()), KeyError::Malformed { .. }), "{algorithm} {member}");
            assert_eq!(with(format!("{text}=").into()), KeyError::JwkMember { member }, "{algorithm}");
            assert_eq!(with(Value::Null), KeyError::JwkMember { member }, "{algorithm}");
            assert!(matches!(with(json!(7)), KeyError::JwkMember { .. }), "{algorithm} {member}");
        }
    }
}

#[test]
fn a_coordinate_has_its_full_length() {
    for (algorithm, key) in
        [(Algorithm::ES256, rfc::A3_KEY), (Algorithm::ES512, rfc::A4_KEY), (Algorithm::EdDSA, rfc::ED25519_KEY)]
    {
        let good: Value = serde_json::from_str(key).unwrap();
        for member in ["x", "y", "d"] {
            let Some(text) = good.get(member).and_then(Value::as_str) else {
                continue;
            };
            let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
            for other in [[&[0][..], &bytes].concat(), [&bytes[..], &[0]].concat(), bytes[1..].to_vec(), vec![]] {
                let mut jwk = good.clone();
                jwk[member] = URL_SAFE_NO_PAD.encode(other).into();
                assert_eq!(Key::from_jwk_as(algorithm, &jwk.to_string()).unwrap_err(), KeyError::JwkMember { member });
            }
        }
    }
}

#[test]
fn a_jwk_of_another_curve_or_none_is_refused() {
    let jwk = |crv: Value| {
        let mut jwk: Value = serde_json::from_str(rfc::A3_KEY).unwrap();
        jwk["crv"] = crv;
        VerifyingKey::from_jwk_as(Algorithm::ES256, &jwk.to_string()).unwrap_err()
    };
    for crv in ["P-384", "secp256k1", "p-256", "prime256v1", ""] {
        assert!(matches!(jwk(crv.into()), KeyError::WrongKind { .. }), "{crv}");
    }
    assert_eq!(jwk(Value::Null), KeyError::JwkMember { member: "crv" });
    let x25519 = r#"{"kty":"OKP","crv":"X25519","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}"#;
    let refused = VerifyingKey::from_jwk_as(Algorithm::EdDSA, x25519).unwrap_err();
    assert!(matches!(refused, KeyError::WrongKind { .. }), "RFC 8037 A.6: {refused}");
    let secret =
        r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;
    assert!(matches!(VerifyingKey::from_jwk_as(Algorithm::RS256, secret).unwrap_err(), KeyError::WrongKind { .. }));
}

#[test]
fn a_public_jwk_does_not_sign() {
    for (algorithm, _, public, _) in ALL {
        let jwk = published(&VerifyingKey::from_pem(algorithm, public).unwrap()).to_string();
        assert_eq!(Key::from_jwk(&jwk).unwrap_err(), KeyError::JwkMember { member: "d" }, "{algorithm}");
    }
}
