//! A server's process: signals, waiting, and its end.

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// How long a server may take to start, also on a busy computer.
const START: Duration = Duration::from_secs(30);

/// A process that is ended when it is dropped.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts a program that is to listen on a port, and waits until it does.
    pub(crate) fn listening(command: &mut Command, port: u16, missing: &str) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let process = Self(child.unwrap_or_else(|error| panic!("{missing} ({error})")));
        let deadline = Instant::now() + START;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
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
        self.0.wait().expect("a child can be waited for");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // All only fail if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that was free just now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}
