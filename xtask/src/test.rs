//! `cargo xtask test`: all that a release must pass.

use std::{env, fs, path::PathBuf};

use crate::{
    python, services,
    tools::{self, Report, Trouble, cargo},
    tour,
};

pub(crate) fn run() -> Report {
    let mut report = Report::default();
    report.step("tests of the workspace, default features", || {
        let elsewhere = ["xtask", "jwt-extended-python", "jwt-extended-redis", "jwt-extended-sqlx", "test-services"];
        let mut tests = cargo("test --workspace --no-fail-fast");
        tests.args(elsewhere.iter().flat_map(|package| ["--exclude", package]));
        tools::run(&mut tests)
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
            "package -p jwt-extended -p jwt-extended-axum -p jwt-extended-redis -p jwt-extended-sqlx --allow-dirty --target-dir target/packages",
        ))
    });
    stores(&mut report);
    report.step("the README's curl tour", tour::run);
    python::test(&mut report);
    report
}

/// `cargo xtask stores`.
pub(crate) fn run_stores() -> Report {
    let mut report = Report::default();
    stores(&mut report);
    report
}

fn stores(report: &mut Report) {
    let mut found = false;
    report.step("the stores: Redis and PostgreSQL", || services::find().inspect(|()| found = true));
    let with_services = |arguments: &str| {
        let missing = || Trouble::CannotRun("Redis or PostgreSQL is missing; see above".into());
        found.then_some(()).ok_or_else(missing).and_then(|()| tools::run(&mut cargo(arguments)))
    };
    report.step("the stores: the specifications, failures, and what each has of its own", || {
        with_services("test -p jwt-extended-redis -p jwt-extended-sqlx -p test-services --all-features --no-fail-fast")
    });
    report.step("the stores: several servers, outages, a hundred kills", || {
        with_services("test -p jwt-extended-server --features store-tests --test stores")
    });
    report.step("the stores: benches, once each", || {
        with_services("bench -p jwt-extended-redis -p jwt-extended-sqlx --all-features --bench * -- --test")
            .and_then(|()| with_services("bench -p jwt-extended-server --features store-tests --bench load -- --test"))
    });
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
