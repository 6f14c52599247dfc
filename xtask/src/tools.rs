//! The parts of every command: steps with a headline and a duration, the programs that they run, and the summary.

use std::{
    cmp::Reverse,
    env, fmt, io,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

/// Why a step did not pass.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It ran and something is wrong.
    Failed(String),
    /// Something that it needs is missing.
    CannotRun(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(why) => write!(f, "failed: {why}"),
            Self::CannotRun(why) => write!(f, "cannot run: {why}"),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Shorthand for [`Trouble::Failed`].
pub(crate) fn failed<T>(why: impl Into<String>) -> Result<T, Trouble> {
    Err(Trouble::Failed(why.into()))
}

/// How many of the slowest steps the summary repeats.
const SLOWEST: usize = 5;

/// The steps so far.
#[derive(Debug)]
pub(crate) struct Report {
    started: Instant,
    steps: Vec<(String, Duration, Result<(), Trouble>)>,
}

impl Report {
    /// Starts an empty report.
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), steps: Vec::new() }
    }

    /// Runs a step, under a headline.
    pub(crate) fn step(&mut self, name: impl Into<String>, work: impl FnOnce() -> Result<(), Trouble>) {
        let name = name.into();
        println!("\n=== {name}");
        let started = Instant::now();
        let mut result = work();
        if let (Err(Trouble::CannotRun(why)), true) = (&result, in_ci()) {
            result = failed(format!("cannot run: {why}"));
        }
        let took = started.elapsed();
        match &result {
            Ok(()) => println!("=== {name}: passed in {:.1} s", took.as_secs_f64()),
            Err(trouble) => println!("=== {name}: {trouble} ({:.1} s)", took.as_secs_f64()),
        }
        self.steps.push((name, took, result));
    }

    /// Prints the summary, its counts on the last line.
    pub(crate) fn end(self) -> ExitCode {
        println!("\n=== the slowest steps");
        for (name, took, _) in self.slowest() {
            println!("{:7.1} s  {name}", took.as_secs_f64());
        }
        println!("{:7.1} s  all steps together", self.started.elapsed().as_secs_f64());
        println!("\n=== summary");
        let (mut passed, mut wrong, mut skipped) = (0, 0, 0);
        for (name, took, result) in &self.steps {
            let took = took.as_secs_f64();
            match result {
                Ok(()) => {
                    passed += 1;
                    println!("passed   {took:7.1} s  {name}");
                }
                Err(Trouble::Failed(why)) => {
                    wrong += 1;
                    println!("FAILED   {took:7.1} s  {name}: {why}");
                }
                Err(Trouble::CannotRun(why)) => {
                    skipped += 1;
                    println!("skipped  {took:7.1} s  {name}: cannot run: {why}");
                }
            }
        }
        println!("{passed} passed, {wrong} failed, {skipped} skipped");
        ExitCode::from(u8::from(wrong > 0))
    }

    fn slowest(&self) -> impl Iterator<Item = &(String, Duration, Result<(), Trouble>)> {
        let mut steps: Vec<_> = self.steps.iter().collect();
        steps.sort_by_key(|(_, took, _)| Reverse(*took));
        steps.into_iter().take(SLOWEST)
    }
}

/// Whether this is continuous integration, where a step that cannot run is a failure.
fn in_ci() -> bool {
    env::var("CI").is_ok_and(|value| value == "true")
}

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The folder that cargo builds into: this program is in its `debug`.
pub(crate) fn target() -> PathBuf {
    let program = env::current_exe().ok();
    let folder = program.as_deref().and_then(Path::parent).and_then(Path::parent);
    folder.map_or_else(|| root().join("target"), Path::to_owned)
}

/// The cargo that runs this program, with arguments separated by spaces.
pub(crate) fn cargo(arguments: &str) -> Command {
    let mut command = program(env::var("CARGO").as_deref().unwrap_or("cargo"));
    command.args(arguments.split(' '));
    command
}

/// A program to run in the workspace, without standard input. It inherits the environment except options of this
/// project.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root()).stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("JWT_") {
            command.env_remove(name);
        }
    }
    command
}

/// Shows a command and runs it. An exit status other than 0 is a failure.
pub(crate) fn run(command: &mut Command) -> Result<(), Trouble> {
    output(command.stdout(Stdio::inherit())).map(drop)
}

/// The same, and returns the standard output unless the caller sends it elsewhere.
pub(crate) fn output(command: &mut Command) -> Result<String, Trouble> {
    let shown = shown(command);
    println!("$ {shown}");
    match command.stderr(Stdio::inherit()).output() {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(output) => failed(format!("`{shown}` ended with {}", output.status)),
        Err(error) => failed(format!("`{shown}` did not start: {error}")),
    }
}

/// Returns the platform that this compiler runs on.
pub(crate) fn host() -> Result<String, Trouble> {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = output(program(&rustc).arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Trouble::Failed("rustc does not name its host".into()))
}

fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(name).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Finds a program. If it is missing, installs the Debian package that contains it, where that is possible.
pub(crate) fn need(name: &str, package: &str) -> Result<(), Trouble> {
    if is_there(name) {
        return Ok(());
    }
    install(package);
    if is_there(name) { Ok(()) } else { Err(Trouble::CannotRun(format!("{name} is missing"))) }
}

/// Tries to install a Debian package, as root and where there is `apt-get`. The caller checks whether it worked.
pub(crate) fn install(package: &str) {
    if is_there("apt-get") && is_root() {
        let apt = |arguments: &str| {
            let mut command = program("apt-get");
            run(command.args(arguments.split(' ')).env("DEBIAN_FRONTEND", "noninteractive"))
        };
        let _ = apt("update --quiet")
            .and_then(|()| apt(&format!("install --quiet --yes --no-install-recommends {package}")));
    }
}

fn is_there(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    // Debian puts servers into a folder that is not on everyone's path.
    let folders = env::split_paths(&path).chain(["/usr/sbin".into()]);
    folders.into_iter().any(|folder| folder.join(name).is_file())
}

fn is_root() -> bool {
    let id = program("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
