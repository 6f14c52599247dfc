//! Creates tokens as upstream does: from Python values, and with any claim or header replaced if the app wants that.
//!
//! Knows how tokens are signed; knows nothing of requests, stores, or how tokens are verified.

use std::{borrow::Cow, sync::Arc, time::Duration};

use jwt_extended::{
    JwtManager, Rotation, Timestamp,
    config::ScheduledRings,
    jose::{Algorithm, Key, KeyRing},
    token::{Claims, ClaimsError, Fresh, Issued, Lifetime},
};
use pyo3::{
    exceptions::{PyNotImplementedError, PyRuntimeError, PyValueError},
    prelude::*,
    types::{PyBool, PyDict, PyString},
};

use crate::{
    claims::Writer,
    errors,
    keys::{KeyCache, Leniency, algorithm_named, is_slow},
};

const RING_DECIDES: &str = "the header alg cannot differ from the algorithm of the first key of JWT_KEY_RING";

const NO_SIGNING_KEY: &str = "the first key of JWT_KEY_RING cannot sign; begin it with a secret_key or a private_key";
const NONE_SIGNS_NOW: &str =
    "no key of JWT_KEY_RING signs now; leave out a not_before, or add a key whose not_before has passed";

/// Everything that an app's tokens are made from.
pub(crate) struct Issuer {
    pub(crate) manager: JwtManager,
    /// Claims of every token as JSON, where upstream writes another value than the engine.
    pub(crate) fixed_claims: String,
    pub(crate) identity_claim: String,
    /// The ring of each time, whose first key signs, or the exception that says why there is none.
    pub(crate) signing: Result<ScheduledRings, PyErr>,
    /// The configured key itself, for headers that name another algorithm.
    pub(crate) configured_key: Py<PyAny>,
    /// The algorithm of `JWT_ALGORITHM`, for a key that a callback chooses.
    pub(crate) algorithm: Algorithm,
    /// Whether the keys come from `JWT_KEY_RING`.
    pub(crate) has_ring: bool,
    pub(crate) lenient: Leniency,
    pub(crate) keys: Arc<KeyCache>,
}

/// The arguments of `create_access_token`, and the results of the app's callbacks.
pub(crate) struct TokenRequest<'a, 'py> {
    /// `access` or `refresh`.
    pub(crate) kind: &'a str,
    pub(crate) identity: &'a Bound<'py, PyAny>,
    pub(crate) fresh: &'a Bound<'py, PyAny>,
    /// In microseconds; `None` if the token never expires.
    pub(crate) lifetime: Option<i64>,
    pub(crate) claims: Option<&'a Bound<'py, PyDict>>,
    pub(crate) headers: Option<&'a Bound<'py, PyDict>>,
    /// Replaces the configured key.
    pub(crate) key: Option<&'a Bound<'py, PyAny>>,
    /// The claim `sid`.
    pub(crate) session: Option<&'a str>,
    /// `default` of the app's JSON provider.
    pub(crate) default: &'a Bound<'py, PyAny>,
    /// Set for the tokens of a login or a refresh: their session, ids and time.
    pub(crate) rotation: Option<&'a Rotation>,
}

