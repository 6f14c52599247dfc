//! Sessions, as the Python side asks for them: opened for tokens that were made, turned, listed, ended.

use std::borrow::Cow;

use jwt_extended::{
    JwtManager, Rotation as Due, Timestamp, Token,
    http::{Reason, Rejection},
    jose::{Unverified, json},
    session::{Session, StoreError},
    token::IssueError,
};
use pyo3::{
    exceptions::{PyRuntimeError, PyValueError},
    prelude::*,
    types::PyDict,
};

use crate::{claims::to_dict, compile::Compiled, errors};

const NOT_OPENED: &str = "The session cannot be opened right now. Try again in a moment";
const NOT_KEPT: &str = "The revocation cannot be kept right now, and the token stays good. Try again in a moment";
const NOT_LISTED: &str = "The sessions cannot be listed right now. Try again in a moment";
const ITS_OWN: &str = "the claims jti and sid of a session's tokens are what the store knows them by, and additional claims \
                       cannot replace them";
const ANOTHER_S: &str = "the additional claims make the tokens another user's than those of the session";

/// A refresh token that a request was let in with.
#[pyclass(frozen, module = "jwt_extended._core")]
#[derive(Debug)]
pub struct Presented(pub(crate) Token);

#[pymethods]
impl Presented {
    /// Its header and its claims, whatever the app has done to those that it was given.
    fn contents<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyDict>)> {
        errors::dicts(py, &self.0)
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

    /// Whose it is, as the store knows them.
    #[getter]
    fn subject(&self) -> &str {
        self.0.subject()
    }
}

/// What a session's next refresh token is called, and since when.
#[pyclass(frozen, eq, module = "jwt_extended._core")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation(pub(crate) Due);

/// A session as Python gets it: name, label, in microseconds when it was opened, last used, and ends, and whether it asks.
pub(crate) type Listed = (String, Option<String>, u64, u64, Option<u64>, bool);

impl Compiled {
    /// The name and the time of a refresh token that may be made now.
    pub(crate) fn next_rotation(&self) -> PyResult<Rotation> {
        self.issuing.next_rotation().map(Rotation).map_err(|error| errors::not_issued(&error))
    }

