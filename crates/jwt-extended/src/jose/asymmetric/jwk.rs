//! The members of key pairs in a JSON Web Key (RFC 7518 section 6, RFC 8037, RFC 9964), in both directions, and the
//! thumbprint that names a key (RFC 7638).
//!
//! Only public members can be written: [`PublicParams`] has no private ones.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::jose::{KeyError, base64url};

/// The numbers of a public key, as RFC 7518 section 6 writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kty")]
pub(crate) enum PublicParams {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "EC")]
    EllipticCurve { crv: &'static str, x: String, y: String },
    #[serde(rename = "OKP")]
    Edwards { crv: &'static str, x: String },
    #[serde(rename = "AKP")]
    Lattice {
        /// Written beside the numbers of every key, and part of this kind's thumbprint.
        #[serde(skip)]
        alg: &'static str,
        #[serde(rename = "pub")]
        public: String,
    },
}

impl PublicParams {
    /// Computes the RFC 7638 thumbprint: the hash of the required members in lexicographic order, in base64url.
    pub(crate) fn thumbprint(&self) -> String {
        let canonical = match self {
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Self::EllipticCurve { crv, x, y } => format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#),
            Self::Edwards { crv, x } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
            Self::Lattice { alg, public } => format!(r#"{{"alg":"{alg}","kty":"AKP","pub":"{public}"}}"#),
        };
        base64url::encode(&Sha256::digest(canonical))
    }
}

/// The members of a key pair as they were read, public or private. Their values are base64url text.
#[derive(Deserialize)]
pub(super) struct PairFields {
    pub(super) kty: String,
    pub(super) crv: Option<String>,
    pub(super) x: Option<String>,
    pub(super) y: Option<String>,
    pub(super) n: Option<String>,
    pub(super) e: Option<String>,
    pub(super) d: Option<Zeroizing<String>>,
    pub(super) p: Option<Zeroizing<String>>,
    pub(super) q: Option<Zeroizing<String>>,
    pub(super) dp: Option<Zeroizing<String>>,
    pub(super) dq: Option<Zeroizing<String>>,
    pub(super) qi: Option<Zeroizing<String>>,
    pub(super) alg: Option<String>,
    #[serde(rename = "pub")]
    pub(super) public: Option<String>,
    #[serde(rename = "priv")]
    pub(super) seed: Option<Zeroizing<String>>,
}

impl PairFields {
    /// Reads the members from a text that `JwkFields` has already accepted as strict JSON.
    pub(super) fn parse(json: &str) -> Result<Self, KeyError> {
        // The only possible failure is a member of the wrong kind.
        serde_json::from_str(json).map_err(|_| KeyError::JwkMember { member: "kty" })
    }
}

/// Decodes a number (RFC 7518 section 2, `Base64urlUInt`). Leading zeros are refused, so that each key has one
/// thumbprint.
pub(super) fn unsigned(text: Option<&String>, member: &'static str) -> Result<Vec<u8>, KeyError> {
    let bytes = decode(text, member)?;
    match bytes.first() {
        Some(0) => Err(KeyError::JwkNumber { member, why: "begins with a zero byte" }),
        Some(_) => Ok(bytes),
        None => Err(KeyError::JwkMember { member }),
    }
}

/// Decodes a coordinate, which includes its leading zeros (RFC 7518 section 6.2.1.2).
pub(super) fn exactly(length: usize, text: Option<&String>, member: &'static str) -> Result<Vec<u8>, KeyError> {
    let bytes = decode(text, member)?;
    match bytes.len() {
        found if found == length => Ok(bytes),
        found if found < length && found > 0 => {
            Err(KeyError::JwkNumber { member, why: "is shorter than its curve needs, without its leading zeros" })
        }
        _ => Err(KeyError::JwkMember { member }),
    }
}

/// Decodes a private member into a buffer that is wiped, even if decoding fails.
pub(super) fn secret(text: Option<&Zeroizing<String>>, member: &'static str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let unusable = KeyError::JwkMember { member };
    let text = text.ok_or(unusable.clone())?;
    let mut bytes = Zeroizing::new(vec![0; text.len() / 4 * 3 + 3]);
    let length = base64url::decode_to(text, &mut bytes).map_err(|_| unusable)?;
    bytes.truncate(length);
    Ok(bytes)
}

/// Decodes a public member.
pub(super) fn decode(text: Option<&String>, member: &'static str) -> Result<Vec<u8>, KeyError> {
    let text = text.ok_or(KeyError::JwkMember { member })?;
    if text.ends_with('=') {
        return Err(KeyError::JwkNumber { member, why: "has padding" });
    }
    base64url::decode(text).map_err(|_| KeyError::JwkMember { member })
}

/// Rewrites the numbers of a public key as RFC 7518 requires: without padding and leading zeros in `n` and `e`, with
/// them in the coordinates of a point. Leaves every other member as it is, except for the padding of `pub`.
pub(crate) fn normalized(json: &str) -> Result<String, KeyError> {
    let mut members: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(json).map_err(|_| KeyError::JwkMember { member: "kty" })?;
    let length = match members.get("crv").and_then(serde_json::Value::as_str) {
        Some("P-256" | "Ed25519") => 32,
        Some("P-384") => 48,
        Some("P-521") => 66,
        _ => 0,
    };
    for (name, length) in [("n", Some(0)), ("e", Some(0)), ("x", Some(length)), ("y", Some(length)), ("pub", None)] {
        let Some(serde_json::Value::String(text)) = members.get_mut(name) else { continue };
        let Ok(bytes) = base64url::decode(text.trim_end_matches('=')) else { continue };
        let length = length.unwrap_or(bytes.len());
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(bytes.len().saturating_sub(length.max(1)));
        let missing = vec![0; length.saturating_sub(bytes.len())];
        *text = base64url::encode(&[&missing, &bytes[zeros..]].concat());
    }
    Ok(serde_json::Value::Object(members).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewriting_removes_zeros_only_where_they_are_wrong() {
        let rewritten = normalized(r#"{"e":"AAEAAQ==","pub":"AAE="}"#).unwrap();
        assert_eq!(rewritten, r#"{"e":"AQAB","pub":"AAE"}"#);
    }

    /// The example of RFC 7638 section 3.1.
    #[test]
    fn thumbprint_of_the_rfc() {
        let params = PublicParams::Rsa {
            n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCi\
                FV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgn\
                Yb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqb\
                w0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
                .into(),
            e: "AQAB".into(),
        };
        assert_eq!(params.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn rewriting_fills_a_coordinate_to_the_length_of_its_curve() {
        for (curve, length) in [("P-256", 32), ("P-384", 48), ("P-521", 66), ("unknown", 1)] {
            let rewritten: serde_json::Value =
                serde_json::from_str(&normalized(&format!(r#"{{"crv":"{curve}","x":"Bw"}}"#)).unwrap()).unwrap();
            let x = base64url::decode(rewritten["x"].as_str().unwrap()).unwrap();
            assert_eq!((x.len(), x.last()), (length, Some(&7)), "{curve}");
        }
    }
}
