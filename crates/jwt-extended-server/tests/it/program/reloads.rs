//! SIGHUP: the server reads its settings again without dropping a request, and a bad file changes nothing.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use tempfile::NamedTempFile;

use crate::support::{HASH, PASSWORD, SECRET, listed_user, process::*};

const OTHER_SECRET: &str = "b7Rq2LxTz9VwKd4NcYh6MfPj3GsUa8EoQi5Bt1Zr-WnXvCyHkSgJlDmFeApOuI0T";
const DONE: &str = "the configuration was reloaded";
const REFUSED: &str = "could not be reloaded";

/// A server and the file that it reads at each signal.
struct Configured {
    server: Server,
    file: NamedTempFile,
}

impl Configured {
    fn new(config: &str) -> Self {
        Self::with(config, &[("JWT_SECRET_KEY", SECRET)])
    }

    fn with(config: &str, variables: Variables<'_>) -> Self {
        let file = NamedTempFile::new().unwrap();
        fs::write(file.path(), config).unwrap();
        Self { server: Server::serve_file(file.path(), variables), file }
    }

    /// Reloads, and returns the line of the log that contains a text.
    fn reload(&self, config: &str, says: &str) -> String {
        fs::write(self.file.path(), config).unwrap();
        self.server.signal("HUP");
        self.server.logged(says)
    }

