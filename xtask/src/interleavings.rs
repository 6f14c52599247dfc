//! `cargo xtask interleavings`: every order in which threads can take turns, by loom.
//!
//! Nothing here knows what the models are about.

use crate::tools::{self, Report, cargo};

/// `cargo xtask interleavings`.
pub(crate) fn run() -> Report {
    let mut report = Report::new();
    test(&mut report);
    report
}

/// One step, for all models. The target platform keeps the flag away from build scripts and macros.
pub(crate) fn test(report: &mut Report) {
    report.step("interleavings of threads: loom", || {
        let host = tools::host()?;
        let mut models = cargo(&format!("test --package jwt-extended-interleavings --lib --target {host}"));
        tools::run(models.env("RUSTFLAGS", "--cfg interleavings"))
    });
}
