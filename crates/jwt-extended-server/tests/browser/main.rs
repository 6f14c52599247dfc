//! The pages in a real browser: headless Chromium, as Debian has it.
//!
//! Needs Chromium, chromedriver, nginx, and npm for axe-core.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod access;
mod attacks;
mod cookies;
mod elsewhere;
mod ends;
mod figures;
mod pictures;
mod proxy;
mod site;
mod tabs;
mod tour;
mod words;

#[path = "../proxies/app.rs"]
mod app;
#[path = "../support/mod.rs"]
mod support;
