//! An app's options at one time, ready for use: guards requests, issues and verifies tokens, uses the store.
//!
//! This is the whole interface of the engine for Python. `Engine` only decides which options are current.

use std::{borrow::Cow, time::Duration};

use jwt_extended::{
    EarlierSessions, JwtManager, Rejection, Rotation as EngineRotation, Timestamp, Token,
    http::{CsrfError, Location, Reason, SetCookies},
    jose::{Algorithm, KeyRing, Unverified},
    session::{StoreError, Subject},
    token::{IssueError, Issued, TokenError, TokenType},
};
use pyo3::{
    exceptions::{PyRuntimeError, PyValueError},
    intern,
    prelude::*,
    types::{PyBytes, PyDict, PyString},
};

use crate::{
    claims::{Dicts, dicts, to_dict},
    errors,
    issuing::{Issuer, TokenRequest},
    keys::is_slow,
    request::WsgiRequest,
    requirement::{Presence, Requirement, Revocation},
    sessions::{Failure, IssuedToken, Listed, Pair, RefreshToken, Rotation, listed, pair, store_failed},
    store::{self, Store},
    waiting::Callbacks,
};

const NOT_OPENED: &str = "The session cannot be opened right now. Try again in a moment";
const NOT_REVOKED: &str = "The revocation cannot be kept right now, and the token stays good. Try again in a moment";
const NOT_LISTED: &str = "The sessions cannot be listed right now. Try again in a moment";

/// The result of a guard: header, claims and location of the token, and the token itself if it is a refresh token.
type Guarded<'py> = (Bound<'py, PyDict>, Bound<'py, PyDict>, Bound<'py, PyString>, Option<RefreshToken>);

/// What a guard found.
#[derive(IntoPyObject)]
pub(crate) enum Found<'py> {
    /// A token.
    Token(Guarded<'py>),
    /// A cookie that a lenient guard takes for none: the names of the cookies to clear.
    Stale(Vec<String>),
}

/// An app's options at one time, ready for use.
#[pyclass(frozen, module = "jwt_extended._core")]
pub struct Compiled {
    pub(crate) issuer: Issuer,
    /// Verifies tokens and uses the store.
    pub(crate) checking: JwtManager,
    /// The keys that verify, or the exception that says why there are none.
    pub(crate) ring: Result<KeyRing, PyErr>,
    pub(crate) decode_algorithms: Vec<Algorithm>,
    pub(crate) max_token_length: usize,
    /// Whether rejections carry `WWW-Authenticate`.
    pub(crate) challenges: bool,
    pub(crate) store: Option<Store>,
}

