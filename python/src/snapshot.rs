//! Notices that an app's configuration has changed, so that it is read again.
//!
//! Flask-JWT-Extended reads its options anew in every request, and apps rely on that: they set them after `init_app`, and
//! tests change them between requests. Comparing sixty values by their identity costs 0.6 µs; reading them costs fifty.

use pyo3::{
    intern,
    prelude::*,
    types::{PyDict, PyList, PySet, PyString, PyTuple},
};

/// The options, as they were when they were last read.
pub(crate) struct Snapshot {
    seen: Vec<(Py<PyString>, Seen)>,
}

enum Seen {
    Absent,
    /// The same object is the same value.
    Same(Py<PyAny>),
    /// A container that may change under us, with a copy of what it held.
    Equal(Py<PyAny>, Py<PyAny>),
}

impl Snapshot {
    pub(crate) fn take(py: Python<'_>, names: &[Py<PyString>], config: &Bound<'_, PyDict>) -> PyResult<Self> {
        let deepcopy = py.import(intern!(py, "copy"))?.getattr(intern!(py, "deepcopy"))?;
        let seen = names.iter().map(|name| {
            let seen = match config.get_item(name)? {
                None => Seen::Absent,
                Some(value) if is_mutable(&value) => {
                    let copy = deepcopy.call1((&value,))?.unbind();
                    Seen::Equal(value.unbind(), copy)
                }
                Some(value) => Seen::Same(value.unbind()),
            };
            Ok((name.clone_ref(py), seen))
        });
        Ok(Self { seen: seen.collect::<PyResult<_>>()? })
    }

    /// Whether nothing has changed since.
    pub(crate) fn holds(&self, config: &Bound<'_, PyDict>) -> PyResult<bool> {
        for (name, seen) in &self.seen {
            let same = match (seen, config.get_item(name.bind_borrowed(config.py()))?) {
                (Seen::Absent, None) => true,
                (Seen::Same(before), Some(now)) => now.is(before),
                (Seen::Equal(before, copy), Some(now)) => now.is(before) && now.eq(copy)?,
                _ => false,
            };
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether a value can change while it stays the same object.
fn is_mutable(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyList>()
        || value.is_instance_of::<PySet>()
        || value.is_instance_of::<PyDict>()
        || value.cast::<PyTuple>().is_ok_and(|tuple| tuple.iter().any(|item| is_mutable(&item)))
}
