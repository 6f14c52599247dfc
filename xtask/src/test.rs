//! `cargo xtask test`: all that a release must pass.

use std::{env, fs, path::PathBuf};

use crate::{
    python,
    tools::{self, Report, cargo},
    tour,
};

pub(crate) fn run() -> Report {
    let mut report = Report::default();
    report.step("tests of the workspace, default features", || {
        tools::run(&mut cargo("test --workspace --exclude xtask --exclude jwt-extended-python --no-fail-fast"))
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
        forget_earlier_packages();
        tools::run(&mut cargo(
            "package -p jwt-extended -p jwt-extended-axum --allow-dirty --target-dir target/packages",
        ))
    });
    report.step("the README's curl tour", tour::run);
    python::test(&mut report);
    report
}

/// cargo unpacks and builds what it has packaged once for each name and version, and takes that the next time: without
/// this, the packages would be built against an earlier state of each other.
fn forget_earlier_packages() {
    // What cannot be removed shows itself when the packages are built.
    let _ = fs::remove_dir_all(tools::root().join("target/packages"));
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let unpacked = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok());
    // Registries with a host have a name in front of the dash; cargo's own, for packages not yet published, have none.
    let local =
        unpacked.into_iter().flatten().flatten().filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"-"));
    for package in local.filter_map(|registry| fs::read_dir(registry.path()).ok()).flatten().flatten() {
        if package.file_name().as_encoded_bytes().starts_with(b"jwt-extended") {
            let _ = fs::remove_dir_all(package.path());
        }
    }
}