impl Issuer {
    /// Creates a token.
    pub(crate) fn issue<'py>(&self, py: Python<'py>, request: &TokenRequest<'_, 'py>) -> PyResult<Issued> {
        let TokenRequest { kind, identity, fresh, lifetime, claims, session, default, rotation, .. } = *request;
        let (key, headers) = self.key_and_headers(py, request)?;

        // First the claims for which upstream writes another value than the engine. The app's own come after them.
        let mut own = Writer::new(default);
        let subject = if let Ok(text) = identity.cast::<PyString>() {
            text.to_str()?
        } else {
            own.member(&self.identity_claim, identity)?;
            ""
        };
        if !fresh.is_instance_of::<PyBool>() {
            own.member("fresh", fresh)?;
        }
        let ahead = lifetime.map(|micros| u64::try_from(micros).map(Duration::from_micros));
        if let Some(Err(_)) = ahead {
            own.raw("exp", &self.time_ago(lifetime.unwrap_or_default()));
        }
        let added = claims.map(|claims| claims_of(claims, default)).transpose()?.flatten();

        let mut token = match kind {
            "refresh" => self.manager.refresh_token(subject),
            _ => self.manager.access_token(subject),
        }
        .fresh(if fresh.is(PyBool::new(py, true)) { Fresh::Always } else { Fresh::No })
        .lifetime(match ahead {
            None => Lifetime::Never,
            Some(duration) => Lifetime::For(duration.unwrap_or_default()),
        })
        .signed_by(&key)
        .allow_unverifiable();
        if !self.fixed_claims.is_empty() {
            token = token.overriding(parsed(&self.fixed_claims)?);
        }
        let own = own.finish().map(|text| parsed(&text)).transpose()?;
        for claims in [own, added].into_iter().flatten() {
            token = token.overriding(claims);
        }
        if let Some(headers) = headers {
            token = token.headers(parsed(&headers)?);
        }
        if let Some(session) = session {
            token = token.session(session);
        }
        if let Some(rotation) = rotation {
            token = token.rotation(rotation);
        }
        let create = || token.create();
        let created = if is_slow([key.algorithm()]) { py.detach(create) } else { create() };
        created.map_err(|error| errors::not_issued(&error))
    }

    /// Returns the key to sign with and the headers to add. A header `alg` chooses the algorithm, as in PyJWT.
    fn key_and_headers<'py>(
        &self,
        py: Python<'py>,
        request: &TokenRequest<'_, 'py>,
    ) -> PyResult<(Cow<'_, Key>, Option<String>)> {
        let mut text = Writer::new(request.default);
        let configured = self.signing_key(py);
        let mut algorithm = configured.as_ref().map_or(self.algorithm, |key| key.algorithm());
        for (name, value) in request.headers.into_iter().flatten() {
            match name.cast::<PyString>()?.to_str()? {
                "alg" if value.is_truthy()? => {
                    let name = value.cast::<PyString>()?;
                    let unsupported = |_| PyNotImplementedError::new_err("Algorithm not supported");
                    algorithm = algorithm_named(name.to_str()?).map_err(unsupported)?;
                }
                "alg" => {}
                "typ" if !value.is_truthy()? => text.raw("typ", "null"),
                // `true` is the default, and PyJWT leaves it out.
                "b64" if value.is(PyBool::new(py, true)) => {}
                "kid" if !value.is_instance_of::<PyString>() => {
                    return Err(errors::header_refused(py, "Key ID header parameter must be a string"));
                }
                name => text.member(name, &value)?,
            }
        }
        let signing_key = |key: &Bound<'py, PyAny>| {
            self.keys.signing(algorithm, key, self.lenient).map(|key| Cow::Owned(key.without_kid()))
        };
        let key = match (request.key, configured) {
            (Some(key), _) => signing_key(key)
                .map_err(|error| errors::with_source(py, "the key returned by encode_key_loader", error))?,
            (None, Err(error)) => return Err(error),
            (None, Ok(key)) if key.algorithm() == algorithm => Cow::Borrowed(key),
            (None, Ok(_)) if self.has_ring => return Err(PyValueError::new_err(RING_DECIDES)),
            (None, Ok(_)) => signing_key(self.configured_key.bind(py))?,
        };
        self.keys.warn_of_short(py)?;
        Ok((key, text.finish()))
    }

    /// Returns the key that signs now.
    fn signing_key(&self, py: Python<'_>) -> PyResult<&Key> {
        let rings = self.signing.as_ref().map_err(|error| error.clone_ref(py))?;
        let advice = if rings.is_constant() { NO_SIGNING_KEY } else { NONE_SIGNS_NOW };
        ring_now(rings, &self.manager).signing_key().ok_or_else(|| PyRuntimeError::new_err(advice))
    }

    /// Returns the time that many microseconds from now, in seconds. The number is negative.
    fn time_ago(&self, micros: i64) -> String {
        let now = i64::try_from(self.manager.now().as_micros()).unwrap_or(i64::MAX);
        now.saturating_add(micros).div_euclid(1_000_000).to_string()
    }
}

/// Returns the ring of this moment. Reading the clock costs as much as checking the options, so keys without times do
/// without.
pub(crate) fn ring_now<'a>(rings: &'a ScheduledRings, manager: &JwtManager) -> &'a KeyRing {
    rings.at(if rings.is_constant() { Timestamp::default() } else { manager.now() })
}

/// Returns a dict as claims, or `None` if it is empty.
pub(crate) fn claims_of<'py>(dict: &Bound<'py, PyDict>, default: &Bound<'py, PyAny>) -> PyResult<Option<Claims>> {
    let mut text = Writer::new(default);
    text.members(dict)?;
    text.finish().map(|text| parsed(&text)).transpose()
}

fn parsed(text: &str) -> PyResult<Claims> {
    Claims::from_json(text).map_err(|error: ClaimsError| PyValueError::new_err(error.to_string()))
}
