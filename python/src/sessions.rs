//! The values that logins and sessions are made of, as Python sees them: tokens, rotations, and entries of a list.

use std::borrow::Cow;

use jwt_extended::{
    Rejection, Rotation as EngineRotation, Timestamp, Token, TokenPair,
    http::Reason,
    session::{Session, StoreError},
    token::{IssueError, Issued},
};
use pyo3::{exceptions::PyRuntimeError, prelude::*};

use crate::{
    claims::{Dicts, dicts},
    errors,
};

/// A refresh token that a guard has accepted.
#[pyclass(frozen, module = "jwt_extended._core")]
#[derive(Debug)]
pub struct RefreshToken(pub(crate) Token);

#[pymethods]
impl RefreshToken {
    /// Returns its header and its claims. Changes that the app has made to the dicts of the guard are not in them.
    fn contents<'py>(&self, py: Python<'py>) -> PyResult<Dicts<'py>> {
        dicts(py, &self.0)
    }

    /// The session that it belongs to.
    #[getter]
    fn session(&self) -> Option<&str> {
        self.0.session()
    }

    /// Its user, as the store names them.
    #[getter]
    fn subject(&self) -> &str {
        self.0.subject()
    }
}

/// The session, the ids and the time of the tokens that a login or a refresh creates. Python passes it through.
#[pyclass(frozen, module = "jwt_extended._core")]
#[derive(Clone, Debug)]
pub struct Rotation(pub(crate) EngineRotation);

/// A token that was just created, and what it says.
#[pyclass(frozen, module = "jwt_extended._core")]
#[derive(Debug)]
pub struct IssuedToken(pub(crate) Issued);

#[pymethods]
impl IssuedToken {
    fn __str__(&self) -> &str {
        self.0.as_str()
    }

    fn __repr__(&self) -> String {
        format!("IssuedToken(kind='{}')", self.kind())
    }

    /// Its type, the claim `type`.
    #[getter]
    fn kind(&self) -> &'static str {
        self.0.token_type().name()
    }

    /// Its user, as the store names them.
    #[getter]
    fn subject(&self) -> Cow<'_, str> {
        self.0.subject()
    }

    /// Its token id, the claim `jti`.
    #[getter]
    fn jti(&self) -> Option<Cow<'_, str>> {
        self.0.jti()
    }

    /// The session that it belongs to, the claim `sid`.
    #[getter]
    fn session(&self) -> Option<Cow<'_, str>> {
        self.0.session()
    }

    /// Its CSRF value.
    #[getter]
    fn csrf(&self) -> Option<Cow<'_, str>> {
        self.0.csrf()
    }

    /// How long it lives, in seconds; `None` if it never expires.
    #[getter]
    fn expires_in(&self) -> Option<u64> {
        self.0.expires_in().map(|lifetime| lifetime.as_secs())
    }
}

/// A pair of tokens, for Python: the access token, and the refresh token if there is a new one.
pub(crate) type Pair = (IssuedToken, Option<IssuedToken>);

/// Converts a pair of tokens for Python.
pub(crate) fn pair(tokens: TokenPair) -> Pair {
    (IssuedToken(tokens.access), tokens.refresh.map(IssuedToken))
}

/// Why a login or a refresh failed: in the engine, or in the Python code that creates the tokens.
pub(crate) enum Failure {
    Issue(IssueError),
    Rejected(Rejection),
    Python(PyErr),
}

impl From<IssueError> for Failure {
    fn from(error: IssueError) -> Self {
        Self::Issue(error)
    }
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        match rejection.reason() {
            Reason::Issue(error) => Self::Issue(error.clone()),
            _ => Self::Rejected(rejection),
        }
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

/// A session as Python gets it: id, label, when it was opened, was last used and ends (in microseconds), and whether it
/// is the current one.
pub(crate) type Listed = (String, Option<String>, u64, u64, Option<u64>, bool);

/// Converts a session for Python.
pub(crate) fn listed(session: Session) -> Listed {
    let (opened, last_used) = (session.opened.as_micros(), session.last_used.as_micros());
    (session.id, session.label, opened, last_used, session.ends.map(Timestamp::as_micros), session.current)
}

/// Returns the exception for a store that failed, or for an app without a store.
pub(crate) fn store_failed(py: Python<'_>, error: &StoreError, message: &str) -> PyErr {
    match error {
        StoreError::NoStore => PyRuntimeError::new_err("there is no store; set JWT_STORE, such as to \"memory\""),
        error => errors::store_unavailable(py, error, message),
    }
}
