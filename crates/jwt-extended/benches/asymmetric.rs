//! Asymmetric signatures through the engine against the bare primitive, in one run.
#![allow(missing_docs, reason = "a program for developers")]
fn main() {}
