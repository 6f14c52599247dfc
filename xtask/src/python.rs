//! The Flask face: its wheel, its tests, and upstream's own test suite run against it.
//!
//! Everything it needs comes from `PyPI`, into virtual environments in `target/python`: one with the tools, and one
//! with the wheel alone.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::{self, JoinHandle},
};

use crate::{
    examples,
    tools::{self, Report, Trouble, failed, program, run},
};

/// A test suite of upstream that runs here against this package.
struct Suite {
    /// Upstream's release, from `PyPI`.
    release: &'static str,
    /// The pytest plugin that puts this package in upstream's place.
    plugin: &'static str,
    /// The tests that cannot pass. The README says why.
    excluded: &'static [&'static str],
    /// The end of pytest's report.
    result: &'static str,
}

const VERSION_4: Suite = Suite {
    release: "flask-jwt-extended==4.7.4",
    plugin: "under_the_old_name",
    excluded: &[],
    result: "180 passed, 1 skipped",
};
const VERSION_3: Suite = Suite {
    release: "flask-jwt-extended==3.25.1",
    plugin: "under_the_old_name_3",
    excluded: &[
        // Replaces the class `datetime` to make a token of the future; the engine has one clock for both.
        "tests/test_decode_tokens.py::test_nbf_token_in_future",
        // Counts all warnings, and the one Flask that still has what the suite imports warns of it.
        "tests/test_decode_tokens.py::test_legacy_decode_key_callback",
    ],
    result: "150 passed, 2 deselected",
};

/// The oldest PyJWT that the package allows; `python/pyproject.toml` says the same.
const OLDEST_PYJWT: &str = "PyJWT==1.7.1";

/// Names of Python interpreters, the usual one first.
const PYTHONS: [&str; 6] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];

/// `cargo xtask flask`.
pub(crate) fn run_all() -> Report {
    let mut report = Report::new();
    test(&mut report, thread::spawn(Tools::install));
    report
}

/// Only the package's own tests, and the lines of the package that they run.
pub(crate) fn measure(report: &mut Report) {
    let tools = build(report, thread::spawn(Tools::install));
    report.step("coverage of the Flask face", || built(tools.as_ref())?.coverage());
}

/// Only the example programs.
pub(crate) fn run_examples(report: &mut Report) {
    let tools = build(report, thread::spawn(Tools::install));
    test_examples(report, tools.as_ref());
}

/// The steps of `cargo xtask test`. The tools are being installed in another thread.
pub(crate) fn test(report: &mut Report, installing: JoinHandle<Result<Tools, Trouble>>) {
    let tools = build(report, installing);
    let with_tools = |work: &dyn Fn(&Tools) -> Result<(), Trouble>| built(tools.as_ref()).and_then(work);
    report.step("the Flask face: formatting, lints and types", || with_tools(&Tools::check));
    report.step("the Flask face: its own tests", || with_tools(&Tools::own_tests));
    report.step("the Flask face: upstream's tests, under the old name", || with_tools(&Tools::upstream_tests));
    report.step("the Flask face: the tests of upstream's version 3, on the Flask and PyJWT of its time", || {
        with_tools(&Tools::upstream_tests_of_version_3)
    });
    report.step("the Flask face: the README's program, from the wheel alone, and the oldest PyJWT", || {
        with_tools(&Tools::clean_install)
    });
    test_examples(report, tools.as_ref());
    report.step("the Flask face: benches, once each", || with_tools(&Tools::benches));
}

/// Returns the tools if they could be installed. The wheel is installed beside them.
fn build(report: &mut Report, installing: JoinHandle<Result<Tools, Trouble>>) -> Option<Tools> {
    let mut tools = None;
    report.step("the Flask face: tools and wheel", || {
        let installed = installing.join().map_err(|_| Trouble::Failed("installing the tools panicked".into()))??;
        tools.insert(installed).build()
    });
    tools
}

fn built(tools: Option<&Tools>) -> Result<&Tools, Trouble> {
    tools.ok_or_else(|| Trouble::Failed("the tools of the Flask face could not be installed; see above".into()))
}

