//! What the methods of `Compiled` share: the keys of a token, waiting for the store, and the exceptions for what fails.

use std::{borrow::Cow, time::Duration};

use jwt_extended::{
    JwtManager, Rejection, Token,
    http::Reason,
    jose::{KeyRing, Unverified},
    session::StoreError,
    token::IssueError,
};
use pyo3::{exceptions::PyRuntimeError, intern, prelude::*};

use crate::{
    checking::NO_KEYS,
    claims::to_dict,
    compiled::{Compiled, NOT_REVOKED},
    errors,
    handover::{clears, names_of},
    issuing::ring_now,
    request::WsgiRequest,
    sessions::{Failure, store_failed},
    store,
    waiting::Callbacks,
};

impl Compiled {
    /// Returns the keys that verify a token, as [`own_ring_for`](Self::own_ring_for) does. One of another issuer needs
    /// none of ours.
    pub(crate) fn ring_for<'py>(
        &self,
        py: Python<'py>,
        token: &str,
        decode_key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Cow<'_, KeyRing>> {
        if self.is_foreign(token) { Ok(NO_KEYS) } else { self.own_ring_for(py, token, decode_key) }
    }

    /// Returns the keys that verify a token of the app's own: the configured ones, or the key that the app's
    /// `decode_key_loader` returns.
    pub(crate) fn own_ring_for<'py>(
        &self,
        py: Python<'py>,
        token: &str,
        decode_key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Cow<'_, KeyRing>> {
        let Some(decode_key) = decode_key else {
            self.issuer.keys.warn_of_short(py)?;
            let rings = self.verifying.as_ref().map_err(|error| error.clone_ref(py))?;
            return Ok(Cow::Borrowed(ring_now(rings, &self.checking)));
        };
        let unverified = Unverified::parse_within(self.limits, token).map_err(|error| {
            let rejection = self.checking.reject(Reason::Token(error.into()), None);
            self.rejected(py, &rejection, Some(token))
        })?;
        let key = decode_key.call1((to_dict(py, unverified.header())?, to_dict(py, unverified.payload())?))?;
        let keys = [("the key returned by decode_key_loader", &key)];
        let ring = self.issuer.keys.ring(&self.decode_algorithms, keys, self.issuer.lenient)?;
        self.issuer.keys.warn_of_short(py)?;
        Ok(Cow::Owned(ring))
    }

    /// Returns the tokens of a request that have a valid signature, expired or not.
    pub(crate) fn tokens_in(
        &self,
        py: Python<'_>,
        request: &Bound<'_, PyAny>,
        decode_key: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<Token>> {
        let request = WsgiRequest::new(request)?;
        // A token whose key cannot be found is no token of this app.
        let ring = |token: &str| self.ring_for(py, token, decode_key).ok();
        let tokens = self.checking.steps().tokens_in(&request, ring);
        request.take_error().map_or(Ok(tokens), Err)
    }

    /// Returns the names of the cookies to clear, if a rejection is for a cookie that is no longer good.
    pub(crate) fn stale(&self, rejection: &Rejection) -> Option<Vec<String>> {
        let (_, cookies) = self.checking.without_token(rejection.clone()).ok()?.into_parts();
        Some(names_of(&cookies)).filter(|names| !names.is_empty())
    }

    /// Runs a manager's method that ends or revokes something.
    pub(crate) fn run_on_store<'a, T: Send, F>(
        &'a self,
        py: Python<'_>,
        run: impl FnOnce(&'a JwtManager) -> F,
    ) -> PyResult<T>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        self.wait(py, Callbacks::None, run(&self.checking))
            .flatten()
            .map_err(|error| store_failed(py, &error, NOT_REVOKED))
    }

    /// Waits for a manager that uses the store.
    pub(crate) fn wait<T: Send>(
        &self,
        py: Python<'_>,
        callbacks: Callbacks,
        answer: impl Future<Output = T> + Send,
    ) -> Result<T, StoreError> {
        store::wait(py, self.store.as_ref(), Duration::ZERO, callbacks, answer)
    }

    /// Returns the exception for a login or a refresh that failed. `message` is for a store that failed.
    pub(crate) fn failed(&self, py: Python<'_>, failure: Failure, message: &str) -> PyErr {
        match failure {
            Failure::Python(error) => error,
            Failure::Rejected(rejection) => self.rejected(py, &rejection, None),
            Failure::Issue(IssueError::Store(error)) => store_failed(py, &error, message),
            Failure::Issue(error) => errors::not_issued(&error),
        }
    }

    /// Returns the exception for a rejected request, with its challenge if challenges are on.
    pub(crate) fn rejected(&self, py: Python<'_>, rejection: &Rejection, token: Option<&str>) -> PyErr {
        let error = errors::rejected(py, rejection, token.map(|token| (token, self.limits)));
        if let Reason::KeysUnavailable(name) = rejection.reason()
            && let Some((_, source)) = self.issuers.iter().find(|(known, _)| known == name)
            && let Some(why) = source.complaint()
        {
            error.set_cause(py, Some(PyRuntimeError::new_err(why)));
        }
        if let Some(challenge) = self.challenge_for(rejection) {
            // Best effort: an exception that takes no attributes is raised without it.
            let _ = error.value(py).setattr(intern!(py, "www_authenticate"), challenge);
        }
        clears(error, py, rejection)
    }

    /// Returns the exception for a store that failed while something was ended.
    pub(crate) fn not_ended(&self, py: Python<'_>, rejection: &Rejection) -> PyErr {
        match rejection.reason() {
            Reason::StoreUnavailable(error) => clears(store_failed(py, error, NOT_REVOKED), py, rejection),
            _ => self.rejected(py, rejection, None),
        }
    }

    pub(crate) fn challenge_for(&self, rejection: &Rejection) -> Option<String> {
        if !self.challenges {
            return None;
        }
        rejection.challenge().and_then(|challenge| challenge.to_str().ok().map(str::to_owned))
    }
}
