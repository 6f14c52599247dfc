//! One app's engine, which decides which options are current; and functions that need no app.

use jwt_extended::jose::Unverified;
use pyo3::{
    intern,
    prelude::*,
    types::{PyDict, PyString},
};

use crate::{
    claims::{Dicts, Writer, to_dict},
    compiled::{Compiled, Guarded, token_text},
    errors,
    requirement::Requirement,
    sessions::{Listed, RefreshToken, Rotation},
    state::AppState,
};

/// One app's engine. It reads the app's options again when they have changed.
#[pyclass(frozen, module = "jwt_extended._core")]
pub struct Engine(AppState);

#[pymethods]
impl Engine {
    #[new]
    fn new(read: Py<PyAny>, names: Vec<Py<PyString>>) -> Self {
        Self(AppState::new(read, names))
    }

    /// Returns the options of a configuration, ready for use. Compiles them only if they have changed.
    fn at(&self, py: Python<'_>, config: &Bound<'_, PyDict>) -> PyResult<Py<Compiled>> {
        self.0.at(py, config)
    }

    // The methods below forward to `Compiled`. They go when all callers use `at`.

    fn check(&self, py: Python<'_>, config: &Bound<'_, PyDict>) -> PyResult<()> {
        self.0.at(py, config)?.get().check(py)
    }