fn test_examples(report: &mut Report, tools: Option<&Tools>) {
    if examples::flask_exists() {
        report.step("example programs: Flask", || examples::flask(executable(&built(tools)?.venv, "python").into()));
    }
}

/// A virtual environment with the tools, and the folder around it.
pub(crate) struct Tools {
    folder: PathBuf,
    venv: PathBuf,
}

impl Tools {
    pub(crate) fn install() -> Result<Self, Trouble> {
        let folder = tools::root().join("target/python");
        fs::create_dir_all(&folder)?;
        let tools = Self { venv: folder.join("tools"), folder };
        make_venv(&tools.venv)?;
        install_group(&tools.venv, "dev")?;
        Ok(tools)
    }

    /// Builds the wheel in the profile of tests, and installs it beside the tools. Optimising it would take minutes and
    /// would find nothing: the benches run here once and assert no figure.
    fn build(&self) -> Result<(), Trouble> {
        let wheels = self.folder.join("wheels");
        // Otherwise `wheel` could find an older one.
        if wheels.exists() {
            fs::remove_dir_all(&wheels)?;
        }
        let mut maturin = self.tool("maturin");
        maturin.args(["build", "--profile", "dev", "--strip", "--manifest-path", "python/Cargo.toml", "--target-dir"]);
        run(maturin.arg(tools::target()).arg("--out").arg(wheels))?;
        let wheel = self.wheel()?;
        run(self.python().args(["-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps"]).arg(wheel))
    }

    fn check(&self) -> Result<(), Trouble> {
        run(self.tool("ruff").args(["format", "--check"]).current_dir(python_folder()))?;
        run(self.tool("ruff").arg("check").current_dir(python_folder()))?;
        // The installed package, because only the wheel contains the module that the stub describes.
        run(self
            .tool("mypy")
            .args(["--strict", "--python-version", "3.10", "--package", "jwt_extended"])
            .current_dir(&self.folder))
    }

    fn own_tests(&self) -> Result<(), Trouble> {
        run(self.tool("pytest").current_dir(python_folder()))
    }

    /// Runs the package's own tests, and names every line of the package that they do not run.
    fn coverage(&self) -> Result<(), Trouble> {
        let folder = self.folder.join("coverage");
        // Otherwise the lines of an earlier run would count.
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let coverage = |command: &str| {
            let mut coverage = self.tool("coverage");
            coverage.arg(command).env("COVERAGE_FILE", folder.join("data")).current_dir(python_folder());
            coverage
        };
        // The program rather than the module, which would find the sources instead of the installed package.
        run(coverage("run").arg(executable(&self.venv, "pytest")))?;
        run(&mut coverage("combine"))?;
        // Fails below the share that `python/pyproject.toml` demands.
        run(&mut coverage("report"))
    }

    fn upstream_tests(&self) -> Result<(), Trouble> {
        self.suite(&VERSION_4, &self.venv)
    }

    /// Runs them in an environment of their own: they import what later versions of Flask and PyJWT no longer have.
    fn upstream_tests_of_version_3(&self) -> Result<(), Trouble> {
        let venv = self.folder.join("version-3");
        make_venv(&venv)?;
        let install = || {
            let mut install = program(&executable(&venv, "python"));
            install.args(["-m", "pip", "install", "--quiet"]);
            install
        };
        install_group(&venv, "version-3")?;
        run(install().args(["--force-reinstall", "--no-deps"]).arg(self.wheel()?))?;
        self.suite(&VERSION_3, &venv)
    }

