//! Requests to the server that schemathesis makes from its `OpenAPI` description: no answer may differ from it.

use std::{
    fs,
    io::Write as _,
    net::{Ipv4Addr, TcpListener},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    folder::Folder,
    python,
    tools::{self, Trouble, failed, program, run},
};

/// What schemathesis must know beside the description.
const FOLDER: &str = "crates/jwt-extended-server/tests/schemathesis";

/// The users of `hooks.py`.
const USERS: [&str; 3] = ["reader", "leaver", "refresher"];
const PASSWORD: &str = "hazel-otter-52";

/// The client of `hooks.py`, and its secret of the test.
const CLIENT: &str = "service";
const CLIENT_SECRET: &str = "a secret of the test, which is not random";
/// The SHA-256 of it.
const CLIENT_HASH: &str = "51e40d27576742e05c82d5fd6e379b1fc61dd2000b097af550c3c1ad390474be";

const SIGNING_SECRET: &str = "a signing secret of the test, which is not random";

/// How long it may take to start. Long, because the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends requests for this many seconds. With limits of guessing nearly all would get the same answer, so they are off.
pub(crate) fn check(seconds: u32) -> Result<(), Trouble> {
    let mut schemathesis = python::program_of("schemathesis", "schemathesis")?;
    let folder = Folder::new("schemathesis")?;
    let server = Server::start(&folder)?;
    let settings = tools::root().join(FOLDER);
    run(schemathesis
        .arg("--config-file")
        .arg(settings.join("schemathesis.toml"))
        .args(["run", "--max-time", &seconds.to_string(), "--continue-on-failure", "--no-color", "--warnings", "off"])
        .arg(format!("http://{}/openapi.json", server.address))
        .env("SCHEMATHESIS_HOOKS", settings.join("hooks.py"))
        .envs([("SERVER_PASSWORD", PASSWORD), ("SERVER_CLIENT", CLIENT), ("SERVER_CLIENT_SECRET", CLIENT_SECRET)])
        .current_dir(folder.path()))
}

/// A server with the users and the client. It is killed when dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(folder: &Folder) -> Result<Self, Trouble> {
        let path = tools::target().join("debug/jwt-extended-server").to_string_lossy().into_owned();
        let hash = hash(&path)?;
        let users = USERS.map(|name| format!("[[users]]\nusername = \"{name}\"\npassword_hash = \"{hash}\"\n"));
        let config = folder.path().join("server.toml");
        let address = free_address()?;
        let text = format!(
            "listen = \"{address}\"\nstore = \"memory\"\n[jwt]\ncookie_secure = false\nencode_issuer = \"http://{address}\"\n\
             [guessing]\nenabled = false\n[[clients]]\nid = \"{CLIENT}\"\nsecret_sha256 = \"{CLIENT_HASH}\"\n\
             may = [\"introspect\", \"revoke\"]\n{}",
            users.concat()
        );
        fs::write(&config, text)?;
        let mut command = program(&path);
        command.arg("serve").arg("--config").arg(config).arg("--log-level").arg("error");
        let child = command.env("JWT_SECRET_KEY", SIGNING_SECRET).spawn()?;
        let server = Self { child, address };
        server.wait()?;
        Ok(server)
    }

    fn wait(&self) -> Result<(), Trouble> {
        let started = Instant::now();
        while std::net::TcpStream::connect(&self.address).is_err() {
            if started.elapsed() > PATIENCE {
                return failed(format!("the server does not listen on {}", self.address));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn hash(server: &str) -> Result<String, Trouble> {
    let mut child = program(server).arg("hash-password").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(PASSWORD.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return failed("the server does not hash a password");
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn free_address() -> Result<String, Trouble> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.to_string())
}
