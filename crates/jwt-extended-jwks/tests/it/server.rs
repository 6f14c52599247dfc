//! A server on this computer that answers by a script and counts, and the sets that it publishes.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use jwt_extended::{
    ManualClock, Timestamp,
    jose::{Algorithm, Key},
};
use jwt_extended_jwks::{RemoteKeys, RemoteKeysBuilder};

pub(crate) struct Server {
    pub(crate) port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Calls the script for each request, with its place among the requests, its path and its connection.
    pub(crate) fn scripted(script: impl Fn(usize, &str, TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (heads, script) = (Arc::clone(&requests), Arc::new(script));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, heads, script) = (stream.unwrap(), Arc::clone(&heads), Arc::clone(&script));
                thread::spawn(move || {
                    let head = head_of(&stream);
                    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    let place = {
                        let mut heads = heads.lock().unwrap();
                        heads.push(head);
                        heads.len() - 1
                    };
                    script(place, &path, stream);
                });
            }
        });
        Self { port, requests }
    }

    /// Sends these answers in turn, and the last one from then on.
    pub(crate) fn answering(answers: impl IntoIterator<Item = String>) -> Self {
        let answers: Vec<_> = answers.into_iter().collect();
        Self::scripted(move |place, _, mut stream| {
            let _ = stream.write_all(answers[place.min(answers.len() - 1)].as_bytes());
        })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// How many requests there were.
    pub(crate) fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    /// The request lines and headers.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns a builder for the keys that this server publishes.
    pub(crate) fn keys(&self) -> RemoteKeysBuilder {
        RemoteKeys::jwk_set(self.url("/jwks.json")).allow_loopback_http()
    }

    /// Returns the keys that this server publishes, with a clock that the test moves.
    pub(crate) fn timed(&self) -> (RemoteKeys, Arc<ManualClock>) {
        let clock = clock();
        (self.keys().clock(Arc::clone(&clock)).build().unwrap(), clock)
    }
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Timestamp::from_secs(1_800_000_000)))
}

fn head_of(stream: &TcpStream) -> String {
    let mut head = String::new();
    let mut lines = BufReader::new(stream);
    while !head.ends_with("\r\n\r\n") && lines.read_line(&mut head).is_ok_and(|length| length > 0) {}
    head
}

/// An answer with this status and these headers, each on a line.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> String {
    let headers: String = headers.lines().flat_map(|header| [header, "\r\n"]).collect();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// An answer with this body, for an hour.
pub(crate) fn ok(body: &str) -> String {
    answer("200 OK", "Cache-Control: max-age=3600", body)
}

/// An answer with a set of new keys, for an hour.
pub(crate) fn keys(kids: &[&str]) -> String {
    ok(&set(kids))
}

/// A set of new keys.
pub(crate) fn set(kids: &[&str]) -> String {
    let keys: Vec<_> = kids.iter().map(|kid| jwk(&Key::generate(Algorithm::ES256).unwrap(), kid)).collect();
    format!(r#"{{"keys": [{}]}}"#, keys.join(","))
}

pub(crate) fn jwk(key: &Key, kid: &str) -> String {
    let key = key.clone().with_kid(kid).unwrap();
    serde_json::to_string(&key.verifying_key().to_jwk().unwrap()).unwrap()
}

/// Counts up, from zero.
#[derive(Default)]
pub(crate) struct Counter(AtomicUsize);

impl Counter {
    pub(crate) fn up(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn wait_for(&self, count: usize) {
        while self.0.load(Ordering::SeqCst) < count {
            thread::yield_now();
        }
    }
}
