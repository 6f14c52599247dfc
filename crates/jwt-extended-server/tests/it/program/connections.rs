//! Slow and silent clients: the server closes their connections in time, and others are answered beside them.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use tokio::{io::AsyncWriteExt as _, net::TcpSocket};

use crate::support::{SECRET, listed_user, process::*};

/// How long the tests wait for a server that closes after a second, also on a busy machine.
const DEADLINE: Duration = Duration::from_mins(1);
/// How soon most answers must come beside slow clients, and every answer on a busy machine.
const SOON: Duration = Duration::from_secs(1);
const AT_LAST: Duration = Duration::from_secs(5);
/// How many slow clients there are.
const MANY: usize = 5000;

const HALF_HEAD: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: ";
const HALF_BODY: &[u8] =
    b"POST /token HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{\"user";
/// A request with this header uses no connection of an earlier one, which the server may have closed meanwhile.
const CLOSE: (&str, &str) = ("connection", "close");
const WHOLE: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";

/// Returns a configuration with these limits.
fn limits(lines: &str) -> String {
    format!("[limits]\n{lines}\n{}", listed_user("testuser"))
}

fn serve(lines: &str) -> Server {
    Server::serve(&limits(lines), &[("JWT_SECRET_KEY", SECRET)])
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// Sends bytes, and returns what the server sends until it closes, and how long that takes.
fn converse(server: &Server, bytes: &[u8]) -> (String, Duration) {
    let mut stream = connect(server);
    stream.write_all(bytes).unwrap();
    let sent = Instant::now();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer, sent.elapsed())
}

/// Logs in, and returns the status.
fn log_in(server: &Server) -> u16 {
    server.send("/login", &[JSON, CLOSE], Some(server.credentials)).status
}

/// Returns how many connections this process can hold beside the other tests, at most [`MANY`].
fn holdable() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next());
    let files = files.and_then(|files| files.parse().ok()).unwrap_or(1024_usize);
    files.saturating_sub(500).clamp(250, MANY)
}

/// Opens slow connections from many addresses, and logs in beside them now and then: each answer must come soon.
fn others_are_answered_beside(server: &Server, sent: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let address: SocketAddr = server.address.parse().unwrap();
    let (holdable, mut held, mut waits) = (holdable(), Vec::new(), Vec::new());
    for client in 0..MANY {
        if held.len() == holdable {
            held.remove(0);
        }
        held.push(runtime.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            // Elsewhere than on Linux, the machine has no other local address.
            if cfg!(target_os = "linux") {
                let last = u8::try_from(client % 250).unwrap() + 1;
                socket.bind((Ipv4Addr::new(127, 0, 1, last), 0).into()).unwrap();
            }
            let mut stream = socket.connect(address).await.unwrap();
            stream.write_all(sent).await.unwrap();
            stream
        }));
        if client % 250 == 249 {
            let asked = Instant::now();
            assert_eq!(server.send("/healthz", &[CLOSE], None).status, 200, "after {client}");
            assert_eq!(log_in(server), 200, "after {client}");
            waits.push(asked.elapsed());
        }
    }
    waits.sort();
    assert!(waits[waits.len() / 2] < SOON && waits[waits.len() - 1] < AT_LAST, "{waits:?}");
    let line = server.logged("all connections are taken");
    assert!(line.contains("\"connections\":200") && line.contains("\"level\":\"WARN\""), "{line}");
}

#[test]
fn half_sent_heads_hold_up_nobody() {
    others_are_answered_beside(&serve("connections = 200\nhead_seconds = 600"), HALF_HEAD);
}

#[test]
fn half_sent_bodies_hold_up_nobody() {
    others_are_answered_beside(&serve("connections = 200\nbody_seconds = 600"), HALF_BODY);
}

