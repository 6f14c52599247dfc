//! Keys from what apps configure or their key loaders return: texts, bytes, and the objects of `cryptography` and PyJWT.
//!
//! A key is parsed once and kept for as long as it is among the last few hundred, under a hash of its text: a loader that
//! returns the same text for every request costs a hash and no parsing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jwt_extended::jose::{Algorithm, ExternalKey, Family, Key, KeyError, KeyRing, VerifyingKey};
use pyo3::{
    intern,
    prelude::*,
    types::{PyBytes, PyString},
};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::errors;

/// How many keys of each kind are kept. An app with more tenants than this parses some of their keys again.
const KEPT: usize = 256;

/// What is tolerated of a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leniency {
    pub(crate) secrets: Secrets,
    pub(crate) rsa: Rsa,
}

/// Whether an HMAC secret may be shorter than its hash (`short_secret` in `JWT_TOLERATE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secrets {
    Short,
    Full,
}

/// Whether an RSA key may have fewer than 2048 bits (`small_rsa` in `JWT_TOLERATE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rsa {
    Small,
    Full,
}

/// Makes keys, and keeps them.
#[derive(Default)]
pub(crate) struct KeyCache {
    signing: Kept<Key>,
    verifying: Kept<VerifyingKey>,
}

/// What a key is for, and a hash of what it was made from.
type Name = (Algorithm, [u8; 32]);
type Kept<K> = Mutex<HashMap<Name, K>>;

impl KeyCache {
    /// The key that signs. It has no name: upstream's tokens carry no `kid`.
    pub(crate) fn signing(&self, algorithm: Algorithm, key: &Bound<'_, PyAny>, lenient: Leniency) -> PyResult<Key> {
        let py = key.py();
        let text = text_of(key)?;
        match kept(&self.signing, algorithm, &text) {
            Found::Kept(key) => Ok(key),
            Found::Nothing(name) => {
                let key =
                    signing_key(py, algorithm, &text, lenient)?.map_err(|error| errors::invalid_key(py, &error))?;
                keep(&self.signing, name, &key);
                Ok(key)
            }
        }
    }

    /// The key that checks, without a name: it is tried on every token of its algorithm.
    pub(crate) fn verifying(
        &self,
        algorithm: Algorithm,
        key: &Bound<'_, PyAny>,
        lenient: Leniency,
    ) -> PyResult<Result<VerifyingKey, KeyError>> {
        let text = text_of(key)?;
        Ok(match kept(&self.verifying, algorithm, &text) {
            Found::Kept(key) => Ok(key),
            Found::Nothing(name) => {
                let key = verifying_key(key.py(), algorithm, &text, lenient)?;
                if let Ok(key) = &key {
                    keep(&self.verifying, name, key);
                }
                key
            }
        })
    }

