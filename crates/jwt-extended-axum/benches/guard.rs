//! What a guard adds to a request, in-process.
#![allow(missing_docs, reason = "a program for developers")]
fn main() {}
