//! Keys that must be refused, with an error that says what to do.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jwt_extended::jose::{Algorithm, Family, Key, KeyError, VerifyingKey};
use serde_json::json;

use super::{
    ALL, asymmetric, der,
    keys::{
        ED448_PUBLIC, ED25519, ED25519_PUBLIC, ML_DSA_44, ML_DSA_44_PUBLIC, P224, P224_PUBLIC, P256, P256_CERTIFICATE,
        P256_ENCRYPTED, P256_ENCRYPTED_SEC1, P256_EXPLICIT, P256_EXPLICIT_PUBLIC, P256_EXPLICIT_SEC1, P256_PUBLIC,
        P256_PUBLIC_COMPRESSED, P256_SEC1, P256_SEC1_PUBLIC, P384, P384_PUBLIC, P521, P521_PUBLIC, RSA_1024,
        RSA_1024_PUBLIC, RSA_2047, RSA_2047_PUBLIC, RSA_PKCS1, RSA_PKCS8, RSA_PSS_OID, RSA_PSS_OID_PUBLIC,
        RSA_PUBLIC_PKCS1, RSA_ROCA, RSA_ROCA_JWK, RSA_ROCA_PUBLIC, RSA_SPKI, SECP256K1, SECP256K1_PUBLIC, X25519,
        X25519_PUBLIC,
    },
    pem, private_error, public_error, published,
};

#[test]
fn rsa_below_2048_bits_is_refused_in_every_form() {
    for algorithm in asymmetric().filter(|algorithm| algorithm.family() == Family::Rsa) {
        assert_eq!(private_error(algorithm, RSA_1024), KeyError::RsaTooSmall { bits: 1024 });
        assert_eq!(public_error(algorithm, RSA_1024_PUBLIC), KeyError::RsaTooSmall { bits: 1024 });
        assert_eq!(private_error(algorithm, RSA_2047), KeyError::RsaTooSmall { bits: 2047 });
        assert_eq!(public_error(algorithm, RSA_2047_PUBLIC), KeyError::RsaTooSmall { bits: 2047 });
    }
    let jwk = |n: &str, e: &str| json!({"kty": "RSA", "alg": "RS256", "n": n, "e": e}).to_string();
    let number = |length| URL_SAFE_NO_PAD.encode(vec![0x81; length]);
    let error = |jwk: String| VerifyingKey::from_jwk(&jwk).unwrap_err();
    assert_eq!(error(jwk(&number(128), "AQAB")), KeyError::RsaTooSmall { bits: 1024 });
    assert!(matches!(error(jwk(&number(1025), "AQAB")), KeyError::Malformed { .. }), "and above 8192 too");
    for e in ["AQ", "Ag", "AQAA"] {
        assert!(matches!(error(jwk(&number(256), e)), KeyError::Malformed { .. }), "an exponent of 1, or an even one");
    }
    let zero = |member| KeyError::JwkNumber { member, why: "begins with a zero byte" };
    assert_eq!(error(jwk(&number(256), "AAEAAQ")), zero("e"));
    assert_eq!(error(jwk(&format!("AAAA{}", number(256)), "AQAB")), zero("n"));
    assert_eq!(error(jwk("", "AQAB")), KeyError::JwkMember { member: "n" });
}

#[test]
fn keys_of_the_flawed_generator_are_refused_in_every_form() {
    for algorithm in asymmetric().filter(|algorithm| algorithm.family() == Family::Rsa) {
        assert_eq!(private_error(algorithm, RSA_ROCA), KeyError::RsaRoca);
        assert_eq!(public_error(algorithm, RSA_ROCA_PUBLIC), KeyError::RsaRoca);
        assert_eq!(Key::from_der(algorithm, der(RSA_ROCA)).unwrap_err(), KeyError::RsaRoca);
        assert_eq!(VerifyingKey::from_der(algorithm, der(RSA_ROCA_PUBLIC)).unwrap_err(), KeyError::RsaRoca);
    }
    assert_eq!(Key::from_jwk(RSA_ROCA_JWK).unwrap_err(), KeyError::RsaRoca);
    assert_eq!(VerifyingKey::from_jwk(RSA_ROCA_JWK).unwrap_err(), KeyError::RsaRoca);
    assert!(KeyError::RsaRoca.to_string().contains("openssl genpkey"));
}

