//! One app's engine: guards requests, makes and checks tokens, revokes them.

use std::{borrow::Cow, time::Duration};

use jwt_extended::{
    Timestamp,
    http::{CsrfError, Location, Reason},
    jose::{KeyRing, Unverified},
    token::{TokenError, TokenType},
};
use pyo3::{
    exceptions::{PyRuntimeError, PyValueError},
    intern,
    prelude::*,
    types::{PyDict, PyString},
};

use crate::{
    claims::{Writer, to_dict},
    compile::Compiled,
    errors,
    keys::is_slow,
    making::Order,
    request::WsgiRequest,
    requirement::{Presence, Requirement, Revocation},
    sessions::{Listed, Presented, Rotation},
    state::Knowledge,
};

/// A token's header and its claims.
type Dicts<'py> = (Bound<'py, PyDict>, Bound<'py, PyDict>);

/// The same, where in the request the token was, and if it is a refresh token, the token itself.
type Found<'py> = (Bound<'py, PyDict>, Bound<'py, PyDict>, Bound<'py, PyString>, Option<Presented>);

/// One app's engine. It reads the app's options again when they have changed.
#[pyclass(frozen, module = "jwt_extended._core")]
pub struct Engine(Knowledge);

#[pymethods]
impl Engine {
    #[new]
    fn new(read: Py<PyAny>, names: Vec<Py<PyString>>) -> Self {
        Self(Knowledge::new(read, names))
    }

    /// Reads the options, for what they raise. A key that is missing is no mistake yet, and one that is of no use is.
    fn check(&self, py: Python<'_>, config: &Bound<'_, PyDict>) -> PyResult<()> {
        let state = self.0.state(py, config)?;
        let errors = [state.compiled.signing.as_ref().err(), state.compiled.ring.as_ref().err()];
        let mistake = errors.into_iter().flatten().find(|error| !error.is_instance_of::<PyRuntimeError>(py));
        mistake.map_or(Ok(()), |error| Err(error.clone_ref(py)))
    }

