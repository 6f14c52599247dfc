//! Reads the members that every JSON Web Key has (RFC 7517), and the member of a shared secret (RFC 7518 section 6.4).
//!
//! Does not know the other members of key pairs: `asymmetric` reads them from the same text.

use serde::{Deserialize, de::IgnoredAny};
use zeroize::Zeroizing;

use super::{Algorithm, KeyError, base64url, json};

/// A JWK, public or private, before it becomes a key for one algorithm.
#[derive(Deserialize)]
pub(crate) struct JwkFields {
    kty: String,
    alg: Option<String>,
    pub(crate) kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    k: Option<Zeroizing<String>>,
    /// Every private key of a pair has this member, except for those of ML-DSA.
    d: Option<IgnoredAny>,
    /// That of ML-DSA.
    #[serde(rename = "priv")]
    seed: Option<IgnoredAny>,
}

/// The operation that a JWK is read for. Its `use` and `key_ops` must allow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Sign,
    Verify,
}

impl JwkFields {
    /// Reads a JWK for a purpose, and finds the algorithm that it is for.
    pub(crate) fn read(
        text: &str,
        requested: Option<Algorithm>,
        purpose: Purpose,
    ) -> Result<(Algorithm, Self), KeyError> {
        let jwk = Self::parse(text)?;
        let algorithm = jwk.algorithm(requested)?;
        jwk.allow(purpose)?;
        Ok((algorithm, jwk))
    }

    /// Decodes the secret of a symmetric key.
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

    /// Reads exactly one JWK in which no name occurs twice.
    fn parse(text: &str) -> Result<Self, KeyError> {
        json::scan_object(text, |_, _| {}).map_err(KeyError::JwkJson)?;
        // The text is valid JSON, so the only possible failure is a member of the wrong kind.
        serde_json::from_str(text).map_err(|_| KeyError::JwkMember { member: "kty" })
    }

    /// Returns the algorithm in the JWK or the requested one. If both are given, they must agree.
    fn algorithm(&self, requested: Option<Algorithm>) -> Result<Algorithm, KeyError> {
        let stated = self.alg.as_deref().map(str::parse).transpose()?;
        match (stated, requested) {
            (Some(stated), Some(asked)) if stated != asked => Err(KeyError::JwkAlgorithm { stated, asked }),
            (stated, requested) => stated.or(requested).ok_or(KeyError::JwkWithoutAlgorithm),
        }
    }

    /// Refuses a key that is marked for another purpose.
    fn allow(&self, purpose: Purpose) -> Result<(), KeyError> {
        let operation = match purpose {
            Purpose::Sign => "sign",
            Purpose::Verify => "verify",
        };
        let used = self.usage.as_deref().is_none_or(|usage| usage == "sig");
        // A private key that may sign may also check what it signed.
        let listed = self
            .key_ops
            .as_ref()
            .is_none_or(|ops| ops.iter().any(|op| op == operation || (op == "sign" && self.is_private())));
        if used && listed { Ok(()) } else { Err(KeyError::JwkUse) }
    }

    fn is_private(&self) -> bool {
        self.k.is_some() || self.d.is_some() || self.seed.is_some()
    }
}

/// Returns the text of each key in a JWK Set.
pub(crate) fn members_of_set(text: &str) -> Result<Vec<String>, KeyError> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    json::scan_object(text, |_, _| {}).map_err(KeyError::JwkJson)?;
    let set: Set = serde_json::from_str(text).map_err(|_| KeyError::JwkMember { member: "keys" })?;
    Ok(set.keys.iter().map(serde_json::Value::to_string).collect())
}

/// Refuses a set that has both shared secrets and key pairs: publishing it would publish the secrets.
pub(crate) fn refuse_mixed(members: &[String]) -> Result<(), KeyError> {
    let is_secret = |member: &String| JwkFields::parse(member).ok().map(|jwk| jwk.kty == "oct");
    let kinds: Vec<bool> = members.iter().filter_map(is_secret).collect();
    if kinds.contains(&true) && kinds.contains(&false) { Err(KeyError::MixedSet) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_algorithm_comes_from_the_jwk_or_the_caller() {
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
    fn a_key_for_another_purpose_is_refused() {
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
    fn a_private_key_that_may_sign_may_also_verify() {
        let allowed = |text: &str| JwkFields::parse(text).unwrap().allow(Purpose::Verify);
        assert_eq!(allowed(r#"{"kty":"EC","d":"AA","key_ops":["sign"]}"#), Ok(()));
        assert_eq!(allowed(r#"{"kty":"oct","k":"AA","key_ops":["sign"]}"#), Ok(()));
        assert_eq!(allowed(r#"{"kty":"AKP","priv":"AA","key_ops":["sign"]}"#), Ok(()));
        assert_eq!(allowed(r#"{"kty":"EC","d":null,"key_ops":["sign"]}"#), Err(KeyError::JwkUse));
    }

    #[test]
    fn a_jwk_is_strict_json() {
        assert!(matches!(JwkFields::parse(r#"{"kty":"oct","kty":"RSA"}"#), Err(KeyError::JwkJson(_))));
        assert!(matches!(JwkFields::parse("[]"), Err(KeyError::JwkJson(_))));
        assert!(matches!(JwkFields::parse(r#"{"kty":5}"#), Err(KeyError::JwkMember { .. })));
        assert!(matches!(members_of_set(r#"{"keys":5}"#), Err(KeyError::JwkMember { .. })));
    }
}
