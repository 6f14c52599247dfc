//! [`Swap`]: a value that is replaced as a whole, by one atomic step. Reading it takes no lock.
//!
//! Models of interleavings have one over a mutex of loom, which sees what arc-swap's own steps would hide from it.

use std::sync::Arc;

#[cfg(not(interleavings))]
pub(crate) use self::atomic::Swap;
#[cfg(interleavings)]
pub(crate) use self::model::Swap;

#[cfg(not(interleavings))]
mod atomic {
    use std::ops::Deref;

    use arc_swap::ArcSwapOption;

    use super::{Arc, is_same};

    pub(crate) struct Swap<T>(ArcSwapOption<T>);

    impl<T> Swap<T> {
        pub(crate) fn new(value: Option<Arc<T>>) -> Self {
            Self(ArcSwapOption::new(value))
        }

        /// Returns the value of this moment.
        pub(crate) fn load(&self) -> impl Deref<Target = Option<Arc<T>>> {
            self.0.load()
        }

        /// Replaces the value, unless somebody else has replaced what was found. Returns whether it did.
        pub(crate) fn replace(&self, found: Option<&Arc<T>>, by: Option<Arc<T>>) -> bool {
            let expected = found.map_or(std::ptr::null(), Arc::as_ptr);
            is_same(self.0.compare_and_swap(expected, by).as_ref(), found)
        }

        pub(crate) fn store(&self, value: Option<Arc<T>>) {
            self.0.store(value);
        }
    }
}

#[cfg(interleavings)]
mod model {
    use std::{ops::Deref, sync::PoisonError};

    use loom::sync::{Mutex, MutexGuard};

    use super::{Arc, is_same};

    pub(crate) struct Swap<T>(Mutex<Option<Arc<T>>>);

    impl<T> Swap<T> {
        pub(crate) fn new(value: Option<Arc<T>>) -> Self {
            Self(Mutex::new(value))
        }

        pub(crate) fn load(&self) -> impl Deref<Target = Option<Arc<T>>> {
            Box::new(self.lock().clone())
        }

        pub(crate) fn replace(&self, found: Option<&Arc<T>>, by: Option<Arc<T>>) -> bool {
            let mut value = self.lock();
            let same = is_same(value.as_ref(), found);
            if same {
                *value = by;
            }
            same
        }

        pub(crate) fn store(&self, value: Option<Arc<T>>) {
            *self.lock() = value;
        }

        fn lock(&self) -> MutexGuard<'_, Option<Arc<T>>> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}

/// Returns whether both are the same value, not just equal ones.
fn is_same<T>(one: Option<&Arc<T>>, other: Option<&Arc<T>>) -> bool {
    one.map(Arc::as_ptr) == other.map(Arc::as_ptr)
}
