//! The engine for Python: the extension module `jwt_extended._core`.
//!
//! A guarded request takes one call into Rust: `Engine.at(config).guard(...)`. This crate reads the request's WSGI
//! environment, converts tokens, keys and claims, and raises the exceptions that users catch. Flask itself (contexts,
//! decorators, responses) is left to the Python side.

mod checking;
mod claims;
mod compiled;
mod engine;
mod errors;
mod handover;
mod issuers;
mod issuing;
mod keys;
mod options;
mod process;
mod refusals;
mod request;
mod requirement;
mod sessions;
mod snapshot;
mod state;
mod store;
mod waiting;

use pyo3::prelude::*;

pub use compiled::Compiled;
pub use engine::Engine;
pub use requirement::Requirement;
pub use sessions::{IssuedToken, RefreshToken, Rotation};

/// The extension module.
#[pymodule]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::process::claim(module.py())
    }

    #[pymodule_export]
    use super::compiled::Compiled;
    #[pymodule_export]
    use super::engine::{Engine, closest_option, is_session_id, subject_of, unverified_header};
    #[pymodule_export]
    use super::requirement::Requirement;
    #[pymodule_export]
    use super::sessions::{IssuedToken, RefreshToken, Rotation};
}
