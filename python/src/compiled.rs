//! An app's options at one time, ready for use: guards requests, issues and verifies tokens, uses the store.
//!
//! This is the whole interface of the engine for Python. `Engine` only decides which options are current.

use std::{borrow::Cow, time::Duration};

use jwt_extended::{
    EarlierSessions, JwtManager, Rotation as EngineRotation, Timestamp, Token,
    config::ScheduledRings,
    http::{Location, Reason},
    jose::{Algorithm, Limits, Unverified},
    session::{StoreError, Subject},
    token::{IssueError, TokenType},
};
use pyo3::{
    exceptions::{PyRuntimeError, PyValueError},
    prelude::*,
    types::PyDict,
};

use crate::{
    checking::Found,
    claims::{Dicts, to_dict},
    errors,
    handover::called,
    issuers::Source,
    issuing::{Issuer, TokenRequest, claims_of, ring_now},
    request::WsgiRequest,
    requirement::Requirement,
    sessions::{Failure, IssuedToken, Listed, Pair, RefreshToken, Rotation, listed, pair, store_failed},
    store::Store,
    waiting::Callbacks,
};

pub(crate) const NOT_OPENED: &str = "The session cannot be opened right now. Try again in a moment";
pub(crate) const NOT_REVOKED: &str =
    "The revocation cannot be kept right now, and the token stays good. Try again in a moment";
const NOT_LISTED: &str = "The sessions cannot be listed right now. Try again in a moment";

/// The names and values of header fields.
type Headers = Vec<(String, String)>;

/// An app's options at one time, ready for use.
#[pyclass(frozen, module = "jwt_extended._core")]
pub struct Compiled {
    pub(crate) issuer: Issuer,
    /// Verifies tokens and uses the store.
    pub(crate) checking: JwtManager,
    /// The keys that verify at each time, or the exception that says why there are none.
    pub(crate) verifying: Result<ScheduledRings, PyErr>,
    pub(crate) decode_algorithms: Vec<Algorithm>,
    /// The checks that also apply to tokens that are not verified.
    pub(crate) limits: Limits,
    /// Whether rejections carry `WWW-Authenticate`.
    pub(crate) challenges: bool,
    pub(crate) store: Option<Store>,
    /// The other issuers, by their names, and the sources of their keys.
    pub(crate) issuers: Vec<(String, Source)>,
}

#[pymethods]
impl Compiled {
    /// Raises the error of a key that is set and cannot be used. A missing key is not an error yet.
    pub(crate) fn check(&self, py: Python<'_>) -> PyResult<()> {
        let errors = [self.issuer.signing.as_ref().err(), self.verifying.as_ref().err()];
        let invalid = errors.into_iter().flatten().find(|error| !error.is_instance_of::<PyRuntimeError>(py));
        invalid.map_or(Ok(()), |error| Err(error.clone_ref(py)))
    }

