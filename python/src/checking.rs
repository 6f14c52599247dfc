//! Checks requests and tokens: with the keys of each token, and without Python's lock while that takes long.

use std::{borrow::Cow, time::Duration};

use jwt_extended::{
    http::{CsrfError, Reason},
    jose::{KeyRing, Unverified},
    token::{TokenError, TokenType},
};
use pyo3::{
    prelude::*,
    types::{PyDict, PyString},
};

use crate::{
    claims::{Dicts, dicts},
    compiled::{Compiled, NOT_OPENED},
    errors,
    handover::{clears, location_name, token_text},
    keys::is_slow,
    request::WsgiRequest,
    requirement::{Presence, Requirement, Revocation},
    sessions::{Failure, RefreshToken},
    store,
    waiting::Callbacks,
};

/// The keys for a token of another issuer: the engine takes that issuer's.
pub(crate) const NO_KEYS: Cow<'static, KeyRing> = Cow::Owned(KeyRing::empty());
/// How long a guard may wait for the keys of another issuer. A fetch ends after 2.5 seconds.
const FETCHING: Duration = Duration::from_secs(4);

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

impl Compiled {
    /// Checks a request.
    pub(crate) fn checked<'py>(
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
            let foreign = self.is_foreign(token);
            let ring = match if foreign { Ok(NO_KEYS) } else { self.own_ring_for(py, token, decode_key) } {
                Ok(ring) => ring,
                Err(error) if Unverified::parse_within(self.limits, token).is_err() => {
                    // The app's loader cannot be asked for a key. No key verifies it, and that rejection has its place.
                    let Err(rejection) = judge(&KeyRing::empty()) else { return Err(error.into()) };
                    if requirement.presence == Presence::Lenient && self.stale(&rejection).is_some() {
                        return Err(Failure::Rejected(rejection));
                    }
                    return Err(Failure::Python(clears(error, py, &rejection)));
                }
                Err(error) => return Err(error.into()),
            };
            let slow = foreign || is_slow(ring.algorithms());
            let judged = if slow { py.detach(|| judge(&ring)) } else { judge(&ring) };
            judged.map_err(|rejection| {
                if requirement.presence == Presence::Lenient && self.stale(&rejection).is_some() {
                    return Failure::Rejected(rejection);
                }
                // Upstream knows no other issuers, so PyJWT has nothing to say of their tokens.
                Failure::Python(self.rejected(py, &rejection, Some(token).filter(|_| !foreign)))
            })
        });
        if let Some(error) = request.take_error() {
            return Err(error);
        }
        let admitted = match checked {
            Ok(admitted) => {
                let store = self.store.as_ref().filter(|_| requirement.revocation == Revocation::Checked);
                let unavailable = |error| self.checking.reject(Reason::StoreUnavailable(error), None);
                let extra = if self.issuers.is_empty() { Duration::ZERO } else { FETCHING };
                store::wait(py, store, extra, Callbacks::None, admitted).map_err(unavailable).flatten()
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

    /// Verifies a token that did not come with a request.
    pub(crate) fn decoded<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'py, PyAny>,
        csrf_value: Option<&Bound<'py, PyAny>>,
        allow_expired: bool,
        decode_key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Dicts<'py>> {
        let text = token_text(token)?;
        let foreign = self.is_foreign(&text);
        let ring = if foreign { NO_KEYS } else { self.own_ring_for(py, &text, decode_key)? };
        let verify = || self.checking.steps().decode_with(&ring, &text);
        let verified = if foreign || is_slow(ring.algorithms()) { py.detach(verify) } else { verify() };
        let (token, expired) = match verified {
            Ok(token) => (token, None),
            Err(TokenError::Expired(token)) => (token.clone(), Some(TokenError::Expired(token))),
            Err(TokenError::NoKeys(issuer)) => {
                let rejection = self.checking.reject(Reason::KeysUnavailable(issuer), None);
                return Err(self.rejected(py, &rejection, None));
            }
            Err(error) => {
                let examined = Some((&*text, self.limits)).filter(|_| !foreign);
                return Err(errors::token_refused(py, &error, examined));
            }
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
}
