//! `JWT_ISSUERS`: the other issuers whose tokens an app accepts, and where their keys come from.
//!
//! An entry of the option keeps its source of keys as long as its content is the same. So an app that changes another
//! option does not lose the keys that it has fetched.

use std::{
    collections::HashMap,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use jwt_extended::{
    KnownIssuer,
    config::{IssuerOptions, KeysAt},
    jose::{KeyRing, KeySource},
    token::Issuer,
};
use jwt_extended_jwks::RemoteKeys;
use pyo3::{
    exceptions::{PyRuntimeError, PyValueError},
    intern,
    prelude::*,
    types::PyDict,
};

use crate::{compiled::Compiled, engine::subject_of};

/// The sources of an app's keys, by the content of their entries.
#[derive(Default)]
pub(crate) struct KeySources(Mutex<HashMap<String, Source>>);

/// Another issuer, and the source of its keys.
pub(crate) struct Known {
    pub(crate) issuer: Issuer,
    pub(crate) source: Source,
}

/// Where an issuer's keys come from. A clone is the same source.
#[derive(Clone)]
pub(crate) enum Source {
    /// The option.
    Given(Arc<KeyRing>),
    /// The issuer.
    Fetched(RemoteKeys),
}

impl KeySources {
    /// Returns the issuers of these entries, each a JSON object. Forgets the sources of former entries.
    pub(crate) fn issuers(&self, entries: &[String]) -> PyResult<Vec<Known>> {
        let mut sources = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut current = HashMap::new();
        let mut issuers = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let invalid = |why: &dyn fmt::Display| PyRuntimeError::new_err(format!("JWT_ISSUERS[{at}]: {why}"));
            // Through a value: otherwise messages would tell the place in a text that the app has never seen.
            let value: serde_json::Value = serde_json::from_str(entry).map_err(|error| invalid(&error))?;
            let options: IssuerOptions = serde_json::from_value(value).map_err(|error| invalid(&error))?;
            let source = match sources.get(entry) {
                Some(source) => source.clone(),
                None => Source::of(&options).map_err(|error| invalid(&error))?,
            };
            current.insert(entry.clone(), source.clone());
            issuers.push(Known { issuer: options.into_issuer(source.clone()), source });
        }
        *sources = current;
        Ok(issuers)
    }
}

impl Source {
    /// Makes a source without fetching anything: the issuer may not be reachable yet.
    fn of(options: &IssuerOptions) -> Result<Self, String> {
        let remote = match options.keys_at() {
            KeysAt::Uri(uri) => RemoteKeys::jwk_set(uri),
            KeysAt::Discovered => RemoteKeys::discover(&*options.issuer),
            _ => {
                let ring = options.given_keys()?.ok_or_else(|| "jwks must be a set of keys".to_owned())?;
                return Ok(Self::Given(ring));
            }
        };
        let remote = remote.algorithms(options.algorithms());
        let remote = if options.allow_loopback_http { remote.allow_loopback_http() } else { remote };
        remote.build().map(Self::Fetched).map_err(|error| error.to_string())
    }

    /// Returns why there are no keys, for the app's log.
    pub(crate) fn complaint(&self) -> Option<String> {
        match self {
            Self::Given(_) => None,
            Self::Fetched(keys) => keys.last_error().map(|error| error.to_string()),
        }
    }
}

impl KeySource for Source {
    fn current(&self) -> Option<Arc<KeyRing>> {
        match self {
            Self::Given(keys) => keys.current(),
            Self::Fetched(keys) => keys.current(),
        }
    }

    fn renew(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        match self {
            Self::Given(keys) => keys.renew(),
            Self::Fetched(keys) => keys.renew(),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(keys) => keys.fmt(f),
            Self::Fetched(keys) => keys.fmt(f),
        }
    }
}

impl Compiled {
    /// Returns whether a token names one of the other issuers. Nothing of it is verified.
    pub(crate) fn is_foreign(&self, token: &str) -> bool {
        !self.issuers.is_empty() && self.checking.steps().issuer_named_in(token).is_some()
    }

    /// Returns the other issuer of a verified token.
    pub(crate) fn known_issuer(&self, claims: &Bound<'_, PyDict>) -> PyResult<Option<KnownIssuer<'_>>> {
        let name = claims.get_item(intern!(claims.py(), "iss"))?.filter(|_| !self.issuers.is_empty());
        Ok(name.and_then(|name| self.checking.steps().issuer(name.extract().ok()?)))
    }

    /// Returns subject and id of a verified token, as stores know them.
    pub(crate) fn stored_ids<'py>(
        &self,
        claims: &Bound<'py, PyDict>,
        default: &Bound<'py, PyAny>,
    ) -> PyResult<(String, Option<String>)> {
        let issuer = self.known_issuer(claims)?;
        let claim = issuer.map_or(&*self.issuer.identity_claim, KnownIssuer::identity_claim);
        let unnamed = || PyValueError::new_err(format!("the claims have no {claim}, so the token's owner is unknown"));
        let identity = claims.get_item(claim)?.ok_or_else(unnamed)?;
        let jti: Option<String> = claims.get_item(intern!(claims.py(), "jti"))?.and_then(|jti| jti.extract().ok());
        Ok(match issuer {
            Some(issuer) => (issuer.stored(identity.extract()?), jti.map(|jti| issuer.stored(&jti))),
            None => (subject_of(&identity, default)?, jti),
        })
    }
}