#[test]
fn other_rsa_keys_are_not_taken_for_those_of_the_flaw() {
    for _ in 0..20 {
        Key::generate(Algorithm::RS256).unwrap();
    }
}

#[test]
fn a_wrong_kind_or_curve_is_refused_naming_the_right_one() {
    let needs = |algorithm: Algorithm| match algorithm {
        Algorithm::ES256 => "P-256",
        Algorithm::ES384 => "P-384",
        Algorithm::ES512 | Algorithm::ES521 => "P-521",
        Algorithm::ES256K => "secp256k1",
        Algorithm::EdDSA | Algorithm::Ed25519 => "Ed25519",
        Algorithm::MlDsa44 => "ML-DSA-44",
        Algorithm::MlDsa65 => "ML-DSA-65",
        Algorithm::MlDsa87 => "ML-DSA-87",
        _ => "RSA",
    };
    let pairs = [
        ("RSA", RSA_PKCS8, RSA_SPKI),
        ("RSA", RSA_PKCS1, RSA_PUBLIC_PKCS1),
        ("P-224", P224, P224_PUBLIC),
        ("P-256", P256, P256_PUBLIC),
        ("P-256", P256_SEC1, P256_SEC1_PUBLIC),
        ("P-384", P384, P384_PUBLIC),
        ("P-521", P521, P521_PUBLIC),
        ("secp256k1", SECP256K1, SECP256K1_PUBLIC),
        ("Ed25519", ED25519, ED25519_PUBLIC),
        ("ML-DSA-44", ML_DSA_44, ML_DSA_44_PUBLIC),
        ("X25519", X25519, X25519_PUBLIC),
    ];
    for algorithm in asymmetric() {
        let needed = needs(algorithm);
        for (kind, private, public) in pairs.iter().filter(|(kind, ..)| *kind != needed) {
            for error in [private_error(algorithm, private), public_error(algorithm, public)] {
                assert!(matches!(error, KeyError::WrongKind { .. }), "{algorithm} with {kind}: {error}");
                assert!(error.to_string().contains(needed), "{algorithm} with {kind}: {error}");
            }
            if let Some((other, ..)) = ALL.iter().find(|(other, ..)| needs(*other) == *kind) {
                let mut jwk = published(Key::from_pem(*other, private).unwrap().verifying_key());
                jwk["alg"] = algorithm.name().into();
                let error = VerifyingKey::from_jwk(&jwk.to_string()).unwrap_err();
                assert!(matches!(error, KeyError::WrongKind { .. }), "{algorithm} with {kind}: {error}");
            }
        }
    }
    assert!(matches!(public_error(Algorithm::EdDSA, ED448_PUBLIC), KeyError::WrongKind { .. }));
}

#[test]
fn the_error_for_the_wrong_half_says_what_to_do() {
    for (algorithm, private, public, _) in ALL {
        for error in [public_error(algorithm, private), VerifyingKey::from_der(algorithm, der(private)).unwrap_err()] {
            assert!(matches!(error, KeyError::WrongKind { .. }) && error.to_string().contains("-pubout"), "{error}");
        }
        for error in [private_error(algorithm, public), Key::from_der(algorithm, der(public)).unwrap_err()] {
            assert!(
                matches!(error, KeyError::WrongKind { .. }) && error.to_string().contains("VerifyingKey"),
                "{error}"
            );
        }
    }
    assert!(matches!(public_error(Algorithm::RS256, RSA_PKCS1), KeyError::WrongKind { .. }));
    assert!(matches!(public_error(Algorithm::ES256, P256_SEC1), KeyError::WrongKind { .. }));
    assert!(matches!(private_error(Algorithm::RS256, RSA_PUBLIC_PKCS1), KeyError::WrongKind { .. }));
}

