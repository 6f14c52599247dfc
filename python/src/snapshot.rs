//! Detects that an app's configuration has changed, so that the options are read again.
//!
//! Flask-JWT-Extended reads its options anew for every request, and apps rely on that: they set options after
//! `init_app`, and tests change them between requests. Going through the whole configuration in its own order, and
//! comparing values by identity, takes 10,000 instructions. Looking up sixty names took 17,000. Reading the options
//! takes 75 µs.

use std::collections::HashSet;

use pyo3::{
    prelude::*,
    types::{PyBytes, PyDict, PyFrozenSet, PySequence, PySet, PyString},
};

/// A configuration as it was when its options were last read.
pub(crate) struct Snapshot {
    /// Every name in the configuration, in its order, and the value if the name is that of an option.
    entries: Vec<(Py<PyAny>, Option<Py<PyAny>>)>,
    /// The options whose values can change and remain the same objects.
    contents: Vec<(Py<PyAny>, Seen)>,
}

/// A value as it was seen. A container can change and remain the same object, so its content is recorded too.
enum Seen {
    Same(Py<PyAny>),
    Sequence(Py<PyAny>, Vec<Seen>),
    Mapping(Py<PyDict>, Vec<(Py<PyAny>, Seen)>),
    Set(Py<PySet>, Py<PyFrozenSet>),
}

impl Snapshot {
    /// Records a configuration. `names` are those of all options.
    pub(crate) fn take(py: Python<'_>, names: &[Py<PyString>], config: &Bound<'_, PyDict>) -> PyResult<Self> {
        let names = names.iter().map(|name| name.to_str(py)).collect::<PyResult<HashSet<_>>>()?;
        let (mut entries, mut contents) = (Vec::with_capacity(config.len()), Vec::new());
        for (name, value) in config {
            let is_option =
                name.cast::<PyString>().is_ok_and(|name| name.to_str().is_ok_and(|name| names.contains(name)));
            if is_option && let seen @ (Seen::Sequence(..) | Seen::Mapping(..) | Seen::Set(..)) = Seen::of(&value)? {
                contents.push((value.clone().unbind(), seen));
            }
            entries.push((name.unbind(), is_option.then(|| value.unbind())));
        }
        Ok(Self { entries, contents })
    }

    /// Returns whether the configuration still has the same options. It may also say no if it has the same options and
    /// other names, or the same names in another order.
    pub(crate) fn matches(&self, config: &Bound<'_, PyDict>) -> PyResult<bool> {
        // No code of the app runs here, so the configuration stays as it is.
        let same = config.len() == self.entries.len()
            && config.iter().zip(&self.entries).all(|((name, value), (known, seen))| {
                name.is(known) && seen.as_ref().is_none_or(|seen| value.is(seen))
            });
        if !same {
            return Ok(false);
        }
        for (now, seen) in &self.contents {
            if !seen.is(now.bind(config.py()))? {
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
