//! From an app's options, as the Python side has read them, to managers and keys that are ready for use.

use jwt_extended::{
    Clock as _, Config, JwtManager, SystemClock, Timestamp,
    config::Seconds,
    jose::{Algorithm, Key, KeyRing},
    session::StoreError,
};
use pyo3::{
    exceptions::{PyBaseException, PyRuntimeError},
    intern,
    prelude::*,
    sync::PyOnceLock,
};
use std::time::Duration;

use crate::{
    errors,
    keys::{KeyCache, Leniency, Short},
    store::{self, Store, StoreName},
};

/// What `_options.py` hands over.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Options<'py> {
    /// The engine's options for making tokens, and for checking them, as JSON: upstream's `ENCODE_` and `DECODE_` options
    /// know nothing of each other, while one manager of the engine accepts what it makes.
    issuing: String,
    checking: String,
    leeway: f64,
    /// Claims of every token as JSON that the engine would write otherwise.
    fixed_claims: String,
    max_token_length: usize,
    identity_claim: String,
    /// Whether refusals carry `WWW-Authenticate`.
    challenges: bool,
    algorithm: String,
    decode_algorithms: Vec<String>,
    /// A key, or the exception that says that there is none.
    encode_key: Named<'py>,
    /// Keys, or the exception that says that there is none.
    decode_keys: Vec<Named<'py>>,
    key_ring: Vec<RingKey<'py>>,
    short_secret: Short,
    small_rsa: Short,
    /// The capacity of the store in memory.
    memory_store: Option<usize>,
    /// The URL of a store that processes share.
    shared_store: Option<String>,
    /// How long that may take to answer, in seconds.
    store_timeout: f64,
}

/// The name of an option, and the key that it holds.
type Named<'py> = (String, Bound<'py, PyAny>);

/// One key of `JWT_KEY_RING`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct RingKey<'py> {
    /// Which one it is, to be told from the others in complaints.
    name: String,
    algorithm: String,
    signs: bool,
    key: Bound<'py, PyAny>,
    kid: Option<String>,
}

/// An app's options, ready for use.
pub(crate) struct Compiled {
    pub(crate) issuing: JwtManager,
    pub(crate) checking: JwtManager,
    pub(crate) fixed_claims: String,
    pub(crate) max_token_length: usize,
    pub(crate) identity_claim: String,
    pub(crate) challenges: bool,
    /// The signing key's.
    pub(crate) algorithm: Algorithm,
    /// Whether keys come from `JWT_KEY_RING`.
    pub(crate) has_ring: bool,
    pub(crate) decode_algorithms: Vec<Algorithm>,
    pub(crate) lenient: Leniency,
    /// What configured keys came to.
    pub(crate) signing: Result<Key, PyErr>,
    pub(crate) ring: Result<KeyRing, PyErr>,
    /// The configured key itself, for headers that name another algorithm.
    pub(crate) encode_key: Py<PyAny>,
    store: Option<Store>,
}

impl Options<'_> {
    pub(crate) fn compile(
        self,
        py: Python<'_>,
        cache: &KeyCache,
        store: impl FnOnce(StoreName, Duration) -> PyResult<Store>,
    ) -> PyResult<Compiled> {
        let lenient = Leniency { secrets: self.short_secret, rsa: self.small_rsa };
        let algorithm = named(&self.algorithm)?;
        let decode_algorithms = self.decode_algorithms.iter().map(|name| named(name)).collect::<PyResult<Vec<_>>>()?;
        let limit = Duration::try_from_secs_f64(self.store_timeout)
            .map_err(|_| PyRuntimeError::new_err("JWT_STORE_TIMEOUT must not be negative"))?;
        let name = self.memory_store.map(StoreName::Memory).or(self.shared_store.map(StoreName::Url));
        let store = name.map(|name| store(name, limit)).transpose()?;
        let manager = |options: &str| -> PyResult<JwtManager> {
            let mut config: Config =
                serde_json::from_str(options).map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
            let leeway = Duration::try_from_secs_f64(self.leeway);
            config.decode_leeway =
                Seconds(leeway.map_err(|_| PyRuntimeError::new_err("decode_leeway must not be negative"))?);
            let mut builder = JwtManager::from_config(config).key_ring(KeyRing::empty()).clock(python_s_clock);
            if let Some(store) = &store {
                builder = builder.session_store(store.keeper());
            }
            builder.build().map_err(|error| PyRuntimeError::new_err(errors::in_options_names(&error.to_string())))
        };
        let (signing, ring) = if self.key_ring.is_empty() {
            let (name, key) = &self.encode_key;
            let signing = unless_exception(key)
                .and_then(|key| cache.signing(algorithm, key, lenient).map_err(|error| errors::of_key(py, name, error)))
                .map(Key::without_kid);
            let keys = self.decode_keys.iter().map(|(name, key)| (name.as_str(), key));
            let ring = keys
                .clone()
                .try_for_each(|(_, key)| unless_exception(key).map(|_| ()))
                .and_then(|()| cache.ring(&decode_algorithms, keys, lenient));
            (signing, ring)
        } else {
            let ring = ring_of(py, &self.key_ring, cache, lenient)?;
            let signing = ring.signing_key().cloned().ok_or_else(|| PyRuntimeError::new_err(NO_SIGNER));
            (signing, Ok(ring))
        };
        Ok(Compiled {
            issuing: manager(&self.issuing)?,
            checking: manager(&self.checking)?,
            fixed_claims: self.fixed_claims,
            max_token_length: self.max_token_length,
            identity_claim: self.identity_claim,
            challenges: self.challenges,
            algorithm: signing.as_ref().map_or(algorithm, Key::algorithm),
            has_ring: !self.key_ring.is_empty(),
            decode_algorithms,
            lenient,
            signing,
            ring,
            encode_key: self.encode_key.1.unbind(),
            store,
        })
    }
}

