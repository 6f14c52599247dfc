//! The server's demo as a child process. It ends with the tour, even if the tour fails.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use crate::tools::{self, Trouble, failed, program, run};

/// How long it may take to start, and to end after a signal. Long, because the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running demo.
pub(crate) struct Demo {
    child: Child,
    /// The address from its first line of output.
    pub(crate) address: String,
}

impl Demo {
    /// Starts the demo on a free port, with its store in a folder. The server was built together with the tests.
    pub(crate) fn start(folder: &Path) -> Result<Self, Trouble> {
        let server = tools::target().join("debug/jwt-extended-server");
        let mut child = program(&server.to_string_lossy())
            .args(["demo", "--listen", "127.0.0.1:0", "--store"])
            .arg(format!("sqlite:{}", folder.join("demo.db").display()))
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take();
        let mut demo = Self { child, address: String::new() };
        let (sender, lines) = mpsc::channel();
        // It reads to the end, so that the server never writes into a closed pipe.
        thread::spawn(move || {
            for line in output.into_iter().flat_map(|output| BufReader::new(output).lines()) {
                // The tour waits only for the first line.
                let _ = line.map(|line| sender.send(line));
            }
        });
        let Ok(first) = lines.recv_timeout(PATIENCE) else {
            return failed("the demo did not print its address");
        };
        match first.split_once("http://") {
            Some((_, address)) => demo.address.push_str(address.trim()),
            None => return failed(format!("the demo's first line has no address: {first}")),
        }
        Ok(demo)
    }

    /// Sends SIGINT, as Ctrl-C does, and waits for a successful exit.
    pub(crate) fn interrupt(mut self) -> Result<(), Trouble> {
        let kill = format!("kill -INT {}", self.child.id());
        run(program("bash").args(["-c", &kill]))?;
        let signalled = Instant::now();
        while signalled.elapsed() < PATIENCE {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return failed(format!("after SIGINT the server ended with {status}")),
                None => thread::sleep(Duration::from_millis(20)),
            }
        }
        failed(format!("the server did not end within {} s of SIGINT", PATIENCE.as_secs()))
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Both fail only if it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
