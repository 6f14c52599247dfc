//! `cargo xtask coverage`: the lines of a crate, or of the Python package, that its own tests run, and every line that
//! they do not.
//!
//! It is not part of `cargo xtask test`, because it builds and runs the tests a second time. Nothing here knows what a
//! test is about.

use std::{collections::BTreeMap, fs, path::Path};

use crate::{
    python, services,
    tools::{self, Report, Trouble, cargo, failed},
};

/// What is measured of one crate.
struct Crate {
    name: &'static str,
    /// The test programs beside its unit tests.
    tests: &'static [&'static str],
    /// The least share of its lines that they run, in percent.
    least: usize,
    /// Finds the programs of others that its tests start.
    needs: &'static [fn() -> Result<(), Trouble>],
}

const ENGINE: Crate = Crate { name: "jwt-extended", tests: &["it"], least: 100, needs: &[] };

const OTHERS: [Crate; 6] = [
    Crate { name: "jwt-extended-actix", tests: &["it"], least: 95, needs: &[] },
    Crate { name: "jwt-extended-axum", tests: &["it"], least: 95, needs: &[] },
    Crate { name: "jwt-extended-jwks", tests: &["it"], least: 95, needs: &[] },
    Crate { name: "jwt-extended-redis", tests: &["it"], least: 95, needs: &[services::find] },
    Crate { name: "jwt-extended-server", tests: &["it", "stores"], least: 95, needs: &[services::find] },
    Crate { name: "jwt-extended-sqlx", tests: &["it"], least: 95, needs: &[services::find] },
];

/// Source files that are left out. `test_util` holds the checks that every store runs: the store in memory, which
/// answers at once, runs them in part. `wycheproof.rs` is a test, and its uncovered lines say why it has failed.
/// `fuzzing.rs` only calls the crate's readers for the fuzz targets, which are not among the crate's own tests.
const LEFT_OUT: [&str; 3] = ["test_util/", "jose/wycheproof.rs", "fuzzing.rs"];

/// Lets counts reach their file at once, and not when a process ends, because tests kill servers.
const COUNTS_AT_ONCE: [(&str, &str); 2] =
    [("RUSTFLAGS", "-C llvm-args=-runtime-counter-relocation"), ("LLVM_PROFILE_FILE_NAME", "%4m%c.profraw")];

/// Which crates are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Only the engine.
    Engine,
    /// Every crate that is published, and the Python package.
    All,
}

/// `cargo xtask coverage [all]`.
pub(crate) fn run(scope: Scope) -> Report {
    let mut report = Report::new();
    let mut found = false;
    report.step("coverage: cargo-llvm-cov", || find().inspect(|()| found = true));
    let others: &[Crate] = match scope {
        Scope::Engine => &[],
        Scope::All => &OTHERS,
    };
    for measured in std::iter::once(&ENGINE).chain(others) {
        report.step(format!("coverage of {}", measured.name), || {
            if found { measured.check() } else { Err(Trouble::CannotRun("cargo-llvm-cov is missing".into())) }
        });
    }
    if scope == Scope::All {
        python::measure(&mut report);
    }
    report
}

/// Finds cargo-llvm-cov, and LLVM's own tools of this compiler's version.
fn find() -> Result<(), Trouble> {
    let missing = |what: &str| Trouble::CannotRun(format!("install {what} first"));
    tools::output(&mut cargo("llvm-cov --version"))
        .map_err(|_| missing("cargo-llvm-cov (`cargo install cargo-llvm-cov`)"))?;
    let of_debian = ["LLVM_COV", "LLVM_PROFDATA"].iter().all(|name| std::env::var_os(name).is_some());
    if of_debian || has_llvm_tools()? {
        return Ok(());
    }
    Err(missing("llvm-tools (`rustup component add llvm-tools`)"))
}

fn has_llvm_tools() -> Result<bool, Trouble> {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let sysroot = tools::output(tools::program(&rustc).args(["--print", "sysroot"]))?;
    let folder = Path::new(sysroot.trim()).join("lib/rustlib").join(tools::host()?).join("bin");
    Ok(["llvm-cov", "llvm-profdata"].iter().all(|name| folder.join(name).is_file()))
}

