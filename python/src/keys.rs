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

use crate::{compile::named, errors};

/// How many keys of each kind are kept. An app with more tenants than this parses some of their keys again.
const KEPT: usize = 256;

/// What becomes of keys that are too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leniency {
    /// HMAC secrets shorter than their hash: `short_secret` in `JWT_TOLERATE`.
    pub(crate) secrets: Short,
    /// RSA keys of fewer than 2048 bits: `small_rsa` in `JWT_TOLERATE`.
    pub(crate) rsa: Short,
}

/// What becomes of a key that is too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Short {
    /// `JWT_TOLERATE` is a list without its word.
    Refused,
    /// `JWT_TOLERATE` is not set: upstream lets it be, and PyJWT warns.
    WarnedOf,
    /// The app has named it.
    Accepted,
}

impl<'py> FromPyObject<'_, 'py> for Short {
    type Error = PyErr;

    fn extract(word: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match word.extract::<&str>()? {
            "accepted" => Ok(Self::Accepted),
            "warned of" => Ok(Self::WarnedOf),
            _ => Ok(Self::Refused),
        }
    }
}

/// Makes keys, and keeps them.
#[derive(Default)]
pub(crate) struct KeyCache {
    signing: Kept<Key>,
    verifying: Kept<VerifyingKey>,
}

/// What a key is for, what was tolerated of it, and a hash of what it was made from.
type Name = (Algorithm, Leniency, [u8; 32]);
type Kept<K> = Mutex<HashMap<Name, K>>;

impl KeyCache {
    /// The key that signs. A key pair is named by its thumbprint.
    pub(crate) fn signing(&self, algorithm: Algorithm, key: &Bound<'_, PyAny>, lenient: Leniency) -> PyResult<Key> {
        let py = key.py();
        find(&self.signing, algorithm, key, lenient, signing_key)?.map_err(|error| errors::invalid_key(py, &error))
    }

    /// The key that checks. A key pair is named by its thumbprint.
    pub(crate) fn verifying(
        &self,
        algorithm: Algorithm,
        key: &Bound<'_, PyAny>,
        lenient: Leniency,
    ) -> PyResult<Result<VerifyingKey, KeyError>> {
        find(&self.verifying, algorithm, key, lenient, verifying_key)
    }

    /// The ring that checks tokens of these algorithms with any of these keys, whatever `kid` they have: upstream's tokens
    /// have none. An algorithm that cannot use a key does without it, as long as another can: a secret is no RSA key, and a
    /// public key never a secret. Each key comes with what says where it is from.
    pub(crate) fn ring<'a, 'py: 'a>(
        &self,
        algorithms: &[Algorithm],
        keys: impl IntoIterator<Item = (&'a str, &'a Bound<'py, PyAny>)>,
        lenient: Leniency,
    ) -> PyResult<KeyRing> {
        let mut ring = KeyRing::empty();
        for (source, key) in keys {
            let mut usable = false;
            let mut refusal = None;
            for algorithm in algorithms {
                let key = self
                    .verifying(*algorithm, key, lenient)
                    .map_err(|error| errors::of_key(key.py(), source, error))?;
                let key = key.map(VerifyingKey::without_kid);
                match key.and_then(|key| ring.clone().also_verify(key)) {
                    Ok(larger) => (ring, usable) = (larger, true),
                    Err(error) => refusal = refusal.or(Some(error)),
                }
            }
            if let (false, Some(error)) = (usable, refusal) {
                let py = key.py();
                return Err(errors::of_key(py, source, errors::invalid_key(py, &error)));
            }
        }
        Ok(ring)
    }
}

