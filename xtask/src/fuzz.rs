//! `cargo xtask fuzz`: libFuzzer on the targets of the package `fuzz`.
//!
//! It needs no nightly compiler: LLVM's instrumentation for coverage is an option of the stable one. Nothing here knows
//! what a target does.

use std::{fs, path::PathBuf, sync::Mutex, thread, time::Duration};

use crate::tools::{self, Report, Trouble, cargo, failed, program};

/// How long each target runs by default, and in `cargo xtask test`.
pub(crate) const USUALLY: Duration = Duration::from_secs(30);

/// The instrumentation that libFuzzer follows: which branches run, and what values are compared.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
                     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
                     -Cllvm-args=-sanitizer-coverage-trace-compares";

/// An input that takes longer than this many seconds is a finding.
const SLOW: u32 = 10;

/// `cargo xtask fuzz [TARGET] [--seconds N]`.
pub(crate) fn run(target: Option<&str>, each: Duration) -> Report {
    let mut report = Report::new();
    test(&mut report, target, each);
    report
}

/// A step for the build, and one for all targets, as many at a time as there are processors.
pub(crate) fn test(report: &mut Report, target: Option<&str>, each: Duration) {
    let mut built = None;
    report.step("fuzzing: build", || {
        tools::need("c++", "g++")?;
        built = Some(Fuzzer::build()?);
        Ok(())
    });
    report.step(format!("fuzzing: {} s each", each.as_secs()), || {
        let fuzzer = built.ok_or_else(|| Trouble::Failed("the targets were not built; see above".into()))?;
        fuzzer.run_all(&targets(target)?, each)
    });
}

/// The targets: each has a folder of seeds.
fn targets(only: Option<&str>) -> Result<Vec<String>, Trouble> {
    let entries = fs::read_dir(folder().join("seeds"))?.flatten();
    let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    match only {
        None => Ok(names),
        Some(name) if names.iter().any(|known| known == name) => Ok(vec![name.to_owned()]),
        Some(name) => failed(format!("{name} is no target; there are {}", names.join(", "))),
    }
}

/// The program with all targets.
struct Fuzzer {
    program: PathBuf,
    /// What it keeps between runs: the inputs that reach new code, the findings, and the output of each target.
    kept: PathBuf,
}

impl Fuzzer {
    /// Builds it. With a target platform, the flags do not apply to build scripts and macros, which are those of the
    /// tests: so it is built in their profile, optimised. Every overflow is a finding in it.
    fn build() -> Result<Self, Trouble> {
        let host = tools::host()?;
        let mut build = cargo(&format!("build --package jwt-extended-fuzz --bin fuzz --target {host}"));
        build.args(["--config", "profile.dev.opt-level=2"]).arg("--target-dir").arg(tools::target());
        tools::run(build.env("RUSTFLAGS", FLAGS).env("CARGO_INCREMENTAL", "0"))?;
        Ok(Self { program: tools::target().join(host).join("debug/fuzz"), kept: tools::target().join("fuzz") })
    }

    fn run_all(&self, targets: &[String], each: Duration) -> Result<(), Trouble> {
        let waiting = Mutex::new(targets.iter());
        let next = || waiting.lock().ok().and_then(|mut waiting| waiting.next());
        let wrong = Mutex::new(Vec::new());
        let workers = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    while let Some(target) = next() {
                        if let (Err(trouble), Ok(mut wrong)) = (self.run(target, each), wrong.lock()) {
                            wrong.push(format!("{target} {trouble}"));
                        }
                    }
                });
            }
        });
        let wrong = wrong.into_inner().unwrap_or_default();
        if wrong.is_empty() { Ok(()) } else { failed(wrong.join("; ")) }
    }

    fn run(&self, target: &str, each: Duration) -> Result<(), Trouble> {
        let corpus = self.kept.join("corpus").join(target);
        let findings = self.kept.join("findings");
        fs::create_dir_all(&corpus)?;
        fs::create_dir_all(&findings)?;
        let dictionary = dictionary(target)?;
        let mut fuzzer = program(&self.program.to_string_lossy());
        fuzzer
            .arg(format!("-max_total_time={}", each.as_secs()))
            .arg(format!("-timeout={SLOW}"))
            .arg("-max_len=4096")
            .arg(format!("-dict={}", dictionary.display()))
            .arg(format!("-artifact_prefix={}/{target}-", findings.display()))
            .arg(corpus)
            .arg(folder().join("seeds").join(target))
            .env("FUZZ_TARGET", target);
        let output = fuzzer.output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            println!("{target}: {}", summary(&said));
            return Ok(());
        }
        // The end says what is wrong, and where the input is. The dictionary that libFuzzer recommends is not of
        // interest.
        let lines: Vec<_> = said.lines().filter(|line| !line.starts_with(['#', '"'])).collect();
        println!("{target}:\n{}", lines[lines.len().saturating_sub(40)..].join("\n"));
        failed(format!("{} (add the file that is named above to fuzz/seeds)", finding(&said)))
    }
}

