//! Compiles an app's options, as the Python side has read them, to managers and keys that are ready for use.

use std::{sync::Arc, time::Duration};

use jwt_extended::{
    Clock as _, Config, JwtManager, SystemClock, Timestamp,
    config::{KeySchedule, ScheduledKey, ScheduledRings, Seconds},
    jose::{Algorithm, KeyRing, Limits, Padding},
    token::Lifetime,
};
use pyo3::{
    exceptions::{PyBaseException, PyRuntimeError},
    intern,
    prelude::*,
    sync::PyOnceLock,
};

use crate::{
    compiled::Compiled,
    errors,
    issuers::{KeySources, Known},
    issuing::Issuer,
    keys::{KeyCache, Leniency, Short, algorithm_named},
    store::{Store, StoreName},
};

/// The result of `_options.read`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Options<'py> {
    /// The engine's options for issuing, as JSON.
    issuing: String,
    /// The engine's options for verifying, as JSON. They are separate because upstream's `ENCODE_` and `DECODE_`
    /// options are independent of each other, while a manager of the engine accepts the tokens that it issues.
    checking: String,
    /// In seconds.
    leeway: f64,
    /// Claims of every token as JSON, where upstream writes another value than the engine.
    fixed_claims: String,
    max_token_length: usize,
    /// Whether tokens may be padded.
    padding: bool,
    identity_claim: String,
    /// Whether rejections carry `WWW-Authenticate`.
    challenges: bool,
    algorithm: String,
    decode_algorithms: Vec<String>,
    /// A key, or the exception that says why there is none.
    encode_key: NamedKey<'py>,
    /// Keys, or the exception that says why there are none.
    decode_keys: Vec<NamedKey<'py>>,
    key_ring: Vec<RingKey<'py>>,
    /// How long a token usually lives at most, in seconds; `None` for ever.
    longest_usual_lifetime: Option<u64>,
    /// `JWT_ISSUERS`, each entry as JSON.
    issuers: Vec<String>,
    short_secret: Short,
    small_rsa: Short,
    /// The capacity of the store in memory.
    memory_store: Option<usize>,
    /// The URL of a store that processes share.
    shared_store: Option<String>,
    /// The time limit of that store, in seconds.
    store_timeout: f64,
}

/// The name of an option, and the key that it holds.
type NamedKey<'py> = (String, Bound<'py, PyAny>);

/// One key of `JWT_KEY_RING`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct RingKey<'py> {
    /// Names the key in error messages.
    name: String,
    algorithm: String,
    signs: bool,
    key: Bound<'py, PyAny>,
    kid: Option<String>,
    /// From when the key signs, and from when it signs no more, in seconds since 1970.
    not_before: Option<u64>,
    retire_at: Option<u64>,
}

/// The keys that the options lead to. A key that cannot be used is an error only when it is needed.
struct Keys {
    signing: Result<ScheduledRings, PyErr>,
    verifying: Result<ScheduledRings, PyErr>,
}

impl Options<'_> {
    /// Compiles the options. `store` opens the store with this name and time limit.
    pub(crate) fn compile(
        self,
        py: Python<'_>,
        cache: &Arc<KeyCache>,
        sources: &KeySources,
        store: impl FnOnce(StoreName, Duration) -> PyResult<Store>,
    ) -> PyResult<Compiled> {
        let lenient = Leniency { secrets: self.short_secret, rsa: self.small_rsa };
        let algorithm = algorithm_named(&self.algorithm)?;
        let decode_algorithms =
            self.decode_algorithms.iter().map(|name| algorithm_named(name)).collect::<PyResult<Vec<_>>>()?;
        let limit = Duration::try_from_secs_f64(self.store_timeout)
            .map_err(|_| PyRuntimeError::new_err("JWT_STORE_TIMEOUT must not be negative"))?;
        let name = self.memory_store.map(StoreName::Memory).or(self.shared_store.clone().map(StoreName::Url));
        let store = name.map(|name| store(name, limit)).transpose()?;
        let issuers = sources.issuers(&self.issuers)?;
        let checking = self.config(&self.checking)?;
        let kept = checking.longest_lifetime.unwrap_or_else(|| {
            self.longest_usual_lifetime.map_or(Lifetime::Never, |secs| Lifetime::For(Duration::from_secs(secs)))
        });
        let Keys { signing, verifying } = self.keys(py, cache, algorithm, &decode_algorithms, lenient, kept)?;
        Ok(Compiled {
            issuer: Issuer {
                manager: manager(self.config(&self.issuing)?, store.as_ref(), &[])?,
                fixed_claims: self.fixed_claims.clone(),
                identity_claim: self.identity_claim.clone(),
                algorithm,
                signing,
                configured_key: self.encode_key.1.clone().unbind(),
                has_ring: !self.key_ring.is_empty(),
                lenient,
                keys: Arc::clone(cache),
            },
            checking: manager(checking, store.as_ref(), &issuers)?,
            verifying,
            decode_algorithms,
            limits: Limits {
                max_length: self.max_token_length,
                padding: if self.padding { Padding::Ignored } else { Padding::Refused },
                ..Limits::default()
            },
            challenges: self.challenges,
            store,
            issuers: issuers.into_iter().map(|known| (known.issuer.name().to_owned(), known.source)).collect(),
        })
    }

    /// Reads the engine's options from JSON.
    fn config(&self, options: &str) -> PyResult<Config> {
        let invalid = |error: serde_json::Error| PyRuntimeError::new_err(errors::with_flask_names(&error.to_string()));
        // Through a value: otherwise messages would tell the place in a text that the app has never seen.
        let options: serde_json::Value = serde_json::from_str(options).map_err(invalid)?;
        let mut config: Config = serde_json::from_value(options).map_err(invalid)?;
        let leeway = Duration::try_from_secs_f64(self.leeway);
        config.decode_leeway =
            Seconds(leeway.map_err(|_| PyRuntimeError::new_err("decode_leeway must not be negative"))?);
        Ok(config)
    }

    /// Reads the keys of `JWT_KEY_RING`, or of upstream's options.
    fn keys(
        &self,
        py: Python<'_>,
        cache: &KeyCache,
        algorithm: Algorithm,
        decode_algorithms: &[Algorithm],
        lenient: Leniency,
        kept: Lifetime,
    ) -> PyResult<Keys> {
        if !self.key_ring.is_empty() {
            let rings = read_ring(py, &self.key_ring, cache, lenient, kept)?;
            return Ok(Keys { signing: Ok(rings.clone()), verifying: Ok(rings) });
        }
        let (name, key) = &self.encode_key;
        let signing = unless_exception(key)
            .and_then(|key| {
                cache.signing(algorithm, key, lenient).map_err(|error| errors::with_source(py, name, error))
            })
            .map(|key| KeyRing::new(key.without_kid()).into());
        let keys = self.decode_keys.iter().map(|(name, key)| (name.as_str(), key));
        let ring = keys
            .clone()
            .try_for_each(|(_, key)| unless_exception(key).map(|_| ()))
            .and_then(|()| cache.ring(decode_algorithms, keys, lenient));
        let ring = match ring {
            // An app that accepts the tokens of other issuers may have no key of its own.
            Err(error) if !self.issuers.is_empty() && error.is_instance_of::<PyRuntimeError>(py) => {
                Ok(KeyRing::empty())
            }
            ring => ring,
        };
        Ok(Keys { signing, verifying: ring.map(Into::into) })
    }
}

