//! Key pairs over aws-lc-rs: RSA, ECDSA, Ed25519 and ML-DSA. [`PrivateKey`] signs, [`PublicKey`] checks.
//!
//! Knows how such keys are written (PEM, DER, the members of a JWK) and which of them each algorithm needs. Must not
//! know `kid`, headers or tokens: it sees messages and signatures as bytes.

mod der;
mod encoding;
mod jwk;
mod key_type;
mod pem;
mod private;
mod public;
mod roca;
mod scheme;

pub(crate) use jwk::{PublicParams, normalized as normalized_jwk};
pub(crate) use pem::der_of_pem;
pub(crate) use private::PrivateKey;
pub(crate) use public::PublicKey;