    /// Checks a request: header, claims and location of its token, and a refresh token itself; `None` where the request may
    /// do without one and does.
    fn guard<'py>(
        &self,
        py: Python<'py>,
        config: &Bound<'py, PyDict>,
        request: &Bound<'py, PyAny>,
        requirement: &Requirement,
        decode_key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Found<'py>>> {
        let state = self.0.state(py, config)?;
        let compiled = &state.compiled;
        let asked = requirement.asked()?;
        let request = WsgiRequest::new(request)?;
        let located = compiled.checking.locate(&request, asked);
        if let Some(error) = request.take_error() {
            return Err(error);
        }
        let located = match located {
            Ok(located) => located,
            Err(rejection) => {
                let missing = matches!(rejection.reason(), Reason::Missing(_));
                if missing && requirement.presence == Presence::Optional {
                    return Ok(None);
                }
                return Err(compiled.refuse(py, &rejection, None));
            }
        };
        let ring = self.ring(py, compiled, located.token(), decode_key)?;
        let judged = if is_slow(ring.algorithms()) {
            py.detach(|| compiled.checking.judge(&located, &ring, asked))
        } else {
            compiled.checking.judge(&located, &ring, asked)
        };
        let token = judged.map_err(|rejection| compiled.refuse(py, &rejection, Some(located.token())))?;
        if compiled.has_store() && requirement.revocation == Revocation::Checked {
            compiled.refuse_revoked(py, &token)?;
        }
        let (header, claims) = errors::dicts(py, &token)?;
        let refreshes = token.token_type() == TokenType::Refresh;
        Ok(Some((header, claims, location_name(py, located.location()), refreshes.then_some(Presented(token)))))
    }

    /// The text of a request's token, which nobody has checked.
    fn locate(
        &self,
        py: Python<'_>,
        config: &Bound<'_, PyDict>,
        request: &Bound<'_, PyAny>,
        requirement: &Requirement,
    ) -> PyResult<String> {
        let state = self.0.state(py, config)?;
        let request = WsgiRequest::new(request)?;
        let located = state.compiled.checking.locate(&request, requirement.asked()?);
        if let Some(error) = request.take_error() {
            return Err(error);
        }
        let located = located.map_err(|rejection| state.compiled.refuse(py, &rejection, None))?;
        Ok(located.token().to_owned())
    }

    /// Checks a token that did not come by HTTP: header and claims.
    fn decode<'py>(
        &self,
        py: Python<'py>,
        config: &Bound<'py, PyDict>,
        token: &Bound<'py, PyAny>,
        csrf_value: Option<&Bound<'py, PyAny>>,
        allow_expired: bool,
        decode_key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Dicts<'py>> {
        let state = self.0.state(py, config)?;
        let compiled = &state.compiled;
        let text = token_text(token)?;
        let ring = self.ring(py, compiled, &text, decode_key)?;
        let verify = || compiled.checking.decode_token_with(&ring, &text);
        let verified = if is_slow(ring.algorithms()) { py.detach(verify) } else { verify() };
        let (token, expired) = match verified {
            Ok(token) => (token, None),
            Err(TokenError::Expired(token)) => (token.clone(), Some(TokenError::Expired(token))),
            Err(error) => return Err(errors::token_refused(py, &error, Some((&text, compiled.max_token_length)))),
        };
        if let Some(sent) = csrf_value.filter(|value| value.is_truthy().unwrap_or(true)) {
            if token.csrf().is_none() {
                return Err(errors::token_refused(py, &TokenError::MissingClaim("csrf".to_owned()), None));
            }
            let matches =
                sent.cast::<PyString>().is_ok_and(|sent| token.matches_csrf(sent.to_string_lossy().as_bytes()));
            if !matches {
                return Err(errors::csrf(py, CsrfError::Mismatch));
            }
        }
        match expired {
            Some(error) if !allow_expired => Err(errors::token_refused(py, &error, None)),
            _ => errors::dicts(py, &token),
        }
    }

    /// Makes a token. `lifetime` is in microseconds, `None` for ever; `default` is that of the app's JSON provider. With a
    /// rotation, it is one of a session that the store keeps: made at that time, and a refresh token with that name.
    #[pyo3(signature = (
        config, kind, identity, fresh, lifetime, claims, headers, key, session, default, rotation=None, csrf=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are those of create_access_token")]
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
        let state = self.0.state(py, config)?;
        let rotation = rotation.map(|rotation| &rotation.0);
        let order = Order { kind, identity, fresh, lifetime, claims, headers, key, session, default, rotation, csrf };
        order.make(py, &state.compiled, &self.0.keys)
    }

    /// A name for a session that opens now: the claim `sid`.
    fn new_session(&self, py: Python<'_>, config: &Bound<'_, PyDict>) -> PyResult<String> {
        self.0.state(py, config)?.compiled.issuing.new_session().map_err(|error| errors::not_issued(&error))
    }

    /// A name and a time for a refresh token that is made now, of a session that the store keeps.
    fn next_rotation(&self, py: Python<'_>, config: &Bound<'_, PyDict>) -> PyResult<Rotation> {
        self.0.state(py, config)?.compiled.next_rotation()
    }

    /// Has the store keep a session for which these tokens were made.
    #[expect(clippy::too_many_arguments, reason = "they are what a session is made of")]
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
        self.0.state(py, config)?.compiled.open_session(py, session, first, (access, refresh), label)
    }

    /// Turns a presented token's session to these tokens, which were made for it. If another request has done so just
    /// before, the refresh token is due that the rotation names which this returns.
    fn turn_session(
        &self,
        py: Python<'_>,
        config: &Bound<'_, PyDict>,
        presented: &Presented,
        due: &Rotation,
        access: &str,
        refresh: &str,
    ) -> PyResult<Rotation> {
        self.0.state(py, config)?.compiled.turn_session(py, &presented.0, due, (access, refresh))
    }

    /// Refuses a presented token that has been revoked.
    fn refuse_revoked(&self, py: Python<'_>, config: &Bound<'_, PyDict>, presented: &Presented) -> PyResult<()> {
        self.0.state(py, config)?.compiled.refuse_revoked(py, &presented.0)
    }

    /// The app's own claims in a presented token.
    fn own_claims<'py>(
        &self,
        py: Python<'py>,
        config: &Bound<'py, PyDict>,
        presented: &Presented,
    ) -> PyResult<Bound<'py, PyDict>> {
        self.0.state(py, config)?.compiled.own_claims(py, &presented.0)
    }

    /// The name by which the store knows an identity: a text, as which UUIDs and dates are written too, or its JSON.
    #[staticmethod]
    fn subject(identity: &Bound<'_, PyAny>, default: &Bound<'_, PyAny>) -> PyResult<String> {
        let json = Writer::text_of(identity, default)?;
        Ok(serde_json::from_str::<String>(&json).unwrap_or(json))
    }

    /// The same of the identity that a token which was made here says.
    fn owner(&self, py: Python<'_>, config: &Bound<'_, PyDict>, token: &str) -> PyResult<String> {
        self.0.state(py, config)?.compiled.owner(token)
    }

    /// The public keys as a JWK Set.
    fn jwk_set(&self, py: Python<'_>, config: &Bound<'_, PyDict>) -> PyResult<String> {
        let state = self.0.state(py, config)?;
        let ring = state.compiled.ring.as_ref().map_err(|error| error.clone_ref(py))?;
        serde_json::to_string(&ring.to_jwk_set()).map_err(|error| PyRuntimeError::new_err(error.to_string()))
    }

    /// A subject's open sessions, as the session sees them that asks, if one does.
    fn sessions(
        &self,
        py: Python<'_>,
        config: &Bound<'_, PyDict>,
        subject: &str,
        asks: Option<&str>,
    ) -> PyResult<Vec<Listed>> {
        self.0.state(py, config)?.compiled.sessions(py, subject, asks)
    }

    /// Revokes a subject's token by its `jti`, until it would have expired.
    fn revoke_token(
        &self,
        py: Python<'_>,
        config: &Bound<'_, PyDict>,
        subject: &str,
        jti: &str,
        exp: Option<f64>,
    ) -> PyResult<()> {
        let state = self.0.state(py, config)?;
        // What lies past all that can be expressed is never.
        let until = exp.and_then(|exp| Duration::try_from_secs_f64(exp.max(0.0)).ok());
        let until = until.map(|since_1970| Timestamp::default().saturating_add(since_1970));
        state.compiled.told(py, |manager| manager.revoke_by_id(subject, jti, until))
    }

    /// Ends a session by its name, the claim `sid`, whoever's it is.
    fn revoke_session(&self, py: Python<'_>, config: &Bound<'_, PyDict>, sid: &str) -> PyResult<()> {
        self.0.state(py, config)?.compiled.told(py, |manager| manager.revoke_session_by_id(sid))
    }

    /// Revokes all tokens that a subject has now.
    fn revoke_subject(&self, py: Python<'_>, config: &Bound<'_, PyDict>, subject: &str) -> PyResult<()> {
        self.0.state(py, config)?.compiled.told(py, |manager| manager.revoke_subject(subject))
    }

    /// Ends one session of a subject; whether it was open.
    fn end_session(&self, py: Python<'_>, config: &Bound<'_, PyDict>, subject: &str, sid: &str) -> PyResult<bool> {
        self.0.state(py, config)?.compiled.told(py, |manager| manager.end_session(subject, sid))
    }

    /// Ends all sessions of a subject but one; how many were open.
    fn end_sessions_but(&self, py: Python<'_>, config: &Bound<'_, PyDict>, subject: &str, sid: &str) -> PyResult<u64> {
        self.0.state(py, config)?.compiled.told(py, |manager| manager.end_sessions_but(subject, sid))
    }

    /// The challenge of a refusal that the Python side makes, if challenges are on.
    fn challenge(
        &self,
        py: Python<'_>,
        config: &Bound<'_, PyDict>,
        code: &str,
        identity: &str,
    ) -> PyResult<Option<String>> {
        let state = self.0.state(py, config)?;
        let reason = match code {
            "token_revoked" => Reason::Revoked,
            "user_not_found" => Reason::UserNotFound(identity.to_owned()),
            "claims_refused" => Reason::Verification,
            _ => return Err(PyValueError::new_err(format!("no refusal has the code {code}"))),
        };
        Ok(state.compiled.challenge(&state.compiled.checking.reject(reason, None)))
    }
}