/// What libFuzzer has done: how many inputs it ran, and how many branches they have reached.
fn summary(said: &str) -> String {
    let runs = said.lines().rev().find_map(|line| line.strip_prefix("Done ")).unwrap_or("no count of runs");
    let branches = said.lines().rev().find_map(|line| line.split_once(" cov: ")?.1.split(' ').next());
    format!("{runs}, {} branches", branches.unwrap_or("?"))
}

/// What is wrong, in a line: the message of the panic, or what libFuzzer itself has found.
fn finding(said: &str) -> &str {
    let panic = said.lines().skip_while(|line| !line.contains("panicked at ")).nth(1);
    let own = || said.lines().find_map(|line| line.split_once("ERROR: libFuzzer: ")).map(|(_, error)| error);
    panic.or_else(own).unwrap_or("ended without a word")
}

fn folder() -> PathBuf {
    tools::root().join("fuzz")
}

/// The dictionary that the list of targets names for one of them.
fn dictionary(target: &str) -> Result<PathBuf, Trouble> {
    let list = fs::read_to_string(folder().join("src/lib.rs"))?;
    let name = list.lines().find_map(|line| {
        let (_, rest) = line.split_once(&format!("name: \"{target}\""))?;
        rest.split_once("dictionary: \"")?.1.split('"').next()
    });
    let name = name.ok_or_else(|| Trouble::Failed(format!("fuzz/src/lib.rs does not name {target}")))?;
    Ok(folder().join("dictionaries").join(format!("{name}.dict")))
}

/// Reads the arguments after `fuzz`: at most one target, and how long each runs.
pub(crate) fn arguments<'a>(arguments: &[&'a str]) -> Option<(Option<&'a str>, Duration)> {
    let seconds = |text: &str| text.parse().ok().map(Duration::from_secs);
    match *arguments {
        [] => Some((None, USUALLY)),
        ["--seconds", each] => Some((None, seconds(each)?)),
        [target] => Some((Some(target), USUALLY)),
        [target, "--seconds", each] => Some((Some(target), seconds(each)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_and_a_time_may_be_given() {
        let minute = Duration::from_secs(60);
        assert_eq!(arguments(&[]), Some((None, USUALLY)));
        assert_eq!(arguments(&["jwk"]), Some((Some("jwk"), USUALLY)));
        assert_eq!(arguments(&["--seconds", "60"]), Some((None, minute)));
        assert_eq!(arguments(&["jwk", "--seconds", "60"]), Some((Some("jwk"), minute)));
        assert_eq!(arguments(&["jwk", "pem"]), None);
        assert_eq!(arguments(&["--seconds", "soon"]), None);
    }

    #[test]
    fn every_folder_of_seeds_has_a_dictionary() {
        for target in targets(None).unwrap() {
            assert!(dictionary(&target).unwrap().is_file(), "{target}");
        }
    }

    #[test]
    fn a_finding_is_told_in_a_line() {
        let panic =
            "#2\nthread '<unnamed>' (7) panicked at fuzz/src/a.rs:1:2:\nnot equal\n==7== ERROR: libFuzzer: deadly\n";
        assert_eq!(finding(panic), "not equal");
        assert_eq!(finding("==7== ERROR: libFuzzer: out-of-memory (used: 2Gb)\n"), "out-of-memory (used: 2Gb)");
        assert_eq!(finding(""), "ended without a word");
    }

    #[test]
    fn the_summary_is_from_the_end_of_the_output() {
        let said = "#2\tINITED cov: 5 ft: 6\n#99\tDONE   cov: 812 ft: 9 corp: 1\nDone 99 runs in 31 second(s)\n";
        assert_eq!(summary(said), "99 runs in 31 second(s), 812 branches");
    }
}
