//! `cargo xtask check`: what can be seen without running anything.

use crate::tools::{self, Report, cargo};

pub(crate) fn run() -> Report {
    let mut report = Report::default();
    report.step("formatting", || tools::run(&mut cargo("fmt --all --check")));
    report.step("clippy, all features", || {
        tools::run(&mut cargo("clippy --workspace --all-targets --all-features -- -D warnings"))
    });
    report.step("clippy, the engine without features", || {
        tools::run(&mut cargo("clippy -p jwt-extended --all-targets --no-default-features -- -D warnings"))
    });
    report.step("documentation", || {
        tools::run(cargo("doc --workspace --no-deps --all-features").env("RUSTDOCFLAGS", "-D warnings"))
    });
    report
}
