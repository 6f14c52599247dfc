//! Reads the JWK Set that another issuer publishes (RFC 7517 section 5), by stricter rules than a set of one's own.
//!
//! Knows the text of a set; does not know how it was fetched.

use serde::Deserialize;

use super::{Algorithm, Algorithms, KeyError, KeyRing, VerifyingKey, json, jwk_fields::members_of_set};

/// The most keys that a published set may have. Providers publish two or three.
const MOST_KEYS: usize = 100;

/// The keys that another issuer publishes, ready to check its tokens.
///
/// ```
/// use jwt_extended::jose::{Algorithms, PublishedKeys};
///
/// let read = PublishedKeys::parse(r#"{"keys": []}"#, Algorithms::ASYMMETRIC)?;
/// assert!(read.ring.verifying_keys().is_empty() && read.skipped.is_empty());
/// # Ok::<(), jwt_extended::jose::KeyError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PublishedKeys {
    /// The keys that check tokens.
    pub ring: KeyRing,
    /// The members that are not used, and why.
    pub skipped: Vec<SkippedKey>,
}

/// A member of a published set that is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkippedKey {
    /// Its `kid`, if it has one.
    pub kid: Option<String>,
    /// Why it cannot be used.
    pub why: KeyError,
}

/// The members that say what kind of key it is.
#[derive(Deserialize)]
struct Kind {
    kty: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    kid: Option<String>,
}

impl PublishedKeys {
    /// Reads a published set for these algorithms.
    ///
    /// A key without `alg` serves each of the algorithms that fits it: an RSA key only RS256, unless RS256 is not
    /// accepted. Keys that cannot be used do not affect the others: shared secrets, keys of another algorithm or for
    /// encryption, malformed ones. Numbers may be written as `VerifyingKey::from_loose_jwk` accepts them.
    ///
    /// # Errors
    /// If the text is not a JWK Set, has more than 100 keys, contains a private key, or has two keys of one `kid` and
    /// one algorithm.
    pub fn parse(text: &str, algorithms: Algorithms) -> Result<Self, KeyError> {
        let members = members_of_set(text)?;
        if members.len() > MOST_KEYS {
            return Err(KeyError::TooManyKeys { most: MOST_KEYS });
        }
        let mut read = Self { ring: KeyRing::empty(), skipped: Vec::new() };
        for member in &members {
            refuse_private(member)?;
            let Ok(kind) = serde_json::from_str::<Kind>(member) else {
                read.skipped.push(SkippedKey { kid: None, why: KeyError::JwkMember { member: "kty" } });
                continue;
            };
            match keys_of(member, &kind, algorithms) {
                Ok(keys) => {
                    for key in keys {
                        read.ring = read.ring.also_verify(key)?;
                    }
                }
                Err(why) => read.skipped.push(SkippedKey { kid: kind.kid, why }),
            }
        }
        Ok(read)
    }
}

/// Refuses the whole set if it shows a private number: whoever publishes that has lost the key.
fn refuse_private(member: &str) -> Result<(), KeyError> {
    let mut private = false;
    let mut symmetric = false;
    let scanned = json::scan_object(member, |name, value| match name.as_ref() {
        "kty" => symmetric = value.as_str().as_deref() == Some("oct"),
        "d" | "p" | "q" | "dp" | "dq" | "qi" | "oth" | "priv" => private = true,
        _ => {}
    });
    // A member that is no object is skipped later. Shared secrets have no such member, and are ignored.
    if scanned.is_ok() && private && !symmetric { Err(KeyError::PrivateKeyPublished) } else { Ok(()) }
}

/// Makes the keys of one member: one for each algorithm that it serves.
fn keys_of(member: &str, kind: &Kind, algorithms: Algorithms) -> Result<Vec<VerifyingKey>, KeyError> {
    let kty = kind.kty.as_deref().unwrap_or_default();
    if kty == "oct" {
        return Err(KeyError::SecretPublished);
    }
    let named = kind.alg.as_deref().map(str::parse::<Algorithm>).transpose()?;
    let fitting: Vec<Algorithm> = match named {
        Some(algorithm) => vec![algorithm],
        None => usual_algorithms(kty, kind.crv.as_deref().unwrap_or_default(), algorithms),
    };
    let accepted: Vec<Algorithm> = fitting.into_iter().filter(|algorithm| algorithms.contains(*algorithm)).collect();
    if accepted.is_empty() {
        return Err(KeyError::NoAcceptedAlgorithm);
    }
    accepted.into_iter().map(|algorithm| read_as(algorithm, member)).collect()
}

/// Returns the algorithms of a key that names none.
fn usual_algorithms(kty: &str, crv: &str, accepted: Algorithms) -> Vec<Algorithm> {
    match (kty, crv) {
        ("RSA", _) if accepted.contains(Algorithm::RS256) => vec![Algorithm::RS256],
        ("RSA", _) => accepted.iter().filter(|algorithm| algorithm.family() == super::Family::Rsa).collect(),
        ("EC", "P-256") => vec![Algorithm::ES256],
        ("EC", "P-384") => vec![Algorithm::ES384],
        ("EC", "P-521") => vec![Algorithm::ES512],
        ("EC", "secp256k1") => vec![Algorithm::ES256K],
        ("OKP", "Ed25519") => vec![Algorithm::EdDSA, Algorithm::Ed25519],
        _ => Vec::new(),
    }
}