#[pymethods]
impl Compiled {
    /// Raises the error of a key that is set and cannot be used. A missing key is not an error yet.
    pub(crate) fn check(&self, py: Python<'_>) -> PyResult<()> {
        let errors = [self.issuer.key.as_ref().err(), self.ring.as_ref().err()];
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
        let required = requirement.inner()?;
        let request = WsgiRequest::new(request)?;
        let checked = self.checking.steps().authenticate_with(&request, required, |token, judge| {
            if let Some(error) = request.take_error() {
                return Err(Failure::Python(error));
            }
            let ring = self.ring_for(py, token, decode_key)?;
            let judged = if is_slow(ring.algorithms()) { py.detach(|| judge(&ring)) } else { judge(&ring) };
            judged.map_err(|rejection| {
                if requirement.presence == Presence::Lenient && self.stale(&rejection).is_some() {
                    return Failure::Rejected(rejection);
                }
                Failure::Python(self.rejected(py, &rejection, Some(token)))
            })
        });
        if let Some(error) = request.take_error() {
            return Err(error);
        }
        let admitted = match checked {
            Ok(admitted) => {
                let store = self.store.as_ref().filter(|_| requirement.revocation == Revocation::Checked);
                let unavailable = |error| self.checking.reject(Reason::StoreUnavailable(error), None);
                store::wait(py, store, Callbacks::None, admitted).map_err(unavailable).flatten()
            }
            Err(Failure::Rejected(rejection)) => Err(rejection),
            Err(failure) => return Err(self.failed(py, failure, NOT_OPENED)),
        };
        let admitted = match admitted {
            Ok(admitted) => admitted,
            Err(rejection)
                if requirement.presence != Presence::Needed && matches!(rejection.reason(), Reason::Missing(_)) =>
            {
                return Ok(None);
            }
            Err(rejection) => {
                let stale = self.stale(&rejection).filter(|_| requirement.presence == Presence::Lenient);
                return match stale {
                    Some(names) => Ok(Some(Found::Stale(names))),
                    None => Err(self.rejected(py, &rejection, None)),
                };
            }
        };
        let location = location_name(py, admitted.location());
        let token = admitted.into_token();
        let (header, claims) = dicts(py, &token)?;
        let is_refresh = token.token_type() == TokenType::Refresh;
        Ok(Some(Found::Token((header, claims, location, is_refresh.then_some(RefreshToken(token))))))
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
        let text = token_text(token)?;
        let ring = self.ring_for(py, &text, decode_key)?;
        let verify = || self.checking.steps().decode_with(&ring, &text);
        let verified = if is_slow(ring.algorithms()) { py.detach(verify) } else { verify() };
        let (token, expired) = match verified {
            Ok(token) => (token, None),
            Err(TokenError::Expired(token)) => (token.clone(), Some(TokenError::Expired(token))),
            Err(error) => return Err(errors::token_refused(py, &error, Some((&text, self.max_token_length)))),
        };
        if let Some(sent) = csrf_value.filter(|value| value.is_truthy().unwrap_or(true)) {
            if token.csrf().is_none() {
                return Err(errors::token_refused(py, &TokenError::MissingClaim("csrf".to_owned()), None));
            }
            let matches =
                sent.cast::<PyString>().is_ok_and(|sent| token.matches_csrf(sent.to_string_lossy().as_bytes()));
            if !matches {
                return Err(errors::csrf(py, &CsrfError::Mismatch));
            }
        }
        match expired {
            Some(error) if !allow_expired => Err(errors::token_refused(py, &error, None)),
            _ => dicts(py, &token),
        }
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
                let header = Unverified::header_within(access.len(), &access).unwrap_or_default();
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

    /// Returns the app's own claims of a refresh token.
    pub(crate) fn own_claims<'py>(&self, py: Python<'py>, token: &RefreshToken) -> PyResult<Bound<'py, PyDict>> {
        to_dict(py, self.issuer.manager.steps().own_claims(&token.0).as_json())
    }

    /// Returns the public keys as a JWK Set.
    pub(crate) fn jwk_set(&self, py: Python<'_>) -> PyResult<String> {
        let ring = self.ring.as_ref().map_err(|error| error.clone_ref(py))?;
        serde_json::to_string(&ring.to_jwk_set()).map_err(|error| PyRuntimeError::new_err(error.to_string()))
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

impl Compiled {
    /// Returns the keys that verify a token: the configured ones, or the key that the app's `decode_key_loader`
    /// returns.
    fn ring_for<'py>(
        &self,
        py: Python<'py>,
        token: &str,
        decode_key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Cow<'_, KeyRing>> {
        let Some(decode_key) = decode_key else {
            self.issuer.keys.warn_of_short(py)?;
            return self.ring.as_ref().map(Cow::Borrowed).map_err(|error| error.clone_ref(py));
        };
        // A text that cannot be read as a token has no key: verifying it says why.
        let Ok(unverified) = Unverified::parse_within(self.max_token_length, token) else {
            return Ok(Cow::Owned(KeyRing::empty()));
        };
        let key = decode_key.call1((to_dict(py, unverified.header())?, to_dict(py, unverified.payload())?))?;
        let keys = [("the key returned by decode_key_loader", &key)];
        let ring = self.issuer.keys.ring(&self.decode_algorithms, keys, self.issuer.lenient)?;
        self.issuer.keys.warn_of_short(py)?;
        Ok(Cow::Owned(ring))
    }

    /// Returns the tokens of a request that have a valid signature, expired or not.
    fn tokens_in(
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
    fn stale(&self, rejection: &Rejection) -> Option<Vec<String>> {
        let (_, cookies) = self.checking.without_token(rejection.clone()).ok()?.into_parts();
        Some(names_of(&cookies)).filter(|names| !names.is_empty())
    }

    /// Runs a manager's method that ends or revokes something.
    fn run_on_store<'a, T: Send, F>(&'a self, py: Python<'_>, run: impl FnOnce(&'a JwtManager) -> F) -> PyResult<T>
    where
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        self.wait(py, Callbacks::None, run(&self.checking))
            .flatten()
            .map_err(|error| store_failed(py, &error, NOT_REVOKED))
    }

    /// Waits for a manager that uses the store.
    fn wait<T: Send>(
        &self,
        py: Python<'_>,
        callbacks: Callbacks,
        answer: impl Future<Output = T> + Send,
    ) -> Result<T, StoreError> {
        store::wait(py, self.store.as_ref(), callbacks, answer)
    }

    /// Returns the exception for a login or a refresh that failed. `message` is for a store that failed.
    fn failed(&self, py: Python<'_>, failure: Failure, message: &str) -> PyErr {
        match failure {
            Failure::Python(error) => error,
            Failure::Rejected(rejection) => self.rejected(py, &rejection, None),
            Failure::Issue(IssueError::Store(error)) => store_failed(py, &error, message),
            Failure::Issue(error) => errors::not_issued(&error),
        }
    }

    /// Returns the exception for a rejected request, with its challenge if challenges are on.
    fn rejected(&self, py: Python<'_>, rejection: &Rejection, token: Option<&str>) -> PyErr {
        let error = errors::rejected(py, rejection, token.map(|token| (token, self.max_token_length)));
        if let Some(challenge) = self.challenge_for(rejection) {
            // Best effort: an exception that takes no attributes is raised without it.
            let _ = error.value(py).setattr(intern!(py, "www_authenticate"), challenge);
        }
        clears(error, py, rejection)
    }

    /// Returns the exception for a store that failed while something was ended.
    fn not_ended(&self, py: Python<'_>, rejection: &Rejection) -> PyErr {
        match rejection.reason() {
            Reason::StoreUnavailable(error) => clears(store_failed(py, error, NOT_REVOKED), py, rejection),
            _ => self.rejected(py, rejection, None),
        }
    }

    fn challenge_for(&self, rejection: &Rejection) -> Option<String> {
        if !self.challenges {
            return None;
        }
        rejection.challenge().and_then(|challenge| challenge.to_str().ok().map(str::to_owned))
    }
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiled").finish_non_exhaustive()
    }
}

