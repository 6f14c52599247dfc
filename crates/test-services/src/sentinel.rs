//! A Redis Sentinel.

use std::{fs, process::Command};

use tempfile::TempDir;

use crate::{Redis, port::free_port, process::Process};

const MISSING: &str = "redis-server is missing; install Debian's redis-server";

/// A sentinel that watches one server, and makes a replica the master within seconds.
#[derive(Debug)]
pub struct Sentinel {
    _process: Process,
    port: u16,
    _folder: TempDir,
}

impl Sentinel {
    /// Starts a sentinel that calls the server by this name.
    pub fn watching(master: &Redis, service: &str) -> Self {
        Self::watching_with(master, service, "")
    }

    /// Starts a sentinel with further lines in its configuration.
    pub fn watching_with(master: &Redis, service: &str, lines: &str) -> Self {
        let (port, folder) = (free_port(), TempDir::new().expect("a temporary folder can be made"));
        let file = folder.path().join("sentinel.conf");
        let configuration = format!(
            "port {port}\nbind 127.0.0.1\nsentinel monitor {service} 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds {service} 500\nsentinel failover-timeout {service} 2000\n\
             {lines}\n",
            master.port()
        );
        fs::write(&file, configuration).expect("a temporary file can be written");
        let mut command = Command::new("redis-server");
        command.arg(&file).arg("--sentinel").current_dir(folder.path());
        Self { _process: Process::listening(&mut command, port, MISSING), port, _folder: folder }
    }

    /// Returns its port.
    pub fn port(&self) -> u16 {
        self.port
    }
}
