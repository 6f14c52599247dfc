//! Signs and checks compact tokens (RFC 7515 to 7518), strictly.
//!
//! This module knows keys, algorithms and the three segments of a token. It does not know claims, access and refresh
//! tokens, or HTTP: [`token`](crate::token) builds on it.
//!
//! 1. A key has exactly one algorithm. A token's header must agree with it and never chooses it.
//! 2. A token has exactly one spelling: base64url without padding or white space, unused bits zero. The one exception
//!    is [`Padding::Ignored`].
//! 3. A header is a JSON object in UTF-8 in which no name occurs twice, at any depth. The same rules hold for the
//!    payload, which `token` reads. [`verify`] alone proves who signed a payload; it does not check that the payload
//!    is JSON or still valid.
//! 4. The length is checked first, then the signature. The payload is read only after its signature was verified.
//! 5. No header makes us fetch or trust a key (`jwk`, `jku`, `x5u`, `x5c`), and every `crit` is refused.
//!
//! ```
//! use jwt_extended::jose::{self, Key, KeyRing};
//!
//! let ring = KeyRing::new(Key::hs256("a secret of at least thirty-two bytes, from a safe place")?);
//! let token = jose::sign(ring.signing_key().unwrap(), r#"{"sub":"alice"}"#)?;
//! assert_eq!(jose::verify(&ring, &token)?.payload(), r#"{"sub":"alice"}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algorithm;
mod algorithms;
#[cfg(feature = "asymmetric")]
mod asymmetric;
pub(crate) mod base64url;
mod compact;
mod error;
mod header;
mod hmac;
pub mod json;
mod jwk;
mod jwk_fields;
mod key;
mod key_ring;
mod key_source;
mod published;
#[cfg(all(test, feature = "asymmetric"))]
mod wycheproof;

pub use algorithm::{Algorithm, Family, UnknownAlgorithm};
pub use algorithms::Algorithms;
pub use compact::{Limits, Padding, Typ, Unverified, VerifiedJws, sign, sign_with_header, verify, verify_within};
pub(crate) use compact::{peek_payload, verify_by_key};
pub use error::{JwsError, KeyError, Segment};
pub use json::JsonError;
pub use jwk::{Jwk, JwkSet};
pub use key::{ExternalKey, ImportedJwkSet, Key, SigningFailed, VerifyingKey};
pub use key_ring::KeyRing;
pub use key_source::KeySource;
pub use published::{PublishedKeys, SkippedKey};
