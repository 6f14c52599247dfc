//! HMAC with SHA-2 (RFC 7518 section 3.2), keyed once: each signature starts from the prepared inner and outer state.
//!
//! Knows which texts must never be an HMAC secret. Does not know `kid` or headers.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};

use super::{Algorithm, KeyError};
use crate::constant_time;

/// A prepared secret. The state is wiped on drop; the secret itself is not kept.
#[derive(Clone)]
pub(crate) enum HmacKey {
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

/// A signature of at most 64 bytes, on the stack.
pub(crate) struct Tag {
    bytes: [u8; 64],
    len: usize,
}

impl Tag {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn new(tag: &[u8]) -> Self {
        let mut bytes = [0; 64];
        bytes[..tag.len()].copy_from_slice(tag);
        Self { bytes, len: tag.len() }
    }
}

impl HmacKey {
    /// Prepares a secret for an HMAC algorithm. The secret must be at least as long as the hash.
    pub(crate) fn new(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let minimum = minimum_secret(algorithm)?;
        if secret.len() < minimum && !secret.is_empty() {
            return Err(KeyError::ShortSecret { algorithm, length: secret.len(), minimum });
        }
        Self::of_any_length(algorithm, secret)
    }

    /// Prepares a secret of any length except zero for an HMAC algorithm.
    pub(crate) fn of_any_length(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let minimum = minimum_secret(algorithm)?;
        if secret.is_empty() {
            return Err(KeyError::EmptySecret { minimum });
        }
        if is_asymmetric_key_text(secret) {
            return Err(KeyError::SecretIsAsymmetricKey);
        }
        let unusable = |_| KeyError::EmptySecret { minimum };
        Ok(match algorithm {
            Algorithm::HS384 => Self::Sha384(Hmac::new_from_slice(secret).map_err(unusable)?),
            Algorithm::HS512 => Self::Sha512(Hmac::new_from_slice(secret).map_err(unusable)?),
            _ => Self::Sha256(Hmac::new_from_slice(secret).map_err(unusable)?),
        })
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Tag {
        match self {
            Self::Sha256(state) => Tag::new(&state.clone().chain_update(message).finalize().into_bytes()),
            Self::Sha384(state) => Tag::new(&state.clone().chain_update(message).finalize().into_bytes()),
            Self::Sha512(state) => Tag::new(&state.clone().chain_update(message).finalize().into_bytes()),
        }
    }

    /// Checks a tag in constant time. Only tags of the full length can match.
    pub(crate) fn verify(&self, message: &[u8], tag: &[u8]) -> bool {
        constant_time::equal_by_words(self.sign(message).as_bytes(), tag)
    }
}

/// Returns the minimum length of a secret in bytes: the length of the hash.
pub(crate) const fn minimum_secret(algorithm: Algorithm) -> Result<usize, KeyError> {
    match algorithm {
        Algorithm::HS256 => Ok(32),
        Algorithm::HS384 => Ok(48),
        Algorithm::HS512 => Ok(64),
        _ => Err(KeyError::WrongKind { algorithm, needs: "a key pair, not a shared secret" }),
    }
}

/// Returns whether a secret is the text of a key pair or certificate in PEM, OpenSSH, JWK, JWKS or DER form, even after
/// white space or a byte order mark. Anyone with the public half could sign with such a secret.
fn is_asymmetric_key_text(secret: &[u8]) -> bool {
    if is_der_sequence(secret) {
        return true;
    }
    let text = String::from_utf8_lossy(secret);
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}');
    let mentions = |name: &str| text.contains(&format!("\"{name}\""));
    [
        "-----BEGIN",
        "---- BEGIN",
        "ssh-rsa",
        "ssh-ed25519",
        "ssh-dss",
        "ecdsa-sha2-",
        "sk-ssh-",
        "sk-ecdsa-",
        "-cert-v01@",
    ]
    .iter()
    .any(|mark| text.contains(mark))
        || (text.starts_with(['{', '[']) && (mentions("kty") || mentions("keys")))
}

/// Returns whether the bytes are exactly one DER SEQUENCE, as every encoded key and certificate is.
fn is_der_sequence(bytes: &[u8]) -> bool {
    let [0x30, first, rest @ ..] = bytes else { return false };
    match (usize::from(*first), rest) {
        (length @ 0..=0x7f, rest) => length == rest.len() && length > 24,
        (0x81, [a, rest @ ..]) => usize::from(*a) == rest.len(),
        (0x82, [a, b, rest @ ..]) => usize::from(u16::from_be_bytes([*a, *b])) == rest.len(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2, for the three hashes.
    #[test]
    fn signatures_match_rfc_4231() {
        let expected = [
            (Algorithm::HS256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (
                Algorithm::HS384,
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
            ),
            (
                Algorithm::HS512,
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                 9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
        ];
        for (algorithm, tag) in expected {
            let key = HmacKey::of_any_length(algorithm, b"Jefe").unwrap();
            let signed = key.sign(b"what do ya want for nothing?");
            let expected: Vec<u8> =
                (0..tag.len()).step_by(2).map(|at| u8::from_str_radix(&tag[at..at + 2], 16).unwrap()).collect();
            assert_eq!(signed.as_bytes(), expected);
            assert!(key.verify(b"what do ya want for nothing?", signed.as_bytes()));
            assert!(!key.verify(b"what do ya want for nothing!", signed.as_bytes()));
            assert!(!key.verify(b"what do ya want for nothing?", &signed.as_bytes()[..31]));
            assert!(!key.verify(b"what do ya want for nothing?", b""));
        }
    }

    #[test]
    fn the_text_of_a_key_pair_is_refused_as_a_secret() {
        let der = [&[0x30, 0x82, 0x01, 0x0a][..], &[7; 0x10a]].concat();
        let texts: [&[u8]; 12] = [
            b"-----BEGIN PUBLIC KEY-----\nMIIB",
            b"\n\t -----BEGIN RSA PRIVATE KEY-----",
            b"\xef\xbb\xbf-----BEGIN CERTIFICATE-----",
            b"Bag Attributes\n-----BEGIN PUBLIC KEY-----",
            b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI",
            b"ssh-rsa\tAAAAB3NzaC1yc2E",
            b"# a comment\nssh-rsa AAAAB3NzaC1yc2E",
            b"from=\"10.0.0.1\" ecdsa-sha2-nistp256 AAAA",
            b"ssh-rsa-cert-v01@openssh.com AAAA",
            b" {\"kty\":\"RSA\",\"n\":\"0vx7\"}",
            b"{\"keys\": []}",
            &der,
        ];
        for text in texts {
            assert_eq!(HmacKey::of_any_length(Algorithm::HS256, text).err(), Some(KeyError::SecretIsAsymmetricKey));
        }
        assert!(HmacKey::new(Algorithm::HS256, b"0123456789 an honest secret 0123456789").is_ok());
    }

    #[test]
    fn an_algorithm_of_key_pairs_takes_no_secret() {
        let error = HmacKey::new(Algorithm::ES256, &[7; 64]).err();
        assert!(matches!(error, Some(KeyError::WrongKind { .. })));
        assert!(matches!(minimum_secret(Algorithm::ES256), Err(KeyError::WrongKind { .. })));
    }

    #[test]
    fn bytes_that_only_begin_like_der_are_a_secret() {
        for start in [[0x30, 0x83, 7], [0x30, 0x80, 7], [0x31, 0x1d, 7]] {
            assert!(HmacKey::new(Algorithm::HS256, &[&start[..], &[7; 40]].concat()).is_ok(), "{start:?}");
        }
        let short = [&[0x30, 24][..], &[7; 24]].concat();
        assert!(HmacKey::of_any_length(Algorithm::HS256, &short).is_ok());
        let longer = [&[0x30, 25][..], &[7; 25]].concat();
        assert!(HmacKey::of_any_length(Algorithm::HS256, &longer).is_err());
    }
}
