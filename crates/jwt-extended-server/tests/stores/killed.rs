//! `kill -9` at a hundred random moments under load, on SQLite: every revocation that was acknowledged holds afterwards.

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
/// More than the clients get through before they are interrupted.
const SESSIONS: usize = 400;

/// Sessions that are opened beside the server, on the same file: a login there would hash a password each time.
struct Desk {
    runtime: tokio::runtime::Runtime,
    jwt: JwtManager,
}

impl Desk {
    fn new(path: &std::path::Path) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let store = runtime.block_on(SqliteStore::open(path)).unwrap();
        let jwt = JwtManager::builder().key(Key::hs256(SECRET).unwrap()).session_store(store).build().unwrap();
        Self { runtime, jwt }
    }

    /// Access tokens of new sessions.
    fn open(&self, number: usize) -> Vec<String> {
        let logins = (0..number).map(|_| {
            let jwt = self.jwt.clone();
            self.runtime.spawn(async move { jwt.login("testuser").await.unwrap().access })
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
    // Makes the tables.
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
            let begun = Instant::now();
            while begun.elapsed() < moment {
                thread::yield_now();
            }
            server.kill();
        });
        interrupted += usize::from(acknowledged.lock().unwrap().len() % SESSIONS != 0);
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(interrupted > 90 && acknowledged.len() > 500, "there was too little load: {}", acknowledged.len());
    let back: Vec<_> = acknowledged.iter().filter(|token| !desk.is_revoked(token)).collect();
    assert!(back.is_empty(), "{} of {} were forgotten", back.len(), acknowledged.len());
    // And as the server itself sees it, after its last restart.
    let server = demo();
    for token in acknowledged.iter().rev().take(300) {
        let answer = server.send("/protected", &[("authorization", &format!("Bearer {token}"))], None);
        assert_eq!(answer.status, 401, "{answer:?}");
    }
    println!("{} revocations were acknowledged over {KILLS} kills, and all hold", acknowledged.len());
}

/// Logs out over a connection of its own; the status, or nothing if the server did not live to say it.
fn log_out(address: &str, token: &str) -> Option<u16> {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    let request = format!(
        "POST /logout HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    // What counts is whether the whole status line has come.
    let _ = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer);
    text.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}
