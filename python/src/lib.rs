//! The engine as Python sees it: `jwt_extended._core`.
//!
//! Each guarded request is one call, `Engine.guard`. What Flask is, is left to the Python side: in here are the request's
//! WSGI environment, tokens, keys, claims, and the exceptions that users catch.

mod claims;
mod compile;
mod engine;
mod errors;
mod keys;
mod making;
mod process;
mod request;
mod requirement;
mod sessions;
mod snapshot;
mod state;
mod store;

use pyo3::prelude::*;

pub use engine::Engine;
pub use requirement::Requirement;
pub use sessions::{Presented, Rotation};

/// The extension module.
#[pymodule]
mod _core {
    #[pymodule_export]
    use super::engine::Engine;
    #[pymodule_export]
    use super::engine::unverified_header;
    #[pymodule_export]
    use super::requirement::Requirement;
    #[pymodule_export]
    use super::sessions::{Presented, Rotation};
}
