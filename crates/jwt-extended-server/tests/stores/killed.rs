//! Kills the server a hundred times at random moments under load, on SQLite: no acknowledged revocation may be lost.

use std::{
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use jwt_extended::test_util::sessions::Random;
use jwt_extended_axum::{JwtManager, jose::Key};
use jwt_extended_sqlx::SqliteStore;
use tempfile::TempDir;

use crate::support::{SECRET, process::*};

const KILLS: u64 = 100;
const CLIENTS: usize = 4;
/// More than the clients can end before the server is killed.
const SESSIONS: usize = 400;

/// Opens sessions beside the server, on the same file: each login at the server would hash a password.
struct Desk {
    runtime: tokio::runtime::Runtime,
    jwt: JwtManager,
}

impl Desk {
    fn new(path: &std::path::Path) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        // Hundreds of logins at once wait for each other, on a busy machine for more than the usual second.
        let store = SqliteStore::builder().timeout(Duration::from_secs(30));
        let store = runtime.block_on(store.open(path)).unwrap();
        let jwt = JwtManager::builder().key(Key::hs256(SECRET).unwrap()).session_store(store).build().unwrap();
        Self { runtime, jwt }
    }

    /// Returns the access tokens of new sessions.
    fn open(&self, number: usize) -> Vec<String> {
        let logins = (0..number).map(|_| {
            let jwt = self.jwt.clone();
            self.runtime.spawn(async move { jwt.login("testuser").await.unwrap().access.into_string() })
        });
        let logins: Vec<_> = logins.collect();
        logins.into_iter().map(|login| self.runtime.block_on(login).unwrap()).collect()
    }

    fn is_revoked(&self, token: &str) -> bool {
        let token = self.jwt.decode_token(token).unwrap();
        self.runtime.block_on(self.jwt.is_revoked(&token)).unwrap()
    }
}

#[test]
fn every_acknowledged_revocation_holds_after_a_hundred_kills() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("killed.db");
    let store = format!("sqlite:{}", path.display());
    let demo = || Server::demo(&["--log-level", "error"], &[("JWT_SECRET_KEY", SECRET), ("JWT_STORE", &store)]);
    // Creates the tables.
    demo().end("KILL");
    let desk = Desk::new(&path);
    let mut random = Random::new(20_261_125);
    let acknowledged = Mutex::new(Vec::new());
    let mut interrupted = 0;
    for _ in 0..KILLS {
        let server = demo();
        let address = server.address.clone();
        let tokens = desk.open(SESSIONS);
        let moment = Duration::from_micros(random.below(100_000) as u64);
        thread::scope(|scope| {
            for tokens in tokens.chunks(SESSIONS / CLIENTS) {
                let (address, acknowledged) = (&address, &acknowledged);
                scope.spawn(move || {
                    for token in tokens {
                        if log_out(address, token) != Some(200) {
                            return;
                        }
                        acknowledged.lock().unwrap().push(token.clone());
                    }
                });
            }
            // A moment counts from the first response of this round, so that a slow start does not leave the round
            // without any.
            let before = acknowledged.lock().unwrap().len();
            let started = Instant::now();
            let mut first = None;
            while first.is_none_or(|first: Instant| first.elapsed() < moment) {
                assert!(started.elapsed() < Duration::from_mins(1), "the server acknowledges nothing");
                if first.is_none() && acknowledged.lock().unwrap().len() > before {
                    first = Some(Instant::now());
                }
                thread::yield_now();
            }
            server.kill();
        });
        interrupted += usize::from(acknowledged.lock().unwrap().len() % SESSIONS != 0);
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(interrupted > 90, "the server was mostly idle when it was killed: {interrupted}");
    let lost: Vec<_> = acknowledged.iter().filter(|token| !desk.is_revoked(token)).collect();
    assert!(lost.is_empty(), "{} of {} were lost", lost.len(), acknowledged.len());
    // The server itself must agree, after its last restart.
    let server = demo();
    for token in acknowledged.iter().rev().take(300) {
        let answer = server.send("/protected", &[("authorization", &format!("Bearer {token}"))], None);
        assert_eq!(answer.status, 401, "{answer:?}");
    }
    println!("{} revocations were acknowledged over {KILLS} kills, and none was lost", acknowledged.len());
}

/// Logs out over a new connection, and returns the status; `None` if the server was killed before it responded.
fn log_out(address: &str, token: &str) -> Option<u16> {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    let request = format!(
        "POST /logout HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    // Fails if the server is killed. The status line may have arrived before.
    let _ = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer);
    text.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}
