//! Log lines: one for each change.

use std::{
    fmt::{self, Write as _},
    sync::{Mutex, OnceLock},
    thread,
    time::{Duration, Instant},
};

use jwt_extended_jwks::RemoteKeys;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use crate::{
    server::{Server, answer, clock, keys, ok},
    wait::{kids, renew},
};

/// Keeps the lines of the whole process: the threads that fetch write them.
struct Lines;

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(format!("{} ", event.metadata().level()));
        event.record(&mut line);
        LINES.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

fn listen() {
    static LISTENING: OnceLock<()> = OnceLock::new();
    LISTENING.get_or_init(|| tracing::subscriber::set_global_default(Lines).unwrap());
}

/// Waits for a line about this server that contains the text, and returns all of them.
fn lines_until(server: &Server, text: &str) -> Vec<String> {
    let (address, began) = (format!(":{}/", server.port), Instant::now());
    loop {
        let lines: Vec<_> = LINES.lock().unwrap().iter().filter(|line| line.contains(&address)).cloned().collect();
        if lines.iter().any(|line| line.contains(text)) {
            return lines;
        }
        assert!(began.elapsed() < Duration::from_secs(5), "no line has {text:?}: {lines:#?}");
        thread::yield_now();
    }
}

#[test]
fn a_failure_is_logged_when_it_changes() {
    listen();
    let down = answer("503 Down", "", "");
    let server = Server::answering([down.clone(), down.clone(), down, answer("500 Broken", "", ""), keys(&["a"])]);
    let keys = RemoteKeys::jwk_set(server.url("/jwks?key=hidden")).allow_loopback_http();
    let clock = clock();
    let keys = keys.clock(std::sync::Arc::clone(&clock)).build().unwrap();
    for _ in 0..5 {
        renew(&keys);
        clock.advance(Duration::from_secs(30));
    }
    assert_eq!(kids(&keys).unwrap(), ["a"]);
    lines_until(&server, "status 503");
    lines_until(&server, "status 500");
    let lines = lines_until(&server, "can be fetched again");
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("WARN")).count(), 2);
    assert!(!lines.concat().contains("hidden"));
}

#[test]
fn a_skipped_key_is_logged_once() {
    listen();
    let odd = r#"{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "odd\n"}]}"#;
    let server = Server::answering([ok(odd), ok(odd), ok(odd), answer("500 Broken", "", "")]);
    let (keys, clock) = server.timed();
    for _ in 0..4 {
        renew(&keys);
        clock.advance(Duration::from_secs(30));
    }
    lines_until(&server, "no key that can be used");
    lines_until(&server, "not used");
    let lines = lines_until(&server, "status 500");
    assert_eq!(lines.len(), 3, "{lines:#?}");
    // The kid cannot begin a line of its own, and the secret is not shown.
    assert!(lines.concat().contains(r#"kid=Some("odd\n")"#) && !lines.concat().contains("c2VjcmV0"), "{lines:#?}");
}

#[test]
fn an_issuer_that_withdraws_all_keys_is_logged() {
    listen();
    let server = Server::answering([keys(&["a"]), keys(&[])]);
    let (keys, clock) = server.timed();
    for _ in 0..3 {
        renew(&keys);
        clock.advance(Duration::from_secs(30));
    }
    assert_eq!(lines_until(&server, "no key that can be used").len(), 1);
}
