//! Programs of others that run on Node.js: issuers, and a library that verifies our tokens. They are in the folder
//! `node`, and their packages come from npm, with the versions of its `package-lock.json`.

use std::{
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::OnceLock,
};

/// A program that answers each line with a line of JSON. It ends when it is dropped.
#[derive(Debug)]
pub struct Node {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    greeting: String,
}

/// A program in the folder `node`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Program {
    /// npm `oidc-provider`, an OpenID provider. Commands publish, use and remove its keys.
    OidcProvider,
    /// npm `oauth2-mock-server`, which signs the claims that it gets.
    MockServer,
    /// npm `jose`, which verifies tokens.
    Verifier,
    /// npm `jose`, which signs and verifies with any key.
    Jose,
}

impl Program {
    const fn file(self) -> &'static str {
        match self {
            Self::OidcProvider => "oidc-provider.mjs",
            Self::MockServer => "mock-server.mjs",
            Self::Verifier => "verify.mjs",
            Self::Jose => "jose.mjs",
        }
    }
}

impl Node {
    /// Starts a program and waits for its first line.
    pub fn start(program: Program) -> Self {
        let folder = packages();
        let mut process = Command::new("node")
            .arg(folder.join(program.file()))
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Some programs warn of the version of Node.js there.
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("node is missing; install Debian's nodejs ({error})"));
        let input = process.stdin.take().expect("its input is a pipe");
        let output = BufReader::new(process.stdout.take().expect("its output is a pipe"));
        let mut node = Self { process, input, output, greeting: String::new() };
        node.greeting = node.read();
        node
    }

    /// Returns its first line.
    pub fn greeting(&self) -> &str {
        &self.greeting
    }

    /// Sends a line and returns the answer.
    pub fn ask(&mut self, line: &str) -> String {
        writeln!(self.input, "{line}").expect("the program reads");
        self.read()
    }

    /// Freezes it: connections stay open, but nothing is answered.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Resumes it after [`freeze`](Self::freeze).
    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let process = self.process.id().to_string();
        let kill = Command::new("kill").args([signal, &process]).status();
        assert!(kill.is_ok_and(|status| status.success()), "kill {signal} {process}");
    }

    fn read(&mut self) -> String {
        let mut line = String::new();
        let length = self.output.read_line(&mut line).expect("the program answers");
        assert!(length > 0, "the program ended; run it by hand in target/node to see why");
        line.trim_end().to_owned()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Both fail only if the process has already ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the text of a file in a package of npm, such as `axe-core/axe.min.js`.
pub fn npm_file(path: &str) -> String {
    let file = packages().join("node_modules").join(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Returns the folder with the programs and their packages, which are installed by the first call.
fn packages() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
        // A test program is in the folder `debug/deps` of the target folder.
        let program = env::current_exe().expect("the program's path is known");
        let target = program.ancestors().nth(3).expect("the program is in the target folder");
        let folder = target.join("node");
        let read = |path: PathBuf| fs::read(path).ok();
        let lock = "node_modules/.package-lock.json";
        let is_current = read(folder.join("package-lock.json")) == read(source.join("package-lock.json"));
        let is_installed = is_current && folder.join(lock).is_file();
        fs::create_dir_all(&folder).expect("the folder can be made");
        for file in fs::read_dir(&source).expect("the programs are there").flatten() {
            if file.path().is_file() {
                fs::copy(file.path(), folder.join(file.file_name())).expect("a file can be copied");
            }
        }
        if !is_installed {
            let install = Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
                .current_dir(&folder)
                .stdin(Stdio::null())
                .status()
                .unwrap_or_else(|error| panic!("npm is missing; install Debian's npm ({error})"));
            assert!(install.success(), "npm could not install the packages; see above");
        }
        folder
    })
}
