//! The values that sessions are made of, as Python sees them: refresh tokens, rotations, and entries of a list.

use std::borrow::Cow;

use jwt_extended::{
    Rotation as EngineRotation, Timestamp, Token,
    jose::{Unverified, json},
    session::{Session, StoreError},
};
use pyo3::{
    exceptions::{PyRuntimeError, PyValueError},
    prelude::*,
};

use crate::{
    claims::{Dicts, dicts},
    errors,
};

const RESERVED_CLAIMS: &str =
    "additional claims cannot replace jti and sid of a session's tokens, because the store knows the tokens by them";
const OTHER_USER: &str = "the additional claims make the tokens another user's, not those of the session's user";

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

    /// Its CSRF value.
    #[getter]
    fn csrf(&self) -> Option<&str> {
        self.0.csrf()
    }

    /// Its user, as the store names them.
    #[getter]
    fn subject(&self) -> &str {
        self.0.subject()
    }
}

/// The id and the time of a session's next refresh token.
#[pyclass(frozen, eq, module = "jwt_extended._core")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation(pub(crate) EngineRotation);

/// A session as Python gets it: id, label, when it was opened, was last used and ends (in microseconds), and whether it
/// is the current one.
pub(crate) type Listed = (String, Option<String>, u64, u64, Option<u64>, bool);

/// Converts a session for Python.
pub(crate) fn listed(session: Session) -> Listed {
    let (opened, last_used) = (session.opened.as_micros(), session.last_used.as_micros());
    (session.id, session.label, opened, last_used, session.ends.map(Timestamp::as_micros), session.current)
}

/// A token that was just created, with the claims that a store needs.
pub(crate) struct IssuedToken {
    pub(crate) subject: String,
    jti: Option<String>,
    session: Option<String>,
    pub(crate) header: String,
    pub(crate) payload: String,
}

impl IssuedToken {
    /// Reads the token: the app's own claims may have replaced any of its claims.
    pub(crate) fn read(token: &str, identity_claim: &str) -> PyResult<Self> {
        let token =
            Unverified::parse_within(usize::MAX, token).map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        let (mut subject, mut jti, mut session) = (None, None, None);
        json::scan_object(token.payload(), |name, value| {
            let text = value.as_str().map(Cow::into_owned);
            if name == identity_claim {
                subject = Some(text.unwrap_or_else(|| value.text.to_owned()));
            } else if name == "jti" {
                jti = text;
            } else if name == "sid" {
                session = text;
            }
        })
        .map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        Ok(Self {
            subject: subject.unwrap_or_default(),
            jti,
            session,
            header: token.header().to_owned(),
            payload: token.payload().to_owned(),
        })
    }

    /// Checks that the token belongs to a session of this subject.
    pub(crate) fn expect(&self, session: &str, subject: &str) -> PyResult<()> {
        if self.session.as_deref() != Some(session) {
            return Err(PyValueError::new_err(RESERVED_CLAIMS));
        }
        if self.subject != subject {
            return Err(PyValueError::new_err(OTHER_USER));
        }
        Ok(())
    }

    /// Checks that the token has this id.
    pub(crate) fn expect_jti(&self, jti: &str) -> PyResult<()> {
        if self.jti.as_deref() == Some(jti) { Ok(()) } else { Err(PyValueError::new_err(RESERVED_CLAIMS)) }
    }
}

/// Returns the exception for a store that failed, or for an app without a store.
pub(crate) fn store_failed(py: Python<'_>, error: &StoreError, message: &str) -> PyErr {
    match error {
        StoreError::NoStore => PyRuntimeError::new_err("there is no store; set JWT_STORE, such as to \"memory\""),
        error => errors::store_unavailable(py, error, message),
    }
}
