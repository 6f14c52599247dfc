//! For each algorithm: a token of the other library passes here, and ours passes there.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jsonwebtoken::{DecodingKey, EncodingKey, Validation};
use jwt_extended::jose::{self, Algorithm, Key, KeyRing};
use serde_json::{Value, json};
use test_services::{Node, Program};

const SECRET: &str = "a secret of sixty-four bytes, which is as long as the longest of hashes";
const PAYLOAD: &str = r#"{"sub":"alice","exp":4102444800}"#;

/// Why a library does not take part, for an algorithm.
fn not_in_jose(algorithm: Algorithm) -> Option<&'static str> {
    match algorithm {
        Algorithm::ES256K => Some("jose 6 has dropped it, because Web Cryptography lacks the curve"),
        Algorithm::ES521 => Some("a misspelled name, which only PyJWT knows"),
        Algorithm::MlDsa44 | Algorithm::MlDsa65 | Algorithm::MlDsa87 => Some("only from Node.js 24"),
        _ => None,
    }
}

fn in_jsonwebtoken(algorithm: Algorithm) -> Result<jsonwebtoken::Algorithm, &'static str> {
    match algorithm {
        Algorithm::ES512 | Algorithm::ES521 | Algorithm::ES256K => Err("it has no such curve"),
        Algorithm::Ed25519 => Err("it knows only the older name, EdDSA"),
        Algorithm::MlDsa44 | Algorithm::MlDsa65 | Algorithm::MlDsa87 => Err("it has no ML-DSA"),
        other => Ok(other.name().parse().unwrap()),
    }
}

fn key(algorithm: Algorithm) -> Key {
    let is_secret = algorithm.family() == jose::Family::Hmac;
    if is_secret { Key::hmac(algorithm, SECRET) } else { Key::generate(algorithm) }.unwrap().without_kid()
}

/// Returns the public half in PEM, from the key's JWK. OpenSSL's forms are in the tests of keys.
fn public_pem(key: &Key) -> String {
    let jwk = serde_json::to_value(key.verifying_key().to_jwk().unwrap()).unwrap();
    let bytes =
        |name: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let der = match jwk["kty"].as_str().unwrap() {
        "RSA" => {
            let number = |name| tagged(0x02, &positive(&bytes(name)));
            let numbers = tagged(0x30, &[number("n"), number("e")].concat());
            spki(&[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0], &numbers)
        }
        "OKP" => spki(&[0x30, 5, 6, 3, 0x2b, 0x65, 0x70], &bytes("x")),
        _ => {
            let curve: &[u8] = match jwk["crv"].as_str().unwrap() {
                "P-256" => &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
                "P-384" => &[6, 5, 0x2b, 0x81, 4, 0, 0x22],
                _ => &[6, 5, 0x2b, 0x81, 4, 0, 0x23],
            };
            let kind = [&[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1][..], curve].concat();
            spki(&tagged(0x30, &kind), &[vec![4], bytes("x"), bytes("y")].concat())
        }
    };
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
}

fn spki(kind: &[u8], key: &[u8]) -> Vec<u8> {
    tagged(0x30, &[kind, &tagged(0x03, &[&[0][..], key].concat())].concat())
}

fn positive(number: &[u8]) -> Vec<u8> {
    if number[0] < 0x80 { number.to_vec() } else { [&[0][..], number].concat() }
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let length = match u8::try_from(length) {
        Ok(short @ 0..0x80) => vec![short],
        Ok(byte) => vec![0x81, byte],
        Err(_) => [&[0x82][..], &u16::try_from(length).unwrap().to_be_bytes()].concat(),
    };
    [&[tag][..], &length, content].concat()
}

fn accepted(key: &Key, token: &str) -> Option<Value> {
    let verified = jose::verify(&KeyRing::verify_only(key.verifying_key().clone()), token).ok()?;
    serde_json::from_str(verified.payload()).ok()
}