    fn log_in_as(&self, name: &str) -> Answer {
        let body = format!(r#"{{"username": "{name}", "password": "{PASSWORD}"}}"#);
        self.server.send("/token", &[JSON], Some(&body))
    }

    fn protected(&self, token: &str) -> u16 {
        self.server.send("/protected", &[("authorization", &format!("Bearer {token}"))], None).status
    }
}

/// Sends the same request again and again over one connection, and counts the answers. Every one must be 200.
fn ask_until(done: &AtomicBool, answers: &AtomicUsize, address: &str, request: &[u8]) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    while !done.load(Ordering::Relaxed) {
        stream.write_all(request).unwrap();
        let (mut answer, mut part) = (Vec::new(), [0; 4096]);
        // Each body is one JSON object.
        while !answer.ends_with(b"}") {
            let read = stream.read(&mut part).unwrap();
            assert!(read > 0, "the connection was closed: {}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&part[..read]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", String::from_utf8_lossy(&answer));
        answers.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn reloads_under_load_drop_no_request() {
    let file = |round: usize| format!("{}{}", listed_user("testuser"), listed_user(&format!("user{round}")));
    let configured = Configured::new(&file(0));
    let (token, _) = configured.server.tokens();
    let get = format!("GET /protected HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
    let body = configured.server.credentials;
    let head = "POST /token HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let login = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    let (done, gets, logins) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| ask_until(&done, &gets, &configured.server.address, get.as_bytes()));
        }
        scope.spawn(|| ask_until(&done, &logins, &configured.server.address, login.as_bytes()));
        for round in 1..=20 {
            let before = gets.load(Ordering::Relaxed);
            let line = configured.reload(&file(round), DONE);
            assert!(line.contains("\"users\":\"2 in the configuration file\""), "{line}");
            // Each connection works on, rather than none.
            while gets.load(Ordering::Relaxed) < before + 20 {
                thread::yield_now();
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(logins.load(Ordering::Relaxed) > 0);
    assert_eq!(configured.log_in_as("user20").status, 200);
    assert_eq!(configured.log_in_as("user19").status, 401);
}

#[test]
fn a_bad_file_changes_nothing() {
    let good = listed_user("testuser");
    let configured = Configured::new(&good);
    let (token, _) = configured.server.tokens();
    let demo = run(&["hash-password"], &[], b"testpass\n").out;
    for (bad, why) in [
        ("[[users".to_owned(), "line 1"),
        (good.replace("$argon2id", "$argon9"), "no usable password_hash"),
        (format!("[[users]]\nusername = \"testuser\"\npassword_hash = \"{}\"\n", demo.trim()), "demo's password"),
        (format!("{good}[jwt]\nno_such_option = 1\n"), "no_such_option"),
        (format!("{good}[[policies]]\nname = \"a\"\npaths = [\"no slash\"]\n"), "policy"),
        (String::new(), "there are no users"),
    ] {
        let line = configured.reload(&bad, REFUSED);
        assert!(line.contains(why) && line.contains("\"level\":\"ERROR\""), "{why}: {line}");
        assert_eq!(configured.protected(&token), 200, "{why}");
        assert_eq!(configured.log_in_as("testuser").status, 200, "{why}");
    }
    fs::remove_file(configured.file.path()).unwrap();
    configured.server.signal("HUP");
    assert!(configured.server.logged(REFUSED).contains("cannot read"));
    assert_eq!(configured.log_in_as("testuser").status, 200);
    let (_, _, log) = configured.server.end("TERM");
    assert!(!log.contains("ERROR") && !log.contains(DONE), "one line for each: {log}");
}

#[test]
fn a_removed_user_is_out_and_an_added_one_is_in() {
    let configured = Configured::new(&listed_user("testuser"));
    let (token, refresh) = configured.server.tokens();
    configured.reload(&listed_user("bob"), DONE);
    assert_eq!(configured.protected(&token), 401);
    let bearer = format!("Bearer {refresh}");
    assert_eq!(configured.server.send("/refresh", &[("authorization", &bearer)], Some("")).status, 401);
    assert_eq!(configured.log_in_as("testuser").status, 401);
    assert_eq!(configured.log_in_as("bob").status, 200);
}

#[test]
fn sessions_in_memory_outlive_a_reload() {
    let configured = Configured::new(&listed_user("testuser"));
    let (token, refresh) = configured.server.tokens();
    configured.reload(&format!("{}[jwt]\naccess_token_expires = \"5m\"\n", listed_user("testuser")), DONE);
    assert_eq!(configured.protected(&token), 200);
    let bearer = format!("Bearer {refresh}");
    let answer = configured.server.send("/refresh", &[("authorization", &bearer)], Some(""));
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("\"expires_in\":300"), "{answer:?}");
}

#[test]
fn policies_and_origins_change() {
    let configured = Configured::new(&listed_user("testuser"));
    let verify = || {
        let headers = [("x-forwarded-method", "GET"), ("x-forwarded-uri", "/open/1")];
        configured.server.send("/verify", &headers, None).status
    };
    let origin = || {
        let answer = configured.server.send("/healthz", &[("origin", "https://app.example.com")], None);
        answer.header("access-control-allow-origin").to_owned()
    };
    assert_eq!((verify(), origin().as_str()), (401, ""));
    let policy = "[forward_auth]\ntrusted_proxies = [\"127.0.0.1\"]\n\n[[policies]]\nname = \"open\"\n\
                  paths = [\"/open/{*rest}\"]\npublic = true\n";
    let origins = "cors_origins = [\"https://app.example.com\"]\n";
    configured.reload(&format!("{origins}{}{policy}", listed_user("testuser")), DONE);
    assert_eq!((verify(), origin().as_str()), (204, "https://app.example.com"));
}

#[test]
fn a_file_that_holds_the_secret_is_read_again() {
    let secret = NamedTempFile::new().unwrap();
    fs::write(secret.path(), SECRET).unwrap();
    let variables = [("JWT_SECRET_KEY_FILE", secret.path().to_str().unwrap())];
    let configured = Configured::with(&listed_user("testuser"), &variables);
    let (old, _) = configured.server.tokens();
    fs::write(secret.path(), OTHER_SECRET).unwrap();
    configured.reload(&listed_user("testuser"), DONE);
    assert_eq!(configured.protected(&old), 401);
    assert_eq!(configured.log_in_as("testuser").status, 200);
}

#[test]
fn settings_that_need_a_restart_are_named() {
    let configured = Configured::new(&listed_user("testuser"));
    let changed = format!("[limits]\nconnections = 7\n\n{}", listed_user("testuser"));
    let line = configured.reload(&changed, "need a restart");
    assert!(line.contains("\"settings\":\"limits.connections\"") && line.contains("\"level\":\"WARN\""), "{line}");
    configured.server.logged(DONE);
}

#[test]
fn new_connections_have_the_new_time_limits() {
    let configured = Configured::new(&format!("[limits]\nhead_seconds = 600\n\n{}", listed_user("testuser")));
    configured.reload(&format!("[limits]\nhead_seconds = 1\n\n{}", listed_user("testuser")), DONE);
    assert_eq!(configured.server.send_raw(b"GET /healthz HTTP/1.1\r\nhost: "), "");
}

#[test]
fn the_users_of_an_sql_store_stay_across_a_reload() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("users.db").display());
    let variables = [("JWT_STORE", store.as_str()), ("JWT_SECRET_KEY", SECRET)];
    assert_eq!(run(&["user", "add", "testuser"], &variables, PASSWORD.as_bytes()).code, Some(0));
    let configured = Configured::with("", &variables);
    let line = configured.reload("cors_origins = [\"https://app.example.com\"]\n", DONE);
    assert!(line.contains("\"users\":\"in the store\"") && !line.contains(HASH), "{line}");
    assert_eq!(configured.log_in_as("testuser").status, 200);
}
