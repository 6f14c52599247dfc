//! The master key: seals the signing keys with AES-256-GCM, so that nobody who reads the database can sign.
//!
//! Knows nothing of the database and of schedules.

use std::{ffi::OsString, fmt};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jwt_extended_axum::{config::Secret, jose::Algorithm};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::KeysError;

const VARIABLE: &str = "JWT_MASTER_KEY";
const FILE_VARIABLE: &str = "JWT_MASTER_KEY_FILE";

/// The format of a sealed key: this byte, the nonce, the ciphertext with its tag.
const VERSION: u8 = 1;
const TAG_LEN: usize = 16;

/// The master key.
pub(crate) struct MasterKey {
    cipher: RandomizedNonceKey,
    id: String,
}

/// What a sealed key belongs to. It is authenticated, so a row's content cannot be moved to another row.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) kid: &'a str,
    pub(crate) algorithm: Algorithm,
}

impl MasterKey {
    /// Reads 32 random bytes in base64.
    ///
    /// # Errors
    /// If the text is anything else, or too regular to be random.
    pub(crate) fn parse(text: &str) -> Result<Self, KeysError> {
        let mut bytes = Zeroizing::new([0_u8; 33]);
        let length = STANDARD.decode_slice(text.trim(), &mut *bytes).map_err(|_| KeysError::BadMasterKey)?;
        let key = bytes.get(..length).filter(|key| key.len() == 32).ok_or(KeysError::BadMasterKey)?;
        let mut distinct = Zeroizing::new(key.to_vec());
        distinct.sort_unstable();
        distinct.dedup();
        // Less than one in a thousand million random keys has fewer than 16 different bytes, or only ASCII, as a text
        // in base64 has.
        if distinct.len() < 16 || key.is_ascii() {
            return Err(KeysError::BadMasterKey);
        }
        let digest = Sha256::new().chain_update(b"jwt-extended-server master key id\0").chain_update(key).finalize();
        let id = digest[..8].iter().fold(0_u64, |id, byte| id << 8 | u64::from(*byte));
        let cipher = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| KeysError::BadMasterKey)?;
        Ok(Self { cipher, id: format!("{id:016x}") })
    }

    /// Returns the fingerprint, which tells master keys apart and reveals nothing of them.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Seals a key's text, with a new random nonce.
    pub(crate) fn seal(&self, context: Context<'_>, text: &str) -> Result<String, KeysError> {
        // Large enough not to be reallocated, which would leave a copy of the key in memory.
        let mut body = Zeroizing::new(Vec::with_capacity(text.len() + TAG_LEN));
        body.extend_from_slice(text.as_bytes());
        let aad = Aad::from(self.aad(context));
        let nonce = self.cipher.seal_in_place_append_tag(aad, &mut *body).map_err(|_| KeysError::Randomness)?;
        let mut sealed = vec![VERSION];
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&body);
        Ok(STANDARD.encode(sealed))
    }

    /// Opens a sealed key.
    ///
    /// # Errors
    /// If it was sealed under another master key or for another row, or has been changed.
    pub(crate) fn unseal(
        &self,
        context: Context<'_>,
        master_id: &str,
        sealed: &str,
    ) -> Result<Zeroizing<String>, KeysError> {
        if master_id != self.id {
            let (kid, sealed, given) = (context.kid.to_owned(), master_id.to_owned(), self.id.clone());
            return Err(KeysError::WrongMasterKey { kid, sealed, given });
        }
        let changed = || KeysError::Changed(context.kid.to_owned());
        let sealed = STANDARD.decode(sealed).map_err(|_| changed())?;
        let (version, rest) = sealed.split_first().ok_or_else(changed)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or_else(changed)?;
        if *version != VERSION {
            return Err(changed());
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| changed())?;
        let mut body = Zeroizing::new(body.to_vec());
        let aad = Aad::from(self.aad(context));
        let text = self.cipher.open_in_place(nonce, aad, &mut body).map_err(|_| changed())?;
        let text = str::from_utf8(text).map_err(|_| changed())?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    /// The authenticated context. No part but the last can contain the separator: a `kid` is printable.
    fn aad(&self, Context { kid, algorithm }: Context<'_>) -> Vec<u8> {
        format!("jwt-extended-server signing key\0{VERSION}\0{}\0{algorithm}\0{kid}", self.id).into_bytes()
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id)
    }
}

type Environment = Vec<(OsString, OsString)>;