/// Builds a manager, whose keys are chosen for each token.
fn manager(config: Config, store: Option<&Store>, issuers: &[Known]) -> PyResult<JwtManager> {
    let mut builder = JwtManager::from_config(config).key_ring(KeyRing::empty()).clock(python_clock);
    if let Some(store) = store {
        builder = builder.session_store(store.as_session_store());
    }
    for known in issuers {
        builder = builder.issuer(known.issuer.clone());
    }
    builder.build().map_err(|error| PyRuntimeError::new_err(errors::with_flask_names(&error.to_string())))
}

/// Reads `JWT_KEY_RING`. All keys verify. Without times, the first key signs, if it can. With times, each key that can
/// sign does so in its time. `kept` is how long a retired key stays.
fn read_ring(
    py: Python<'_>,
    keys: &[RingKey<'_>],
    cache: &KeyCache,
    lenient: Leniency,
    kept: Lifetime,
) -> PyResult<ScheduledRings> {
    let timed = keys.iter().any(|entry| entry.not_before.is_some() || entry.retire_at.is_some());
    let mut schedule = KeySchedule::new();
    // Finds the entry that has the `kid` of another.
    let mut ring = KeyRing::empty();
    for (at, entry) in keys.iter().enumerate() {
        let with_name = |error| errors::with_source(py, &entry.name, error);
        let invalid = |error| with_name(errors::invalid_key(py, &error));
        let algorithm = algorithm_named(&entry.algorithm)?;
        let kid = entry.kid.as_deref();
        let verifying = if entry.signs && (at == 0 || timed) {
            let key = cache.signing(algorithm, &entry.key, lenient).map_err(with_name)?;
            let key = kid.map_or(Ok(key.clone()), |kid| key.with_kid(kid)).map_err(invalid)?;
            let verifying = key.verifying_key().clone();
            let mut scheduled = ScheduledKey::new(key);
            if let Some(begin) = entry.not_before {
                scheduled = scheduled.not_before(Timestamp::from_secs(begin));
            }
            if let Some(end) = entry.retire_at {
                scheduled = scheduled.retire_at(Timestamp::from_secs(end));
            }
            schedule = schedule.key(scheduled);
            verifying
        } else {
            let key = cache.verifying(algorithm, &entry.key, lenient).map_err(with_name)?;
            let key = key.and_then(|key| kid.map_or(Ok(key.clone()), |kid| key.with_kid(kid))).map_err(invalid)?;
            schedule = schedule.verifying_key(key.clone());
            key
        };
        ring = ring.also_verify(verifying).map_err(invalid)?;
    }
    schedule.rings(kept).map_err(|error| errors::invalid_key(py, &error))
}

/// Returns the time by Python's clock, which tests replace.
fn python_clock() -> Timestamp {
    static TIME: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let seconds = Python::attach(|py| {
        let time = TIME.get_or_try_init(py, || py.import("time").map(Bound::unbind))?;
        time.bind(py).getattr(intern!(py, "time"))?.call0()?.extract::<f64>()
    });
    let since_1970 = seconds.ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    since_1970.map_or_else(|| SystemClock.now(), |since_1970| Timestamp::default().saturating_add(since_1970))
}

/// Returns the key, or raises the exception that stands in for a missing key.
fn unless_exception<'a, 'py>(key: &'a Bound<'py, PyAny>) -> PyResult<&'a Bound<'py, PyAny>> {
    if key.is_instance_of::<PyBaseException>() { Err(PyErr::from_value(key.clone())) } else { Ok(key) }
}