    /// Checks a request. Returns header, claims and location of its token, and a refresh token itself; `None` if the
    /// request has no token and needs none.
    pub(crate) fn guard<'py>(
        &self,
        py: Python<'py>,
        request: &Bound<'py, PyAny>,
        requirement: &Requirement,
        decode_key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Found<'py>>> {
        self.checked(py, request, requirement, decode_key)
    }

    /// Logs out with a request that no guard has checked: ends the sessions of its tokens, also of expired ones.
    /// Returns whether the response should clear the cookies.
    pub(crate) fn logout(
        &self,
        py: Python<'_>,
        request: &Bound<'_, PyAny>,
        decode_key: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        if self.store.is_none() {
            return Err(store_failed(py, &StoreError::NoStore, NOT_REVOKED));
        }
        let request = WsgiRequest::new(request)?;
        let ring = |token: &str| Ok::<_, Failure>(Cow::Owned(self.ring_for(py, token, decode_key)?.into_owned()));
        let leaving = self.checking.steps().logout_with(&request, ring);
        if let Some(error) = request.take_error() {
            return Err(error);
        }
        let ending = leaving.map_err(|failure| self.failed(py, failure, NOT_REVOKED))?;
        match self.wait(py, Callbacks::None, ending) {
            Ok(Ok(logged_out)) => Ok(!logged_out.into_cookies().lines().is_empty()),
            Ok(Err(rejection)) => Err(self.not_ended(py, &rejection)),
            Err(error) => Err(store_failed(py, &error, NOT_REVOKED)),
        }
    }

    /// Returns the access token that continues the one with this `jti` in a request's cookie. `create` is called with
    /// `access` and a rotation, and with the old token. Returns `None` if the session is over.
    pub(crate) fn renew(
        &self,
        py: Python<'_>,
        request: &Bound<'_, PyAny>,
        decode_key: Option<&Bound<'_, PyAny>>,
        jti: &str,
        create: &Bound<'_, PyAny>,
    ) -> PyResult<Option<IssuedToken>> {
        let is_current = |token: &Token| {
            token.token_type() == TokenType::Access
                && token.jti() == Some(jti)
                && token.location() == Some(Location::Cookie)
                && token.expires_at().is_some_and(|end| end > self.checking.now())
        };
        let Some(token) = self.tokens_in(py, request, decode_key)?.into_iter().find(is_current) else {
            return Ok(None);
        };
        let rotation = self.wait(py, Callbacks::None, self.checking.steps().renewal_of(&token));
        let Ok(Some(rotation)) = rotation else { return Ok(None) };
        let renewed = create.call1((TokenType::Access.name(), Rotation(rotation), RefreshToken(token)))?;
        let renewed = renewed.cast::<IssuedToken>().map_err(PyErr::from)?;
        Ok(Some(IssuedToken(renewed.get().0.clone())))
    }

    /// Returns the text of a request's token without verifying it.
    pub(crate) fn locate(
        &self,
        py: Python<'_>,
        request: &Bound<'_, PyAny>,
        requirement: &Requirement,
    ) -> PyResult<String> {
        let request = WsgiRequest::new(request)?;
        let located = self.checking.steps().locate(&request, requirement.inner()?);
        if let Some(error) = request.take_error() {
            return Err(error);
        }
        let located = located.map_err(|rejection| self.rejected(py, &rejection, None))?;
        Ok(located.token().to_owned())
    }

    /// Verifies a token that did not come with a request. Returns its header and its claims.
    pub(crate) fn decode<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'py, PyAny>,
        csrf_value: Option<&Bound<'py, PyAny>>,
        allow_expired: bool,
        decode_key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Dicts<'py>> {
        self.decoded(py, token, csrf_value, allow_expired, decode_key)
    }

    /// Creates a token. `lifetime` is in microseconds, or `None` if the token never expires. `default` is that of the
    /// app's JSON provider. `rotation` is the one that `login` or `refresh` has passed on.
    #[pyo3(signature = (
        kind, identity, *, fresh, lifetime, claims, headers, key, session, default, rotation=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python, and PyO3 checks their names")]
    pub(crate) fn encode<'py>(
        &self,
        py: Python<'py>,
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
    ) -> PyResult<IssuedToken> {
        let rotation = rotation.map(|rotation| &rotation.0);
        let request =
            TokenRequest { kind, identity, fresh, lifetime, claims, headers, key, session, default, rotation };
        self.issuer.issue(py, &request).map(IssuedToken)
    }

    /// Opens a session. `create` is called with `access` and with `refresh`, and a rotation, and returns the token.
    /// `end_others` ends all other sessions of the user, as after a change of password. Otherwise the session of the
    /// request ends, if it is one of the same user.
    pub(crate) fn login(
        &self,
        py: Python<'_>,
        label: Option<&str>,
        end_others: bool,
        request: Option<&Bound<'_, PyAny>>,
        decode_key: Option<&Bound<'_, PyAny>>,
        create: &Bound<'_, PyAny>,
    ) -> PyResult<Pair> {
        let create = create.clone().unbind();
        let earlier = match request {
            _ if end_others => EarlierSessions::End,
            Some(request) if self.store.is_some() => EarlierSessions::Replace(self.tokens_in(py, request, decode_key)?),
            _ => EarlierSessions::Keep,
        };
        let message = if end_others { NOT_REVOKED } else { NOT_OPENED };
        let mut access = None;
        let issue = |kind, rotation: &EngineRotation| {
            let issued = called(&create, kind, rotation)?;
            if kind == TokenType::Access {
                access = Some(issued.clone());
            }
            Ok::<_, Failure>(issued)
        };
        let opened = self.wait(py, Callbacks::Some, self.checking.steps().login_with(label, earlier, issue));
        match opened.map_err(|error| Failure::Issue(IssueError::Store(error))).flatten() {
            Ok(tokens) => Ok(pair(tokens)),
            // All sessions of the user were ended during the login.
            Err(Failure::Issue(IssueError::SessionEnded)) => {
                let access = access.ok_or_else(|| errors::not_issued(&IssueError::SessionEnded))?;
                let limits = Limits { max_length: access.len(), ..Limits::default() };
                let header = Unverified::header_within(limits, &access).unwrap_or_default();
                Err(errors::revoked(py, to_dict(py, &header)?, to_dict(py, access.claims_json())?))
            }
            Err(failure) => Err(self.failed(py, failure, message)),
        }
    }

    /// Refreshes with a refresh token. `create` is called as in [`login`](Self::login).
    pub(crate) fn refresh(&self, py: Python<'_>, token: &RefreshToken, create: &Bound<'_, PyAny>) -> PyResult<Pair> {
        let create = create.clone().unbind();
        let issue = |kind, rotation: &EngineRotation| called(&create, kind, rotation);
        let refreshed = self.wait(py, Callbacks::Some, self.checking.steps().refresh_with(&token.0, issue));
        let unavailable = |error| Failure::Rejected(self.checking.reject(Reason::StoreUnavailable(error), None));
        match refreshed.map_err(unavailable).flatten() {
            Ok(tokens) => Ok(pair(tokens)),
            Err(failure) => Err(self.failed(py, failure, NOT_OPENED)),
        }
    }

    /// Returns the claims that a token must take from the one that it follows: the scopes, and how and when the user
    /// logged in. `current` are the other claims of the new token, `scopes` those that an access token is to have.
    #[expect(clippy::needless_pass_by_value, reason = "PyO3 passes a list of strings by value")]
    pub(crate) fn carried<'py>(
        &self,
        py: Python<'py>,
        token: &RefreshToken,
        kind: &str,
        current: &Bound<'py, PyDict>,
        scopes: Option<Vec<String>>,
        default: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let current = claims_of(current, default)?;
        let carried = self.checking.steps().carried(&token.0, current.as_ref(), scopes.as_deref());
        let carried = carried.map_err(|rejection| self.rejected(py, &rejection, None))?;
        let kind = if kind == TokenType::Refresh.name() { TokenType::Refresh } else { TokenType::Access };
        to_dict(py, carried.of(kind).as_json())
    }

    /// Returns the scopes in the claims of a verified token.
    pub(crate) fn scopes_of<'py>(
        &self,
        claims: &Bound<'py, PyDict>,
        default: &Bound<'py, PyAny>,
    ) -> PyResult<Vec<String>> {
        let (steps, issuer) = (self.checking.steps(), self.known_issuer(claims)?);
        Ok(claims_of(claims, default)?.map_or_else(Vec::new, |claims| steps.scopes_of(&claims, issuer)))
    }

    /// Returns the other issuer of a verified token, and the claim that identifies the user there; `None` if the token
    /// is the app's own.
    pub(crate) fn issuer_of(&self, claims: &Bound<'_, PyDict>) -> PyResult<Option<(String, String)>> {
        let issuer = self.known_issuer(claims)?;
        Ok(issuer.map(|issuer| (issuer.name().to_owned(), issuer.identity_claim().to_owned())))
    }

    /// Returns the subject of a verified token, and its id, in the form in which stores know them.
    pub(crate) fn ids_of<'py>(
        &self,
        claims: &Bound<'py, PyDict>,
        default: &Bound<'py, PyAny>,
    ) -> PyResult<(String, Option<String>)> {
        self.stored_ids(claims, default)
    }

    /// Returns the subject of another issuer's tokens in the form in which stores know it.
    pub(crate) fn subject_of_issuer(&self, issuer: &str, identity: &str) -> PyResult<String> {
        let unknown = || PyValueError::new_err(format!("JWT_ISSUERS has no issuer {issuer}"));
        Ok(self.checking.steps().issuer(issuer).ok_or_else(unknown)?.stored(identity))
    }

    /// Returns the app's own claims of a refresh token.
    pub(crate) fn own_claims<'py>(&self, py: Python<'py>, token: &RefreshToken) -> PyResult<Bound<'py, PyDict>> {
        to_dict(py, self.issuer.manager.steps().own_claims(&token.0).as_json())
    }

    /// Answers a request for the public keys: the status, the headers and the body, a JWK Set.
    pub(crate) fn jwk_set(&self, py: Python<'_>, request: &Bound<'_, PyAny>) -> PyResult<(u16, Headers, Vec<u8>)> {
        let rings = self.verifying.as_ref().map_err(|error| error.clone_ref(py))?;
        let ring = ring_now(rings, &self.checking);
        let answer = self.checking.steps().jwk_set_response_of(ring, &WsgiRequest::new(request)?);
        let headers = answer
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
        Ok((answer.status().as_u16(), headers.collect(), answer.body().clone()))
    }

    /// Returns a user's open sessions, the latest first. `current` is the session of the current token, if it has one.
    pub(crate) fn sessions(&self, py: Python<'_>, subject: &str, current: Option<&str>) -> PyResult<Vec<Listed>> {
        let sessions = self
            .wait(py, Callbacks::None, self.checking.steps().sessions_as_seen_from(Subject(subject), current))
            .flatten();
        let sessions = sessions.map_err(|error| store_failed(py, &error, NOT_LISTED))?;
        Ok(sessions.into_iter().map(listed).collect())
    }

    /// Revokes a user's token by its id, the claim `jti`, until it expires.
    pub(crate) fn revoke_token(&self, py: Python<'_>, subject: &str, jti: &str, exp: Option<f64>) -> PyResult<()> {
        // An `exp` beyond the representable range counts as no expiry.
        let until = exp.and_then(|exp| Duration::try_from_secs_f64(exp.max(0.0)).ok());
        let until = until.map(|since_1970| Timestamp::default().saturating_add(since_1970));
        self.run_on_store(py, |manager| manager.steps().revoke_by_id(Subject(subject), jti, until))
    }

    /// Ends a user's session. Returns whether it was open.
    pub(crate) fn end_session(&self, py: Python<'_>, subject: &str, session: &str) -> PyResult<bool> {
        self.run_on_store(py, |manager| manager.end_session(Subject(subject), session))
    }

    /// Ends any user's session, by its id.
    pub(crate) fn end_session_by_id(&self, py: Python<'_>, session: &str) -> PyResult<()> {
        self.run_on_store(py, |manager| manager.steps().end_session_by_id(session))
    }

    /// Ends a user's sessions except one. Returns how many were open.
    pub(crate) fn end_sessions_except(&self, py: Python<'_>, subject: &str, session: &str) -> PyResult<u64> {
        self.run_on_store(py, |manager| manager.steps().end_sessions_except(Subject(subject), session))
    }

    /// Ends all sessions of a user, and revokes their other tokens. Returns how many sessions were open.
    pub(crate) fn end_all_sessions(&self, py: Python<'_>, subject: &str) -> PyResult<u64> {
        self.run_on_store(py, |manager| manager.end_all_sessions(Subject(subject)))
    }

    /// Returns the challenge for a rejection that the Python side makes, if challenges are on.
    pub(crate) fn challenge(&self, code: &str, identity: &str) -> PyResult<Option<String>> {
        let reason = match code {
            "token_revoked" => Reason::Revoked,
            "user_not_found" => Reason::UserNotFound(identity.to_owned()),
            "claims_refused" => Reason::Verification,
            _ => return Err(PyValueError::new_err(format!("no rejection has the code {code}"))),
        };
        Ok(self.challenge_for(&self.checking.reject(reason, None)))
    }
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiled").finish_non_exhaustive()
    }
}