/// Takes the master key out of the environment; the other variables are options.
pub(crate) fn take_master_key(environment: Environment) -> Result<(Option<MasterKey>, Environment), KeysError> {
    let (mut value, mut file, mut others) = (None, None, Environment::new());
    for (name, text) in environment {
        match name.to_str() {
            Some(VARIABLE) => value = Some(text),
            Some(FILE_VARIABLE) => file = Some(text),
            _ => others.push((name, text)),
        }
    }
    let secret = match (value, file) {
        (Some(_), Some(_)) => return Err(KeysError::MasterKeyTwice),
        (Some(text), None) => Some(Secret::from(text.into_string().map_err(|_| KeysError::BadMasterKey)?)),
        (None, Some(path)) => Some(Secret::read_file(path).map_err(KeysError::MasterKeyFile)?),
        (None, None) => None,
    };
    Ok((secret.map(|secret| MasterKey::parse(secret.expose())).transpose()?, others))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "pNe0Zl1dGJQ8m5xrYw2uV7cTkHs9oLfB4aXqEiR3tU8=";
    const OTHER: &str = "gC8vJx1nQz5tWm3bRk7yPd0hLs9fAu2eTi6oGXqVw4E=";

    fn context(kid: &str) -> Context<'_> {
        Context { kid, algorithm: Algorithm::ES256 }
    }

    fn key() -> MasterKey {
        MasterKey::parse(KEY).unwrap()
    }

    fn is_changed(outcome: Result<Zeroizing<String>, KeysError>) -> bool {
        matches!(outcome, Err(KeysError::Changed(kid)) if kid == "a")
    }

    #[test]
    fn a_sealed_key_opens_in_its_own_row() {
        let sealed = key().seal(context("a"), "the text").unwrap();
        assert_eq!(*key().unseal(context("a"), key().id(), &sealed).unwrap(), "the text");
        assert_ne!(sealed, key().seal(context("a"), "the text").unwrap(), "each seal has a nonce of its own");
    }

    #[test]
    fn a_sealed_key_of_another_row_is_refused() {
        let sealed = key().seal(context("b"), "the text").unwrap();
        assert!(is_changed(key().unseal(context("a"), key().id(), &sealed)));
        let other = Context { kid: "b", algorithm: Algorithm::EdDSA };
        assert!(matches!(key().unseal(other, key().id(), &sealed), Err(KeysError::Changed(_))));
    }

    #[test]
    fn every_changed_byte_and_every_truncation_is_refused() {
        let sealed = STANDARD.decode(key().seal(context("a"), "the text").unwrap()).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(is_changed(key().unseal(context("a"), key().id(), &STANDARD.encode(changed))), "{at}");
            let short = STANDARD.encode(&sealed[..at]);
            assert!(is_changed(key().unseal(context("a"), key().id(), &short)), "{at}");
        }
        assert!(is_changed(key().unseal(context("a"), key().id(), "no base64!")));
    }

    #[test]
    fn another_master_key_is_called_wrong() {
        let other = MasterKey::parse(OTHER).unwrap();
        let sealed = key().seal(context("a"), "the text").unwrap();
        let refused = other.unseal(context("a"), key().id(), &sealed).unwrap_err().to_string();
        assert!(refused.starts_with("wrong master key: the key a is sealed under"), "{refused}");
        assert!(refused.contains(key().id()) && refused.contains(other.id()), "{refused}");
        assert!(is_changed(other.unseal(context("a"), other.id(), &sealed)), "the fingerprint alone opens nothing");
    }

    #[test]
    fn a_master_key_is_32_random_bytes() {
        let encode = |bytes: &[u8]| STANDARD.encode(bytes);
        let mut random = [0; 33];
        STANDARD.decode_slice(KEY, &mut random).unwrap();
        for bad in [
            "",
            "a password",
            &encode(&[0; 32]),
            &encode(&[7; 32]),
            &encode(b"change-me-change-me-change-me-32"),
            &encode(&random[..31]),
            &encode(&random),
        ] {
            assert!(matches!(MasterKey::parse(bad), Err(KeysError::BadMasterKey)), "{bad}");
        }
        assert!(MasterKey::parse(&format!("{KEY}\n")).is_ok());
    }

    #[test]
    fn debug_shows_the_fingerprint_alone() {
        assert_eq!(format!("{:?}", key()), format!("MasterKey({})", key().id()));
    }
}
