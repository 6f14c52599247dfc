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
    /// Whether segments may be padded.
    pub padding: Padding,
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

/// How the padding of base64 is treated, which RFC 7515 section 2 leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Padding {
    /// A padded segment is refused, so that a token has one spelling.
    #[default]
    Refused,
    /// Each segment may end in the one or two `=` that complete its length to a multiple of four, as in the tokens of
    /// AWS's load balancers. The signature covers them. Anyone can add or remove those of the signature itself.
    Ignored,
}

impl Default for Limits {
    /// Returns 8,192 bytes, the usual limit of a whole request head, only our own kinds, every algorithm, and no
    /// padding.
    fn default() -> Self {
        Self { max_length: 8192, typ: Typ::OwnKinds, algorithms: Algorithms::ALL, padding: Padding::Refused }
    }
}
