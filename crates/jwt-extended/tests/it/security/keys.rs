//! Lines 1 to 7: algorithm and key.

use jwt_extended::{
    JwtManager,
    config::Tolerate,
    jose::{Algorithm, Key, KeyError, KeyRing, VerifyingKey},
};

use crate::common::*;

const NOT_ALLOWED: &str = "The specified alg value is not allowed";

/// Combines a header with every kind of signature that a forger may try.
fn forgeries(header: &str) -> [String; 4] {
    let segments = format!("{}.{}", encode(header), encode(payload(&[])));
    [format!("{segments}."), format!("{segments}.AA"), hs256(SECRET.as_bytes(), &segments), hs256(b"", &segments)]
}

// Line 1: `alg` none.

#[test]
fn no_spelling_of_none_is_an_algorithm() {
    for name in ["none", "None", "NONE", "NoNe", "", " HS256", "hs256", "HS256\0", "HS256 "] {
        assert!(name.parse::<Algorithm>().is_err(), "{name:?}");
    }
}

#[test]
fn alg_none_is_rejected_in_any_spelling() {
    for alg in ["none", "None", "NONE", "NoNe", "", "hs256", "HS256\\u0000", "\\u006eone"] {
        for token in forgeries(&format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#)) {
            assert_eq!(complaint(&manager(), &token), NOT_ALLOWED, "{alg}");
        }
    }
}

