//! The state of one app: its options, compiled, and its store. Reads the options again when they have changed.

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
    compiled::Compiled,
    issuers::KeySources,
    keys::KeyCache,
    options::Options,
    snapshot::Snapshot,
    store::{Store, StoreName},
};

const STORE_CHANGED: &str = "JWT_STORE cannot change while the app runs, because all revocations would be lost";

/// The state of one app.
pub(crate) struct AppState {
    /// Reads the app's options: `_options.read`.
    read: Py<PyAny>,
    /// The names of all options.
    names: Vec<Py<PyString>>,
    keys: Arc<KeyCache>,
    issuers: KeySources,
    store: Mutex<Option<OpenedStore>>,
    current: Mutex<Option<Arc<Current>>>,
}

/// The store, and the options that it was made from.
struct OpenedStore {
    name: StoreName,
    limit: Duration,
    store: Store,
}

/// The options at one time, and the result of compiling them.
struct Current {
    snapshot: Snapshot,
    compiled: Py<Compiled>,
}

impl AppState {
    pub(crate) fn new(read: Py<PyAny>, names: Vec<Py<PyString>>) -> Self {
        Self {
            read,
            names,
            keys: Arc::default(),
            issuers: KeySources::default(),
            store: Mutex::new(None),
            current: Mutex::new(None),
        }
    }

    /// Returns the options of a configuration, compiled. Compiles them only if they have changed.
    pub(crate) fn at(&self, py: Python<'_>, config: &Bound<'_, PyDict>) -> PyResult<Py<Compiled>> {
        let config = &plain(py, config, &self.names)?;
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(current) = current
            && current.snapshot.matches(config)?
        {
            return Ok(current.compiled.clone_ref(py));
        }
        // Two threads may do this at the same time, with the same result. A copy, so that the snapshot and the reader
        // see the same values even if another thread sets options meanwhile.
        let config = config.copy()?;
        let snapshot = Snapshot::take(py, &self.names, &config)?;
        let options: Options<'_> = self.read.bind(py).call1((config,))?.extract()?;
        let compiled = options.compile(py, &self.keys, &self.issuers, |name, limit| self.store(name, limit))?;
        let compiled = Py::new(py, compiled)?;
        let new = Arc::new(Current { snapshot, compiled: compiled.clone_ref(py) });
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let former = current.replace(new);
        // Unlocks first: dropping the former options may run an app's own `__del__`, which may call this method.
        drop(current);
        drop(former);
        Ok(compiled)
    }

    /// Returns the app's store, which stays the same while the app runs. Only its time limit can change.
    fn store(&self, name: StoreName, limit: Duration) -> PyResult<Store> {
        let mut opened = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        match &*opened {
            Some(opened) if opened.name != name => return Err(PyRuntimeError::new_err(STORE_CHANGED)),
            Some(opened) if opened.limit == limit || matches!(opened.store, Store::Memory(_)) => {
                return Ok(opened.store.clone());
            }
            _ => {}
        }
        let store = Store::new(&name, limit)?;
        *opened = Some(OpenedStore { name, limit, store: store.clone() });
        Ok(store)
    }
}

/// Returns the configuration as an ordinary dict. If its class has its own way to find options, reads them one by one.
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