    fn suite(&self, suite: &Suite, venv: &Path) -> Result<(), Trouble> {
        let folder = self.folder.join(suite.plugin);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let download = ["-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", suite.release];
        run(self.python().args(download).current_dir(&folder))?;
        let unpack = "import glob, tarfile\nfor name in glob.glob('*.tar.gz'): tarfile.open(name).extractall('.')";
        run(self.python().args(["-W", "ignore", "-c", unpack]).current_dir(&folder))?;
        let unpacked = entry(&folder, Path::is_dir)?;
        // Only the tests: beside upstream's package, they would import that package first.
        fs::rename(unpacked.join("tests"), folder.join("tests"))?;
        fs::remove_dir_all(unpacked)?;
        let mut pytest = program(&executable(venv, "pytest"));
        pytest
            .args(["-p", suite.plugin, "--rootdir", ".", "tests"])
            .args(suite.excluded.iter().flat_map(|test| ["--deselect", test]))
            .env("PYTHONPATH", path_of([python_folder().join("tests/plugins"), folder.clone()])?)
            .env_remove("PYTHONHOME")
            .current_dir(&folder)
            .stdout(Stdio::piped());
        let output = pytest.output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        println!("{text}");
        let deselects = text.contains("deselected") && suite.excluded.is_empty();
        if output.status.success() && text.contains(suite.result) && !deselects {
            return Ok(());
        }
        failed(format!("expected of the tests of {}: {}", suite.release, suite.result))
    }

    /// Installs the wheel into an empty environment without Rust, and runs the README's program. Does so again with the
    /// oldest PyJWT.
    fn clean_install(&self) -> Result<(), Trouble> {
        let venv = self.folder.join("clean");
        if venv.exists() {
            fs::remove_dir_all(&venv)?;
        }
        make_venv(&venv)?;
        let mut install = program(&executable(&venv, "python"));
        // Only the environment is on the path: installing a wheel needs neither cargo nor rustc.
        install.args(["-m", "pip", "install", "--quiet"]).arg(self.wheel()?).env("PATH", venv.join("bin"));
        run(&mut install)?;
        let prove = |file: &str| {
            let mut proof = program(&executable(&venv, "python"));
            run(proof.arg(python_folder().join("tests").join(file)).env("PATH", venv.join("bin")))
        };
        prove("readme_program.py")?;
        prove("programs/any_pyjwt.py")?;
        let mut older = program(&executable(&venv, "python"));
        run(older.args(["-m", "pip", "install", "--quiet", OLDEST_PYJWT]))?;
        prove("readme_program.py")?;
        prove("programs/any_pyjwt.py")
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

    /// A program of the environment. It finds the environment's other programs first.
    fn tool(&self, name: &str) -> Command {
        let mut command = program(&executable(&self.venv, name));
        let usual = env::var_os("PATH").unwrap_or_default();
        if let Ok(path) = path_of([self.venv.join("bin")].into_iter().chain(env::split_paths(&usual))) {
            command.env("PATH", path);
        }
        // Settings for another Python do not apply here.
        command.env_remove("PYTHONPATH").env_remove("PYTHONHOME");
        command
    }
}

/// Returns a program of the environment for a group of packages, and installs the group first.
pub(crate) fn program_of(group: &str, name: &str) -> Result<Command, Trouble> {
    let venv = tools::root().join("target/python").join(group);
    make_venv(&venv)?;
    install_group(&venv, group)?;
    let mut command = program(&executable(&venv, name));
    // Settings for another Python do not apply here.
    command.env_remove("PYTHONPATH").env_remove("PYTHONHOME");
    Ok(command)
}

/// Installs a group of the packages that `python/pyproject.toml` lists.
fn install_group(venv: &Path, group: &str) -> Result<(), Trouble> {
    let install = |arguments: &[&str]| {
        let mut install = program(&executable(venv, "python"));
        install.args(["-m", "pip", "install", "--quiet"]).args(arguments);
        run(install.env_remove("PYTHONPATH").env_remove("PYTHONHOME"))
    };
    // Groups of dependencies need a pip of 2025.
    install(&["--upgrade", "pip>=25.1"])?;
    install(&["--group", &format!("python/pyproject.toml:{group}")])
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
    // Debian's Python lacks `venv` by default.
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

/// The first entry of a folder that matches.
fn entry(folder: &Path, matches: impl Fn(&Path) -> bool) -> Result<PathBuf, Trouble> {
    let mut paths = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    paths
        .find(|path| matches(path))
        .ok_or_else(|| Trouble::Failed(format!("{} lacks an expected file", folder.display())))
}

fn path_of(folders: impl IntoIterator<Item = PathBuf>) -> Result<OsString, Trouble> {
    env::join_paths(folders).map_err(|error| Trouble::Failed(error.to_string()))
}
