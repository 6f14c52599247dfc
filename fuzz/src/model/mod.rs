//! The engine's rules, written a second time: short, slow and without regard to messages.
//!
//! It shares no code with the engine. The rules are those of the documentation: SECURITY.md, the module `http`, and the
//! RFCs that they name.

pub(crate) mod base64url;
pub(crate) mod json;
pub(crate) mod request;
pub(crate) mod token;

/// The time at which everything is checked.
pub(crate) const NOW: u64 = 1_800_000_000;