    fn guard<'py>(
        &self,
        py: Python<'py>,
        config: &Bound<'py, PyDict>,
        request: &Bound<'py, PyAny>,
        requirement: &Requirement,
        decode_key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Guarded<'py>>> {
        self.0.at(py, config)?.get().guard(py, request, requirement, decode_key)
    }

    fn locate(
        &self,
        py: Python<'_>,
        config: &Bound<'_, PyDict>,
        request: &Bound<'_, PyAny>,
        requirement: &Requirement,
    ) -> PyResult<String> {
        self.0.at(py, config)?.get().locate(py, request, requirement)
    }

    fn decode<'py>(
        &self,
        py: Python<'py>,
        config: &Bound<'py, PyDict>,
        token: &Bound<'py, PyAny>,
        csrf_value: Option<&Bound<'py, PyAny>>,
        allow_expired: bool,
        decode_key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Dicts<'py>> {
        self.0.at(py, config)?.get().decode(py, token, csrf_value, allow_expired, decode_key)
    }

    #[pyo3(signature = (
        config, kind, identity, fresh, lifetime, claims, headers, key, session, default, rotation=None, csrf=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are those of `Compiled::encode`")]
    fn encode<'py>(
        &self,
        py: Python<'py>,
        config: &Bound<'py, PyDict>,
        kind: &str,
        identity: &Bound<'py, PyAny>,
        fresh: &Bound<'py, PyAny>,
        lifetime: Option<i64>,
        claims: Option<&Bound<'py, PyDict>>,
        headers: Option<&Bound<'py, PyDict>>,
        key: Option<&Bound<'py, PyAny>>,
        session: Option<&str>,
        default: &Bound<'py, PyAny>,
        rotation: Option<&Rotation>,
        csrf: Option<&str>,
    ) -> PyResult<String> {
        let compiled = self.0.at(py, config)?;
        compiled
            .get()
            .encode(py, kind, identity, fresh, lifetime, claims, headers, key, session, default, rotation, csrf)
    }

    fn new_session(&self, py: Python<'_>, config: &Bound<'_, PyDict>) -> PyResult<String> {
        self.0.at(py, config)?.get().new_session()
    }

    fn next_rotation(&self, py: Python<'_>, config: &Bound<'_, PyDict>) -> PyResult<Rotation> {
        self.0.at(py, config)?.get().next_rotation()
    }

    #[expect(clippy::too_many_arguments, reason = "they are those of `Compiled::open_session`")]
    fn open_session(
        &self,
        py: Python<'_>,
        config: &Bound<'_, PyDict>,
        session: &str,
        first: &Rotation,
        access: &str,
        refresh: &str,
        label: Option<&str>,
    ) -> PyResult<()> {
        self.0.at(py, config)?.get().open_session(py, session, first, access, refresh, label)
    }

    fn turn_session(
        &self,
        py: Python<'_>,
        config: &Bound<'_, PyDict>,
        presented: &RefreshToken,
        due: &Rotation,
        access: &str,
        refresh: &str,
    ) -> PyResult<Rotation> {
        self.0.at(py, config)?.get().rotate(py, presented, due, access, refresh)
    }

    fn refuse_revoked(&self, py: Python<'_>, config: &Bound<'_, PyDict>, presented: &RefreshToken) -> PyResult<()> {
        self.0.at(py, config)?.get().refuse_revoked(py, presented)
    }

    fn own_claims<'py>(
        &self,
        py: Python<'py>,
        config: &Bound<'py, PyDict>,
        presented: &RefreshToken,
    ) -> PyResult<Bound<'py, PyDict>> {
        self.0.at(py, config)?.get().own_claims(py, presented)
    }

    #[staticmethod]
    fn subject(identity: &Bound<'_, PyAny>, default: &Bound<'_, PyAny>) -> PyResult<String> {
        subject_of(identity, default)
    }

    fn owner(&self, py: Python<'_>, config: &Bound<'_, PyDict>, token: &str) -> PyResult<String> {
        self.0.at(py, config)?.get().owner(token)
    }

    fn jwk_set(&self, py: Python<'_>, config: &Bound<'_, PyDict>) -> PyResult<String> {
        self.0.at(py, config)?.get().jwk_set(py)
    }

    fn sessions(
        &self,
        py: Python<'_>,
        config: &Bound<'_, PyDict>,
        subject: &str,
        asks: Option<&str>,
    ) -> PyResult<Vec<Listed>> {
        self.0.at(py, config)?.get().sessions(py, subject, asks)
    }

    fn revoke_token(
        &self,
        py: Python<'_>,
        config: &Bound<'_, PyDict>,
        subject: &str,
        jti: &str,
        exp: Option<f64>,
    ) -> PyResult<()> {
        self.0.at(py, config)?.get().revoke_token(py, subject, jti, exp)
    }

    fn revoke_session(&self, py: Python<'_>, config: &Bound<'_, PyDict>, sid: &str) -> PyResult<()> {
        self.0.at(py, config)?.get().end_session_by_id(py, sid)
    }

    fn revoke_subject(&self, py: Python<'_>, config: &Bound<'_, PyDict>, subject: &str) -> PyResult<()> {
        self.0.at(py, config)?.get().end_all_sessions(py, subject)
    }

    fn end_session(&self, py: Python<'_>, config: &Bound<'_, PyDict>, subject: &str, sid: &str) -> PyResult<bool> {
        self.0.at(py, config)?.get().end_session(py, subject, sid)
    }

    fn end_sessions_but(&self, py: Python<'_>, config: &Bound<'_, PyDict>, subject: &str, sid: &str) -> PyResult<u64> {
        self.0.at(py, config)?.get().end_sessions_except(py, subject, sid)
    }

    fn challenge(
        &self,
        py: Python<'_>,
        config: &Bound<'_, PyDict>,
        code: &str,
        identity: &str,
    ) -> PyResult<Option<String>> {
        self.0.at(py, config)?.get().challenge(code, identity)
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

/// Returns the subject by which the store knows an identity: a string (also for UUIDs and dates), or its JSON.
#[pyfunction]
pub(crate) fn subject_of(identity: &Bound<'_, PyAny>, default: &Bound<'_, PyAny>) -> PyResult<String> {
    let json = Writer::text_of(identity, default)?;
    Ok(serde_json::from_str::<String>(&json).unwrap_or(json))
}

/// Returns the header of a token without verifying it.
#[pyfunction]
pub(crate) fn unverified_header<'py>(
    py: Python<'py>,
    token: &Bound<'py, PyAny>,
    limit: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let text = token_text(token)?;
    let header = Unverified::header_within(limit, &text)
        .map_err(|error| errors::jws_refused(py, &error, Some((&text, limit))))?;
    let header = to_dict(py, &header)?;
    if header.get_item(intern!(py, "kid"))?.is_some_and(|kid| !kid.is_instance_of::<PyString>()) {
        return Err(errors::header_refused(py, "Key ID header parameter must be a string"));
    }
    match header.get_item(intern!(py, "crit"))? {
        Some(crit) => Err(errors::crit_refused(py, &crit)),
        None => Ok(header),
    }
}