#[cfg(feature = "asymmetric")]
fn read_as(algorithm: Algorithm, member: &str) -> Result<VerifyingKey, KeyError> {
    VerifyingKey::from_loose_jwk_as(algorithm, member)
}

#[cfg(not(feature = "asymmetric"))]
fn read_as(algorithm: Algorithm, _: &str) -> Result<VerifyingKey, KeyError> {
    Err(KeyError::FeatureMissing(algorithm))
}

#[cfg(test)]
#[cfg(feature = "asymmetric")]
mod tests {
    use super::*;
    use crate::jose::Key;

    fn jwk(algorithm: Algorithm, kid: &str) -> serde_json::Value {
        let key = Key::generate(algorithm).unwrap().with_kid(kid).unwrap();
        serde_json::to_value(key.verifying_key().to_jwk().unwrap()).unwrap()
    }

    fn parse(keys: &[serde_json::Value]) -> Result<PublishedKeys, KeyError> {
        PublishedKeys::parse(&serde_json::json!({ "keys": keys }).to_string(), Algorithms::ASYMMETRIC)
    }

    fn without(mut jwk: serde_json::Value, member: &str) -> serde_json::Value {
        jwk.as_object_mut().unwrap().remove(member);
        jwk
    }

    fn with(mut jwk: serde_json::Value, member: &str, value: impl Into<serde_json::Value>) -> serde_json::Value {
        jwk[member] = value.into();
        jwk
    }

    #[test]
    fn a_key_without_alg_serves_what_its_type_says() {
        for (algorithm, served) in [
            (Algorithm::RS256, &[Algorithm::RS256][..]),
            (Algorithm::ES256, &[Algorithm::ES256]),
            (Algorithm::ES384, &[Algorithm::ES384]),
            (Algorithm::ES512, &[Algorithm::ES512]),
            (Algorithm::ES256K, &[Algorithm::ES256K]),
            (Algorithm::EdDSA, &[Algorithm::EdDSA, Algorithm::Ed25519]),
        ] {
            let read = parse(&[without(jwk(algorithm, "a"), "alg")]).unwrap();
            assert_eq!(read.ring.algorithms().collect::<Vec<_>>(), served);
        }
    }

    #[test]
    fn an_rsa_key_without_alg_serves_what_the_issuer_uses() {
        let set = serde_json::json!({ "keys": [without(jwk(Algorithm::RS256, "a"), "alg")] }).to_string();
        let read = PublishedKeys::parse(&set, Algorithms::from([Algorithm::PS256, Algorithm::PS512])).unwrap();
        assert_eq!(read.ring.algorithms().collect::<Vec<_>>(), [Algorithm::PS256, Algorithm::PS512]);
    }

    #[test]
    fn unusable_members_do_not_affect_the_others() {
        let secret = serde_json::json!({ "kty": "oct", "k": "AAAA", "kid": "s", "alg": "HS256" });
        let encryption = with(jwk(Algorithm::RS256, "e"), "use", "enc");
        let unknown = serde_json::json!({ "kty": "RSA", "alg": "XS256", "kid": "x" });
        let broken = with(jwk(Algorithm::ES256, "b"), "y", "AAAA");
        let read = parse(&[secret, encryption, unknown, broken, 5.into(), jwk(Algorithm::ES256, "good")]).unwrap();
        assert_eq!(read.ring.verifying_keys().iter().map(VerifyingKey::kid).collect::<Vec<_>>(), [Some("good")]);
        let kids: Vec<_> = read.skipped.iter().map(|skipped| skipped.kid.as_deref()).collect();
        assert_eq!(kids, [Some("s"), Some("e"), Some("x"), Some("b"), None]);
        assert_eq!(read.skipped[0].why, KeyError::SecretPublished);
    }

    #[test]
    fn private_members_refuse_the_set() {
        for member in ["d", "p", "priv"] {
            let leaked = with(jwk(Algorithm::ES256, "a"), member, "AAAA");
            assert_eq!(parse(&[jwk(Algorithm::ES256, "b"), leaked]).unwrap_err(), KeyError::PrivateKeyPublished);
        }
    }

    #[test]
    fn a_shared_secret_with_other_members_is_skipped() {
        let secret = serde_json::json!({ "kty": "oct", "k": "AAAA", "d": "AAAA" });
        let read = parse(&[secret, jwk(Algorithm::ES256, "b")]).unwrap();
        assert_eq!(read.skipped[0].why, KeyError::SecretPublished);
    }

    #[test]
    fn two_keys_of_one_kid_and_algorithm_refuse_the_set() {
        let twice = [jwk(Algorithm::ES256, "a"), jwk(Algorithm::ES256, "a")];
        assert_eq!(parse(&twice).unwrap_err(), KeyError::DuplicateKid("a".to_owned()));
        assert!(parse(&[jwk(Algorithm::ES256, "a"), jwk(Algorithm::RS256, "a")]).is_ok());
    }

    #[test]
    fn more_than_a_hundred_keys_refuse_the_set() {
        let one = jwk(Algorithm::ES256, "a");
        let many = |count: usize| -> Vec<_> { (0..count).map(|n| with(one.clone(), "kid", n.to_string())).collect() };
        assert!(parse(&many(100)).is_ok());
        assert_eq!(parse(&many(101)).unwrap_err(), KeyError::TooManyKeys { most: 100 });
    }
}
