//! A Redis server.

#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::{
    path::PathBuf,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    port::free_port,
    process::{Process, START},
};

const MISSING: &str = "redis-server is missing; install Debian's redis-server";

/// A Redis server that keeps nothing on disk: stopping it deletes its data.
#[derive(Debug)]
pub struct Redis {
    process: Option<Process>,
    port: u16,
    options: Vec<String>,
    folder: TempDir,
}

impl Redis {
    /// Starts a server and waits until it listens.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with further command-line options.
    pub fn start_with(options: &[&str]) -> Self {
        Self::start_on(free_port(), options)
    }

    /// Starts a server on a port that was chosen before.
    pub fn start_on(port: u16, options: &[&str]) -> Self {
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let folder = TempDir::new().expect("a temporary folder can be made");
        let mut redis = Self { process: None, port, options, folder };
        redis.start_again();
        redis
    }

    /// Returns its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Starts a server that copies another one.
    pub fn replica_of(master: &Self) -> Self {
        Self::start_with(&["--replicaof", "127.0.0.1", &master.port.to_string()])
    }

    /// Returns the path of its Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// Returns its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it again on the same port, empty.
    pub fn start_again(&mut self) {
        let mut command = Command::new("redis-server");
        command
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            // A replica starts to copy at once.
            .args(["--repl-diskless-sync-delay", "0", "--unixsocket", "redis.sock"])
            .args(&self.options)
            .current_dir(self.folder.path());
        self.process = Some(Process::listening(&mut command, self.port, MISSING));
        // It listens on the socket a moment later.
        #[cfg(unix)]
        {
            let deadline = Instant::now() + START;
            while UnixStream::connect(self.socket()).is_err() {
                assert!(Instant::now() < deadline, "nothing listens on {}", self.socket().display());
                sleep(Duration::from_millis(5));
            }
        }
    }

    /// Kills it.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Freezes it: connections stay open, but nothing is answered.
    pub fn freeze(&self) {
        self.process.iter().for_each(|process| process.signal("-STOP"));
    }

    /// Resumes it after [`freeze`](Self::freeze).
    pub fn go_on(&self) {
        self.process.iter().for_each(|process| process.signal("-CONT"));
    }
}
