//! The secrets of clients, and their hashes.
//!
//! The server makes the secrets, with 256 random bits each. So nobody can guess one from its hash, and a fast hash is
//! as good as a slow one, which would take longer than the whole answer.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::{StartError, secrets};

/// The secret of a client.
#[derive(Clone, serde::Deserialize)]
pub(crate) struct ClientSecret(Zeroizing<String>);

impl ClientSecret {
    /// Makes a random one.
    pub(crate) fn random() -> Result<Self, StartError> {
        Ok(Self(secrets::random::<32>()?))
    }

    /// Returns the text, to show it once.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Returns the hash, in hexadecimal digits.
    pub(crate) fn hash(&self) -> String {
        use fmt::Write as _;

        let digest = Sha256::digest(self.0.as_bytes());
        digest.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string never fails.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl From<String> for ClientSecret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// The SHA-256 hash of a secret.
pub(super) struct SecretHash([u8; 32]);

impl SecretHash {
    /// Reads hexadecimal digits, in either case.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// Compares in constant time.
    pub(super) fn matches(&self, secret: &ClientSecret) -> bool {
        <[u8; 32]>::from(Sha256::digest(secret.0.as_bytes())).ct_eq(&self.0).into()
    }
}
