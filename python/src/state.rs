//! What an engine knows of its app: the options, compiled, and the store. Reads options again when they have changed.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use pyo3::{
    exceptions::{PyKeyError, PyRuntimeError},
    intern,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyString, PyType},
};

use crate::{
    compile::{Compiled, Options},
    keys::KeyCache,
    snapshot::Snapshot,
    store::{Store, StoreName},
};

const STORE_IS_MADE: &str = "JWT_STORE cannot change while the app runs: what was revoked would be forgotten";

/// What is known of an app.
pub(crate) struct Knowledge {
    /// Reads an app's options: `_options.read`.
    read: Py<PyAny>,
    names: Vec<Py<PyString>>,
    pub(crate) keys: KeyCache,
    store: Mutex<Option<Made>>,
    current: Mutex<Option<Arc<State>>>,
}

/// The store, and what it was made from.
struct Made {
    name: StoreName,
    limit: Duration,
    store: Store,
}

/// The options as they were at one time.
pub(crate) struct State {
    snapshot: Snapshot,
    pub(crate) compiled: Compiled,
}

impl Knowledge {
    pub(crate) fn new(read: Py<PyAny>, names: Vec<Py<PyString>>) -> Self {
        Self { read, names, keys: KeyCache::default(), store: Mutex::new(None), current: Mutex::new(None) }
    }

    /// The options as they are now, compiled.
    pub(crate) fn state(&self, py: Python<'_>, config: &Bound<'_, PyDict>) -> PyResult<Arc<State>> {
        let config = &plain(py, config, &self.names)?;
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(state) = current
            && state.snapshot.holds(config)?
        {
            return Ok(state);
        }
        // Two threads may do this at once, and come to the same.
        // A copy, so that both see the same, whatever other threads set meanwhile.
        let config = config.copy()?;
        let snapshot = Snapshot::take(py, &self.names, &config)?;
        let options: Options<'_> = self.read.bind(py).call1((config,))?.extract()?;
        let compiled = options.compile(py, &self.keys, |name, limit| self.store(name, limit))?;
        let state = Arc::new(State { snapshot, compiled });
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let former = current.replace(Arc::clone(&state));
        // In this order: to drop the former options may run an app's own `__del__`, which may come back here.
        drop(current);
        drop(former);
        Ok(state)
    }

    /// The store, which is one for as long as the app runs. Only how long it may take can change.
    fn store(&self, name: StoreName, limit: Duration) -> PyResult<Store> {
        let mut made = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        match &*made {
            Some(made) if made.name != name => return Err(PyRuntimeError::new_err(STORE_IS_MADE)),
            Some(made) if made.limit == limit || matches!(made.store, Store::Memory(_)) => {
                return Ok(made.store.clone());
            }
            _ => {}
        }
        let store = Store::new(&name, limit)?;
        *made = Some(Made { name, limit, store: store.clone() });
        Ok(store)
    }
}

/// A configuration that is a dict and nothing more. One that finds its options by a way of its own is asked for each.
fn plain<'py>(py: Python<'py>, config: &Bound<'py, PyDict>, names: &[Py<PyString>]) -> PyResult<Bound<'py, PyDict>> {
    static USUAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    if config.get_type().is(USUAL.import(py, "flask.config", "Config")?) {
        return Ok(config.clone());
    }
    let getitem = intern!(py, "__getitem__");
    if config.get_type().getattr(getitem)?.is(&py.get_type::<PyDict>().getattr(getitem)?) {
        return Ok(config.clone());
    }
    let read = PyDict::new(py);
    for name in names {
        match config.as_any().get_item(name) {
            Ok(value) => read.set_item(name, value)?,
            Err(error) if error.is_instance_of::<PyKeyError>(py) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}
