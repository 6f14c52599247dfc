//! What a view asks of a token: the arguments of `jwt_required`, read once when the view is decorated.

use jwt_extended::{Requirement as Asked, http::Location};
use pyo3::{
    exceptions::PyRuntimeError,
    prelude::*,
    types::{PyFrozenSet, PySet, PyString},
};

/// All places, in the order in which a set of them is looked through.
const PLACES: [Location; 4] = [Location::Header, Location::Cookie, Location::QueryString, Location::Json];

/// The arguments of `jwt_required`, ready for use.
#[pyclass(frozen, module = "jwt_extended._core")]
#[derive(Debug)]
pub struct Requirement {
    /// What is asked, or the name of the location that is none: it is told when a request comes, as upstream does.
    asked: Result<Asked, String>,
    pub(crate) presence: Presence,
    pub(crate) revocation: Revocation,
}

/// Whether a request may do without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Needed,
    Optional,
}

/// Whether revocations are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revocation {
    Checked,
    Skipped,
}

#[pymethods]
impl Requirement {
    #[new]
    #[pyo3(signature = (optional, fresh, refresh, locations, verify_type, skip_revocation_check))]
    fn new(
        optional: &Bound<'_, PyAny>,
        fresh: &Bound<'_, PyAny>,
        refresh: &Bound<'_, PyAny>,
        locations: Option<&Bound<'_, PyAny>>,
        verify_type: &Bound<'_, PyAny>,
        skip_revocation_check: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let mut asked = if refresh.is_truthy()? { Asked::refresh() } else { Asked::access() };
        if fresh.is_truthy()? {
            asked = asked.and_fresh();
        }
        if !verify_type.is_truthy()? {
            asked = asked.of_any_type();
        }
        let places = places(locations)?;
        Ok(Self {
            asked: places.map(|places| if places.is_empty() { asked.clone() } else { asked.locations(places) }),
            presence: if optional.is_truthy()? { Presence::Optional } else { Presence::Needed },
            revocation: if skip_revocation_check.is_truthy()? { Revocation::Skipped } else { Revocation::Checked },
        })
    }
}

impl Requirement {
    pub(crate) fn asked(&self) -> PyResult<&Asked> {
        self.asked.as_ref().map_err(|name| PyRuntimeError::new_err(format!("'{name}' is not a valid location")))
    }
}

/// The places that are named, none if there are none; or the first name that is no place.
fn places(asked_for: Option<&Bound<'_, PyAny>>) -> PyResult<Result<Vec<Location>, String>> {
    let Some(asked_for) = asked_for else { return Ok(Ok(Vec::new())) };
    let names: Vec<Bound<'_, PyAny>> = match asked_for.cast::<PyString>() {
        Ok(one) => vec![one.clone().into_any()],
        Err(_) => asked_for.try_iter()?.collect::<PyResult<_>>()?,
    };
    let mut places = Vec::new();
    for name in names {
        let text = name.str()?.to_string();
        match PLACES.into_iter().find(|location| location.name() == text) {
            Some(place) => places.push(place),
            None => return Ok(Err(text)),
        }
    }
    if asked_for.is_instance_of::<PySet>() || asked_for.is_instance_of::<PyFrozenSet>() {
        // A set has no order of its own, and one that changes with every start is none.
        places.sort_by_key(|place| PLACES.iter().position(|known| known == place));
    }
    Ok(Ok(places))
}
