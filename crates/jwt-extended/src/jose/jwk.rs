//! Public keys as JSON Web Keys (RFC 7517), for publishing.
//!
//! Only public keys can be written: [`Jwk`] has no private members.

use serde::Serialize;

#[cfg(feature = "asymmetric")]
use super::{Algorithm, asymmetric::PublicParams};

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

/// Without key pairs there are no public keys, so that no [`Jwk`] can exist.
#[cfg(not(feature = "asymmetric"))]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
enum PublicParams {}

impl Jwk {
    #[cfg(feature = "asymmetric")]
    pub(crate) fn new(params: PublicParams, algorithm: Algorithm, kid: Option<String>) -> Self {
        Self { params, usage: "sig", alg: algorithm.name(), kid }
    }

    /// Returns the key's `kid`, if it has one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}
