//! The project's own commands: `cargo xtask test` is the whole test, `cargo xtask flask` and `cargo xtask
//! stores` parts of it, `cargo xtask check` what is quick to see.
//!
//! Each command is a list of named steps. All of them run, also after one has failed, so that one run shows everything.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what these commands are for")]

mod check;
mod python;
mod server;
mod services;
mod test;
mod tools;
mod tour;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  test     all tests: the libraries with and without their features, the stores on real servers, the benches once, the
           packages, the curl tour, and those of the Flask face, with upstream's own test suite
  stores   the stores alone, on a Redis and a PostgreSQL that the tests start by themselves
  flask    the Flask face alone: its wheel, its tests, upstream's own
  check    formatting, clippy and the documentation, with every warning an error
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let report = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => test::run(),
        ["stores"] => test::run_stores(),
        ["flask"] => python::run_all(),
        ["check"] => check::run(),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    report.end()
}
