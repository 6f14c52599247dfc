//! JSON Web Keys: which members are read, refused and published.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jwt_extended::jose::{Algorithm, Family, Key, KeyError, KeyRing, VerifyingKey};
use serde_json::{Value, json};

use super::{ALL, published, rfc};

/// Returns the member that an error is about.
fn member_of(error: &KeyError) -> Option<&'static str> {
    match error {
        KeyError::JwkMember { member } | KeyError::JwkNumber { member, .. } => Some(*member),
        _ => None,
    }
}

#[test]
fn the_algorithm_comes_from_the_jwk_or_the_caller() {
    for (algorithm, _, public, _) in ALL.into_iter().filter(|(algorithm, ..)| algorithm.family() != Family::Lattice) {
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
fn a_private_jwk_with_mismatched_numbers_is_refused() {
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
            assert_eq!(member_of(&with(format!("{text}=").into())), Some(*member), "{algorithm}");
            assert_eq!(with(Value::Null), KeyError::JwkMember { member }, "{algorithm}");
            assert!(matches!(with(json!(7)), KeyError::JwkMember { .. }), "{algorithm} {member}");
        }
    }
}

#[test]
fn a_coordinate_must_have_its_full_length() {
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
                let error = Key::from_jwk_as(algorithm, &jwk.to_string()).unwrap_err();
                assert_eq!(member_of(&error), Some(member));
            }
        }
    }
}

#[test]
fn a_jwk_with_a_wrong_or_missing_curve_is_refused() {
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
fn a_public_jwk_cannot_sign() {
    for (algorithm, _, public, _) in ALL {
        let jwk = published(&VerifyingKey::from_pem(algorithm, public).unwrap()).to_string();
        let member = if algorithm.family() == Family::Lattice { "priv" } else { "d" };
        assert_eq!(Key::from_jwk(&jwk).unwrap_err(), KeyError::JwkMember { member }, "{algorithm}");
    }
}

/// Returns the JWK with one member written in another way.
fn rewritten(jwk: &Value, member: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>, padding: &str) -> String {
    let mut jwk = jwk.clone();
    let bytes = URL_SAFE_NO_PAD.decode(jwk[member].as_str().unwrap()).unwrap();
    jwk[member] = json!(URL_SAFE_NO_PAD.encode(change(bytes)) + padding);
    jwk.to_string()
}

#[test]
fn a_number_written_loosely_is_named_and_accepted_by_name() {
    let of = |algorithm| {
        let (_, _, pem, _) = ALL.into_iter().find(|(found, ..)| *found == algorithm).unwrap();
        VerifyingKey::from_pem(algorithm, pem).unwrap()
    };
    let (rsa, curve) = (of(Algorithm::RS256), of(Algorithm::ES256));
    let zero = |bytes: Vec<u8>| [vec![0], bytes].concat();
    let same = |bytes: Vec<u8>| bytes;
    for (key, member, text, why) in [
        (&rsa, "n", rewritten(&published(&rsa), "n", zero, ""), "begins with a zero byte"),
        (&rsa, "e", rewritten(&published(&rsa), "e", zero, ""), "begins with a zero byte"),
        (&rsa, "e", rewritten(&published(&rsa), "e", same, "=="), "has padding"),
        (&curve, "x", rewritten(&published(&curve), "x", same, "="), "has padding"),
    ] {
        let error = VerifyingKey::from_jwk(&text).unwrap_err();
        assert_eq!(error, KeyError::JwkNumber { member, why }, "{text}");
        let loose = VerifyingKey::from_loose_jwk(&text).unwrap();
        assert_eq!(published(&loose), published(key), "the numbers and the thumbprint are those of the key");
        let set = VerifyingKey::from_loose_jwk_set(&format!("{{\"keys\":[{text}]}}")).unwrap();
        assert_eq!((set.keys.len(), set.unusable.len()), (1, 0));
        assert_eq!(VerifyingKey::from_jwk_set(&format!("{{\"keys\":[{text}]}}")).unwrap().unusable, [error]);
    }
}

#[test]
fn a_short_coordinate_is_filled_up_only_by_name() {
    // A point on P-256 whose x begins with a zero byte: found by multiplying the base point.
    let short = r#"{"kty":"EC","crv":"P-256","alg":"ES256","x":"_r7fZ7fQ","y":"AA"}"#;
    let error = VerifyingKey::from_jwk(short).unwrap_err();
    assert!(error.to_string().contains("\"x\" is shorter than its curve needs"), "{error}");
    assert!(VerifyingKey::from_loose_jwk(short).is_err(), "filled up, it is no point of the curve");
}

#[test]
fn a_loose_jwk_is_strict_in_everything_else() {
    for text in
        [r#"{"kty":"RSA","kty":"RSA","alg":"RS256","n":"AA","e":"AQAB"}"#, r#"{"kty":"RSA","alg":"RS256"}"#, "[]", ""]
    {
        assert!(VerifyingKey::from_loose_jwk(text).is_err(), "{text}");
    }
}

#[test]
fn only_an_octet_key_holds_a_shared_secret() {
    let k = URL_SAFE_NO_PAD.encode([7; 32]);
    let read = |kty: &str| Key::from_jwk(&json!({ "kty": kty, "alg": "HS256", "k": k }).to_string());
    assert!(read("oct").is_ok());
    assert_eq!(read("RSA").unwrap_err(), KeyError::JwkMember { member: "kty" });
}

#[test]
fn a_coordinate_of_another_length_is_refused() {
    let y = "A".repeat(43);
    for (x, why) in [("", "JwkMember"), ("A".repeat(44).as_str(), "JwkMember"), ("AAAA", "JwkNumber")] {
        let jwk = format!(r#"{{"kty":"EC","crv":"P-256","alg":"ES256","x":"{x}","y":"{y}"}}"#);
        let error = format!("{:?}", VerifyingKey::from_jwk(&jwk).unwrap_err());
        assert!(error.starts_with(why), "{x}: {error}");
    }
}