impl Crate {
    /// Runs the tests and compares what they reach with what they must.
    fn check(&self) -> Result<(), Trouble> {
        self.needs.iter().try_for_each(|find| find())?;
        // The test programs of other crates, from an earlier run, contain lines of this one that are built with fewer
        // features, and cargo-llvm-cov would count them.
        tools::run(cargo("llvm-cov clean --workspace").env("CARGO_TARGET_DIR", tools::target()))?;
        let lcov = tools::target().join(format!("coverage-{}.lcov", self.name));
        let mut measure = cargo(&format!("llvm-cov --package {} --all-features --lib --bins", self.name));
        measure.args(self.tests.iter().flat_map(|test| ["--test", test])).envs(COUNTS_AT_ONCE);
        tools::run(measure.arg("--lcov").arg("--output-path").arg(&lcov).env("CARGO_TARGET_DIR", tools::target()))?;
        let sources = tools::root().join("crates").join(self.name).join("src");
        let lines = Lines::read(&fs::read_to_string(lcov)?, &sources);
        for line in lines.uncovered() {
            println!("not run: {line}");
        }
        let (run, all) = (lines.run(), lines.0.len());
        println!("{}: {run} of {all} lines, {:.2} %", self.name, percent(run, all));
        if all == 0 {
            return failed("the report has no line of this crate");
        }
        if run * 100 >= all * self.least {
            return Ok(());
        }
        failed(format!("{} lines are not run, shown above; {} % must be", all - run, self.least))
    }
}

#[expect(clippy::cast_precision_loss, reason = "no crate has that many lines")]
fn percent(run: usize, all: usize) -> f64 {
    run as f64 * 100.0 / all as f64
}

/// Every line of code, by file and number, and whether a test runs it.
#[derive(Debug)]
struct Lines(BTreeMap<(String, u32), bool>);

impl Lines {
    /// Reads them from a report in lcov's format. `sources` is the folder that counts; tests inside it do not.
    fn read(report: &str, sources: &Path) -> Self {
        let mut lines = BTreeMap::new();
        let mut file = None;
        for line in report.lines() {
            if let Some(path) = line.strip_prefix("SF:") {
                file = Path::new(path).strip_prefix(sources).ok().map(|path| path.to_string_lossy().into_owned());
                file = file.filter(|file| !LEFT_OUT.iter().any(|left_out| file.starts_with(left_out)));
            } else if let (Some(file), Some((number, times))) = (&file, line_of(line)) {
                *lines.entry((file.clone(), number)).or_default() |= times > 0;
            }
        }
        Self(lines)
    }

    fn run(&self) -> usize {
        self.0.values().filter(|run| **run).count()
    }

    /// The lines that no test runs: a line for each file.
    fn uncovered(&self) -> impl Iterator<Item = String> {
        let mut files: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for ((file, number), _) in self.0.iter().filter(|(_, run)| !**run) {
            files.entry(file).or_default().push(number.to_string());
        }
        files.into_iter().map(|(file, numbers)| format!("{file}: {}", numbers.join(", ")))
    }
}

/// A line of code in the report, `DA:number,times`.
fn line_of(line: &str) -> Option<(u32, u64)> {
    let (number, times) = line.strip_prefix("DA:")?.split_once(',')?;
    Some((number.parse().ok()?, times.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "SF:/crates/a/src/lib.rs\nFN:1,main\nDA:1,7\nDA:2,0\nDA:9,0\nend_of_record\n\
                          SF:/crates/b/src/lib.rs\nDA:1,0\nend_of_record\n\
                          SF:/crates/a/src/x.rs\nDA:3,1\nend_of_record\n";

    #[test]
    fn only_lines_of_the_crate_count() {
        let lines = Lines::read(REPORT, Path::new("/crates/a/src"));
        assert_eq!((lines.run(), lines.0.len()), (2, 4));
    }

    #[test]
    fn every_line_that_no_test_runs_is_named() {
        let lines = Lines::read(REPORT, Path::new("/crates/a/src"));
        assert_eq!(lines.uncovered().collect::<Vec<_>>(), ["lib.rs: 2, 9"]);
    }

    #[test]
    fn a_line_counts_once_however_often_it_is_reported() {
        let lines = Lines::read("SF:/a/b.rs\nDA:1,0\nDA:1,2\n", Path::new("/a"));
        assert_eq!((lines.run(), lines.0.len()), (1, 1));
    }
}
