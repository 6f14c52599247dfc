//! PyJWT in a process of its own, which answers one line with another. Its packages are in `target/pyjwt`.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

/// The releases, which are those of `python/pyproject.toml`.
const PACKAGES: [&str; 1] = ["PyJWT==2.15.1"];

pub(crate) struct PyJwt {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl PyJwt {
    pub(crate) fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/strangers/pyjwt.py");
        let mut process = Command::new(python())
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let (input, output) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        let mut started = Self { process, input, output };
        assert_eq!(started.read(), json!({}));
        started
    }

    /// Returns whether PyJWT accepts the token, and else why not.
    pub(crate) fn verify(&mut self, token: &str, secret: &str) -> Result<(), String> {
        writeln!(self.input, "{}", json!({ "token": token, "secret": secret })).expect("it reads");
        let answer = self.read();
        if answer["ok"] == true { Ok(()) } else { Err(answer["why"].to_string()) }
    }

    fn read(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).expect("it answers with JSON")
    }
}

impl Drop for PyJwt {
    fn drop(&mut self) {
        // Both fail only if the process has already ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the Python of an environment with PyJWT, made by the first call.
fn python() -> PathBuf {
    // A test program is in the folder `debug/deps` of the target folder.
    let program = env::current_exe().unwrap();
    let folder = program.ancestors().nth(3).unwrap().join("pyjwt");
    let python = folder.join("bin/python");
    let run = |command: &mut Command| {
        let status = command.stdin(Stdio::null()).status();
        assert!(status.is_ok_and(|status| status.success()), "{command:?}; install Debian's python3-venv");
    };
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    }
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES));
    python
}
