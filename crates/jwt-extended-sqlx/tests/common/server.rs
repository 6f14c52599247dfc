//! A PostgreSQL on a free port of this machine, in a folder of its own, gone when it is dropped.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use jwt_extended_sqlx::{
    PostgresStore,
    sqlx::{Connection, PgConnection, PgPool, postgres::PgPoolOptions},
};
use tempfile::TempDir;
use tokio::time::sleep;

/// A server.
pub struct Server {
    process: Option<Child>,
    port: u16,
    options: Vec<String>,
    folder: TempDir,
}

impl Server {
    /// Starts one that does not wait for its disk, and waits until it answers.
    pub async fn start() -> Self {
        Self::start_with(&["fsync=off"]).await
    }

    /// Starts one with these settings.
    pub async fn start_with(options: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        if is_root() {
            let owned = Command::new("chown").arg("postgres:postgres").arg(folder.path()).status();
            assert!(owned.unwrap().success());
        }
        let made = program("initdb")
            .args(["--no-sync", "-A", "trust", "-U", "app", "-E", "UTF8", "--locale=C", "-D"])
            .arg(folder.path().join("data"))
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let mut server = Self { process: None, port, options, folder };
        server.start_again().await;
        server
    }

    /// Starts it again on the same port, with what was in it.
    pub async fn start_again(&mut self) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let mut command = program("postgres");
        command.arg("-D").arg(self.folder.path().join("data")).arg("-k").arg(self.folder.path());
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        command.args(self.options.iter().flat_map(|option| ["-c", option]));
        command.current_dir(self.folder.path()).stdout(Stdio::null()).stderr(log);
        self.process = Some(command.spawn().unwrap());
        let deadline = Instant::now() + Duration::from_secs(30);
        while let Err(error) = PgConnection::connect(&self.url()).await {
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            assert!(Instant::now() < deadline, "PostgreSQL did not start: {error}\n{log}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends it at once, as a crash would.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            signal("-CONT", &family(&process));
            signal("-QUIT", &[process.id().to_string()]);
            process.wait().unwrap();
        }
    }

    /// Freezes it: connections stay open, new ones are taken, and nothing is answered.
    pub fn freeze(&self) {
        signal("-STOP", &family(self.process.as_ref().unwrap()));
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        signal("-CONT", &family(self.process.as_ref().unwrap()));
    }

    /// With a password in it, which the server does not ask for.
    pub fn url(&self) -> String {
        format!("postgres://app:secret@127.0.0.1:{}/postgres", self.port)
    }

    /// A store on it, with its tables.
    pub async fn store(&self) -> PostgresStore {
        let store = PostgresStore::connect(&self.url()).await.unwrap();
        store.migrate().await.unwrap();
        store
    }

    /// A pool of an app.
    pub async fn pool(&self) -> PgPool {
        PgPoolOptions::new().max_connections(8).connect(&self.url()).await.unwrap()
    }

    /// A connection beside the store's.
    pub async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.url()).await.unwrap()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A process and its children.
fn family(process: &Child) -> Vec<String> {
    let id = process.id();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    let children = children.split_whitespace().map(str::to_owned);
    std::iter::once(id.to_string()).chain(children).collect()
}

fn signal(signal: &str, processes: &[String]) {
    // A child may have ended since, so the answer says little.
    let _ = Command::new("kill").arg(signal).args(processes).stderr(Stdio::null()).status().unwrap();
}

/// A program of PostgreSQL, as a user who is not root: it refuses to serve root.
fn program(name: &str) -> Command {
    let path = latest().join("bin").join(name);
    if !is_root() {
        return Command::new(path);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(path);
    command
}

/// The folder of the latest version.
fn latest() -> PathBuf {
    let folders = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let version = |folder: &Path| folder.file_name().and_then(|name| name.to_str()?.parse().ok()).unwrap_or(0_u32);
    let usable = folders.filter(|folder| folder.join("bin/postgres").exists());
    usable.max_by_key(|folder| version(folder)).expect("PostgreSQL is missing; install Debian's postgresql")
}

fn is_root() -> bool {
    let user = Command::new("id").arg("-u").output().unwrap();
    user.stdout.trim_ascii() == b"0"
}
