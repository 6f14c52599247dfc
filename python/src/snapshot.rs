//! Detects that an app's configuration has changed, so that the options are read again.
//!
//! Flask-JWT-Extended reads its options anew for every request, and apps rely on that: they set options after
//! `init_app`, and tests change them between requests. Comparing sixty values by identity takes 0.9 µs; reading them
//! takes 75.

use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict, PyFrozenSet, PySequence, PySet, PyString},
};

/// The options as they were when they were last read.
pub(crate) struct Snapshot {
    seen: Vec<(Py<PyString>, Seen)>,
}

/// A value as it was seen. A container can change and remain the same object, so its content is recorded too.
enum Seen {
    Absent,
    Same(Py<PyAny>),
    Sequence(Py<PyAny>, Vec<Seen>),
    Mapping(Py<PyDict>, Vec<(Py<PyAny>, Seen)>),
    Set(Py<PySet>, Py<PyFrozenSet>),
}

impl Snapshot {
    pub(crate) fn take(py: Python<'_>, names: &[Py<PyString>], config: &Bound<'_, PyDict>) -> PyResult<Self> {
        let seen = names.iter().map(|name| {
            let seen = config.get_item(name)?.map_or(Ok(Seen::Absent), |value| Seen::of(&value))?;
            Ok((name.clone_ref(py), seen))
        });
        Ok(Self { seen: seen.collect::<PyResult<_>>()? })
    }

    /// Returns whether the configuration still has the same values.
    pub(crate) fn matches(&self, config: &Bound<'_, PyDict>) -> PyResult<bool> {
        for (name, seen) in &self.seen {
            let same = match (seen, config.get_item(name.bind_borrowed(config.py()))?) {
                (Seen::Absent, None) => true,
                (Seen::Absent, Some(_)) | (_, None) => false,
                (seen, Some(now)) => seen.is(&now)?,
            };
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Seen {
    fn of(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        let kept = value.clone().unbind();
        let text = value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>();
        if !text && value.cast::<PySequence>().is_ok() {
            let items = value.try_iter()?.map(|item| Self::of(&item?)).collect::<PyResult<_>>()?;
            return Ok(Self::Sequence(kept, items));
        }
        if let Ok(dict) = value.cast::<PyDict>() {
            let items = dict.iter().map(|(name, item)| Ok((name.unbind(), Self::of(&item)?)));
            return Ok(Self::Mapping(dict.clone().unbind(), items.collect::<PyResult<_>>()?));
        }
        match value.cast::<PySet>() {
            Ok(set) => Ok(Self::Set(set.clone().unbind(), PyFrozenSet::new(value.py(), set)?.unbind())),
            Err(_) => Ok(Self::Same(kept)),
        }
    }

    fn is(&self, now: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = now.py();
        match self {
            Self::Absent => Ok(false),
            Self::Same(before) => Ok(now.is(before)),
            Self::Sequence(before, items) => {
                if !now.is(before) || now.len()? != items.len() {
                    return Ok(false);
                }
                for (at, item) in items.iter().enumerate() {
                    if !item.is(&now.get_item(at)?)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Mapping(before, items) => {
                let before = before.bind(py);
                if !now.is(before) || before.len() != items.len() {
                    return Ok(false);
                }
                for (name, item) in items {
                    let Some(now) = before.get_item(name)? else { return Ok(false) };
                    if !item.is(&now)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Set(before, items) => Ok(now.is(before) && now.eq(items)?),
        }
    }
}
