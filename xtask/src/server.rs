//! The server's demo as a child process, ended however the tour ends.

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use crate::tools::{Trouble, cargo, failed, program, run};

/// How long it may take to start, also on a busy machine.
const START: Duration = Duration::from_secs(30);
/// How long it may take to end after a signal.
const END: Duration = Duration::from_secs(5);

/// A running demo.
pub(crate) struct Demo {
    child: Child,
    /// Where it listens, as it says itself.
    pub(crate) address: String,
}

impl Demo {
    /// Builds the server and starts its demo on a free port, with its store in a folder.
    pub(crate) fn start(folder: &Path) -> Result<Self, Trouble> {
        run(&mut cargo("build -p jwt-extended-server"))?;
        // Cargo has put it beside this program.
        let server = env::current_exe()?.with_file_name("jwt-extended-server");
        let mut child = program(&server.to_string_lossy())
            .args(["demo", "--listen", "127.0.0.1:0", "--store"])
            .arg(format!("sqlite:{}", folder.join("demo.db").display()))
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take();
        let mut demo = Self { child, address: String::new() };
        let (sender, lines) = mpsc::channel();
        // Reads to the end, so that the server never writes into a closed pipe.
        thread::spawn(move || {
            for line in output.into_iter().flat_map(|output| BufReader::new(output).lines()) {
                // Only the first line is waited for.
                let _ = line.map(|line| sender.send(line));
            }
        });
        let Ok(first) = lines.recv_timeout(START) else {
            return failed("the demo has not said where it listens");
        };
        match first.split_once("http://") {
            Some((_, address)) => demo.address.push_str(address.trim()),
            None => return failed(format!("the demo's first line has no address: {first}")),
        }
        Ok(demo)
    }

    /// Sends SIGINT, as Ctrl-C does, and waits for a good end.
    pub(crate) fn interrupt(mut self) -> Result<(), Trouble> {
        let kill = format!("kill -INT {}", self.child.id());
        run(program("bash").args(["-c", &kill]))?;
        let signalled = Instant::now();
        while signalled.elapsed() < END {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return failed(format!("after SIGINT the server ended with {status}")),
                None => thread::sleep(Duration::from_millis(20)),
            }
        }
        failed("the server did not end within 5 s of SIGINT")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Both only fail if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
