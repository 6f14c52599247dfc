//! The Flask face: its wheel, its tests, and upstream's own test suite run against it.
//!
//! All that it needs comes from `PyPI`, into virtual environments below `target/python`: one with the tools, and one with
//! nothing but the wheel.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::tools::{self, Report, Trouble, failed, program, run};

/// Upstream's release whose test suite is run, and what it must come to.
const UPSTREAM: &str = "flask-jwt-extended==4.7.4";
const UPSTREAM_PASSES: &str = "180 passed, 1 skipped";

/// Pythons that will do, the usual one first.
const PYTHONS: [&str; 6] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];

/// `cargo xtask flask`.
pub(crate) fn run_all() -> Report {
    let mut report = Report::default();
    test(&mut report);
    report
}

/// The steps of `cargo xtask test`.
pub(crate) fn test(report: &mut Report) {
    let mut tools = Err(Trouble::CannotRun("the tools of the Flask face are not there".into()));
    report.step("the Flask face: tools and wheel", || {
        tools = Ok(Tools::install()?);
        tools.as_ref().map_or(Ok(()), Tools::build)
    });
    let with_tools = |work: &dyn Fn(&Tools) -> Result<(), Trouble>| match &tools {
        Ok(tools) => work(tools),
        Err(_) => failed("the tools of the Flask face could not be installed; see above"),
    };
    report.step("the Flask face: formatting, lints and types", || with_tools(&Tools::check));
    report.step("the Flask face: its own tests", || with_tools(&Tools::own_tests));
    report.step("the Flask face: upstream's tests, under the old name", || with_tools(&Tools::upstream_s_tests));
    report.step("the Flask face: the README's program, from the wheel alone", || with_tools(&Tools::clean_install));
    report.step("the Flask face: benches, once each", || with_tools(&Tools::benches));
}

/// A virtual environment with the tools, and the folder around it.
struct Tools {
    folder: PathBuf,
    venv: PathBuf,
}

impl Tools {
    fn install() -> Result<Self, Trouble> {
        let folder = tools::root().join("target/python");
        fs::create_dir_all(&folder)?;
        let tools = Self { venv: folder.join("tools"), folder };
        make_venv(&tools.venv)?;
        // Groups of dependencies need a pip of 2025.
        run(tools.python().args(["-m", "pip", "install", "--quiet", "--upgrade", "pip>=25.1"]))?;
        run(tools.python().args(["-m", "pip", "install", "--quiet", "--group", "python/pyproject.toml:dev"]))?;
        Ok(tools)
    }

    /// Builds the wheel, and installs it beside the tools.
    fn build(&self) -> Result<(), Trouble> {
        let wheels = self.folder.join("wheels");
        // A wheel of an earlier state would be found as well.
        if wheels.exists() {
            fs::remove_dir_all(&wheels)?;
        }
        run(self
            .tool("maturin")
            .args(["build", "--release", "--manifest-path", "python/Cargo.toml", "--out"])
            .arg(wheels))?;
        let wheel = self.wheel()?;
        run(self.python().args(["-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps"]).arg(wheel))
    }

    fn check(&self) -> Result<(), Trouble> {
        run(self.tool("ruff").args(["format", "--check"]).current_dir(python_folder()))?;
        run(self.tool("ruff").arg("check").current_dir(python_folder()))?;
        // The installed package, because its stub stands for a module that only the wheel has.
        run(self
            .tool("mypy")
            .args(["--strict", "--python-version", "3.10", "--package", "jwt_extended"])
            .current_dir(&self.folder))
    }

    fn own_tests(&self) -> Result<(), Trouble> {
        run(self.tool("pytest").current_dir(python_folder()))
    }

