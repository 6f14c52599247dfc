//! Keys with exactly one algorithm each: [`Key`] signs, [`VerifyingKey`] only checks.
//!
//! They do not know tokens, beyond the header that a key puts on its own.

mod external;
mod signing;
mod verifying;

pub use external::ExternalKey;
pub use signing::{Key, SigningFailed};
pub use verifying::{ImportedJwkSet, VerifyingKey};
