//! Signing and checking compact tokens (RFC 7515 to 7518), strictly.
//!
//! This floor knows keys, algorithms and the three segments of a token. It knows nothing of claims, of access and
//! refresh, or of HTTP: [`token`](crate::token) stands on it.
//!
//! 1. A key knows its one algorithm. A header may agree with it, never choose.
//! 2. One token has one spelling: base64url without padding, no white space, unused bits zero.
//! 3. A header is a JSON object in UTF-8, with each name once, at any depth; so is the payload, which `token` reads by the
//!    same rules. [`verify`] alone says who signed a payload, not that it is one, nor that it is still valid.
//! 4. Length is checked first, the signature second; a payload is read only after its signature was found good.
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
#[cfg(feature = "asymmetric")]
mod asymmetric;
pub(crate) mod base64url;
mod compact;
mod error;
mod header;
mod hmac;
pub mod json;
mod jwk;
mod key;
mod key_ring;

pub use algorithm::{Algorithm, Family, UnknownAlgorithm};
pub use compact::{Limits, Typ, Unverified, VerifiedJws, sign, sign_with_header, verify, verify_within};
pub use error::{JwsError, KeyError, Segment};
pub use json::JsonError;
pub use jwk::{Jwk, JwkSet};
pub use key::{ExternalKey, ImportedJwkSet, Key, SigningFailed, VerifyingKey};
pub use key_ring::KeyRing;
