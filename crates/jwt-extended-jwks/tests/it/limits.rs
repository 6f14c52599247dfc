//! Servers that are slow, broken or malicious. These tests take real time: each failure must come within 2.5 seconds.

use std::{
    io::{self, Write as _},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use jwt_extended::jose::KeySource as _;
use jwt_extended_jwks::{FetchFailure, RemoteKeys};

use crate::{
    server::{Server, ok, set},
    wait::{kids, refusal},
};

const LIMIT: Duration = Duration::from_millis(2500);
/// What a busy computer may add.
const SLACK: Duration = Duration::from_millis(400);

/// Returns the failure, which must come in time.
fn failure(keys: &RemoteKeys) -> FetchFailure {
    let before = Instant::now();
    let failure = refusal(keys);
    assert!(before.elapsed() < LIMIT + SLACK, "{failure} took {:?}", before.elapsed());
    assert!(keys.current().is_none());
    failure
}

fn failure_of(script: impl Fn(usize, &str, TcpStream) + Send + Sync + 'static) -> FetchFailure {
    failure(&Server::scripted(script).keys().build().unwrap())
}

/// Keeps the connection open until the client leaves.
fn hold(mut stream: &TcpStream) {
    let _ = io::copy(&mut stream, &mut io::sink());
}

#[test]
fn a_frozen_server_is_given_up() {
    assert_eq!(failure_of(|_, _, stream| hold(&stream)), FetchFailure::Timeout);
}

#[test]
fn a_server_that_freezes_within_its_answer_is_given_up() {
    let freezing = |_: usize, _: &str, mut stream: TcpStream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"keys\"").unwrap();
        hold(&stream);
    };
    assert_eq!(failure_of(freezing), FetchFailure::Timeout);
}

/// Writes a byte each tenth of a second, for ever.
fn drip(mut stream: TcpStream, bytes: &str) {
    while bytes.bytes().all(|byte| {
        thread::sleep(Duration::from_millis(100));
        stream.write_all(&[byte]).is_ok()
    }) {}
}

#[test]
fn a_server_that_drips_its_headers_is_given_up() {
    assert_eq!(failure_of(|_, _, stream| drip(stream, "HTTP/1.1 200 OK\r\nX-A: long header")), FetchFailure::Timeout);
}

#[test]
fn a_server_that_drips_its_body_is_given_up() {
    let dripping = |_: usize, _: &str, mut stream: TcpStream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").unwrap();
        drip(stream, " ");
    };
    assert_eq!(failure_of(dripping), FetchFailure::Timeout);
}

#[test]
fn discovery_and_the_set_share_the_time() {
    let server = Server::scripted(|place, _, mut stream| {
        let port = stream.local_addr().unwrap().port();
        if place > 0 {
            return hold(&stream);
        }
        thread::sleep(Duration::from_millis(1500));
        let root = format!("http://127.0.0.1:{port}");
        let document = serde_json::json!({ "issuer": root, "jwks_uri": format!("{root}/keys") }).to_string();
        stream.write_all(ok(&document).as_bytes()).unwrap();
    });
    let keys = RemoteKeys::discover(server.url("")).allow_loopback_http().build().unwrap();
    assert_eq!(failure(&keys), FetchFailure::Timeout);
    assert_eq!((server.count(), keys.last_error().unwrap().url), (2, server.url("/keys")));
}

#[test]
fn a_frozen_tls_handshake_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    thread::spawn(move || listener.incoming().for_each(|stream| hold(&stream.unwrap())));
    let authority = crate::tls::authority();
    assert_eq!(failure(&RemoteKeys::jwk_set(url).root_certificates(authority).build().unwrap()), FetchFailure::Timeout);
}

#[test]
fn a_refused_connection_is_a_failure() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let keys = RemoteKeys::jwk_set(format!("http://127.0.0.1:{free}/")).allow_loopback_http().build().unwrap();
    assert!(matches!(failure(&keys), FetchFailure::Unreachable(_)));
}

#[test]
fn garbage_is_a_failure() {
    let garbage = |_: usize, _: &str, mut stream: TcpStream| {
        let _ = stream.write_all(&[0x16, 0x03, 0x01, 0x00, 0xff, b'\r', b'\n', 7, 7, b'\r', b'\n', b'\r', b'\n']);
    };
    let failure = failure_of(garbage);
    assert!(matches!(failure, FetchFailure::NotHttp(_)), "{failure:?}");
}

#[test]
fn half_an_answer_is_a_failure() {
    let body = set(&["a"]);
    let complete = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n", body.len());
    for half in ["HTTP/1.1 200 OK\r\nConte", &complete[..complete.len() - 1], &chunked, ""] {
        let half = half.to_owned();
        let failure = failure_of(move |_, _, mut stream| {
            let _ = stream.write_all(half.as_bytes());
        });
        assert_eq!(failure, FetchFailure::CutOff);
    }
}

#[test]
fn an_answer_of_a_gibibyte_is_cut_off() {
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40000000\r\n",
    ] {
        let large = move |_: usize, _: &str, mut stream: TcpStream| {
            let block = [b' '; 8192];
            let _ = stream.write_all(head.as_bytes());
            (0..131_072).all(|_| stream.write_all(&block).is_ok());
        };
        let before = Instant::now();
        assert_eq!(failure_of(large), FetchFailure::TooLarge);
        assert!(before.elapsed() < Duration::from_secs(1), "{head}");
    }
}

#[test]
fn endless_headers_are_cut_off() {
    let endless = |_: usize, _: &str, mut stream: TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"X-More: of the same, again and again and again\r\n").is_ok() {}
    };
    let failure = failure_of(endless);
    assert!(matches!(failure, FetchFailure::NotHttp(_)), "{failure:?}");
}

#[test]
fn an_answer_may_have_512_kib() {
    let padded = |length: usize| {
        let set = set(&["a"]);
        " ".repeat(length - set.len()) + &set
    };
    let server = Server::answering([ok(&padded(512 * 1024))]);
    let keys = server.keys().build().unwrap();
    keys.ready_blocking().unwrap();
    assert_eq!(kids(&keys).unwrap(), ["a"]);
    let chunked = format!("{:x}\r\n{}\r\n0\r\n\r\n", 512 * 1024 + 1, padded(512 * 1024 + 1));
    for answer in
        [ok(&padded(512 * 1024 + 1)), format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}")]
    {
        assert_eq!(refusal(&Server::answering([answer]).keys().build().unwrap()), FetchFailure::TooLarge);
    }
}
