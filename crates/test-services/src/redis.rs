//! A Redis server.

use std::process::Command;

use tempfile::TempDir;

use crate::process::{Process, free_port};

const MISSING: &str = "redis-server is missing; install Debian's redis-server";

/// A Redis that forgets everything when it is stopped.
#[derive(Debug)]
pub struct Redis {
    process: Option<Process>,
    port: u16,
    options: Vec<String>,
    folder: TempDir,
}

impl Redis {
    /// Starts one, and waits until it listens.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with further options.
    pub fn start_with(options: &[&str]) -> Self {
        Self::start_on(free_port(), options)
    }

    /// Starts one on a port that was chosen before.
    pub fn start_on(port: u16, options: &[&str]) -> Self {
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let folder = TempDir::new().expect("a temporary folder can be made");
        let mut redis = Self { process: None, port, options, folder };
        redis.start_again();
        redis
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it again on the same port, with nothing in it.
    pub fn start_again(&mut self) {
        let mut command = Command::new("redis-server");
        command
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(&self.options)
            .current_dir(self.folder.path());
        self.process = Some(Process::listening(&mut command, self.port, MISSING));
    }

    /// Ends it at once.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Freezes it: connections stay open, and nothing is answered.
    pub fn freeze(&self) {
        self.process.iter().for_each(|process| process.signal("-STOP"));
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.process.iter().for_each(|process| process.signal("-CONT"));
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // What is frozen does not end.
        self.go_on();
    }
}