/// Tells Python which cookies the response to a rejection should clear. The engine names them, and Flask writes them.
fn clears(error: PyErr, py: Python<'_>, rejection: &Rejection) -> PyErr {
    let names = names_of(rejection.cookies());
    if !names.is_empty() {
        // Best effort, as above.
        let _ = error.value(py).setattr(intern!(py, "_jwt_extended_clears"), names);
    }
    error
}

/// Returns the names of cookies.
fn names_of(cookies: &SetCookies) -> Vec<String> {
    let names = cookies.lines().iter().filter_map(|line| line.to_str().ok()?.split('=').next());
    names.map(str::to_owned).collect()
}

/// Has Python create a token.
fn called(create: &Py<PyAny>, kind: TokenType, rotation: &EngineRotation) -> Result<Issued, Failure> {
    Python::attach(|py| {
        let token = create.call1(py, (kind.name(), Rotation(rotation.clone())))?;
        let token = token.bind(py).cast::<IssuedToken>().map_err(PyErr::from)?;
        Ok(token.get().0.clone())
    })
}

/// Returns a location's name in Python.
fn location_name(py: Python<'_>, location: Location) -> Bound<'_, PyString> {
    match location {
        Location::Header => intern!(py, "headers"),
        Location::Cookie => intern!(py, "cookies"),
        Location::QueryString => intern!(py, "query_string"),
        _ => intern!(py, "json"),
    }
    .clone()
}

/// Returns the text of a token, which may be `str` or `bytes`, as in PyJWT.
pub(crate) fn token_text<'a>(token: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, str>> {
    if let Ok(text) = token.cast::<PyString>() {
        return Ok(text.to_string_lossy());
    }
    match token.cast::<PyBytes>() {
        Ok(bytes) => Ok(String::from_utf8_lossy(bytes.as_bytes())),
        Err(_) => Err(errors::not_a_token(token.py())),
    }
}
