//! Values that each process has to itself, and the runtime that waits for shared stores. A process has one interpreter.
//!
//! Servers fork after they have loaded the app. After a fork, the child must not use what it inherited: a shared
//! connection gets corrupted, and the threads of an inherited runtime do not exist. So each process creates its own
//! values. A child leaks inherited values on purpose: dropping them could block on a lock held by a thread that no
//! longer exists.
//!
//! The values of a process and its ancestors form a list, which is read without a lock. A mutex around one value would
//! be shorter, but not safe: the runtime's thread also reads these values, without Python's lock. If the process forked
//! while that thread held the mutex, the child would inherit it locked. Nor can values simply be leaked when they are
//! created: a store that an app has dropped must close its connections.

use std::{
    convert::Infallible,
    io, mem, process,
    sync::{Arc, OnceLock},
};

use pyo3::{exceptions::PyImportError, prelude::*, sync::PyOnceLock};
use tokio::runtime::{Builder, Runtime};

/// Claims this process for the interpreter that loads the extension. The binding would load it in others as well, but
/// keeps its types and what this crate remembers in variables of the process, and waits in the main interpreter.
///
/// # Errors
///
/// `ImportError`, if another interpreter has loaded it. The package adds what to configure.
pub(crate) fn claim(py: Python<'_>) -> PyResult<()> {
    /// The module `sys` of the interpreter: each has its own.
    static OWNER: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let sys = py.import("sys")?;
    if OWNER.get_or_init(py, || sys.clone().unbind()).is(&sys) {
        return Ok(());
    }
    Err(PyImportError::new_err("another interpreter of this process has loaded jwt_extended._core"))
}

/// Each process's runtime: one thread, which drives the connections. Callers wait in their own threads.
static RUNTIME: PerProcess<Runtime> = PerProcess::new();

/// Returns this process's runtime.
///
/// Takes the token as proof that Python's lock is held, so that no fork happens while the runtime is created.
pub(crate) fn runtime(_: Python<'_>) -> io::Result<&'static Runtime> {
    RUNTIME
        .get_or_try_make(|| Builder::new_multi_thread().worker_threads(1).thread_name("jwt-store").enable_all().build())
}

/// Returns this process's runtime, if it has one already.
pub(crate) fn runtime_of_this_process() -> Option<&'static Runtime> {
    RUNTIME.get()
}

/// A separate value in each process.
pub(crate) struct PerProcess<T> {
    oldest: OnceLock<Box<Slot<T>>>,
}

/// The value of one process.
struct Slot<T> {
    owner: u32,
    value: Arc<T>,
    /// The slot of a process that was forked from this one.
    child: OnceLock<Box<Slot<T>>>,
}

impl<T> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self { oldest: OnceLock::new() }
    }

    /// Returns this process's value.
    pub(crate) fn get(&self) -> Option<&T> {
        self.find().ok()
    }

    /// Returns this process's value, and creates it if necessary. Must be called with Python's lock held.
    pub(crate) fn get_or_make(&self, make: impl FnOnce() -> T) -> &T {
        match self.get_or_try_make(|| Ok::<T, Infallible>(make())) {
            Ok(value) => value,
        }
    }

    /// Does the same with a constructor that may fail. Must be called with Python's lock held.
    pub(crate) fn get_or_try_make<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        match self.find() {
            Ok(value) => Ok(value),
            Err(end) => {
                let slot = Slot { owner: process::id(), value: Arc::new(make()?), child: OnceLock::new() };
                // If another thread was faster, its value wins.
                Ok(&end.get_or_init(|| Box::new(slot)).value)
            }
        }
    }

    /// Returns this process's value, or the end of the list, where it belongs.
    fn find(&self) -> Result<&T, &OnceLock<Box<Slot<T>>>> {
        let this = process::id();
        let mut place = &self.oldest;
        while let Some(slot) = place.get() {
            if slot.owner == this {
                return Ok(&slot.value);
            }
            place = &slot.child;
        }
        Err(place)
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        if self.owner != process::id() {
            // One more reference, which is never released, keeps the inherited value from being dropped.
            mem::forget(Arc::clone(&self.value));
        }
    }
}