    /// The ring that checks tokens of these algorithms with any of these keys. An algorithm that cannot use a key does
    /// without it, as long as another can: a secret is no RSA key, and a public key never a secret.
    pub(crate) fn ring(
        &self,
        algorithms: &[Algorithm],
        keys: &[Bound<'_, PyAny>],
        lenient: Leniency,
    ) -> PyResult<KeyRing> {
        let mut ring = KeyRing::empty();
        for key in keys {
            let mut usable = false;
            let mut refusal = None;
            for algorithm in algorithms {
                let added = self.verifying(*algorithm, key, lenient)?.and_then(|key| ring.clone().also_verify(key));
                match added {
                    Ok(larger) => (ring, usable) = (larger, true),
                    Err(error) => refusal = refusal.or(Some(error)),
                }
            }
            if let (false, Some(error)) = (usable, refusal) {
                return Err(errors::invalid_key(key.py(), &error));
            }
        }
        Ok(ring)
    }
}

enum Found<K> {
    Kept(K),
    Nothing(Name),
}

fn kept<K: Clone>(keys: &Kept<K>, algorithm: Algorithm, text: &[u8]) -> Found<K> {
    let name = (algorithm, Sha256::digest(text).into());
    let keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
    keys.get(&name).cloned().map_or(Found::Nothing(name), Found::Kept)
}

fn keep<K: Clone>(keys: &Kept<K>, name: Name, key: &K) {
    let mut keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
    if keys.len() >= KEPT {
        keys.clear();
    }
    keys.insert(name, key.clone());
}

/// The outer error is Python's own, the inner one the key's.
fn signing_key(
    py: Python<'_>,
    algorithm: Algorithm,
    text: &[u8],
    lenient: Leniency,
) -> PyResult<Result<Key, KeyError>> {
    if algorithm.family() == Family::Hmac {
        return Ok(secret(algorithm, text, lenient));
    }
    let key = match Key::from_pem(algorithm, text) {
        Err(KeyError::NotPem) => match rewritten(py, text)? {
            Some(pem) => Key::from_pem(algorithm, &*pem),
            None => Err(KeyError::NotPem),
        },
        key => key,
    };
    Ok(match key {
        Err(KeyError::RsaTooSmall { .. }) if lenient.rsa == Rsa::Small => {
            Ok(Key::external(algorithm, SmallRsaKey::load(py, algorithm, text)?))
        }
        key => key.map(Key::without_kid),
    })
}

fn verifying_key(
    py: Python<'_>,
    algorithm: Algorithm,
    text: &[u8],
    lenient: Leniency,
) -> PyResult<Result<VerifyingKey, KeyError>> {
    if algorithm.family() == Family::Hmac {
        return Ok(secret(algorithm, text, lenient).map(Into::into));
    }
    // PyJWT also checks with the public half of a private key.
    let read = |pem: &[u8]| match VerifyingKey::from_pem(algorithm, pem) {
        Err(error @ KeyError::RsaTooSmall { .. }) => Err(error),
        Err(error) => Key::from_pem(algorithm, pem).map(Into::into).map_err(|_| error),
        key => key,
    };
    let key = match read(text) {
        Err(KeyError::NotPem) => match rewritten(py, text)? {
            Some(pem) => read(&pem),
            None => Err(KeyError::NotPem),
        },
        key => key,
    };
    Ok(match key {
        Err(KeyError::RsaTooSmall { .. }) if lenient.rsa == Rsa::Small => {
            Ok(VerifyingKey::external(algorithm, SmallRsaKey::load(py, algorithm, text)?))
        }
        key => key.map(VerifyingKey::without_kid),
    })
}

fn secret(algorithm: Algorithm, text: &[u8], lenient: Leniency) -> Result<Key, KeyError> {
    match lenient.secrets {
        Secrets::Short => Key::hmac_short_secret(algorithm, text),
        Secrets::Full => Key::hmac(algorithm, text),
    }
}

/// The text of a key: its own, or what the objects of `cryptography` and PyJWT are written as.
fn text_of(key: &Bound<'_, PyAny>) -> PyResult<Zeroizing<Vec<u8>>> {
    if let Ok(text) = key.cast::<PyString>() {
        return Ok(Zeroizing::new(text.to_str()?.as_bytes().to_vec()));
    }
    if let Ok(bytes) = key.cast::<PyBytes>() {
        return Ok(Zeroizing::new(bytes.as_bytes().to_vec()));
    }
    let text = helpers(key.py())?.call_method1(intern!(key.py(), "key_text"), (key,))?;
    Ok(Zeroizing::new(text.cast::<PyBytes>()?.as_bytes().to_vec()))
}

/// A key in a form that the engine does not read, such as OpenSSH's, rewritten as PEM.
fn rewritten(py: Python<'_>, text: &[u8]) -> PyResult<Option<Zeroizing<Vec<u8>>>> {
    let pem = helpers(py)?.call_method1(intern!(py, "rewritten_as_pem"), (PyBytes::new(py, text),))?;
    pem.cast::<PyBytes>().ok().map(|pem| Ok(Zeroizing::new(pem.as_bytes().to_vec()))).transpose()
}

fn helpers(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(intern!(py, "jwt_extended.flask._keys"))
}

/// An RSA key of fewer than 2048 bits, in the hands of `cryptography`: the engine's library signs with none so small.
struct SmallRsaKey(Py<PyAny>);

impl SmallRsaKey {
    fn load(py: Python<'_>, algorithm: Algorithm, text: &[u8]) -> PyResult<Arc<dyn ExternalKey>> {
        let arguments = (algorithm.name(), PyBytes::new(py, text));
        let key = helpers(py)?.getattr(intern!(py, "SmallRsaKey"))?.call1(arguments)?;
        Ok(Arc::new(Self(key.unbind())))
    }
}

impl ExternalKey for SmallRsaKey {
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        Python::attach(|py| {
            let message = PyBytes::new(py, message);
            let signature = self.0.bind(py).call_method1(intern!(py, "sign"), (message,)).ok()?;
            signature.extract::<Vec<u8>>().ok()
        })
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        Python::attach(|py| {
            let arguments = (PyBytes::new(py, message), PyBytes::new(py, signature));
            let verdict = self.0.bind(py).call_method1(intern!(py, "verify"), arguments);
            verdict.and_then(|verdict| verdict.extract::<bool>()).unwrap_or(false)
        })
    }
}