    fn upstream_s_tests(&self) -> Result<(), Trouble> {
        let folder = self.folder.join("upstream");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let download = ["-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", UPSTREAM];
        run(self.python().args(download).current_dir(&folder))?;
        let unpack = "import glob, tarfile\nfor name in glob.glob('*.tar.gz'): tarfile.open(name).extractall('.')";
        run(self.python().args(["-W", "ignore", "-c", unpack]).current_dir(&folder))?;
        let unpacked = entry(&folder, Path::is_dir)?;
        // The tests alone: beside upstream's package, they would find that one first.
        fs::rename(unpacked.join("tests"), folder.join("tests"))?;
        fs::remove_dir_all(unpacked)?;
        let mut pytest = self.tool("pytest");
        pytest
            .args(["-p", "under_the_old_name", "--rootdir", ".", "tests"])
            .env("PYTHONPATH", path_of([python_folder().join("tests/plugins"), folder.clone()])?)
            .current_dir(&folder)
            .stdout(Stdio::piped());
        let output = pytest.output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        println!("{said}");
        if output.status.success() && said.contains(UPSTREAM_PASSES) && !said.contains("deselected") {
            return Ok(());
        }
        failed(format!("upstream's tests must come to: {UPSTREAM_PASSES}, none deselected"))
    }

    /// Installs the wheel where there is nothing else, and no Rust, and runs the README's program.
    fn clean_install(&self) -> Result<(), Trouble> {
        let venv = self.folder.join("clean");
        if venv.exists() {
            fs::remove_dir_all(&venv)?;
        }
        make_venv(&venv)?;
        let mut install = program(&executable(&venv, "python"));
        // Nothing but the environment itself is on the path: whoever installs a wheel needs neither cargo nor rustc.
        install.args(["-m", "pip", "install", "--quiet"]).arg(self.wheel()?).env("PATH", venv.join("bin"));
        run(&mut install)?;
        let mut proof = program(&executable(&venv, "python"));
        run(proof.arg(python_folder().join("tests/readme_program.py")).env("PATH", venv.join("bin")))
    }

    fn benches(&self) -> Result<(), Trouble> {
        run(self.python().args(["benches/guard.py", "--quick"]).current_dir(python_folder()))
    }

    fn wheel(&self) -> Result<PathBuf, Trouble> {
        entry(&self.folder.join("wheels"), |path| path.extension().is_some_and(|extension| extension == "whl"))
    }

    fn python(&self) -> Command {
        self.tool("python")
    }

    /// A program of the environment. It finds the others of the environment first.
    fn tool(&self, name: &str) -> Command {
        let mut command = program(&executable(&self.venv, name));
        let usual = env::var_os("PATH").unwrap_or_default();
        if let Ok(path) = path_of([self.venv.join("bin")].into_iter().chain(env::split_paths(&usual))) {
            command.env("PATH", path);
        }
        // What was said of Python elsewhere does not hold in here.
        command.env_remove("PYTHONPATH").env_remove("PYTHONHOME");
        command
    }
}

fn python_folder() -> PathBuf {
    tools::root().join("python")
}

fn executable(venv: &Path, name: &str) -> String {
    venv.join("bin").join(name).to_string_lossy().into_owned()
}

fn make_venv(venv: &Path) -> Result<(), Trouble> {
    if venv.join("bin/python").exists() {
        return Ok(());
    }
    let python = find_python()?;
    let make = || run(program(python).args(["-m", "venv"]).arg(venv));
    // Debian's Python comes without the means to make one.
    make().or_else(|_| {
        tools::install("python3-venv");
        make().map_err(|_| Trouble::CannotRun(format!("{python} -m venv does not work; install python3-venv")))
    })
}

/// A Python of 3.10 or later.
fn find_python() -> Result<&'static str, Trouble> {
    let recent = |python: &&str| {
        let check = program(python).args(["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]).status();
        check.is_ok_and(|status| status.success())
    };
    PYTHONS
        .into_iter()
        .find(|python| recent(python))
        .ok_or_else(|| Trouble::CannotRun("there is no Python of 3.10 or later".into()))
}

/// The one thing in a folder that is meant.
fn entry(folder: &Path, is_meant: impl Fn(&Path) -> bool) -> Result<PathBuf, Trouble> {
    let mut paths = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    paths
        .find(|path| is_meant(path))
        .ok_or_else(|| Trouble::Failed(format!("{} lacks what should be there", folder.display())))
}

fn path_of(folders: impl IntoIterator<Item = PathBuf>) -> Result<OsString, Trouble> {
    env::join_paths(folders).map_err(|error| Trouble::Failed(error.to_string()))
}
