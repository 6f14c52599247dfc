//! A PostgreSQL server. It refuses to run as root, so a test that runs as root starts it as the user `postgres`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    port::free_port,
    process::{Process, START},
};

const MISSING: &str = "PostgreSQL is missing; install Debian's postgresql";

/// A PostgreSQL server whose superuser is `test` and whose database is `postgres`. Stopping it keeps its data.
#[derive(Debug)]
pub struct Postgres {
    process: Option<Process>,
    port: u16,
    options: Vec<String>,
    programs: PathBuf,
    folder: TempDir,
}

impl Postgres {
    /// Starts a server without `fsync`, which no test needs, and waits until it answers.
    pub fn start() -> Self {
        Self::start_with(&["-c", "fsync=off"])
    }

    /// Starts a server with command-line options and waits until it answers.
    pub fn start_with(options: &[&str]) -> Self {
        let programs = programs().expect(MISSING);
        let folder = TempDir::new().expect("a temporary folder can be made");
        give_to_postgres(folder.path());
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let mut postgres = Self { process: None, port: free_port(), options, programs, folder };
        let mut initdb = postgres.program("initdb");
        run(initdb
            .args(["--username=test", "--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions", "-D"])
            .arg(postgres.data()));
        postgres.start_again();
        postgres
    }

    /// Returns the address of its database `postgres`.
    pub fn url(&self) -> String {
        format!("postgres://test@127.0.0.1:{}/postgres", self.port)
    }

    /// Returns the folder of its Unix socket.
    pub fn socket_folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it again on the same port, with the same data.
    pub fn start_again(&mut self) {
        let mut command = self.program("postgres");
        command
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "autovacuum=off", "-p", &self.port.to_string()])
            .arg("-k")
            .arg(self.folder.path())
            .arg("-D")
            .arg(self.data())
            .args(&self.options);
        self.process = Some(Process::listening(&mut command, self.port, MISSING));
        self.wait_until_it_answers();
    }

    /// Ends it and all of its processes at once.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            self.signal_all(&process, "-CONT");
            // SIGQUIT is PostgreSQL's immediate shutdown: the processes of its connections end too.
            process.signal("-QUIT");
            process.wait();
        }
    }

    /// Freezes it and all of its processes: connections stay open, but nothing is answered.
    pub fn freeze(&self) {
        self.process.iter().for_each(|process| self.signal_all(process, "-STOP"));
    }

    /// Resumes it after [`freeze`](Self::freeze).
    pub fn go_on(&self) {
        self.process.iter().for_each(|process| self.signal_all(process, "-CONT"));
    }

    /// Runs statements as the superuser.
    pub fn run(&self, sql: &str) {
        self.run_in("postgres", sql);
    }

    /// Runs statements in another database as the superuser.
    pub fn run_in(&self, database: &str, sql: &str) {
        let url = format!("postgres://test@127.0.0.1:{}/{database}", self.port);
        run(Command::new("psql").args(["--quiet", "-v", "ON_ERROR_STOP=1", "-c", sql, &url]));
    }

    /// Creates another database and returns its address.
    pub fn new_database(&self, name: &str) -> String {
        run(Command::new("psql").args(["--quiet", "-c", &format!("CREATE DATABASE {name}"), &self.url()]));
        format!("postgres://test@127.0.0.1:{}/{name}", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = as_postgres(&self.programs.join(name));
        command.current_dir(self.folder.path());
        command
    }

    fn wait_until_it_answers(&self) {
        let answers = || {
            let ready = Command::new(self.programs.join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
                .status();
            ready.is_ok_and(|status| status.success())
        };
        let deadline = Instant::now() + START;
        while !answers() {
            assert!(Instant::now() < deadline, "PostgreSQL does not answer on port {}", self.port);
            sleep(Duration::from_millis(50));
        }
    }

    /// Signals the server and its child processes.
    fn signal_all(&self, process: &Process, signal: &str) {
        process.signal(signal);
        let Ok(pid) = fs::read_to_string(self.data().join("postmaster.pid")) else { return };
        let server = pid.lines().next().unwrap_or_default();
        let children = Command::new("ps").args(["--no-headers", "-o", "pid", "--ppid", server]).output();
        for child in String::from_utf8_lossy(&children.expect("ps runs").stdout).split_whitespace() {
            // The child may have ended meanwhile.
            let _ = Command::new("kill").args([signal, child]).stderr(Stdio::null()).status();
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Returns the folder of PostgreSQL's programs: the newest version that Debian has installed, or else one on the path.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok();
    let mut found: Vec<_> =
        versions.into_iter().flatten().flatten().map(|version| version.path().join("bin")).collect();
    found.sort();
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    found.splice(0..0, std::env::split_paths(&on_path));
    found.into_iter().rev().find(|folder| ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file()))
}

/// Returns a program that must not run as root.
pub(crate) fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

/// Lets such a program use a folder.
pub(crate) fn give_to_postgres(folder: &Path) {
    if is_root() {
        run(Command::new("chown").arg("postgres").arg(folder));
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect(MISSING);
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