    /// The app's own claims in a token.
    pub(crate) fn own_claims<'py>(&self, py: Python<'py>, token: &Token) -> PyResult<Bound<'py, PyDict>> {
        to_dict(py, self.issuing.own_claims(token).as_json())
    }

    /// Tells the store of a session whose tokens were made.
    pub(crate) fn open_session(
        &self,
        py: Python<'_>,
        session: &str,
        Rotation(first): &Rotation,
        (access, refresh): (&str, &str),
        label: Option<&str>,
    ) -> PyResult<()> {
        let (access, refresh) = (self.made(access)?, self.made(refresh)?);
        access.belongs_to(session)?;
        refresh.belongs_to(session)?;
        refresh.is_called(&first.jti)?;
        if access.subject != refresh.subject {
            return Err(PyValueError::new_err(ANOTHER_S));
        }
        let opened = self.wait(py, self.checking.open_session(session, &refresh.subject, &first.jti, label));
        match opened.map_err(IssueError::Store).flatten() {
            Ok(()) => Ok(()),
            Err(IssueError::Store(error)) => Err(failed(py, &error, NOT_OPENED)),
            // The user was logged out everywhere while logging in.
            Err(IssueError::SessionEnded) => {
                Err(errors::revoked(py, to_dict(py, &access.header)?, to_dict(py, &access.payload)?))
            }
            Err(error) => Err(errors::not_issued(&error)),
        }
    }

    /// Turns a session to the refresh token that was made, or says which one another request has turned it to just before.
    pub(crate) fn turn_session(
        &self,
        py: Python<'_>,
        token: &Token,
        due: &Rotation,
        (access, refresh): (&str, &str),
    ) -> PyResult<Rotation> {
        let (access, refresh) = (self.made(access)?, self.made(refresh)?);
        for made in [&access, &refresh] {
            made.belongs_to(token.session().unwrap_or_default())?;
            if made.subject != token.subject() {
                return Err(PyValueError::new_err(ANOTHER_S));
            }
        }
        refresh.is_called(&due.0.jti)?;
        let turned = self.wait(py, self.checking.turn_session(token, due.0.clone()));
        let turned = turned.map_err(|error| self.unavailable(error)).flatten();
        turned.map(Rotation).map_err(|rejection| self.refuse(py, &rejection, None))
    }

    /// Refuses a token that was revoked. The store alone is asked.
    pub(crate) fn refuse_revoked(&self, py: Python<'_>, token: &Token) -> PyResult<()> {
        let reason = match self.wait(py, self.checking.is_revoked(token)).flatten() {
            Ok(false) => return Ok(()),
            Ok(true) => Reason::Revoked,
            Err(error) => Reason::StoreUnavailable(error),
        };
        Err(self.refuse(py, &self.checking.reject(reason, Some(token.clone())), None))
    }

    /// A user's open sessions, the latest first, as the session sees them that asks, if one does.
    pub(crate) fn sessions(&self, py: Python<'_>, subject: &str, asks: Option<&str>) -> PyResult<Vec<Listed>> {
        let sessions = self.wait(py, self.checking.sessions_seen_from(subject, asks)).flatten();
        let listed = |session: Session| {
            let (opened, last_used) = (session.opened.as_micros(), session.last_used.as_micros());
            (session.id, session.label, opened, last_used, session.ends.map(Timestamp::as_micros), session.current)
        };
        let sessions = sessions.map_err(|error| failed(py, &error, NOT_LISTED))?;
        Ok(sessions.into_iter().map(listed).collect())
    }

    /// Has the store end or revoke something.
    pub(crate) fn told<'a, T: Send, F>(&'a self, py: Python<'_>, tell: impl FnOnce(&'a JwtManager) -> F) -> PyResult<T>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        self.wait(py, tell(&self.checking)).flatten().map_err(|error| failed(py, &error, NOT_KEPT))
    }

    /// Whose a token is that was made here.
    pub(crate) fn owner(&self, token: &str) -> PyResult<String> {
        self.made(token).map(|made| made.subject)
    }

    fn unavailable(&self, error: StoreError) -> Rejection {
        self.checking.reject(Reason::StoreUnavailable(error), None)
    }

    /// Reads a token that was made just now: the app's own claims may have replaced any of its claims.
    fn made(&self, token: &str) -> PyResult<Made> {
        let token =
            Unverified::parse_within(usize::MAX, token).map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        let (mut subject, mut jti, mut session) = (None, None, None);
        json::scan_object(token.payload(), |name, value| {
            let text = value.as_str().map(Cow::into_owned);
            if name == self.identity_claim {
                subject = Some(text.unwrap_or_else(|| value.text.to_owned()));
            } else if name == "jti" {
                jti = text;
            } else if name == "sid" {
                session = text;
            }
        })
        .map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        Ok(Made {
            subject: subject.unwrap_or_default(),
            jti,
            session,
            header: token.header().to_owned(),
            payload: token.payload().to_owned(),
        })
    }
}

/// A token that was made, as a store will be told of it.
struct Made {
    subject: String,
    jti: Option<String>,
    session: Option<String>,
    header: String,
    payload: String,
}

impl Made {
    fn belongs_to(&self, session: &str) -> PyResult<()> {
        if self.session.as_deref() == Some(session) { Ok(()) } else { Err(PyValueError::new_err(ITS_OWN)) }
    }

    fn is_called(&self, jti: &str) -> PyResult<()> {
        if self.jti.as_deref() == Some(jti) { Ok(()) } else { Err(PyValueError::new_err(ITS_OWN)) }
    }
}

/// The exception for what the store has not done.
fn failed(py: Python<'_>, error: &StoreError, sentence: &str) -> PyErr {
    match error {
        StoreError::NoStore => PyRuntimeError::new_err("there is no store; set JWT_STORE, such as to \"memory\""),
        error => errors::store_unavailable(py, error, sentence),
    }
}