#[test]
fn a_full_server_is_logged_once_in_ten_seconds() {
    let server = serve("connections = 1\nhead_seconds = 600");
    let began = Instant::now();
    let mut held: Vec<_> = (0..20).map(|_| connect(&server)).collect();
    // Each newcomer ends the one before, so only the last one is open.
    held[19].write_all(HALF_HEAD).unwrap();
    assert_eq!(server.send("/healthz", &[CLOSE], None).status, 200);
    let (_, _, log) = server.end("TERM");
    let lines = log.matches("all connections are taken").count();
    assert!(lines >= 1 && lines as u64 <= 1 + began.elapsed().as_secs() / 10, "{log}");
}

#[test]
fn a_head_that_does_not_arrive_is_given_up() {
    let server = serve("head_seconds = 1\nbody_seconds = 600\nidle_seconds = 600");
    for sent in [&b""[..], HALF_HEAD] {
        let (answer, took) = converse(&server, sent);
        assert_eq!(answer, "");
        assert!(took >= Duration::from_millis(900), "{took:?}");
    }
}

#[test]
fn the_next_head_has_the_time_of_a_head_and_not_of_idling() {
    let server = serve("head_seconds = 1\nbody_seconds = 600\nidle_seconds = 600");
    let mut stream = connect(&server);
    stream.write_all(WHOLE).unwrap();
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    stream.write_all(HALF_HEAD).unwrap();
    assert!(stream.read_to_end(&mut Vec::new()).is_ok());
}

#[test]
fn a_half_sent_body_is_answered_408() {
    let server = serve("head_seconds = 600\nbody_seconds = 1\nidle_seconds = 600");
    let (answer, _) = converse(&server, HALF_BODY);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert!(answer.ends_with(r#"{"msg":"The body of the request took too long"}"#), "{answer}");
    assert!(server.logged("\"status\":408").contains("\"refused\":\"body_timeout\""));
}

#[test]
fn an_idle_connection_is_closed() {
    let server = serve("head_seconds = 600\nbody_seconds = 600\nidle_seconds = 1");
    let (answer, took) = converse(&server, WHOLE);
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(took >= Duration::from_millis(900), "{took:?}");
}

#[test]
fn a_client_that_does_not_read_is_given_up() {
    let server = serve("head_seconds = 600\nbody_seconds = 1\nidle_seconds = 600");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        // Few answers fill it.
        socket.set_recv_buffer_size(2048).unwrap();
        socket.connect(server.address.parse().unwrap()).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    let began = Instant::now();
    // The answers fill the buffers of both sides, and then the server stops reading.
    let error = loop {
        if let Err(error) = stream.write_all(&WHOLE.repeat(100)) {
            break error;
        }
    };
    assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "{error} after {:?}", began.elapsed());
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_without_free_files_logs_it_and_goes_on() {
    let server = Server::serve_with_files(&limits("connections = 1000\nhead_seconds = 600"), 64);
    server.logged("raise the limit to 1064");
    let held: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = connect(&server);
            stream.write_all(HALF_HEAD).unwrap();
            stream
        })
        .collect();
    let line = server.logged("cannot accept connections");
    assert!(line.contains("Too many open files") && line.contains("\"connections\":"), "{line}");
    assert_eq!(log_in(&server), 200, "beside the slow clients");
    drop(held);
    assert_eq!(log_in(&server), 200);
}

#[test]
fn a_request_in_flight_is_answered_after_a_signal() {
    // The connections of the loop below must not take its place.
    let server = serve("connections = 100000");
    let address = server.address.clone();
    let mut stream = connect(&server);
    let body = server.credentials;
    let head = "POST /token HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nexpect: 100-continue\r\n";
    stream.write_all(format!("{head}content-length: {}\r\n\r\n", body.len()).as_bytes()).unwrap();
    let mut begun = [0; 25];
    stream.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"HTTP/1.1 100 Continue\r\n\r\n");
    let ending = thread::spawn(move || server.end("TERM"));
    while TcpStream::connect(&address).is_ok() {}
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("access_token"), "{answer}");
    assert_eq!(ending.join().unwrap().0.code(), Some(0));
}
