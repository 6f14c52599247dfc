//! The arguments of `jwt_required`, read once when a view is decorated.

use std::time::Duration;

use jwt_extended::{Requirement as EngineRequirement, http::Location};
use pyo3::{
    exceptions::{PyRuntimeError, PyValueError},
    prelude::*,
    types::{PyFrozenSet, PySet, PyString},
};

/// All locations, in the order in which a set of them is searched.
const LOCATIONS: [Location; 4] = [Location::Header, Location::Cookie, Location::QueryString, Location::Json];

/// The arguments of `jwt_required`, ready for use.
#[pyclass(frozen, module = "jwt_extended._core")]
#[derive(Debug)]
pub struct Requirement {
    /// The engine's requirement, or the name of an unknown location. As upstream, a request raises the error for that.
    inner: Result<EngineRequirement, String>,
    pub(crate) presence: Presence,
    pub(crate) revocation: Revocation,
}

/// The texts that claims must have, by the names of the claims.
type Granted = Vec<(String, Vec<String>)>;

/// Whether a request needs a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Needed,
    Optional,
    /// As `Optional`, and a cookie that is no longer good counts as none.
    Lenient,
}

/// Whether the store is asked for revocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revocation {
    Checked,
    Skipped,
}

#[pymethods]
impl Requirement {
    #[new]
    #[pyo3(signature = (
        optional, fresh, refresh, locations, verify_type, skip_revocation_check, *,
        scopes=None, any_scopes=None, claim_has=None, claim_has_any=None, max_age=None, acr=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python, and PyO3 checks their names")]
    fn new(
        optional: &Bound<'_, PyAny>,
        fresh: &Bound<'_, PyAny>,
        refresh: &Bound<'_, PyAny>,
        locations: Option<&Bound<'_, PyAny>>,
        verify_type: &Bound<'_, PyAny>,
        skip_revocation_check: &Bound<'_, PyAny>,
        scopes: Option<Vec<String>>,
        any_scopes: Option<Vec<String>>,
        claim_has: Option<Granted>,
        claim_has_any: Option<Granted>,
        max_age: Option<f64>,
        acr: Option<Vec<String>>,
    ) -> PyResult<Self> {
        let mut inner = if refresh.is_truthy()? { EngineRequirement::refresh() } else { EngineRequirement::access() };
        if fresh.is_truthy()? {
            inner = inner.and_fresh();
        }
        if !verify_type.is_truthy()? {
            inner = inner.of_any_type();
        }
        let skips_revocation = skip_revocation_check.is_truthy()?;
        if skips_revocation {
            inner = inner.skip_revocation_check();
        }
        if let Some(scopes) = scopes {
            inner = inner.scopes(scopes);
        }
        if let Some(scopes) = any_scopes {
            inner = inner.any_scope(scopes);
        }
        for (claim, texts) in claim_has.into_iter().flatten() {
            inner = inner.claim_has(&claim, texts);
        }
        for (claim, texts) in claim_has_any.into_iter().flatten() {
            inner = inner.claim_has_any(&claim, texts);
        }
        if let Some(seconds) = max_age {
            let too_long = |_| PyValueError::new_err("max_age must be a number of seconds that a computer can count");
            inner = inner.max_age(Duration::try_from_secs_f64(seconds).map_err(too_long)?);
        }
        if let Some(classes) = acr {
            inner = inner.acr(classes);
        }
        let locations = read_locations(locations)?;
        Ok(Self {
            inner: locations.map(|listed| if listed.is_empty() { inner.clone() } else { inner.locations(listed) }),
            presence: match optional.cast::<PyString>() {
                Ok(word) if word.to_string_lossy() == "lenient" => Presence::Lenient,
                _ if optional.is_truthy()? => Presence::Optional,
                _ => Presence::Needed,
            },
            revocation: if skips_revocation { Revocation::Skipped } else { Revocation::Checked },
        })
    }
}

impl Requirement {
    /// Returns the engine's requirement.
    pub(crate) fn inner(&self) -> PyResult<&EngineRequirement> {
        self.inner.as_ref().map_err(|name| PyRuntimeError::new_err(format!("'{name}' is not a valid location")))
    }
}

/// Reads a name or names of locations. The inner error is the first name that is unknown.
fn read_locations(locations: Option<&Bound<'_, PyAny>>) -> PyResult<Result<Vec<Location>, String>> {
    let Some(locations) = locations else { return Ok(Ok(Vec::new())) };
    let names: Vec<Bound<'_, PyAny>> = match locations.cast::<PyString>() {
        Ok(one) => vec![one.clone().into_any()],
        Err(_) => locations.try_iter()?.collect::<PyResult<_>>()?,
    };
    let mut read = Vec::new();
    for name in names {
        let text = name.str()?.to_string();
        match LOCATIONS.into_iter().find(|location| location.name() == text) {
            Some(location) => read.push(location),
            None => return Ok(Err(text)),
        }
    }
    if locations.is_instance_of::<PySet>() || locations.is_instance_of::<PyFrozenSet>() {
        // The order of a set differs from one start of Python to the next, so a fixed one is used.
        read.sort_by_key(|location| LOCATIONS.iter().position(|known| known == location));
    }
    Ok(Ok(read))
}