#[test]
fn hmac_refuses_key_pairs_in_every_form() {
    for (_, private, public, _) in ALL {
        for text in [private, public, &format!(" \n\u{feff}{public}")] {
            assert_eq!(Key::hs256(text).unwrap_err(), KeyError::SecretIsAsymmetricKey);
            assert!(matches!(private_error(Algorithm::HS256, text), KeyError::WrongKind { .. }));
            assert!(matches!(public_error(Algorithm::HS512, text), KeyError::WrongKind { .. }));
        }
        for bytes in [der(private), der(public)] {
            assert_eq!(Key::hs256(&bytes).unwrap_err(), KeyError::SecretIsAsymmetricKey);
            assert!(matches!(Key::from_der(Algorithm::HS256, &bytes).unwrap_err(), KeyError::WrongKind { .. }));
        }
    }
    let jwk = published(&VerifyingKey::from_pem(Algorithm::ES512, P521_PUBLIC).unwrap()).to_string();
    assert_eq!(Key::hs512(jwk).unwrap_err(), KeyError::SecretIsAsymmetricKey);
}

#[test]
fn errors_for_unsupported_blocks_say_what_to_do() {
    let cases = [
        (P256_ENCRYPTED, "decrypt"),
        (P256_ENCRYPTED_SEC1, "encrypted"),
        (P256_CERTIFICATE, "openssl x509"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----", "ssh-keygen"),
        (P256_EXPLICIT, "named_curve"),
    ];
    for (text, advice) in cases {
        let error = private_error(Algorithm::ES256, text);
        assert!(matches!(error, KeyError::Malformed { .. }) && error.to_string().contains(advice), "{error}");
    }
    for (text, advice) in [
        (P256_CERTIFICATE, "openssl x509"),
        (P256_PUBLIC_COMPRESSED, "-conv_form uncompressed"),
        (P256_EXPLICIT_PUBLIC, "named_curve"),
    ] {
        let error = public_error(Algorithm::ES256, text);
        assert!(matches!(error, KeyError::Malformed { .. }) && error.to_string().contains(advice), "{error}");
    }
    for error in [private_error(Algorithm::PS256, RSA_PSS_OID), public_error(Algorithm::PS256, RSA_PSS_OID_PUBLIC)] {
        assert!(error.to_string().contains("id-RSASSA-PSS"), "{error}");
    }
    assert!(Key::from_pem(Algorithm::ES256, P256_EXPLICIT_SEC1).is_err());
    for bytes in [der(P256_ENCRYPTED), der(P256_CERTIFICATE)] {
        assert!(matches!(Key::from_der(Algorithm::ES256, bytes).unwrap_err(), KeyError::Malformed { .. }));
    }
}

#[test]
fn pem_must_be_one_block_with_nothing_around_it() {
    let not_pem =
        ["", "\u{feff}", "MIIB", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----"];
    for text in not_pem {
        assert_eq!(private_error(Algorithm::ES256, text), KeyError::NotPem, "{text}");
    }
    assert_eq!(private_error(Algorithm::ES256, [0xff, 0xfe, b'-', 0]), KeyError::NotPem);
    let bad = [
        format!("{P256}{P384}"),
        format!("Bag Attributes\n{P256}"),
        format!("A comment\n{P256}"),
        format!("{P256}and more"),
        P256.replace("-----END PRIVATE KEY-----", ""),
        P256.replace("END PRIVATE", "END PUBLIC"),
        P256.replacen('\n', "\\n", 2),
        P256.replacen("MIG", "MIG=", 1),
        P256.replace("-----BEGIN PRIVATE KEY-----\n", "-----BEGIN PRIVATE KEY-----\nComment: mine\n\n"),
        pem("EC PRIVATE KEY", &der(P256)),
        pem("RSA PRIVATE KEY", &der(P256)),
        pem("PUBLIC KEY", &der(P256)),
        pem("PRIVATE KEY", &der(P256_PUBLIC)),
        pem("PRIVATE KEY", &[]),
        pem("EC PARAMETERS", &der(P256)),
        "-----BEGIN PRIVATE KEY-----".to_owned(),
    ];
    assert!(private_error(Algorithm::ES256, &bad[0]).to_string().contains("more than one block"));
    for text in bad {
        let error = private_error(Algorithm::ES256, &text);
        assert!(matches!(error, KeyError::Malformed { .. } | KeyError::NotPem), "{text}: {error}");
    }
}

#[test]
fn der_has_one_spelling() {
    for (algorithm, private, public, _) in ALL {
        for text in [private, public] {
            let good = der(text);
            let refused = |bytes: Vec<u8>| {
                Key::from_der(algorithm, &bytes).is_err() && VerifyingKey::from_der(algorithm, &bytes).is_err()
            };
            assert!(refused([&good[..], &[0]].concat()), "trailing data");
            assert!(refused(good[..good.len() - 1].to_vec()), "truncated");
            assert!(refused(vec![]));
        }
    }
    let no_key = VerifyingKey::from_der(Algorithm::ES256, [0x30, 4, 4, 0, 4, 0]).unwrap_err();
    assert!(no_key.to_string().contains("it is not DER in the form of SPKI"), "{no_key}");
    let good = der(P256_PUBLIC);
    let long_length = [&[0x30, 0x81, good[1]][..], &good[2..]].concat();
    assert!(VerifyingKey::from_der(Algorithm::ES256, long_length).is_err());
    let mut inside = [&der(ED25519)[..], &[0]].concat();
    inside[1] += 1;
    inside[13] += 1;
    assert_eq!(inside[12], 4, "the OCTET STRING around the seed");
    assert!(Key::from_der(Algorithm::EdDSA, inside).is_err(), "trailing data after the seed");
    let indefinite = [&[0x30, 0x80][..], &good[2..], &[0, 0]].concat();
    assert!(VerifyingKey::from_der(Algorithm::ES256, indefinite).is_err());
}

#[test]
fn a_point_off_the_curve_is_refused() {
    let mut off = der(P256_PUBLIC);
    *off.last_mut().unwrap() ^= 1;
    assert!(VerifyingKey::from_der(Algorithm::ES256, &off).unwrap_err().to_string().contains("on the curve"));
    let zeros = [&der(P256_PUBLIC)[..27], &[0; 64]].concat();
    assert!(VerifyingKey::from_der(Algorithm::ES256, zeros).is_err());
    let mut hybrid = der(P256_PUBLIC);
    hybrid[26] = 6 | (hybrid[90] & 1);
    assert!(VerifyingKey::from_der(Algorithm::ES256, hybrid).unwrap_err().to_string().contains("uncompressed"));
}

#[test]
fn a_private_key_with_a_foreign_public_half_is_refused() {
    let (key, foreign) = (der(P256), der(P256_SEC1_PUBLIC));
    let swapped = [&key[..key.len() - 64], &foreign[foreign.len() - 64..]].concat();
    assert!(matches!(Key::from_der(Algorithm::ES256, swapped).unwrap_err(), KeyError::Malformed { .. }));
}

#[test]
fn ed25519_keys_of_small_order_are_refused() {
    let end = |low: u8, middle: u8, high: u8| [&[low][..], &[middle; 30], &[high]].concat();
    let order_8 = ["JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU", "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o"];
    let mut points: Vec<Vec<u8>> = order_8.iter().map(|y| URL_SAFE_NO_PAD.decode(y).unwrap()).collect();
    points.extend([end(0, 0, 0), end(1, 0, 0), end(0xec, 0xff, 0x7f), end(0xed, 0xff, 0x7f), end(0xee, 0xff, 0x7f)]);
    for mut point in points {
        for sign in [0, 0x80] {
            point[31] ^= sign;
            let x = URL_SAFE_NO_PAD.encode(&point);
            let jwk = json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": x}).to_string();
            let error = VerifyingKey::from_jwk(&jwk).unwrap_err();
            assert!(error.to_string().contains("small order"), "{x}: {error}");
        }
    }
}

/// Returns the SPKI of an Ed25519 key with these parameters beside its OID.
fn edwards(parameters: &[u8], key: &[u8]) -> Vec<u8> {
    let oid = [&[6, 3, 0x2b, 0x65, 0x70][..], parameters].concat();
    let bits = [&[3, byte(key.len() + 1), 0][..], key].concat();
    let content = [&[0x30, byte(oid.len())][..], &oid, &bits].concat();
    [&[0x30, byte(content.len())][..], &content].concat()
}

fn byte(length: usize) -> u8 {
    u8::try_from(length).unwrap()
}

fn why(result: Result<impl Sized, KeyError>) -> String {
    result.err().unwrap().to_string()
}

#[test]
fn an_ed25519_key_has_no_parameters_and_32_bytes() {
    let key = &der(ED25519_PUBLIC)[12..];
    assert!(VerifyingKey::from_der(Algorithm::EdDSA, edwards(&[], key)).is_ok());
    let parameters = why(VerifyingKey::from_der(Algorithm::EdDSA, edwards(&[5, 0], key)));
    assert!(parameters.contains("the parameters beside its OID"), "{parameters}");
    let short = why(VerifyingKey::from_der(Algorithm::EdDSA, edwards(&[], &key[1..])));
    assert!(short.contains("an Ed25519 public key has 32 bytes"), "{short}");
}

#[test]
fn only_ed25519_keys_include_a_public_half() {
    let mut with_public = der(P256);
    // Version 1, and the public half behind the private one (RFC 5958).
    let half = [&[0x81, 66, 0, 4][..], &[7; 64]].concat();
    let length = with_public.len() - 3 + half.len();
    (with_public[2], with_public[5]) = (byte(length), 1);
    with_public.extend(half);
    let damaged = "the DER of the private key is damaged";
    assert!(why(Key::from_der(Algorithm::ES256, &with_public)).contains(damaged));
}

#[test]
fn the_version_of_a_private_key_is_checked() {
    let damaged = "the DER of the private key is damaged";
    let mut pkcs8 = der(P256);
    assert_eq!(pkcs8[3..6], [2, 1, 0]);
    pkcs8[5] = 2;
    assert!(why(Key::from_der(Algorithm::ES256, &pkcs8)).contains(damaged));
    let mut several_primes = der(RSA_PKCS1);
    assert_eq!(several_primes[4..7], [2, 1, 0]);
    several_primes[6] = 1;
    assert!(why(Key::from_der(Algorithm::RS256, &several_primes)).contains(damaged));
    let mut sec1 = der(P256_SEC1);
    assert_eq!(sec1[2..5], [2, 1, 1]);
    sec1[4] = 2;
    assert!(why(Key::from_der(Algorithm::ES256, &sec1)).contains(damaged));
}

#[test]
fn the_certificate_behind_a_key_is_left_out() {
    let error = private_error(Algorithm::ES256, format!("{P256}{P256_CERTIFICATE}"));
    assert!(error.to_string().contains("leave out the key's chain"), "{error}");
}

#[test]
fn a_kid_is_short_and_printable() {
    let key = || Key::generate(Algorithm::HS256).unwrap();
    for kid in ["", "a\nb", "\u{e9}", &"k".repeat(257)] {
        assert_eq!(key().with_kid(kid).unwrap_err(), KeyError::BadKid, "{kid}");
    }
    assert_eq!(key().with_kid(&"k".repeat(256)).unwrap().to_pem(), None, "a shared secret is not written");
}

#[test]
fn der_that_holds_no_usable_key_says_what_to_do() {
    let refused = |der: &[u8]| VerifyingKey::from_der(Algorithm::ES256, der).unwrap_err().to_string();
    // A SEQUENCE of an algorithm and an OCTET STRING, as EncryptedPrivateKeyInfo is, and one of two SEQUENCEs.
    assert!(refused(&[0x30, 4, 0x30, 0, 0x04, 0]).contains("it is encrypted; decrypt it first"));
    assert!(refused(&[0x30, 4, 0x30, 0, 0x30, 0]).contains("it is a certificate; take its key out"));
}
