//! `cargo xtask test`: everything that a release must pass.

use std::thread;

use crate::{
    examples, fuzz, interleavings, packages,
    programs::{Part, Programs, WORKSPACE},
    python, schemathesis, services, style,
    tools::{self, Report, Trouble, cargo},
    tour,
};

pub(crate) fn run() -> Report {
    let mut report = Report::new();
    // Installing them is mostly waiting for the network, so it runs beside the first build.
    let tools = thread::spawn(python::Tools::install);

    report.step("width of comments and prose, names of tests", style::check);
    let programs = build(&mut report);
    // Some unit tests start Redis as well, so it is installed before all tests.
    let has_stores = find_stores(&mut report);
    tests(&mut report, programs.as_ref(), Part::Alone);
    report.step("benches, once each", || built(programs.as_ref())?.benches(Part::Alone));
    report.step("examples in the documentation", || tools::run(&mut cargo(&format!("test {WORKSPACE} --doc"))));
    report.step("tests of the engine, without features", || {
        tools::run(&mut cargo("test -p jwt-extended --no-default-features --no-fail-fast"))
    });
    stores(&mut report, programs.as_ref(), has_stores);
    strangers(&mut report, programs.as_ref());
    proxies(&mut report, programs.as_ref());
    browser(&mut report, programs.as_ref());
    report.step("the curl tour", tour::run);
    schemathesis_step(&mut report, 20);
    examples::test(&mut report);
    packages::test(&mut report);
    interleavings::test(&mut report);
    fuzz::test(&mut report, None, fuzz::USUALLY);
    python::test(&mut report, tools);
    report
}

/// `cargo xtask vectors`. A program of its own, so that the other commands need not build the engine.
pub(crate) fn run_vectors(folder: &str) -> Report {
    let mut report = Report::new();
    report.step("keys and tokens of Wycheproof", || {
        let folder = std::path::absolute(folder)?;
        tools::run(cargo("run --quiet -p xtask --features vectors --bin vectors --").arg(folder))
    });
    report
}

/// `cargo xtask bench`. Its peers are built only for it.
pub(crate) fn run_bench(rounds: &str) -> Report {
    measure("the engine beside its peers", "", &[rounds], || Ok(()))
}

/// `cargo xtask growth`.
pub(crate) fn run_growth() -> Report {
    measure("plots of docs/growth", "--bin growth", &["docs/growth"], || Ok(()))
}

/// `cargo xtask requests`.
pub(crate) fn run_requests(rounds: &str) -> Report {
    let step = "requests a second, open and guarded";
    measure(step, "--features servers --bin requests", &[rounds], || tools::need("wrk", "wrk"))
}

/// `cargo xtask timing`.
pub(crate) fn run_timing() -> Report {
    let step = "whether the time of a check says something about a secret";
    measure(step, "--features servers --bin timing", &[], || Ok(()))
}

/// One step: runs a program of `benches`, once what it needs is there.
fn measure(step: &str, program: &str, arguments: &[&str], needs: impl FnOnce() -> Result<(), Trouble>) -> Report {
    let mut report = Report::new();
    report.step(step, || {
        needs()?;
        let mut run = cargo(&format!("run --quiet --profile dist -p jwt-extended-benches {program}"));
        tools::run(run.arg("--").args(arguments))
    });
    report
}

/// `cargo xtask schemathesis`.
pub(crate) fn run_schemathesis(seconds: u32) -> Report {
    let mut report = Report::new();
    report.step("build of the server", || tools::run(&mut cargo("build -p jwt-extended-server")));
    schemathesis_step(&mut report, seconds);
    report
}

/// `cargo xtask stores`.
pub(crate) fn run_stores() -> Report {
    let mut report = Report::new();
    let programs = build(&mut report);
    let has_stores = find_stores(&mut report);
    stores(&mut report, programs.as_ref(), has_stores);
    report
}

fn schemathesis_step(report: &mut Report, seconds: u32) {
    report.step("the server by its description: schemathesis", || schemathesis::check(seconds));
}

fn build(report: &mut Report) -> Option<Programs> {
    let mut programs = None;
    report.step("build of all tests, benches and examples", || {
        programs = Some(Programs::build()?);
        Ok(())
    });
    programs
}

fn built(programs: Option<&Programs>) -> Result<&Programs, Trouble> {
    programs.ok_or_else(|| Trouble::Failed("the programs were not built; see above".into()))
}

/// One step for each package.
fn tests(report: &mut Report, programs: Option<&Programs>, part: Part) {
    for package in programs.iter().flat_map(|programs| programs.packages(part)) {
        report.step(format!("tests of {package}"), || built(programs)?.test(part, &package));
    }
}

fn strangers(report: &mut Report, programs: Option<&Programs>) {
    if find(report, "strangers: Node.js and npm", services::find_node) {
        tests(report, programs, Part::Strangers);
    } else {
        missing(report, "tests among strangers", "Node.js or npm");
    }
}

fn proxies(report: &mut Report, programs: Option<&Programs>) {
    if find(report, "proxies: nginx, Caddy and HAProxy", services::find_proxies) {
        tests(report, programs, Part::Proxies);
    } else {
        missing(report, "tests behind proxies", "nginx, Caddy or HAProxy");
    }
}

fn browser(report: &mut Report, programs: Option<&Programs>) {
    if find(report, "browser: Chromium", services::find_browser) {
        tests(report, programs, Part::Browser);
    } else {
        missing(report, "tests in a browser", "Chromium, its driver, nginx or Node.js");
    }
}

fn find_stores(report: &mut Report) -> bool {
    find(report, "the stores: Redis and PostgreSQL", services::find)
}

fn stores(report: &mut Report, programs: Option<&Programs>, found: bool) {
    if found {
        tests(report, programs, Part::Stores);
        report.step("the stores: benches, once each", || built(programs)?.benches(Part::Stores));
    } else {
        missing(report, "tests and benches of the stores", "Redis or PostgreSQL");
    }
}

/// Returns whether the programs of others are there, which a part of the tests starts.
fn find(report: &mut Report, step: &str, services: fn() -> Result<(), Trouble>) -> bool {
    let mut found = false;
    report.step(step, || services().inspect(|()| found = true));
    found
}

fn missing(report: &mut Report, step: &str, programs: &str) {
    report.step(step, || Err(Trouble::CannotRun(format!("{programs} is missing; see above"))));
}
