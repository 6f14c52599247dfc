//! The project's own commands. `cargo xtask test` runs every test; `cargo xtask flask` and `cargo xtask stores` run
//! parts of it. `cargo xtask check` is the quick check before that.
//!
//! Each command is a list of named steps. All steps run, even after one has failed, so that one run shows every
//! failure.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what these commands are for")]

mod check;
mod coverage;
mod dependencies;
mod examples;
mod folder;
mod fuzz;
mod interleavings;
mod metadata;
mod packages;
mod programs;
mod python;
mod sbom;
mod schemathesis;
mod secrets;
mod server;
mod services;
mod style;
mod test;
mod tools;
mod tour;
mod transcript;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  test     every test: the crates with and without features, the stores on real servers, the benches once, the packages,
           the curl tour, the example programs, and the Flask face with upstream's own test suite
  stores   only the stores, on a Redis and a PostgreSQL that the tests start
  flask    only the Flask face: its wheel, its tests, upstream's own
  examples only the example programs, each with the transcript at its top
  check    formatting, style, the list of dependencies, clippy and the documentation; every warning is an error
  schemathesis SECONDS
           requests to the server that are made from its OpenAPI description, for this long
  bench [ROUNDS]
           the engine beside jsonwebtoken, jwt-simple and the bare primitives, as a table
  growth   how a guard's cost grows with the token, the keys, the revocations, the threads and the sessions, as plots
  requests [ROUNDS]
           requests a second through axum and actix-web, open and guarded, by wrk
  timing   whether the time of a check says something about a secret: HMAC, CSRF values, passwords; on an idle machine
  fuzz [TARGET] [--seconds N]
           libFuzzer on one target or on all, 30 s each unless N says otherwise
  interleavings
           every order in which threads can take turns, of the store in memory and of the fetches of keys, by loom
  coverage [all]
           the lines of the engine that its tests do not run, by cargo-llvm-cov; `all` measures the other crates too,
           and the Python package by coverage.py
  sbom     what the server and the wheel are made of, in CycloneDX, into target/sbom
  vectors DIR
           the keys and tokens of Wycheproof (json_web_*_test.json, in this folder) through the engine
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let report = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => test::run(),
        ["stores"] => test::run_stores(),
        ["flask"] => python::run_all(),
        ["examples"] => examples::run(),
        ["check"] => check::run(),
        ["schemathesis", seconds] if let Ok(seconds) = seconds.parse() => test::run_schemathesis(seconds),
        ["bench"] => test::run_bench("31"),
        ["bench", rounds] => test::run_bench(rounds),
        ["interleavings"] => interleavings::run(),
        ["coverage"] => coverage::run(coverage::Scope::Engine),
        ["coverage", "all"] => coverage::run(coverage::Scope::All),
        ["growth"] => test::run_growth(),
        ["requests"] => test::run_requests("31"),
        ["requests", rounds] => test::run_requests(rounds),
        ["timing"] => test::run_timing(),
        ["sbom"] => sbom::run(),
        ["vectors", folder] => test::run_vectors(folder),
        ["fuzz", ref arguments @ ..] if fuzz::arguments(arguments).is_some() => {
            let (target, each) = fuzz::arguments(arguments).unwrap_or_default();
            fuzz::run(target, each)
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    report.end()
}
