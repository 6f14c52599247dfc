//! What each process has for itself, and the runtime that waits for stores which other processes share.
//!
//! A server forks after it has loaded the app, and a forked process must not go on with what it inherited: a connection
//! that two processes write to is of use to neither, and of a runtime it has the data and none of the threads. So a value
//! belongs to the process that made it, and another process makes its own. What it inherited it never drops, because
//! dropping may wait for a lock that a thread held which is not there.

use std::{convert::Infallible, io, mem, process, sync::OnceLock};

use tokio::runtime::{Builder, Runtime};

/// The runtime of each process: one thread, on which connections live. Who asks waits in its own thread.
static RUNTIME: PerProcess<Runtime> = PerProcess::new();

/// This process's runtime.
///
/// As all of [`PerProcess`], it is made with Python's lock held, so that no fork comes in between.
pub(crate) fn runtime(_: pyo3::Python<'_>) -> io::Result<&'static Runtime> {
    RUNTIME
        .get_or_try_make(|| Builder::new_multi_thread().worker_threads(1).thread_name("jwt-store").enable_all().build())
}

/// A value for each process that asks: this one's, and before it those of the processes that it was forked from.
pub(crate) struct PerProcess<T> {
    eldest: OnceLock<Box<Made<T>>>,
}

struct Made<T> {
    by: u32,
    /// `None` only while it is dropped.
    value: Option<T>,
    /// That of a process which was forked from this one.
    next: OnceLock<Box<Made<T>>>,
}

impl<T> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self { eldest: OnceLock::new() }
    }

    /// This process's value.
    pub(crate) fn get(&self) -> Option<&T> {
        self.find().ok()
    }

    /// This process's value, made if there is none. To be called with Python's lock held.
    pub(crate) fn get_or_make(&self, make: impl FnOnce() -> T) -> &T {
        match self.get_or_try_make(|| Ok::<T, Infallible>(make())) {
            Ok(value) => value,
        }
    }

    /// As [`get_or_make`](Self::get_or_make), with what may fail. To be called with Python's lock held.
    pub(crate) fn get_or_try_make<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        match self.find() {
            Ok(value) => Ok(value),
            Err(place) => {
                let new = Made { by: process::id(), value: Some(make()?), next: OnceLock::new() };
                // Another thread may have been as quick.
                Ok(place.get_or_init(|| Box::new(new)).value())
            }
        }
    }

    /// The value, or the place where it belongs.
    fn find(&self) -> Result<&T, &OnceLock<Box<Made<T>>>> {
        let this = process::id();
        let mut place = &self.eldest;
        while let Some(made) = place.get() {
            if made.by == this {
                return Ok(made.value());
            }
            place = &made.next;
        }
        Err(place)
    }
}

impl<T> Made<T> {
    fn value(&self) -> &T {
        match &self.value {
            Some(value) => value,
            None => unreachable!("it is taken only when nobody can ask any more"),
        }
    }
}

impl<T> Drop for Made<T> {
    fn drop(&mut self) {
        if self.by != process::id() {
            mem::forget(self.value.take());
        }
    }
}
