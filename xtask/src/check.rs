//! `cargo xtask check`: everything that can be checked without running the project's own code.

use crate::{
    dependencies, secrets, style,
    tools::{self, Report, Trouble, cargo},
};

pub(crate) fn run() -> Report {
    let mut report = Report::new();
    report.step("formatting", || tools::run(&mut cargo("fmt --all --check")));
    report.step("width of comments and prose, names of tests", style::check);
    report.step("comparisons of secrets", secrets::check);
    report.step("every dependency in docs/DEPENDENCIES.md", dependencies::check);
    report.step("clippy, all features", || lint("--workspace --all-features"));
    report.step("clippy, the engine without features", || lint("-p jwt-extended --no-default-features"));
    report.step("clippy, the Redis store without features", || lint("-p jwt-extended-redis --no-default-features"));
    report.step("documentation", || {
        // The programs of two packages of examples have the same names, and so the same pages.
        let mut doc = cargo("doc --workspace --exclude examples-* --no-deps --all-features");
        tools::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
    });
    report
}

fn lint(selection: &str) -> Result<(), Trouble> {
    tools::run(&mut cargo(&format!("clippy {selection} --all-targets -- -D warnings")))
}
