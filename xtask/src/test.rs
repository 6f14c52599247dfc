//! `cargo xtask test`: all that a release must pass.

use crate::{
    tools::{self, Report, cargo},
    tour,
};

pub(crate) fn run() -> Report {
    let mut report = Report::default();
    report.step("tests of the workspace, default features", || {
        tools::run(&mut cargo("test --workspace --exclude xtask --no-fail-fast"))
    });
    report.step("tests of the libraries, all features", || {
        tools::run(&mut cargo("test -p jwt-extended -p jwt-extended-axum --all-features --no-fail-fast"))
    });
    report.step("tests of the engine, no features", || {
        tools::run(&mut cargo("test -p jwt-extended --no-default-features --no-fail-fast"))
    });
    report.step("benches, once each", || {
        tools::run(&mut cargo("bench -p jwt-extended -p jwt-extended-axum --all-features --bench * -- --test"))
    });
    report.step("packages of the libraries", || {
        tools::run(&mut cargo("package -p jwt-extended -p jwt-extended-axum --allow-dirty"))
    });
    report.step("the README's curl tour", tour::run);
    report
}
