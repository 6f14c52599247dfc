//! The checks that come before a token is read closely.

use crate::jose::Algorithms;

/// The checks that a token must pass before it is read closely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The maximum length of a token, in bytes.
    pub max_length: usize,
    /// The accepted `typ` headers.
    pub typ: Typ,
    /// The accepted algorithms. A key of another one verifies nothing.
    pub algorithms: Algorithms,
}

/// The accepted `typ` headers (RFC 8725 section 3.11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Typ {
    /// No `typ`, `JWT` or `at+jwt`. Tokens of another kind are refused.
    #[default]
    OwnKinds,
    /// Any `typ`, as in PyJWT.
    Any,
}

impl Default for Limits {
    /// Returns 8,192 bytes, the usual limit of a whole request head, only our own kinds, and every algorithm.
    fn default() -> Self {
        Self { max_length: 8192, typ: Typ::OwnKinds, algorithms: Algorithms::ALL }
    }
}