fn ask(node: &mut Node, question: &Value) -> Value {
    serde_json::from_str(&node.ask(&question.to_string())).unwrap()
}

#[test]
fn tokens_of_every_algorithm_pass_between_npm_jose_and_us() {
    let mut jose = Node::start(Program::Jose);
    let claims: Value = serde_json::from_str(PAYLOAD).unwrap();
    for algorithm in Algorithm::ALL {
        let key = key(algorithm);
        let name = algorithm.name();
        let (private, public) = match key.to_pem() {
            None => (json!({ "secret": SECRET }), json!({ "secret": SECRET })),
            Some(_) if not_in_jose(algorithm).is_some() => (json!({ "pem": "PRIVATE" }), json!({ "pem": "" })),
            Some(pem) => (json!({ "pem": *pem }), json!({ "pem": public_pem(&key) })),
        };
        let theirs = ask(&mut jose, &json!({ "sign": claims, "alg": name, "key": private }));
        let ours = jose::sign(&key, PAYLOAD).unwrap();
        let read = ask(&mut jose, &json!({ "verify": ours, "alg": name, "key": public }));
        if let Some(reason) = not_in_jose(algorithm) {
            assert!(theirs["error"].is_string() && read["error"].is_string(), "{name} is there by now, not: {reason}");
            continue;
        }
        assert_eq!(
            accepted(&key, theirs["token"].as_str().unwrap_or_default()),
            Some(claims.clone()),
            "{name} {theirs}"
        );
        assert_eq!(read["claims"], claims, "{name}: {read}");
        let forged = format!("{}A", &ours[..ours.len() - 2]);
        let refused = ask(&mut jose, &json!({ "verify": forged, "alg": name, "key": public }));
        assert!(refused["error"].is_string() && accepted(&key, &forged).is_none(), "{name}");
    }
}

#[test]
fn tokens_of_every_algorithm_pass_between_jsonwebtoken_and_us() {
    let claims: Value = serde_json::from_str(PAYLOAD).unwrap();
    for algorithm in Algorithm::ALL {
        let Ok(theirs) = in_jsonwebtoken(algorithm) else {
            let known = algorithm.name().parse::<jsonwebtoken::Algorithm>();
            assert!(known.is_err(), "{algorithm} is there by now");
            continue;
        };
        let key = key(algorithm);
        let (signing, checking) = match (key.to_pem(), algorithm.family()) {
            (None, _) => (EncodingKey::from_secret(SECRET.as_bytes()), DecodingKey::from_secret(SECRET.as_bytes())),
            (Some(pem), family) => {
                let (pem, public) = (pem.as_bytes(), public_pem(&key));
                let public = public.as_bytes();
                match family {
                    jose::Family::Rsa => (EncodingKey::from_rsa_pem(pem), DecodingKey::from_rsa_pem(public)),
                    jose::Family::Edwards => (EncodingKey::from_ed_pem(pem), DecodingKey::from_ed_pem(public)),
                    _ => (EncodingKey::from_ec_pem(pem), DecodingKey::from_ec_pem(public)),
                }
            }
            .into_both(),
        };
        let token = jsonwebtoken::encode(&jsonwebtoken::Header::new(theirs), &claims, &signing).unwrap();
        assert_eq!(accepted(&key, &token), Some(claims.clone()), "{algorithm}");
        let ours = jose::sign(&key, PAYLOAD).unwrap();
        let read = jsonwebtoken::decode::<Value>(ours.as_str(), &checking, &Validation::new(theirs)).unwrap();
        assert_eq!(read.claims, claims, "{algorithm}");
    }
}

/// Both halves of a key, or the first error.
trait IntoBoth<T> {
    fn into_both(self) -> T;
}

impl<A, B, E: std::fmt::Debug> IntoBoth<(A, B)> for (Result<A, E>, Result<B, E>) {
    fn into_both(self) -> (A, B) {
        (self.0.unwrap(), self.1.unwrap())
    }
}