#[test]
fn alg_must_be_present_and_a_string() {
    for token in forgeries(r#"{"typ":"JWT"}"#) {
        assert_eq!(complaint(&manager(), &token), "Algorithm not specified");
    }
    for alg in ["null", "256", "[\"HS256\"]", "{}", "true"] {
        for token in forgeries(&format!(r#"{{"alg":{alg},"typ":"JWT"}}"#)) {
            assert_eq!(complaint(&manager(), &token), "The alg header parameter must be a string");
        }
    }
}

// Line 2: a public key as an HMAC secret.

#[test]
fn the_text_of_a_key_pair_is_never_a_secret() {
    let pem = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n";
    let jwk = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78","e":"AQAB"}"#;
    let texts = [
        pem.to_owned(),
        pem.replace('\n', "\r\n"),
        pem.replace("PUBLIC KEY", "RSA PUBLIC KEY"),
        pem.replace("PUBLIC KEY", "CERTIFICATE"),
        pem.replace("PUBLIC KEY", "PRIVATE KEY"),
        jwk.to_owned(),
        jwk.replace(':', " : "),
        format!(r#"{{"keys":[{jwk}]}}"#),
        format!("[{jwk}]"),
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC0g6vP8cVYyY0QmWvZ8RrKjJ1k7c user@host".to_owned(),
    ];
    for text in texts {
        for before in ["", "\n\n  \t", "\u{feff}", "\u{feff}\r\n ", "\0"] {
            let secret = format!("{before}{text}");
            assert_eq!(Key::hs256(&secret).unwrap_err(), KeyError::SecretIsAsymmetricKey, "{secret}");
            let configured = keyless().secret_key(secret.as_str()).build().unwrap_err();
            assert!(configured.to_string().contains("must never key an HMAC"), "{configured}");
            let short = Key::hmac_short_secret(Algorithm::HS256, &secret).unwrap_err();
            assert_eq!(short, KeyError::SecretIsAsymmetricKey, "{secret}");
        }
    }
}

#[test]
fn a_public_key_in_der_is_never_a_secret() {
    let long = [&[0x30, 0x82, 0x01, 0x22][..], &[0x5a; 0x122]].concat();
    let medium = [&[0x30, 0x81, 0x9f][..], &[0x5a; 0x9f]].concat();
    let short = [&[0x30, 0x59][..], &[0x5a; 0x59]].concat();
    for der in [long, medium, short] {
        assert_eq!(Key::hs256(&der).unwrap_err(), KeyError::SecretIsAsymmetricKey);
    }
}

#[test]
fn the_header_never_chooses_how_a_key_is_used() {
    for alg in ["HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", "Ed25519"] {
        for token in forgeries(&format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#)) {
            assert_eq!(complaint(&manager(), &token), NOT_ALLOWED, "{alg}");
        }
    }
}

// Line 3: the algorithm of a JWK.

#[test]
fn a_jwk_without_alg_needs_an_algorithm_from_the_app() {
    let jwk = format!(r#"{{"kty":"oct","k":"{}"}}"#, encode(SECRET));
    assert_eq!(Key::from_jwk(&jwk).unwrap_err(), KeyError::JwkWithoutAlgorithm);
    assert_eq!(VerifyingKey::from_jwk(&jwk).unwrap_err(), KeyError::JwkWithoutAlgorithm);
    let set = VerifyingKey::from_jwk_set(&format!(r#"{{"keys":[{jwk}]}}"#)).unwrap();
    assert!(set.keys.is_empty());
    assert_eq!(set.unusable, [KeyError::JwkWithoutAlgorithm]);
    let named = Key::from_jwk_as(Algorithm::HS256, &jwk).unwrap();
    assert_eq!(named.algorithm(), Algorithm::HS256);
}

#[test]
fn a_jwk_with_alg_is_used_for_no_other() {
    let jwk = format!(r#"{{"kty":"oct","k":"{}","alg":"HS256"}}"#, encode(SECRET));
    let key = Key::from_jwk(&jwk).unwrap();
    assert!(matches!(Key::from_jwk_as(Algorithm::HS384, &jwk), Err(KeyError::JwkAlgorithm { .. })));
    let jwt = keyless().key(key).build().unwrap();
    assert!(jwt.decode_token(&token(&[])).is_ok());
    for token in forgeries(r#"{"alg":"HS512","typ":"JWT"}"#) {
        assert_eq!(complaint(&jwt, &token), NOT_ALLOWED);
    }
}

// Line 4: keys embedded in a token.

#[test]
fn a_key_embedded_in_the_token_is_never_used() {
    let stranger = b"a secret of somebody else's, long enough too";
    let jwk = format!(r#"{{"kty":"oct","alg":"HS256","k":"{}"}}"#, encode(stranger));
    for member in [
        format!(r#""jwk":{jwk}"#),
        r#""jku":"https://forger.example/jwks.json""#.to_owned(),
        r#""x5u":"https://forger.example/chain.pem""#.to_owned(),
        format!(r#""x5c":["{}"]"#, encode(stranger)),
    ] {
        let header = format!(r#"{{"alg":"HS256",{member},"typ":"JWT"}}"#);
        let forged = hs256(stranger, &format!("{}.{}", encode(&header), encode(payload(&[]))));
        assert_eq!(complaint(&manager(), &forged), "Signature verification failed", "{member}");
        assert!(
            manager().decode_token(&signed(&header, &payload(&[]))).is_ok(),
            "our own signature is accepted, whatever the header says"
        );
    }
}

// Line 5: `kid`.

fn hostile_kids() -> Vec<String> {
    [
        "",
        "../../../../dev/null",
        "..\\\\..\\\\windows\\\\win.ini",
        "/dev/null",
        "file:///etc/passwd",
        "' UNION SELECT 'AAAA' -- ",
        "key\\u0000",
        "\\u0000",
        "| sleep 10",
        "%00",
        "null",
        "KEY",
        "key ",
        "https://forger.example/key",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(["k".repeat(1_000_000)])
    .collect()
}

#[test]
fn an_unknown_kid_finds_no_key() {
    let jwt = keyless().key(key().with_kid("key").unwrap()).max_token_length(3_000_000).build().unwrap();
    for kid in hostile_kids() {
        for token in forgeries(&format!(r#"{{"alg":"HS256","kid":"{kid}","typ":"JWT"}}"#)) {
            assert_eq!(complaint(&jwt, &token), "The token was signed with an unknown key");
        }
    }
    let known = forgeries(r#"{"alg":"HS256","kid":"key","typ":"JWT"}"#);
    let accepted = known.map(|token| jwt.decode_token(&token).is_ok());
    assert_eq!(accepted, [false, false, true, false], "only the token that the key signed");
}

#[test]
fn a_kid_of_a_megabyte_exceeds_the_token_length() {
    let header = format!(r#"{{"alg":"HS256","kid":"{}","typ":"JWT"}}"#, "k".repeat(1_000_000));
    let complaint = complaint(&manager(), &signed(&header, &payload(&[])));
    assert_eq!(complaint, "The token is longer than 8192 bytes");
}

#[test]
fn a_kid_must_be_a_string() {
    for kid in ["null", "1", "[]", "{}", "true", "[\"key\"]"] {
        let header = format!(r#"{{"alg":"HS256","kid":{kid},"typ":"JWT"}}"#);
        assert_eq!(complaint(&manager(), &signed(&header, &payload(&[]))), "Key ID header parameter must be a string");
    }
}

#[test]
fn a_key_without_kid_accepts_any_kid() {
    for kid in hostile_kids() {
        let header = format!(r#"{{"alg":"HS256","kid":"{kid}","typ":"JWT"}}"#);
        let jwt = builder().max_token_length(3_000_000).build().unwrap();
        assert!(jwt.decode_token(&signed(&header, &payload(&[]))).is_ok());
    }
}

#[test]
fn only_the_key_with_the_tokens_kid_is_tried() {
    let retired = Key::hs256("another secret, retired, of thirty-two bytes and more").unwrap();
    let jwt = keyless()
        .key(key().with_kid("new").unwrap())
        .verifying_key(retired.clone().with_kid("old").unwrap())
        .build()
        .unwrap();
    let under = |key: &Key, kid: &str| {
        let header = format!(r#"{{"alg":"HS256","kid":"{kid}","typ":"JWT"}}"#);
        jwt_extended::jose::sign_with_header(key, &header, &payload(&[])).unwrap()
    };
    assert!(jwt.decode_token(&under(&key(), "new")).is_ok());
    assert!(jwt.decode_token(&under(&retired, "old")).is_ok());
    for crossed in [under(&key(), "old"), under(&retired, "new")] {
        assert_eq!(complaint(&jwt, &crossed), "Signature verification failed");
    }
}

#[test]
fn two_keys_with_the_same_kid_are_a_mistake() {
    let key = key().with_kid("key").unwrap();
    let error = KeyRing::new(key.clone()).also_verify(key.clone()).unwrap_err();
    assert_eq!(error, KeyError::DuplicateKid("key".to_owned()));
    let error = keyless().key(key.clone()).verifying_key(key).build().unwrap_err();
    assert!(error.to_string().contains("two keys share the kid"), "{error}");
}

// Line 6: secrets.

#[test]
fn an_empty_secret_always_fails_at_start_up() {
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        assert!(matches!(Key::hmac(algorithm, ""), Err(KeyError::EmptySecret { .. })));
        assert!(matches!(Key::hmac_short_secret(algorithm, ""), Err(KeyError::EmptySecret { .. })));
    }
    for tolerated in [vec![], vec![Tolerate::ShortSecret]] {
        let error = JwtManager::builder().secret_key("").tolerate(tolerated).build().unwrap_err();
        assert_eq!(error.mistakes(), ["secret_key: the secret is empty; give at least 32 random bytes"]);
    }
}

#[test]
fn a_secret_shorter_than_the_hash_is_rejected_by_default() {
    for (algorithm, minimum) in [(Algorithm::HS256, 32), (Algorithm::HS384, 48), (Algorithm::HS512, 64)] {
        let short = "s".repeat(minimum - 1);
        assert!(Key::hmac(algorithm, "s".repeat(minimum)).is_ok());
        assert_eq!(
            Key::hmac(algorithm, &short).unwrap_err(),
            KeyError::ShortSecret { algorithm, length: minimum - 1, minimum }
        );
        assert!(Key::hmac_short_secret(algorithm, &short).is_ok());
        let configured = || JwtManager::builder().algorithm(algorithm).secret_key(short.as_str());
        let error = configured().build().unwrap_err();
        assert!(error.to_string().starts_with(&format!("secret_key: the secret has {} bytes", minimum - 1)));
        assert!(configured().tolerate([Tolerate::ShortSecret]).build().is_ok());
    }
}

// Line 7: signatures (those of key pairs are in `asymmetric.rs`).

#[test]
fn a_changed_or_foreign_signature_is_rejected() {
    let token = token(&[]);
    let (segments, signature) = token.rsplit_once('.').unwrap();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, signature).unwrap();
    let doubled = [&bytes[..], &bytes[..]].concat();
    let (truncated, extended) = (&bytes[..31], [&bytes[..], &[0]].concat());
    for wrong in [&b""[..], &bytes[..1], &bytes[..16], truncated, &extended, &doubled, &[0; 32], &[0; 64]] {
        let forged = format!("{segments}.{}", encode(wrong));
        assert_eq!(complaint(&manager(), &forged), "Signature verification failed");
    }
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        let forged = format!("{segments}.{}", encode(flipped));
        assert_eq!(complaint(&manager(), &forged), "Signature verification failed");
    }
    let foreign = hs256(b"the secret of somebody else, as long as need be", segments);
    assert_eq!(complaint(&manager(), &foreign), "Signature verification failed");
}

#[test]
fn a_set_of_secrets_and_key_pairs_is_refused() {
    let secret = r#"{"kty":"oct","alg":"HS256","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75"}"#;
    let pair = r#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let read = |keys: &str| VerifyingKey::from_jwk_set(&format!(r#"{{"keys":[{keys}]}}"#)).map(|_| ());
    assert_eq!([read(secret), read(pair)], [Ok(()), Ok(())]);
    assert_eq!(read(&format!("{secret},{pair}")), Err(KeyError::MixedSet));
}
