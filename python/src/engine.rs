//! One app's engine: guards requests, makes and checks tokens, revokes them.

use std::{
    borrow::Cow,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use jwt_extended::{
    Timestamp, Token,
    http::{CsrfError, Location, Reason},
    jose::{KeyRing, Unverified},
    session::StoreError,
    token::TokenError,
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
    state::Knowledge,
};

const NOT_KEPT: &str = "The revocation cannot be kept right now, and the token stays good. Try again in a moment";

/// A token's header and its claims.
type Dicts<'py> = (Bound<'py, PyDict>, Bound<'py, PyDict>);

/// The same, and where in the request the token was.
type Found<'py> = (Bound<'py, PyDict>, Bound<'py, PyDict>, Bound<'py, PyString>);

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

    /// Checks a request: header, claims and location of its token; `None` where it may do without one and does.
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
        if compiled.has_store && requirement.revocation == Revocation::Checked {
            refuse_revoked(py, compiled, &token)?;
        }
        let (header, claims) = errors::dicts(py, &token)?;
        Ok(Some((header, claims, location_name(py, located.location()))))
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

    /// Makes a token. `lifetime` is in microseconds, `None` for ever; `default` is that of the app's JSON provider.
    #[pyo3(signature = (config, kind, identity, fresh, lifetime, claims, headers, key, session, default))]
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
    ) -> PyResult<String> {
        let state = self.0.state(py, config)?;
        let order = Order { kind, identity, fresh, lifetime, claims, headers, key, session, default };
        order.make(py, &state.compiled, &self.0.keys)
    }

    /// A name for a session that opens now: the claim `sid`.
    fn new_session(&self, py: Python<'_>, config: &Bound<'_, PyDict>) -> PyResult<String> {
        self.0.state(py, config)?.compiled.issuing.new_session().map_err(|error| errors::not_issued(&error))
    }

    /// The public keys as a JWK Set.
    fn jwk_set(&self, py: Python<'_>, config: &Bound<'_, PyDict>) -> PyResult<String> {
        let state = self.0.state(py, config)?;
        let ring = state.compiled.ring.as_ref().map_err(|error| error.clone_ref(py))?;
        serde_json::to_string(&ring.to_jwk_set()).map_err(|error| PyRuntimeError::new_err(error.to_string()))
    }

    /// Revokes a token by its `jti`, until it would have expired.
    fn revoke_token(&self, py: Python<'_>, config: &Bound<'_, PyDict>, jti: &str, exp: Option<f64>) -> PyResult<()> {
        let state = self.0.state(py, config)?;
        // What lies past all that can be expressed is never.
        let until = exp.and_then(|exp| Duration::try_from_secs_f64(exp.max(0.0)).ok());
        let until = until.map(|since_1970| Timestamp::default().saturating_add(since_1970));
        kept(py, now(state.compiled.checking.revoke_by_id("", jti, until)))
    }

    /// Revokes a session by its name, the claim `sid`.
    fn revoke_session(&self, py: Python<'_>, config: &Bound<'_, PyDict>, sid: &str) -> PyResult<()> {
        let state = self.0.state(py, config)?;
        kept(py, now(state.compiled.checking.revoke_session_by_id(sid)))
    }

    /// Revokes all tokens that an identity has now.
    fn revoke_identity<'py>(
        &self,
        py: Python<'py>,
        config: &Bound<'py, PyDict>,
        identity: &Bound<'py, PyAny>,
        default: &Bound<'py, PyAny>,
    ) -> PyResult<()> {
        let state = self.0.state(py, config)?;
        // What the identity claim says: a text, as which UUIDs and dates are written too, or to the store its JSON.
        let json = Writer::text_of(identity, default)?;
        let subject = serde_json::from_str::<String>(&json).unwrap_or(json);
        kept(py, now(state.compiled.checking.revoke_subject(&subject)))
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

fn refuse_revoked(py: Python<'_>, compiled: &Compiled, token: &Token) -> PyResult<()> {
    let reason = match now(compiled.checking.is_revoked(token)) {
        Ok(false) => return Ok(()),
        Ok(true) => Reason::Revoked,
        Err(error) => Reason::StoreUnavailable(error),
    };
    Err(compiled.refuse(py, &compiled.checking.reject(reason, Some(token.clone())), None))
}

/// What came of keeping a revocation.
fn kept(py: Python<'_>, result: Result<(), StoreError>) -> PyResult<()> {
    result.map_err(|error| match error {
        StoreError::NoStore => {
            PyRuntimeError::new_err("there is no revocation store; set JWT_STORE, such as to \"memory\"")
        }
        error => errors::store_unavailable(py, &error, NOT_KEPT),
    })
}

/// The answer of a store in memory, which never has to wait.
fn now<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    match pin!(answer).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => Err(StoreError::Unavailable("it did not answer at once".to_owned())),
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
