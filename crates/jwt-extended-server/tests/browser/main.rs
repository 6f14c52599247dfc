//! The pages in a real browser: headless Chromium, as Debian has it.
//!
//! Needs Chromium, chromedriver, nginx, and npm for axe-core.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod pictures;
mod site;
mod tour;

#[path = "../support/mod.rs"]
mod support;
