//! Keys from options and key loaders: texts, bytes, and key objects of `cryptography` and PyJWT.
//!
//! Parsed keys are cached under a hash of their text. So a loader that returns the same text for every request costs a
//! hash and no parsing.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use jwt_extended::jose::{Algorithm, ExternalKey, Family, Key, KeyError, KeyRing, UnknownAlgorithm, VerifyingKey};
use pyo3::{
    exceptions::PyRuntimeError,
    intern,
    prelude::*,
    types::{PyBytes, PyString},
};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::errors::{self, helpers};

/// How many keys of each kind are cached. An app with more tenants than this parses some of their keys again.
const CAPACITY: usize = 256;

/// How keys that are too short are handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Leniency {
    /// HMAC secrets shorter than their hash: `short_secret` in `JWT_TOLERATE`.
    pub(crate) secrets: Short,
    /// RSA keys of fewer than 2048 bits: `small_rsa` in `JWT_TOLERATE`.
    pub(crate) rsa: Short,
}

/// How a key that is too short is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Short {
    /// `JWT_TOLERATE` is a list that does not name it.
    Refused,
    /// `JWT_TOLERATE` is not set: the key is accepted with a warning, as PyJWT does.
    WarnedOf,
    /// `JWT_TOLERATE` names it.
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

/// Parses keys and caches them.
#[derive(Default)]
pub(crate) struct KeyCache {
    signing: Cache<Key>,
    verifying: Cache<VerifyingKey>,
    short: ShortKeys,
}

/// The keys of one app that are too short, each with its warning, until the app uses one of them.
#[derive(Default)]
struct ShortKeys {
    pending: Mutex<Vec<(Digest, String)>>,
    is_pending: AtomicBool,
}

/// The short keys that this process has warned of.
static WARNED_OF: Mutex<BTreeSet<Digest>> = Mutex::new(BTreeSet::new());

/// The hash of a key's text.
type Digest = [u8; 32];
/// A key's algorithm, the leniency it was checked with, and the hash of its text.
type CacheKey = (Algorithm, Leniency, Digest);
type Cache<K> = Mutex<HashMap<CacheKey, K>>;

impl KeyCache {
    /// Returns a signing key. The `kid` of a key pair is its thumbprint.
    pub(crate) fn signing(&self, algorithm: Algorithm, key: &Bound<'_, PyAny>, lenient: Leniency) -> PyResult<Key> {
        let py = key.py();
        let key = self.find(&self.signing, algorithm, key, lenient, signing_key)?;
        key.map_err(|error| errors::invalid_key(py, &error))
    }

    /// Returns a verifying key. The `kid` of a key pair is its thumbprint.
    pub(crate) fn verifying(
        &self,
        algorithm: Algorithm,
        key: &Bound<'_, PyAny>,
        lenient: Leniency,
    ) -> PyResult<Result<VerifyingKey, KeyError>> {
        self.find(&self.verifying, algorithm, key, lenient, verifying_key)
    }

    /// Warns of short keys, as PyJWT does: when the app uses a key, and once for each key in this process.
    pub(crate) fn warn_of_short(&self, py: Python<'_>) -> PyResult<()> {
        if !self.short.is_pending.load(Ordering::Relaxed) {
            return Ok(());
        }
        // A copy, because warning runs Python code, which may use another key.
        let pending = self.short.pending.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let warned_of = || WARNED_OF.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, message) in pending {
            if warned_of().insert(key) {
                // The app may have turned warnings into errors: then every use of the key is one, as in PyJWT.
                errors::warn_of_short_key(py, &message).inspect_err(|_| {
                    warned_of().remove(&key);
                })?;
            }
        }
        self.short.pending.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.short.is_pending.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Returns a ring that verifies tokens of these algorithms with any of these keys. It ignores `kid`, because
    /// upstream's tokens have no `kid`. A key is skipped for an algorithm that cannot use it, such as a secret for
    /// RS256, but at least one algorithm must accept it. Each key comes with its source, for error messages.
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
                    .map_err(|error| errors::with_source(key.py(), source, error))?;
                let key = key.map(VerifyingKey::without_kid);
                match key.and_then(|key| ring.clone().also_verify(key)) {
                    Ok(larger) => (ring, usable) = (larger, true),
                    Err(error) => refusal = refusal.or(Some(error)),
                }
            }
            if let (false, Some(error)) = (usable, refusal) {
                let py = key.py();
                return Err(errors::with_source(py, source, errors::invalid_key(py, &error)));
            }
        }
        Ok(ring)
    }

    /// Returns the cached key, or parses it. The outer error is a Python exception, the inner one the engine's.
    fn find<K: Clone>(
        &self,
        cache: &Cache<K>,
        algorithm: Algorithm,
        key: &Bound<'_, PyAny>,
        lenient: Leniency,
        make: impl FnOnce(Python<'_>, Algorithm, &[u8], &mut Lenient) -> PyResult<Result<K, KeyError>>,
    ) -> PyResult<Result<K, KeyError>> {
        if let Some(stated) = stated_algorithm(key)?
            && stated != algorithm
        {
            return Ok(Err(KeyError::JwkAlgorithm { stated, asked: algorithm }));
        }
        let text = text_of(key)?;
        let cache_key = (algorithm, lenient, Sha256::digest(&*text).into());
        if let Some(key) = cache.lock().unwrap_or_else(PoisonError::into_inner).get(&cache_key) {
            return Ok(Ok(key.clone()));
        }
        let mut lenient = Lenient { leniency: lenient, warning: None };
        let fresh = make(key.py(), algorithm, &text, &mut lenient)?;
        if let Ok(key) = &fresh {
            if let Some(warning) = lenient.warning {
                self.short.pending.lock().unwrap_or_else(PoisonError::into_inner).push((cache_key.2, warning));
                self.short.is_pending.store(true, Ordering::Relaxed);
            }
            let mut cached = cache.lock().unwrap_or_else(PoisonError::into_inner);
            let former = if cached.len() >= CAPACITY { std::mem::take(&mut *cached) } else { HashMap::new() };
            cached.insert(cache_key, key.clone());
            // Unlocks first: dropping a key that `cryptography` holds runs Python code, which may call this function.
            drop(cached);
            drop(former);
        }
        Ok(fresh)
    }
}

