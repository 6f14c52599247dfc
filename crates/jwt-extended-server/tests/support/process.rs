//! The server as a child process that is killed when its test ends, and HTTP requests to it.

use std::{
    collections::VecDeque,
    env,
    io::{BufRead as _, BufReader, Read, Write as _},
    net::TcpStream,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Mutex,
        mpsc::{self, Receiver},
    },
    thread,
    time::{Duration, Instant},
};

/// The time limit of a start, a response or an end, also on a busy machine.
const DEADLINE: Duration = Duration::from_mins(1);

pub(crate) type Variables<'a> = &'a [(&'a str, &'a str)];

/// Returns the program with arguments and `JWT_…` variables. It inherits no others.
pub(crate) fn program(arguments: &[&str], variables: Variables<'_>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jwt-extended-server"));
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("JWT_") {
            command.env_remove(name);
        }
    }
    // The default store is a file in the current folder, which tests must not leave behind.
    command.env("JWT_STORE", "memory");
    command.args(arguments).envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A child process that is killed when dropped.
struct Guarded(Child);

impl Guarded {
    fn wait(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < DEADLINE, "the program does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // Both fail only if it has already ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The exit code and output of a program that has ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the program to its end, with this standard input.
pub(crate) fn run(arguments: &[&str], variables: Variables<'_>, input: &[u8]) -> Ended {
    finish(program(arguments, variables), input)
}

/// Runs a command to its end, with this standard input.
pub(crate) fn finish(mut command: Command, input: &[u8]) -> Ended {
    let mut child = Guarded(command.stdin(Stdio::piped()).spawn().unwrap());
    let (out, err) = (lines(child.0.stdout.take()), lines(child.0.stderr.take()));
    let mut stdin = child.0.stdin.take().unwrap();
    // Fails if the program ends without reading all of it.
    let _ = stdin.write_all(input);
    drop(stdin);
    let code = child.wait().code();
    let text = |lines: Receiver<String>| lines.iter().collect();
    Ended { code, out: text(out), err: text(err) }
}

/// Runs the program, which must refuse to start, and returns its error line.
#[track_caller]
pub(crate) fn refused(arguments: &[&str], variables: Variables<'_>) -> String {
    let Ended { code, out, err } = run(arguments, variables, b"");
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    let line = err.strip_suffix('\n').unwrap_or_else(|| panic!("no whole line: {err:?}"));
    assert!(!line.contains(['\n', '\r']), "more than one line: {err}");
    let message = line.strip_prefix("error: ");
    message.unwrap_or_else(|| panic!("no error: {err}")).to_owned()
}

/// A running server.
pub(crate) struct Server {
    child: Guarded,
    pub(crate) out: Mutex<Receiver<String>>,
    pub(crate) err: Mutex<Receiver<String>>,
    /// What it logged before it listened.
    earlier: Mutex<VecDeque<String>>,
    /// Such as `127.0.0.1:40000`, or the path of a Unix socket.
    pub(crate) address: String,
    /// The output line with the address.
    pub(crate) first_line: String,
    /// Those of `testuser`, in the demo or listed in a file.
    pub(crate) credentials: &'static str,
    agent: ureq::Agent,
}

impl Server {
    /// Starts the demo on a free port, with more arguments.
    pub(crate) fn demo(arguments: &[&str], variables: Variables<'_>) -> Self {
        let all = [&["demo", "--listen", "127.0.0.1:0"], arguments].concat();
        Self::start(&all, variables, |server| &server.out)
    }

    /// Starts the server with a configuration file, on a free port.
    pub(crate) fn serve(config: &str, variables: Variables<'_>) -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), config).unwrap();
        let path = file.path().to_str().unwrap();
        let arguments = ["serve", "--config", path, "--listen", "127.0.0.1:0"];
        Self::start(&arguments, variables, |server| &server.err)
    }

    /// Starts the server with a configuration file that stays where it is, on a free port.
    pub(crate) fn serve_file(path: &std::path::Path, variables: Variables<'_>) -> Self {
        let arguments = ["serve", "--config", path.to_str().unwrap(), "--listen", "127.0.0.1:0"];
        Self::start(&arguments, variables, |server| &server.err)
    }

    /// Starts the server with a configuration file that names its store.
    pub(crate) fn serve_on(config: &str, variables: Variables<'_>) -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), config).unwrap();
        let mut command =
            program(&["serve", "--config", file.path().to_str().unwrap(), "--listen", "127.0.0.1:0"], variables);
        command.env_remove("JWT_STORE");
        Self::of(command, |server| &server.err)
    }

    fn start(arguments: &[&str], variables: Variables<'_>, announces: fn(&Self) -> &Mutex<Receiver<String>>) -> Self {
        Self::of(program(arguments, variables), announces)
    }

    /// Starts the server with a configuration file on a free port, with at most this many open files.
    pub(crate) fn serve_with_files(config: &str, files: usize) -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), config).unwrap();
        let server = program(&[], &[("JWT_SECRET_KEY", super::SECRET)]);
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -n {files}; exec \"$@\""), "sh"]).arg(server.get_program());
        for (name, value) in server.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.args(["serve", "--listen", "127.0.0.1:0", "--config", file.path().to_str().unwrap()]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self::of(command, |server| &server.err)
    }

    /// Starts a server by a command.
    pub(crate) fn of(mut command: Command, announces: fn(&Self) -> &Mutex<Receiver<String>>) -> Self {
        let is_demo = command.get_args().next().is_some_and(|action| action == "demo");
        let mut child = Guarded(command.spawn().unwrap());
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(DEADLINE))
            .proxy(None)
            .build()
            .into();
        let mut server = Self {
            out: lines(child.0.stdout.take()).into(),
            err: lines(child.0.stderr.take()).into(),
            child,
            earlier: Mutex::default(),
            address: String::new(),
            first_line: String::new(),
            credentials: if is_demo { CREDENTIALS } else { LISTED_CREDENTIALS },
            agent,
        };
        let mut earlier = VecDeque::new();
        let line = loop {
            let Ok(line) = announces(&server).lock().unwrap().recv_timeout(DEADLINE) else {
                let err: String = server.err.lock().unwrap().try_iter().collect();
                panic!("it does not report where it listens: {earlier:?} {err}");
            };
            // The store may log something before.
            if line.contains("listen") {
                break line;
            }
            earlier.push_back(line);
        };
        if std::ptr::eq(announces(&server), &raw const server.err) {
            server.earlier = earlier.into();
        }
        server.address = if let Some((_, path)) = line.split_once("unix:") {
            path.split('"').next().unwrap_or_default().to_owned()
        } else {
            let digits = |c: &char| c.is_ascii_digit();
            let (_, port) = line.split_once("127.0.0.1:").unwrap_or_else(|| panic!("no address: {line}"));
            format!("127.0.0.1:{}", port.chars().take_while(digits).collect::<String>())
        };
        server.first_line = line;
        server
    }

    /// Sends a request: a POST if it has a body, otherwise a GET.
    pub(crate) fn send(&self, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
        let uri = format!("http://{}{path}", self.address);
        let agent = &self.agent;
        let with_headers = |method| {
            let request = ureq::http::Request::builder().method(method).uri(&uri);
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
        };
        let mut response = match body {
            Some(body) => agent.run(with_headers("POST").body(body).unwrap()).unwrap(),
            None => agent.run(with_headers("GET").body(()).unwrap()).unwrap(),
        };
        let values = response.headers().iter();
        let headers = values.map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()));
        Answer {
            status: response.status().as_u16(),
            headers: headers.collect(),
            body: response.body_mut().read_to_string().unwrap(),
        }
    }

    /// Logs in as `testuser`, with cookies.
    pub(crate) fn log_in(&self) -> Answer {
        self.send("/login", &[JSON], Some(self.credentials))
    }

    /// Logs in as `testuser`, and returns the access and the refresh token.
    pub(crate) fn tokens(&self) -> (String, String) {
        let body = self.send("/token", &[JSON], Some(self.credentials)).body;
        (super::member(&body, "access_token"), super::member(&body, "refresh_token"))
    }

    /// Logs in as the user `alice` on another device, and returns the `Authorization` of the access token.
    pub(crate) fn log_in_elsewhere(&self) -> String {
        let body = format!(r#"{{"username": "alice", "password": "{}"}}"#, super::PASSWORD);
        let answer = self.send("/token", &[JSON], Some(&body));
        format!("Bearer {}", super::member(&answer.body, "access_token"))
    }

    /// Sends raw bytes, and reads until the server closes the connection.
    pub(crate) fn send_raw(&self, bytes: &[u8]) -> String {
        send_raw(&self.address, bytes)
    }

    /// Returns the port of its address.
    pub(crate) fn port(&self) -> u16 {
        self.address.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// Waits for a line of the log that contains a text, and returns it.
    pub(crate) fn logged(&self, text: &str) -> String {
        loop {
            let earlier = self.earlier.lock().unwrap().pop_front();
            let line = earlier.map_or_else(|| self.err.lock().unwrap().recv_timeout(DEADLINE), Ok);
            let line = line.unwrap_or_else(|_| panic!("the log does not say: {text}"));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Returns the id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.0.id()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.child.0.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Kills it with SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.0.kill().unwrap();
        self.child.wait();
    }

    /// Sends a signal and waits for the end. Returns the exit status and the output since the first line.
    pub(crate) fn end(mut self, signal: &str) -> (ExitStatus, String, String) {
        self.signal(signal);
        let status = self.child.wait();
        let text = |lines: Mutex<Receiver<String>>| lines.into_inner().unwrap().iter().collect();
        (status, text(self.out), text(self.err))
    }
}

/// Sends raw bytes to an address, and reads until the connection is closed.
pub(crate) fn send_raw(address: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    // Fails if the server responds and closes before everything is sent.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// The header of JSON bodies.
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");
/// The header of forms.
pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
/// The demo user's credentials.
pub(crate) const CREDENTIALS: &str = r#"{"username": "testuser", "password": "testpass"}"#;
/// Those of `testuser` in a file.
const LISTED_CREDENTIALS: &str = r#"{"username": "testuser", "password": "hazel-otter-52"}"#;

/// An HTTP response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// Reads the text of a response whose body ends with the connection or has a length.
    pub(crate) fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no response: {text:?}"));
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        Self {
            status: status.unwrap_or_else(|| panic!("no status: {text:?}")),
            headers: headers.collect(),
            body: body.to_owned(),
        }
    }

    /// Returns the first value of a header; empty if it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map_or("", |(_, value)| value)
    }

    /// Returns the value of a cookie that the response sets.
    pub(crate) fn cookie(&self, name: &str) -> String {
        let mut lines = self.headers.iter().filter(|(header, _)| header == "set-cookie");
        let value = lines.find_map(|(_, line)| line.strip_prefix(name)?.strip_prefix('='));
        let value = value.unwrap_or_else(|| panic!("no cookie {name}: {self:?}"));
        value.split(';').next().unwrap_or_default().to_owned()
    }
}

/// Returns the lines of a stream, with their line ends. A thread reads them, so that the program never blocks on
/// output.
fn lines(stream: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    let Some(stream) = stream else { return receiver };
    thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).unwrap() > 0 {
            // Fails if the test has stopped listening.
            let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
            line.clear();
        }
    });
    receiver
}
