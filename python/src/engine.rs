//! One app's engine, which decides which options are current; and functions that need no app.

use jwt_extended::{
    config,
    jose::{Limits, Padding, Unverified},
    session::{self, Subject},
};
use pyo3::{
    exceptions::PyValueError,
    intern,
    prelude::*,
    types::{PyDict, PyString},
};

use crate::{
    claims::{Writer, to_dict},
    compiled::Compiled,
    errors,
    handover::token_text,
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
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

/// Returns the subject by which the store knows an identity: a string (also for UUIDs and dates), or the one form of
/// its JSON.
#[pyfunction]
pub(crate) fn subject_of(identity: &Bound<'_, PyAny>, default: &Bound<'_, PyAny>) -> PyResult<String> {
    let json = Writer::text_of(identity, default)?;
    Subject::of_json(&json).map_err(|error| PyValueError::new_err(error.to_string()))
}

/// Returns whether a claim `sid` has the form of the session ids that the engine makes.
#[pyfunction]
pub(crate) fn is_session_id(sid: &str) -> bool {
    session::is_session_id(sid)
}

/// Returns the option that a misspelled name most likely means, by the engine's rule; `None` if none is similar enough.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "PyO3 passes a list of strings by value")]
pub(crate) fn closest_option(name: &str, options: Vec<String>) -> Option<String> {
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    config::closest_option(name, &options).map(str::to_owned)
}

/// Returns the header of a token without verifying it.
#[pyfunction]
pub(crate) fn unverified_header<'py>(
    py: Python<'py>,
    token: &Bound<'py, PyAny>,
    limit: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let text = token_text(token)?;
    // As PyJWT does. Nothing in the header is trusted, so its spelling does not matter.
    let limits = Limits { max_length: limit, padding: Padding::Ignored, ..Limits::default() };
    let header = Unverified::header_within(limits, &text)
        .map_err(|error| errors::jws_refused(py, &error, Some((&text, limits))))?;
    let header = to_dict(py, &header)?;
    if header.get_item(intern!(py, "kid"))?.is_some_and(|kid| !kid.is_instance_of::<PyString>()) {
        return Err(errors::header_refused(py, "Key ID header parameter must be a string"));
    }
    match header.get_item(intern!(py, "crit"))? {
        Some(crit) => Err(errors::crit_refused(py, &crit)),
        None => Ok(header),
    }
}