/// A leniency, and the warning of the key that made use of it.
struct Lenient {
    leniency: Leniency,
    warning: Option<String>,
}

impl Lenient {
    /// Returns whether such a key is accepted, and keeps the error as a warning if there has to be one.
    fn accepts(&mut self, short: Short, error: &KeyError) -> bool {
        if short == Short::WarnedOf {
            self.warning = Some(error.to_string());
        }
        short != Short::Refused
    }
}

fn signing_key(
    py: Python<'_>,
    algorithm: Algorithm,
    text: &[u8],
    lenient: &mut Lenient,
) -> PyResult<Result<Key, KeyError>> {
    if algorithm.family() == Family::Hmac {
        return Ok(secret(algorithm, text, lenient));
    }
    let rewritten = rewritten(py, text)?;
    let pem = rewritten.as_deref().map_or(text, Vec::as_slice);
    Ok(match Key::from_pem(algorithm, pem) {
        Err(small @ KeyError::RsaTooSmall { .. }) if lenient.accepts(lenient.leniency.rsa, &small) => {
            let key = ForeignKey::load(py, algorithm, pem)?;
            Ok(Key::external(algorithm, Arc::new(key)))
        }
        Err(error) => match readable(py, algorithm, pem)? {
            Some(Readable::Pem(pem)) => Key::from_pem(algorithm, &pem),
            Some(Readable::Foreign(key)) if key.is_private(py)? => Ok(Key::external(algorithm, Arc::new(key))),
            Some(Readable::Foreign(_)) | None => Err(error),
        },
        key => key,
    })
}

fn verifying_key(
    py: Python<'_>,
    algorithm: Algorithm,
    text: &[u8],
    lenient: &mut Lenient,
) -> PyResult<Result<VerifyingKey, KeyError>> {
    if algorithm.family() == Family::Hmac {
        return Ok(secret(algorithm, text, lenient).map(Into::into));
    }
    let rewritten = rewritten(py, text)?;
    let pem = rewritten.as_deref().map_or(text, Vec::as_slice);
    Ok(match either_half(algorithm, pem) {
        Err(small @ KeyError::RsaTooSmall { .. }) if lenient.accepts(lenient.leniency.rsa, &small) => {
            let key = ForeignKey::load(py, algorithm, pem)?;
            Ok(VerifyingKey::external(algorithm, Arc::new(key)))
        }
        Err(error) => match readable(py, algorithm, pem)? {
            Some(Readable::Pem(pem)) => either_half(algorithm, &pem),
            Some(Readable::Foreign(key)) => Ok(VerifyingKey::external(algorithm, Arc::new(key))),
            None => Err(error),
        },
        key => key,
    })
}

/// Reads a public key. Like PyJWT, also accepts a private key, and verifies with its public half.
fn either_half(algorithm: Algorithm, pem: &[u8]) -> Result<VerifyingKey, KeyError> {
    VerifyingKey::from_pem(algorithm, pem).or_else(|error| match Key::from_pem(algorithm, pem) {
        Ok(key) => Ok(key.into()),
        // The key was read, and is no good.
        Err(bad @ (KeyError::RsaTooSmall { .. } | KeyError::RsaRoca)) => Err(bad),
        Err(_) => Err(error),
    })
}

