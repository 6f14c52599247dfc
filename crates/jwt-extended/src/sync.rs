//! The locks and atomics of the store in memory: those of the standard library.
//!
//! `cargo xtask interleavings` replaces them by those of loom, which runs a test once for each order in which its
//! threads could take turns.

#[cfg(interleavings)]
pub(crate) use loom::sync::{
    RwLock, RwLockReadGuard, RwLockWriteGuard,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};
#[cfg(not(interleavings))]
pub(crate) use std::sync::{
    RwLock, RwLockReadGuard, RwLockWriteGuard,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};
