//! Making a token as upstream makes it: from Python's values, with whatever the app wants replaced.

use std::{borrow::Cow, time::Duration};

use jwt_extended::{
    Rotation,
    jose::Key,
    token::{Claims, ClaimsError, Fresh, Lifetime},
};
use pyo3::{
    exceptions::{PyNotImplementedError, PyValueError},
    prelude::*,
    types::{PyBool, PyDict, PyString},
};

use crate::{
    claims::Writer,
    compile::{Compiled, named},
    errors,
    keys::{KeyCache, is_slow},
};

const RING_DECIDES: &str = "the header alg cannot be another than that of the first key of JWT_KEY_RING";

/// What an app asked for: the arguments of `create_access_token`, and what its callbacks have said.
pub(crate) struct Order<'a, 'py> {
    /// `access` or `refresh`.
    pub(crate) kind: &'a str,
    pub(crate) identity: &'a Bound<'py, PyAny>,
    pub(crate) fresh: &'a Bound<'py, PyAny>,
    /// In microseconds; `None` for ever.
    pub(crate) lifetime: Option<i64>,
    pub(crate) claims: Option<&'a Bound<'py, PyDict>>,
    pub(crate) headers: Option<&'a Bound<'py, PyDict>>,
    pub(crate) key: Option<&'a Bound<'py, PyAny>>,
    pub(crate) session: Option<&'a str>,
    /// `default` of the app's JSON provider.
    pub(crate) default: &'a Bound<'py, PyAny>,
    /// Of a token whose session the store keeps.
    pub(crate) rotation: Option<&'a Rotation>,
    /// A CSRF value to carry on.
    pub(crate) csrf: Option<&'a str>,
}

impl<'py> Order<'_, 'py> {
    pub(crate) fn make(&self, py: Python<'py>, compiled: &Compiled, keys: &KeyCache) -> PyResult<String> {
        let Self { kind, identity, fresh, lifetime, claims, session, default, rotation, csrf, .. } = *self;
        let (key, headers) = self.key_and_headers(py, compiled, keys)?;

        // What upstream puts into the claims beside what the engine would; the app's own come after.
        let mut own = Writer::new(default);
        let subject = if let Ok(text) = identity.cast::<PyString>() {
            text.to_str()?
        } else {
            own.member(&compiled.identity_claim, identity)?;
            ""
        };
        if !fresh.is_instance_of::<PyBool>() {
            own.member("fresh", fresh)?;
        }
        let ahead = lifetime.map(|micros| u64::try_from(micros).map(Duration::from_micros));
        if let Some(Err(_)) = ahead {
            own.raw("exp", &compiled.ago(lifetime.unwrap_or_default()));
        }
        let added = claims.map(|claims| written(claims, default)).transpose()?.flatten();

        let usual = match ahead {
            None => Lifetime::Never,
            Some(duration) => Lifetime::For(duration.unwrap_or_default()),
        };
        let mut token = match kind {
            "refresh" => compiled.issuing.refresh_token(subject),
            _ => compiled.issuing.access_token(subject),
        }
        .fresh(if fresh.is(PyBool::new(py, true)) { Fresh::Always } else { Fresh::No })
        .lifetime(match (session, rotation) {
            (Some(session), Some(rotation)) => compiled.issuing.lifetime_in_session(session, usual, rotation.turned),
            _ => usual,
        })
        .signed_by(&key)
        .also_if_refused();
        if !compiled.fixed_claims.is_empty() {
            token = token.replacing(parsed(&compiled.fixed_claims)?);
        }
        for text in [own.finish(), added].into_iter().flatten() {
            token = token.replacing(parsed(&text)?);
        }
        if let Some(headers) = headers {
            token = token.headers(parsed(&headers)?);
        }
        if let Some(session) = session {
            token = token.session(session);
        }
        if let Some(rotation) = rotation {
            token = token.issued_at(rotation.turned);
            if kind == "refresh" {
                token = token.jti(&rotation.jti);
            }
        }
        if let Some(csrf) = csrf {
            token = token.csrf(csrf);
        }
        let create = || token.create();
        let created = if is_slow([key.algorithm()]) { py.detach(create) } else { create() };
        created.map_err(|error| errors::not_issued(&error))
    }

    /// The key to sign with and the headers to add: a header `alg` chooses the algorithm, as in PyJWT.
    fn key_and_headers<'k>(
        &self,
        py: Python<'py>,
        compiled: &'k Compiled,
        keys: &KeyCache,
    ) -> PyResult<(Cow<'k, Key>, Option<String>)> {
        let mut text = Writer::new(self.default);
        let mut algorithm = compiled.algorithm;
        for (name, value) in self.headers.into_iter().flatten() {
            match name.cast::<PyString>()?.to_str()? {
                "alg" if value.is_truthy()? => {
                    let name = value.cast::<PyString>()?;
                    let unsupported = |_| PyNotImplementedError::new_err("Algorithm not supported");
                    algorithm = named(name.to_str()?).map_err(unsupported)?;
                }
                "alg" => {}
                "typ" if !value.is_truthy()? => text.raw("typ", "null"),
                // Its value is the default, and PyJWT leaves it out.
                "b64" if value.is(PyBool::new(py, true)) => {}
                "kid" if !value.is_instance_of::<PyString>() => {
                    return Err(errors::header_refused(py, "Key ID header parameter must be a string"));
                }
                name => text.member(name, &value)?,
            }
        }
        let made = |key: &Bound<'py, PyAny>| {
            keys.signing(algorithm, key, compiled.lenient).map(|key| Cow::Owned(key.without_kid()))
        };
        let key = match (self.key, &compiled.signing) {
            (Some(key), _) => {
                made(key).map_err(|error| errors::of_key(py, "what encode_key_loader has returned", error))?
            }
            (None, Err(error)) => return Err(error.clone_ref(py)),
            (None, Ok(key)) if key.algorithm() == algorithm => Cow::Borrowed(key),
            (None, Ok(_)) if compiled.has_ring => return Err(PyValueError::new_err(RING_DECIDES)),
            (None, Ok(_)) => made(compiled.encode_key.bind(py))?,
        };
        Ok((key, text.finish()))
    }
}

impl Compiled {
    /// The second that lies so many microseconds, a negative number, from now.
    fn ago(&self, micros: i64) -> String {
        let now = i64::try_from(self.issuing.now().as_micros()).unwrap_or(i64::MAX);
        now.saturating_add(micros).div_euclid(1_000_000).to_string()
    }
}

fn written<'py>(claims: &Bound<'py, PyDict>, default: &Bound<'py, PyAny>) -> PyResult<Option<String>> {
    let mut text = Writer::new(default);
    text.members(claims)?;
    Ok(text.finish())
}

fn parsed(text: &str) -> PyResult<Claims> {
    Claims::from_json(text).map_err(|error: ClaimsError| PyValueError::new_err(error.to_string()))
}