/// The header of a token that nobody has checked.
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

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// The keys for a token: the configured ones, or what the app's `decode_key_loader` says.
    fn ring<'a, 'py>(
        &self,
        py: Python<'py>,
        compiled: &'a Compiled,
        token: &str,
        decode_key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Cow<'a, KeyRing>> {
        let Some(decode_key) = decode_key else {
            return compiled.ring.as_ref().map(Cow::Borrowed).map_err(|error| error.clone_ref(py));
        };
        let limit = compiled.max_token_length;
        let unverified = Unverified::parse_within(limit, token).map_err(|error| {
            let rejection = compiled.checking.reject(Reason::Token(error.into()), None);
            compiled.refuse(py, &rejection, Some(token))
        })?;
        let key = decode_key.call1((to_dict(py, unverified.header())?, to_dict(py, unverified.payload())?))?;
        let keys = [("what decode_key_loader has returned", &key)];
        self.0.keys.ring(&compiled.decode_algorithms, keys, compiled.lenient).map(Cow::Owned)
    }
}

/// A location's name as Python has it.
fn location_name(py: Python<'_>, location: Location) -> Bound<'_, PyString> {
    match location {
        Location::Header => intern!(py, "headers"),
        Location::Cookie => intern!(py, "cookies"),
        Location::QueryString => intern!(py, "query_string"),
        _ => intern!(py, "json"),
    }
    .clone()
}

/// PyJWT takes texts and bytes.
fn token_text<'a>(token: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, str>> {
    if let Ok(text) = token.cast::<PyString>() {
        return Ok(text.to_string_lossy());
    }
    match token.cast::<pyo3::types::PyBytes>() {
        Ok(bytes) => Ok(String::from_utf8_lossy(bytes.as_bytes())),
        Err(_) => Err(errors::not_a_token(token.py())),
    }
}