const NO_SIGNER: &str = "the first key of JWT_KEY_RING cannot sign; begin it with a secret_key or a private_key";

/// The ring of `JWT_KEY_RING`: its first key signs, if it can, and all of them check.
fn ring_of(py: Python<'_>, keys: &[RingKey<'_>], cache: &KeyCache, lenient: Leniency) -> PyResult<KeyRing> {
    let mut ring = KeyRing::empty();
    for (at, entry) in keys.iter().enumerate() {
        let of_entry = |error| errors::of_key(py, &entry.name, error);
        let refused = |error| of_entry(errors::invalid_key(py, &error));
        let algorithm = named(&entry.algorithm)?;
        let kid = entry.kid.as_deref();
        if at == 0 && entry.signs {
            let key = cache.signing(algorithm, &entry.key, lenient).map_err(of_entry)?;
            ring = KeyRing::new(kid.map_or(Ok(key.clone()), |kid| key.with_kid(kid)).map_err(refused)?);
        } else {
            let key = cache.verifying(algorithm, &entry.key, lenient).map_err(of_entry)?;
            let key = key.and_then(|key| kid.map_or(Ok(key.clone()), |kid| key.with_kid(kid)));
            ring = key.and_then(|key| ring.also_verify(key)).map_err(refused)?;
        }
    }
    Ok(ring)
}

/// The time by Python's clock, which tests stop and turn.
fn python_s_clock() -> Timestamp {
    static TIME: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let seconds = Python::attach(|py| {
        let time = TIME.get_or_try_init(py, || py.import("time").map(Bound::unbind))?;
        time.bind(py).getattr(intern!(py, "time"))?.call0()?.extract::<f64>()
    });
    let since_1970 = seconds.ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    since_1970.map_or_else(|| SystemClock.now(), |since_1970| Timestamp::default().saturating_add(since_1970))
}

pub(crate) fn named(algorithm: &str) -> PyResult<Algorithm> {
    algorithm.parse().map_err(|error: jwt_extended::jose::UnknownAlgorithm| PyRuntimeError::new_err(error.to_string()))
}

/// The key, unless it is the exception that says why there is none.
fn unless_exception<'a, 'py>(key: &'a Bound<'py, PyAny>) -> PyResult<&'a Bound<'py, PyAny>> {
    if key.is_instance_of::<PyBaseException>() { Err(PyErr::from_value(key.clone())) } else { Ok(key) }
}

impl Compiled {
    /// Whether there is a store.
    pub(crate) fn has_store(&self) -> bool {
        self.store.is_some()
    }

    /// What a manager says that has asked the store.
    pub(crate) fn wait<T: Send>(
        &self,
        py: Python<'_>,
        answer: impl Future<Output = T> + Send,
    ) -> Result<T, StoreError> {
        store::wait(py, self.store.as_ref(), answer)
    }

    /// The exception for a refused request, with its challenge if challenges are on.
    pub(crate) fn refuse(&self, py: Python<'_>, rejection: &jwt_extended::Rejection, token: Option<&str>) -> PyErr {
        let error = errors::rejected(py, rejection, token.map(|token| (token, self.max_token_length)));
        if let Some(challenge) = self.challenge(rejection) {
            // An exception without a place for it goes without.
            let _ = error.value(py).setattr(intern!(py, "www_authenticate"), challenge);
        }
        error
    }

    pub(crate) fn challenge(&self, rejection: &jwt_extended::Rejection) -> Option<String> {
        if !self.challenges {
            return None;
        }
        rejection.challenge().and_then(|challenge| challenge.to_str().ok().map(str::to_owned))
    }
}
