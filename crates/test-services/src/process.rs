//! A server's process: starts it, signals it, and ends it when it is dropped.

use std::{
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// How long a server may take to start. The limit only guards against hanging: a busy computer needs many seconds.
pub(crate) const START: Duration = Duration::from_secs(120);

/// A process that ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts a program and waits until it listens on the port.
    pub(crate) fn listening(command: &mut Command, port: u16, missing: &str) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut process = Self(child.unwrap_or_else(|error| panic!("{missing} ({error})")));
        let deadline = Instant::now() + START;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Ok(Some(status)) = process.0.try_wait() {
                panic!("{command:?} ended before it listened on port {port}: {status}");
            }
            assert!(Instant::now() < deadline, "nothing listens on port {port}");
            sleep(Duration::from_millis(5));
        }
        process
    }

    pub(crate) fn signal(&self, signal: &str) {
        let process = self.0.id().to_string();
        let kill = Command::new("kill").args([signal, &process]).status();
        assert!(kill.is_ok_and(|status| status.success()), "kill {signal} {process}");
    }

    pub(crate) fn wait(&mut self) {
        self.0.wait().expect("a child process can be awaited");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if the process has already ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
