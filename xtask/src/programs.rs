//! The workspace's test and bench programs: built once, then run in parts.
//!
//! Cargo chooses the features of dependencies for the packages that a command names. Two commands with different `-p`
//! compile most dependencies twice. So one command builds every program with all features, and the steps start the
//! programs themselves.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::tools::{self, Trouble, cargo, failed, program};

/// What every command about the whole workspace selects. The Python extension has no tests in Rust, and with all
/// features it links only into Python.
pub(crate) const WORKSPACE: &str =
    "--workspace --exclude jwt-extended-python --exclude jwt-extended-benches --all-features";

/// All programs, in cargo's order.
#[derive(Debug)]
pub(crate) struct Programs(Vec<Program>);

#[derive(Debug)]
struct Program {
    /// The package's folder, where cargo too runs its tests.
    folder: PathBuf,
    name: String,
    kind: Kind,
    path: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Test,
    Bench,
}

/// A choice of programs. Most packages have all their programs in one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Needs nothing but a file system.
    Alone,
    /// Starts Redis and PostgreSQL servers.
    Stores,
    /// Starts programs of others on Node.js.
    Strangers,
    /// Needs nginx, Caddy and `HAProxy`.
    Proxies,
    /// Needs Chromium, nginx and Node.js.
    Browser,
}

impl Programs {
    /// Builds all of them in the profile of tests, benches too: they run once, so optimising them would take longer.
    pub(crate) fn build() -> Result<Self, Trouble> {
        let arguments = format!("test {WORKSPACE} --tests --benches --examples --no-run");
        let mut build = cargo(&arguments);
        build.arg("--message-format=json-render-diagnostics");
        let messages = tools::output(&mut build)?;
        let programs: Vec<_> = messages.lines().filter_map(Program::from_message).collect();
        if programs.is_empty() { failed("cargo has built no test program") } else { Ok(Self(programs)) }
    }

    /// The packages that have tests in this part.
    pub(crate) fn packages(&self, part: Part) -> BTreeSet<String> {
        self.of(part, Kind::Test).map(Program::package).collect()
    }

    /// Runs a package's tests of this part, all of them, also after one has failed.
    pub(crate) fn test(&self, part: Part, package: &str) -> Result<(), Trouble> {
        run_all(self.of(part, Kind::Test).filter(|program| program.package() == package), &[])
    }

    /// Runs every bench of this part once.
    pub(crate) fn benches(&self, part: Part) -> Result<(), Trouble> {
        run_all(self.of(part, Kind::Bench), &["--test"])
    }

    fn of(&self, part: Part, kind: Kind) -> impl Iterator<Item = &Program> {
        self.0.iter().filter(move |program| program.kind == kind && program.part() == part)
    }
}

impl Program {
    /// A program from one of cargo's messages, if that is what the message is about.
    fn from_message(line: &str) -> Option<Self> {
        let message: Value = serde_json::from_str(line).ok()?;
        let target = &message["target"];
        let kind = match target["kind"][0].as_str()? {
            "bench" => Kind::Bench,
            // Examples, and programs that tests start, are built but are no tests.
            _ if message["profile"]["test"] == true => Kind::Test,
            _ => return None,
        };
        Some(Self {
            folder: Path::new(message["manifest_path"].as_str()?).parent()?.to_owned(),
            name: target["name"].as_str()?.to_owned(),
            kind,
            path: message["executable"].as_str()?.into(),
        })
    }

    /// The package's name, which is that of its folder. For examples, this is `examples-axum` and so on.
    fn package(&self) -> String {
        let name = |folder: &Path| folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match self.folder.parent().map(name) {
            Some(parent) if parent == "examples" => format!("{parent}-{}", name(&self.folder)),
            _ => name(&self.folder),
        }
    }

    fn part(&self) -> Part {
        match (&*self.package(), &*self.name) {
            ("jwt-extended-redis" | "jwt-extended-sqlx" | "test-services", _)
            | ("jwt-extended-server", "stores" | "load") => Part::Stores,
            (_, "strangers") => Part::Strangers,
            (_, "proxies") => Part::Proxies,
            (_, "browser") => Part::Browser,
            _ => Part::Alone,
        }
    }
}

fn run_all<'a>(programs: impl Iterator<Item = &'a Program>, arguments: &[&str]) -> Result<(), Trouble> {
    let mut wrong = Vec::new();
    for Program { folder, name, path, .. } in programs {
        println!("--- {name}");
        if tools::run(program(&path.to_string_lossy()).args(arguments).current_dir(folder)).is_err() {
            wrong.push(name.as_str());
        }
    }
    if wrong.is_empty() { Ok(()) } else { failed(wrong.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(kind: &str, name: &str, package: &str, is_test: bool) -> Option<Program> {
        let message = serde_json::json!({
            "reason": "compiler-artifact",
            "manifest_path": format!("/somewhere/crates/{package}/Cargo.toml"),
            "target": { "kind": [kind], "name": name },
            "profile": { "test": is_test },
            "executable": format!("/somewhere/target/debug/deps/{name}-0123456789abcdef"),
        });
        Program::from_message(&message.to_string())
    }

    #[test]
    fn tests_and_benches_are_programs_to_run() {
        let test = program("test", "it", "jwt-extended", true).unwrap();
        assert_eq!((test.kind, test.part(), &*test.package()), (Kind::Test, Part::Alone, "jwt-extended"));
        let unit_tests = program("lib", "jwt_extended_redis", "jwt-extended-redis", true).unwrap();
        assert_eq!((unit_tests.kind, unit_tests.part()), (Kind::Test, Part::Stores));
        let bench = program("bench", "load", "jwt-extended-server", false).unwrap();
        assert_eq!((bench.kind, bench.part()), (Kind::Bench, Part::Stores));
    }

    #[test]
    fn the_packages_of_examples_are_named_by_two_folders() {
        let message = serde_json::json!({
            "manifest_path": "/somewhere/examples/axum/Cargo.toml",
            "target": { "kind": ["bin"], "name": "tests" },
            "profile": { "test": true },
            "executable": "/somewhere/target/debug/deps/tests-0123456789abcdef",
        });
        let program = Program::from_message(&message.to_string()).unwrap();
        assert_eq!((&*program.package(), program.part()), ("examples-axum", Part::Alone));
    }

    #[test]
    fn examples_and_the_server_are_not() {
        assert!(program("example", "app", "jwt-extended-axum", false).is_none());
        assert!(program("bin", "jwt-extended-server", "jwt-extended-server", false).is_none());
        assert!(Program::from_message(r#"{"reason":"build-finished","success":true}"#).is_none());
        assert!(Program::from_message("no JSON").is_none());
    }
}
