//! The locks and atomics of the stores in memory: those of the standard library.
//!
//! `cargo xtask interleavings` replaces them by those of loom, which runs a test once for each order in which its
//! threads could take turns.

use std::sync::PoisonError;

#[cfg(interleavings)]
pub(crate) use loom::sync::{
    RwLock, RwLockReadGuard, RwLockWriteGuard,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};
#[cfg(not(interleavings))]
pub(crate) use std::sync::{
    RwLock, RwLockReadGuard, RwLockWriteGuard,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

/// Locks for reading. For entries that are always complete: a lock that a panicking thread poisoned can be used.
pub(crate) fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

/// Locks for writing, as [`read`] does. A change must leave complete entries, even if it panics.
pub(crate) fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
