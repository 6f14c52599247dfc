//! `cargo xtask examples`: starts each example program on a free port, and runs its [transcript](crate::transcript) in
//! bash.

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use crate::{
    folder::Folder,
    python,
    tools::{self, Report, Trouble, cargo, failed, program},
    transcript::{Need, Transcript, with_ports},
};

/// How long a program may take to listen, and a transcript to run. Long, because the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// The program that needs Redis, for every framework.
const OF_REDIS: &str = "blocklist_redis";

/// The module that the apps for Flask import: no program. The Rust programs have a library beside their folder.
const SHARED: &str = "shared";

/// Follows the output of each command.
const END: &str = "\n--- end of the output ---\n";

/// The example programs for one framework.
pub(crate) struct Examples {
    /// The folder of the programs, from the workspace's.
    folder: &'static str,
    extension: &'static str,
    /// Begins the lines of the comment at the top of a program.
    mark: &'static str,
    kind: Kind,
}

enum Kind {
    /// The programs of a package of this workspace.
    Rust { package: &'static str },
    /// Flask apps, for the Python of an environment.
    Flask { python: PathBuf },
}

const AXUM: Examples = Examples {
    folder: "examples/axum/src/bin",
    extension: "rs",
    mark: "//!",
    kind: Kind::Rust { package: "examples-axum" },
};

const ACTIX: Examples = Examples {
    folder: "examples/actix/src/bin",
    extension: "rs",
    mark: "//!",
    kind: Kind::Rust { package: "examples-actix" },
};

const FLASK: &str = "examples/flask";

/// `cargo xtask examples`.
pub(crate) fn run() -> Report {
    let mut report = Report::new();
    test(&mut report);
    if flask_exists() {
        python::run_examples(&mut report);
    }
    report
}

/// The steps of `cargo xtask test`, except those of Flask.
pub(crate) fn test(report: &mut Report) {
    for examples in [AXUM, ACTIX] {
        if tools::root().join(examples.folder).is_dir() {
            report.step(format!("example programs: {}", examples.folder), || examples.test());
        }
    }
}

/// Whether there are examples for Flask.
pub(crate) fn flask_exists() -> bool {
    tools::root().join(FLASK).is_dir()
}

/// Runs the examples for Flask, with a Python that has the package.
pub(crate) fn flask(python: PathBuf) -> Result<(), Trouble> {
    Examples { folder: FLASK, extension: "py", mark: "#", kind: Kind::Flask { python } }.test()
}

impl Examples {
    /// Runs all programs, also after one has failed.
    fn test(&self) -> Result<(), Trouble> {
        tools::need("curl", "curl")?;
        tools::need("awk", "mawk")?;
        tools::need("bash", "bash")?;
        if let Kind::Rust { package } = self.kind {
            // A package at a time: the programs of two packages have the same names, and so the same files.
            tools::run(&mut cargo(&format!("build --quiet -p {package} --bins")))?;
        }
        let (mut wrong, mut skipped) = (Vec::new(), Vec::new());
        for name in self.names()? {
            match self.test_one(&name) {
                Ok(()) => println!("{name}: as in its transcript"),
                Err(Trouble::Failed(why)) => {
                    println!("{name}: {why}");
                    wrong.push(name);
                }
                Err(Trouble::CannotRun(why)) => skipped.push(format!("{name}: {why}")),
            }
        }
        if !wrong.is_empty() {
            return failed(wrong.join(", "));
        }
        if skipped.is_empty() { Ok(()) } else { Err(Trouble::CannotRun(skipped.join(", "))) }
    }

