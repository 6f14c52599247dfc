//! JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037): public keys on their way out, any key on its way in,
//! and the thumbprint that names one (RFC 7638).
//!
//! Only public keys can be written: [`Jwk`] has no room for a private member.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Algorithm, KeyError, base64url, json};

/// A public key as a JSON object, for publishing. Made by [`VerifyingKey::to_jwk`](super::VerifyingKey::to_jwk).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwk {
    #[serde(flatten)]
    params: PublicParams,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
}

/// A set of public keys, as an app publishes it at `/.well-known/jwks.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    /// The keys. A shared secret is never among them.
    pub keys: Vec<Jwk>,
}

/// The numbers that make a public key, as RFC 7518 section 6 writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kty")]
#[cfg_attr(not(feature = "asymmetric"), allow(dead_code, reason = "only asymmetric keys have a public half"))]
pub(crate) enum PublicParams {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "EC")]
    EllipticCurve { crv: &'static str, x: String, y: String },
    #[serde(rename = "OKP")]
    Edwards { crv: &'static str, x: String },
}

#[cfg_attr(not(feature = "asymmetric"), allow(dead_code, reason = "only asymmetric keys have a public half"))]
impl Jwk {
    pub(crate) fn new(params: PublicParams, algorithm: Algorithm, kid: Option<String>) -> Self {
        Self { params, usage: "sig", alg: algorithm.name(), kid }
    }

    /// The key's name, if it has one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

#[cfg_attr(not(feature = "asymmetric"), allow(dead_code, reason = "only asymmetric keys have a public half"))]
impl PublicParams {
    /// RFC 7638: the hash of the required members in lexicographic order, in base64url.
    pub(crate) fn thumbprint(&self) -> String {
        let canonical = match self {
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Self::EllipticCurve { crv, x, y } => format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#),
            Self::Edwards { crv, x } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
        };
        base64url::encode(&Sha256::digest(canonical))
    }
}

/// A JWK as it was read, public or private, before it becomes a key for one algorithm. Members are base64url text.
#[derive(Deserialize)]
#[cfg_attr(not(feature = "asymmetric"), allow(dead_code, reason = "the members of asymmetric keys"))]
pub(crate) struct JwkFields {
    pub(crate) kty: String,
    pub(crate) alg: Option<String>,
    pub(crate) kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    pub(crate) crv: Option<String>,
    pub(crate) x: Option<String>,
    pub(crate) y: Option<String>,
    pub(crate) n: Option<String>,
    pub(crate) e: Option<String>,
    k: Option<Zeroizing<String>>,
    pub(crate) d: Option<Zeroizing<String>>,
    pub(crate) p: Option<Zeroizing<String>>,
    pub(crate) q: Option<Zeroizing<String>>,
    pub(crate) dp: Option<Zeroizing<String>>,
    pub(crate) dq: Option<Zeroizing<String>>,
    pub(crate) qi: Option<Zeroizing<String>>,
}

/// What a JWK is wanted for, against its `use` and `key_ops`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Sign,
    Verify,
}

impl JwkFields {
    /// Reads one JWK, with every name at most once.
    pub(crate) fn parse(text: &str) -> Result<Self, KeyError> {
        json::scan_object(text, |_, _| {}).map_err(KeyError::JwkJson)?;
        // The text is valid JSON, so what fails here is a member of the wrong kind.
        serde_json::from_str(text).map_err(|_| KeyError::JwkMember { member: "kty" })
    }

    /// The algorithm that the key is for: what it says, or what the caller says, and both must agree.
    pub(crate) fn algorithm(&self, asked: Option<Algorithm>) -> Result<Algorithm, KeyError> {
        let stated = self.alg.as_deref().map(str::parse).transpose()?;
        match (stated, asked) {
            (Some(stated), Some(asked)) if stated != asked => Err(KeyError::JwkAlgorithm { stated, asked }),
            (stated, asked) => stated.or(asked).ok_or(KeyError::JwkWithoutAlgorithm),
        }
    }

    /// Refuses a key that says it is for something else.
    pub(crate) fn allow(&self, purpose: Purpose) -> Result<(), KeyError> {
        let operation = match purpose {
            Purpose::Sign => "sign",
            Purpose::Verify => "verify",
        };
        let used = self.usage.as_deref().is_none_or(|usage| usage == "sig");
        // Who may sign may check what was signed.
        let listed = self
            .key_ops
            .as_ref()
            .is_none_or(|ops| ops.iter().any(|op| op == operation || (op == "sign" && self.is_private())));
        if used && listed { Ok(()) } else { Err(KeyError::JwkUse) }
    }

    /// The secret of a symmetric key.
    pub(crate) fn secret(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        if self.kty != "oct" {
            return Err(KeyError::JwkMember { member: "kty" });
        }
        let text = self.k.as_ref().ok_or(KeyError::JwkMember { member: "k" })?;
        let mut secret = Zeroizing::new(vec![0; text.len()]);
        let length = base64url::decode_to(text, &mut secret).map_err(|_| KeyError::JwkMember { member: "k" })?;
        secret.truncate(length);
        Ok(secret)
    }

    fn is_private(&self) -> bool {
        self.k.is_some() || self.d.is_some()
    }
}

/// The texts of the keys in a JWK Set, one each.
pub(crate) fn members_of_set(text: &str) -> Result<Vec<String>, KeyError> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    json::scan_object(text, |_, _| {}).map_err(KeyError::JwkJson)?;
    let set: Set = serde_json::from_str(text).map_err(|_| KeyError::JwkMember { member: "keys" })?;
    Ok(set.keys.iter().map(serde_json::Value::to_string).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7638 section 3.1.
    #[test]
    fn thumbprint_of_the_rfc() {
        let params = PublicParams::Rsa {
            n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3\
                oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA\
                ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-\
                kEgU8awapJzKnqDKgw"
                .into(),
            e: "AQAB".into(),
        };
        assert_eq!(params.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn a_key_is_for_one_algorithm_and_says_so_or_is_told() {
        let jwk = |text| JwkFields::parse(text).unwrap();
        let silent = jwk(r#"{"kty":"oct","k":"AA"}"#);
        assert_eq!(silent.algorithm(None), Err(KeyError::JwkWithoutAlgorithm));
        assert_eq!(silent.algorithm(Some(Algorithm::HS256)), Ok(Algorithm::HS256));
        let stated = jwk(r#"{"kty":"oct","k":"AA","alg":"HS512"}"#);
        assert_eq!(stated.algorithm(None), Ok(Algorithm::HS512));
        assert!(matches!(stated.algorithm(Some(Algorithm::HS256)), Err(KeyError::JwkAlgorithm { .. })));
        assert!(matches!(jwk(r#"{"kty":"oct","alg":"none"}"#).algorithm(None), Err(KeyError::UnknownAlgorithm(_))));
    }

    #[test]
    fn a_key_for_something_else_is_refused() {
        for text in
            [r#"{"kty":"oct","use":"enc"}"#, r#"{"kty":"oct","key_ops":["encrypt"]}"#, r#"{"kty":"oct","key_ops":[]}"#]
        {
            assert_eq!(JwkFields::parse(text).unwrap().allow(Purpose::Verify), Err(KeyError::JwkUse), "{text}");
        }
        let verify_only = JwkFields::parse(r#"{"kty":"RSA","use":"sig","key_ops":["verify"]}"#).unwrap();
        assert_eq!(verify_only.allow(Purpose::Verify), Ok(()));
        assert_eq!(verify_only.allow(Purpose::Sign), Err(KeyError::JwkUse));
    }

    #[test]
    fn a_jwk_is_strict_json() {
        assert!(matches!(JwkFields::parse(r#"{"kty":"oct","kty":"RSA"}"#), Err(KeyError::JwkJson(_))));
        assert!(matches!(JwkFields::parse("[]"), Err(KeyError::JwkJson(_))));
        assert!(matches!(JwkFields::parse(r#"{"kty":5}"#), Err(KeyError::JwkMember { .. })));
        assert!(matches!(members_of_set(r#"{"keys":5}"#), Err(KeyError::JwkMember { .. })));
    }
}