fn secret(algorithm: Algorithm, text: &[u8], lenient: &mut Lenient) -> Result<Key, KeyError> {
    match Key::hmac(algorithm, text) {
        Err(short @ KeyError::ShortSecret { .. }) if lenient.accepts(lenient.leniency.secrets, &short) => {
            Key::hmac_short_secret(algorithm, text)
        }
        key => key,
    }
}

/// Returns the algorithm that a PyJWT key object is for. Other keys state none.
fn stated_algorithm(key: &Bound<'_, PyAny>) -> PyResult<Option<Algorithm>> {
    if key.is_instance_of::<PyString>() || key.is_instance_of::<PyBytes>() {
        return Ok(None);
    }
    let stated = key.getattr_opt(intern!(key.py(), "algorithm_name"))?;
    stated.map(|name| algorithm_named(&name.str()?.to_string_lossy())).transpose()
}

/// Returns the algorithm with this name.
pub(crate) fn algorithm_named(name: &str) -> PyResult<Algorithm> {
    name.parse().map_err(|error: UnknownAlgorithm| PyRuntimeError::new_err(error.to_string()))
}

/// Returns whether signing or verifying takes long enough to release Python's lock.
pub(crate) fn is_slow(algorithms: impl IntoIterator<Item = Algorithm>) -> bool {
    algorithms.into_iter().any(|algorithm| algorithm.family() != Family::Hmac)
}

/// Returns the text of a key. Serialises the key objects of `cryptography` and PyJWT.
fn text_of(key: &Bound<'_, PyAny>) -> PyResult<Zeroizing<Vec<u8>>> {
    if let Ok(text) = key.cast::<PyString>() {
        // Python's own error message would show the text.
        let text = text.to_str().map_err(|_| errors::key_refused(key.py(), "a key must be valid UTF-8 text"))?;
        return Ok(Zeroizing::new(text.as_bytes().to_vec()));
    }
    if let Ok(bytes) = key.cast::<PyBytes>() {
        return Ok(Zeroizing::new(bytes.as_bytes().to_vec()));
    }
    let text = helpers(key.py())?.call_method1(intern!(key.py(), "key_text"), (key,))?;
    Ok(Zeroizing::new(text.cast::<PyBytes>()?.as_bytes().to_vec()))
}

/// Converts an OpenSSH key, which the engine does not read, to PEM. Returns `None` for any other key.
fn rewritten(py: Python<'_>, text: &[u8]) -> PyResult<Option<Zeroizing<Vec<u8>>>> {
    let mentions = |mark: &[u8]| text.windows(mark.len()).any(|window| window == mark);
    if ![&b"ssh-"[..], b"ecdsa-sha2-", b"OPENSSH PRIVATE KEY"].into_iter().any(mentions) {
        return Ok(None);
    }
    let pem = helpers(py)?.call_method1(intern!(py, "rewritten_as_pem"), (PyBytes::new(py, text),))?;
    Ok(pem.cast::<PyBytes>().ok().map(|pem| Zeroizing::new(pem.as_bytes().to_vec())))
}

/// A key that `cryptography` has read.
enum Readable {
    /// In a form that the engine reads.
    Pem(Zeroizing<Vec<u8>>),
    /// Of a kind that the engine's library does not know.
    Foreign(ForeignKey),
}

/// Has `cryptography` read a key that the engine refuses, as PyJWT does. Returns `None` if it cannot either.
fn readable(py: Python<'_>, algorithm: Algorithm, text: &[u8]) -> PyResult<Option<Readable>> {
    // Only PEM is worth the import, which takes a tenth of a second.
    if !text.windows(11).any(|window| window == b"-----BEGIN ") {
        return Ok(None);
    }
    let arguments = (algorithm.name(), PyBytes::new(py, text));
    let read = helpers(py)?.call_method1(intern!(py, "readable"), arguments)?;
    if read.is_none() {
        return Ok(None);
    }
    Ok(Some(match read.cast::<PyBytes>() {
        Ok(pem) => Readable::Pem(Zeroizing::new(pem.as_bytes().to_vec())),
        Err(_) => Readable::Foreign(ForeignKey(read.unbind())),
    }))
}

/// A key that `cryptography` uses, because the engine's library does not: an RSA key below 2048 or above 8192 bits, or
/// an Ed448 key.
struct ForeignKey(Py<PyAny>);

impl ForeignKey {
    fn load(py: Python<'_>, algorithm: Algorithm, text: &[u8]) -> PyResult<Self> {
        let arguments = (algorithm.name(), PyBytes::new(py, text));
        let key = helpers(py)?.getattr(intern!(py, "ForeignKey"))?.call1(arguments)?;
        Ok(Self(key.unbind()))
    }

    fn is_private(&self, py: Python<'_>) -> PyResult<bool> {
        self.0.bind(py).getattr(intern!(py, "is_private"))?.extract()
    }
}

impl ExternalKey for ForeignKey {
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