    fn names(&self) -> Result<Vec<String>, Trouble> {
        let files = fs::read_dir(tools::root().join(self.folder))?.flatten().map(|entry| entry.path());
        let programs = files.filter(|file| file.extension().is_some_and(|extension| extension == self.extension));
        let mut names: Vec<_> =
            programs.filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned())).collect();
        names.retain(|name| name != SHARED);
        names.sort();
        if names.is_empty() { failed(format!("{} has no programs", self.folder)) } else { Ok(names) }
    }

    fn file(&self, name: &str) -> PathBuf {
        tools::root().join(self.folder).join(name).with_extension(self.extension)
    }

    fn test_one(&self, name: &str) -> Result<(), Trouble> {
        let transcript = Transcript::read(&fs::read_to_string(self.file(name))?, self.mark);
        if transcript.commands.is_empty() {
            return failed("it has no transcript");
        }
        let folder = Folder::new(name)?;
        let mut variables = Vec::new();
        let mut servers = Vec::new();
        if name == OF_REDIS {
            let redis = Server::redis(&folder)?;
            variables.push(("REDIS_URL", format!("redis://127.0.0.1:{}", redis.port)));
            servers.push(redis);
        }
        if let Some(Need { program, .. }) = &transcript.needs {
            let other = self.start(program, &folder, &[])?;
            variables.push(("ISSUER_URL", format!("http://127.0.0.1:{}", other.port)));
            servers.push(other);
        }
        let server = self.start(name, &folder, &variables)?;
        let port = |port| match (&transcript.needs, servers.last()) {
            (Some(need), Some(other)) if need.port == port => other.port,
            _ => server.port,
        };
        let result = self.compare(&transcript, &folder, port);
        if result.is_err() {
            servers.iter().chain([&server]).for_each(Server::show);
        }
        result
    }

    /// Starts a program on a free port.
    fn start(&self, name: &str, folder: &Folder, variables: &[(&str, String)]) -> Result<Server, Trouble> {
        let port = free_port()?;
        let mut command = match &self.kind {
            Kind::Rust { .. } => program(&tools::target().join("debug").join(name).to_string_lossy()),
            Kind::Flask { python } => {
                let mut flask = program(&python.to_string_lossy());
                flask.args(["-m", "flask", "--app"]).arg(self.file(name)).args(["run", "--port", &port.to_string()]);
                flask.env_remove("PYTHONPATH").env_remove("PYTHONHOME");
                flask
            }
        };
        command.env("PORT", port.to_string()).env("TMPDIR", folder.path());
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        Server::start(command, port, name, folder)
    }

    /// Runs the commands, and shows the first one whose output is not the expected one.
    fn compare(&self, transcript: &Transcript, folder: &Folder, port: impl Fn(u16) -> u16) -> Result<(), Trouble> {
        let lines: Vec<_> = transcript.commands.iter().map(|command| with_ports(&command.line, &port)).collect();
        let output = self.bash(&lines, folder)?;
        let mut outputs = output.split(END);
        for (command, line) in transcript.commands.iter().zip(&lines) {
            let got = outputs.next().unwrap_or_default();
            if !command.fits(got) {
                return failed(format!(
                    "\n$ {line}\n--- expected:\n{}\n--- got:\n{}\n---",
                    command.expected(),
                    got.trim_end()
                ));
            }
        }
        Ok(())
    }

    /// Runs commands in one bash, and returns their output, with [`END`] after each.
    fn bash(&self, lines: &[String], folder: &Folder) -> Result<String, Trouble> {
        let script: Vec<_> = lines.iter().map(|line| format!("{line}\nprintf '%s' '{END}'\n")).collect();
        // Beside the commands' folder, so that they do not see it.
        let (own, work) = (folder.path(), folder.path().join("work"));
        fs::create_dir(&work)?;
        fs::write(own.join("script"), script.concat())?;
        fs::write(own.join(".curlrc"), "max-time = 20\n")?;
        let output = own.join("output");
        let file = File::create(&output)?;
        let mut bash = program("bash");
        bash.arg(own.join("script")).current_dir(&work).stdout(file.try_clone()?).stderr(file);
        bash.envs([("CURL_HOME", own.as_os_str()), ("NO_PROXY", "*".as_ref())]);
        if let Some(programs) = self.path() {
            bash.env("PATH", programs);
        }
        let mut bash = bash.spawn()?;
        let started = Instant::now();
        while bash.try_wait()?.is_none() {
            if started.elapsed() > PATIENCE {
                // Both fail only if it has just ended.
                let _ = bash.kill();
                let _ = bash.wait();
                return failed(format!("the transcript did not end within {} s", PATIENCE.as_secs()));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(String::from_utf8_lossy(&fs::read(output)?).into_owned())
    }

    /// The folders of programs for the transcripts, if they are not the usual ones: the environment's come first.
    fn path(&self) -> Option<OsString> {
        let Kind::Flask { python } = &self.kind else { return None };
        let usual = env::var_os("PATH").unwrap_or_default();
        env::join_paths(python.parent().map(Path::to_owned).into_iter().chain(env::split_paths(&usual))).ok()
    }
}

/// A running program, which ends with this value.
struct Server {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Server {
    /// Starts a program and waits until it listens.
    fn start(mut command: Command, port: u16, name: &str, folder: &Folder) -> Result<Self, Trouble> {
        let log = folder.path().join(format!("{name}.log"));
        let file = File::create(&log)?;
        let child = command.current_dir(folder.path()).stdout(file.try_clone()?).stderr(file).spawn()?;
        let mut server = Self { child, port, log };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let has_ended = server.child.try_wait()?.is_some();
            if has_ended || started.elapsed() > PATIENCE {
                server.show();
                return failed(format!("{name} does not listen"));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(server)
    }

    fn redis(folder: &Folder) -> Result<Self, Trouble> {
        tools::need("redis-server", "redis-server")?;
        let port = free_port()?;
        let mut redis = program("redis-server");
        redis.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        Self::start(redis, port, "redis-server", folder)
    }

    /// Shows what it has printed.
    fn show(&self) {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        println!("--- {}:\n{}", self.log.file_name().unwrap_or_default().to_string_lossy(), log.trim_end());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a port on which nothing listens.
fn free_port() -> Result<u16, Trouble> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