/// The key that is kept, or a new one. The outer error is Python's own, the inner one the key's.
fn find<K: Clone>(
    kept: &Kept<K>,
    algorithm: Algorithm,
    key: &Bound<'_, PyAny>,
    lenient: Leniency,
    make: impl FnOnce(Python<'_>, Algorithm, &[u8], Leniency) -> PyResult<Result<K, KeyError>>,
) -> PyResult<Result<K, KeyError>> {
    if let Some(stated) = stated_algorithm(key)?
        && stated != algorithm
    {
        return Ok(Err(KeyError::JwkAlgorithm { stated, asked: algorithm }));
    }
    let text = text_of(key)?;
    let name = (algorithm, lenient, Sha256::digest(&*text).into());
    if let Some(key) = kept.lock().unwrap_or_else(PoisonError::into_inner).get(&name) {
        return Ok(Ok(key.clone()));
    }
    let fresh = make(key.py(), algorithm, &text, lenient)?;
    if let Ok(key) = &fresh {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let former = if kept.len() >= KEPT { std::mem::take(&mut *kept) } else { HashMap::new() };
        kept.insert(name, key.clone());
        // In this order: to drop a key that `cryptography` holds runs Python, which may come back here.
        drop(kept);
        drop(former);
    }
    Ok(fresh)
}

fn signing_key(
    py: Python<'_>,
    algorithm: Algorithm,
    text: &[u8],
    lenient: Leniency,
) -> PyResult<Result<Key, KeyError>> {
    if algorithm.family() == Family::Hmac {
        return secret(py, algorithm, text, lenient);
    }
    let rewritten = rewritten(py, text)?;
    let pem = rewritten.as_deref().map_or(text, Vec::as_slice);
    Ok(match Key::from_pem(algorithm, pem) {
        Err(small @ KeyError::RsaTooSmall { .. }) if lenient.rsa != Short::Refused => {
            let key = SmallRsaKey::load(py, algorithm, pem)?;
            lenient.rsa.warn(py, &small)?;
            Ok(Key::external(algorithm, key))
        }
        key => key,
    })
}

fn verifying_key(
    py: Python<'_>,
    algorithm: Algorithm,
    text: &[u8],
    lenient: Leniency,
) -> PyResult<Result<VerifyingKey, KeyError>> {
    if algorithm.family() == Family::Hmac {
        return secret(py, algorithm, text, lenient).map(|key| key.map(Into::into));
    }
    let rewritten = rewritten(py, text)?;
    let pem = rewritten.as_deref().map_or(text, Vec::as_slice);
    // PyJWT also checks with the public half of a private key.
    let key = match VerifyingKey::from_pem(algorithm, pem) {
        Ok(key) => Ok(key),
        Err(error) => match Key::from_pem(algorithm, pem) {
            Ok(key) => Ok(key.into()),
            Err(small @ KeyError::RsaTooSmall { .. }) => Err(small),
            Err(_) => Err(error),
        },
    };
    Ok(match key {
        Err(small @ KeyError::RsaTooSmall { .. }) if lenient.rsa != Short::Refused => {
            let key = SmallRsaKey::load(py, algorithm, pem)?;
            lenient.rsa.warn(py, &small)?;
            Ok(VerifyingKey::external(algorithm, key))
        }
        key => key,
    })
}

fn secret(py: Python<'_>, algorithm: Algorithm, text: &[u8], lenient: Leniency) -> PyResult<Result<Key, KeyError>> {
    match Key::hmac(algorithm, text) {
        Err(short @ KeyError::ShortSecret { .. }) if lenient.secrets != Short::Refused => {
            let key = Key::hmac_short_secret(algorithm, text);
            if key.is_ok() {
                lenient.secrets.warn(py, &short)?;
            }
            Ok(key)
        }
        key => Ok(key),
    }
}

impl Short {
    fn warn(self, py: Python<'_>, error: &KeyError) -> PyResult<()> {
        if self == Self::WarnedOf { errors::warn_of_short_key(py, error) } else { Ok(()) }
    }
}

/// The one algorithm that a key of PyJWT is for, if it is one.
fn stated_algorithm(key: &Bound<'_, PyAny>) -> PyResult<Option<Algorithm>> {
    if key.is_instance_of::<PyString>() || key.is_instance_of::<PyBytes>() {
        return Ok(None);
    }
    let stated = key.getattr_opt(intern!(key.py(), "algorithm_name"))?;
    stated.map(|name| named(&name.str()?.to_string_lossy())).transpose()
}

/// Whether the cryptography takes long enough that other threads should run meanwhile.
pub(crate) fn is_slow(algorithms: impl IntoIterator<Item = Algorithm>) -> bool {
    algorithms.into_iter().any(|algorithm| algorithm.family() != Family::Hmac)
}

/// The text of a key: its own, or what the objects of `cryptography` and PyJWT are written as.
fn text_of(key: &Bound<'_, PyAny>) -> PyResult<Zeroizing<Vec<u8>>> {
    if let Ok(text) = key.cast::<PyString>() {
        // Python's own complaint would show the text.
        let text =
            text.to_str().map_err(|_| errors::key_refused(key.py(), "a key must be text that UTF-8 can write"))?;
        return Ok(Zeroizing::new(text.as_bytes().to_vec()));
    }
    if let Ok(bytes) = key.cast::<PyBytes>() {
        return Ok(Zeroizing::new(bytes.as_bytes().to_vec()));
    }
    let text = helpers(key.py())?.call_method1(intern!(key.py(), "key_text"), (key,))?;
    Ok(Zeroizing::new(text.cast::<PyBytes>()?.as_bytes().to_vec()))
}

/// A key in a form that the engine does not read, OpenSSH's, as PEM.
fn rewritten(py: Python<'_>, text: &[u8]) -> PyResult<Option<Zeroizing<Vec<u8>>>> {
    let mentions = |mark: &[u8]| text.windows(mark.len()).any(|window| window == mark);
    if ![&b"ssh-"[..], b"ecdsa-sha2-", b"OPENSSH PRIVATE KEY"].into_iter().any(mentions) {
        return Ok(None);
    }
    let pem = helpers(py)?.call_method1(intern!(py, "rewritten_as_pem"), (PyBytes::new(py, text),))?;
    Ok(pem.cast::<PyBytes>().ok().map(|pem| Zeroizing::new(pem.as_bytes().to_vec())))
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
