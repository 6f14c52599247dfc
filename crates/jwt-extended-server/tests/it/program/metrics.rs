//! `/metrics`: what is counted, that its text is what Prometheus reads, and that clients cannot make it grow.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    net::TcpStream,
};

use tempfile::TempDir;

use crate::support::{SECRET, listed_user, member, process::*};

const PAGE: &str = include_str!("../../../docs/OPERATIONS.md");

/// A server whose metrics can be read.
struct Metered {
    server: Server,
    metrics: String,
}

impl Metered {
    fn new(config: &str) -> Self {
        Self::of(Server::serve(&with_metrics(config), &[("JWT_SECRET_KEY", SECRET)]))
    }

    fn of(server: Server) -> Self {
        let line = server.logged("metrics are at");
        let (_, port) = line.split_once("127.0.0.1:").unwrap();
        let port = port.split('"').next().unwrap();
        Self { server, metrics: format!("127.0.0.1:{port}") }
    }

    fn answer(&self, request_line: &str) -> Answer {
        let request = format!("{request_line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        Answer::parse(&send_raw(&self.metrics, request.as_bytes()))
    }

    /// Returns each sample with its value.
    fn samples(&self) -> BTreeMap<String, f64> {
        let answer = self.answer("GET /metrics");
        assert_eq!(answer.status, 200, "{answer:?}");
        samples(&answer.body)
    }

    #[track_caller]
    fn has(&self, sample: &str, expected: f64) {
        let samples = self.samples();
        let found = samples.get(&format!("jwt_extended_{sample}")).copied();
        assert_eq!(found, Some(expected), "{sample}: {samples:#?}");
    }

    fn post(&self, path: &str, bearer: &str) -> u16 {
        self.server.send(path, &[("authorization", &format!("Bearer {bearer}"))], Some("")).status
    }
}

fn with_metrics(config: &str) -> String {
    format!("metrics_listen = \"127.0.0.1:0\"\n{config}\n{}", listed_user("testuser"))
}

/// Parses the text as a strict reader does: each sample belongs to the family whose HELP and TYPE precede it, names are
/// valid, a counter ends with `_total`, nothing comes twice, and the last line says that it is the last.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let body = text.strip_suffix("# EOF\n").unwrap_or_else(|| panic!("no end: {text}"));
    let (mut all, mut families) = (BTreeMap::new(), BTreeSet::new());
    let (mut help, mut family, mut kind) = ("", "", "");
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, text) = rest.split_once(' ').unwrap();
            assert!(!text.is_empty() && families.insert(name), "{line}");
            help = name;
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            (family, kind) = rest.split_once(' ').unwrap();
            assert_eq!(family, help);
            assert!(["counter", "gauge", "histogram", "info"].contains(&kind), "{line}");
        } else {
            let (sample, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
            let name = sample.split('{').next().unwrap();
            let is_valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(name.starts_with("jwt_extended_") && name.chars().all(is_valid), "{line}");
            let allowed: &[&str] = match kind {
                "counter" => &["_total"],
                "histogram" => &["_bucket", "_sum", "_count"],
                "info" => &["_info"],
                _ => &[""],
            };
            let suffix = name.strip_prefix(family).unwrap_or_else(|| panic!("no TYPE: {line}"));
            assert!(allowed.contains(&suffix), "{line}");
            assert!(all.insert(sample.to_owned(), value.parse().unwrap()).is_none(), "twice: {line}");
        }
    }
    all
}

#[test]
fn metrics_are_off_by_default() {
    let server = Server::serve(&listed_user("testuser"), &[("JWT_SECRET_KEY", SECRET)]);
    assert_eq!(server.send("/metrics", &[], None).status, 404);
    assert!(!server.end("TERM").2.contains("metrics are at"));
}

#[test]
fn the_listener_answers_nothing_else() {
    let metered = Metered::new("");
    let answer = metered.answer("GET /metrics");
    assert_eq!(answer.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    for (line, status) in [("GET /", 404), ("GET /login", 404), ("POST /metrics", 405), ("GET /metrics/x", 404)] {
        assert_eq!(metered.answer(line).status, status, "{line}");
    }
    assert_eq!(metered.server.send("/metrics", &[], None).status, 404);
}

#[test]
fn logins_refreshes_and_refusals_are_counted() {
    let metered = Metered::new("[jwt]\nrefresh_grace = \"0s\"\n");
    metered.has("logins_total{result=\"ok\"}", 0.0);
    let (access, refresh) = metered.server.tokens();
    let wrong = r#"{"username": "testuser", "password": "wrong"}"#;
    assert_eq!(metered.server.send("/login", &[JSON], Some(wrong)).status, 401);
    assert_eq!(metered.post("/refresh", &refresh), 200);
    assert_eq!(metered.post("/refresh", &access), 401);
    metered.has("logins_total{result=\"ok\"}", 1.0);
    metered.has("logins_total{result=\"bad_credentials\"}", 1.0);
    metered.has("refreshes_total{result=\"rotated\"}", 1.0);
    metered.has("refusals_total{reason=\"bad_credentials\",route=\"/login\"}", 1.0);
    metered.has("refusals_total{reason=\"token_type_wrong\",route=\"/refresh\"}", 1.0);
    metered.has("requests_total{route=\"/refresh\",status=\"2xx\"}", 1.0);
    metered.has("requests_total{route=\"/refresh\",status=\"4xx\"}", 1.0);
    metered.has("request_duration_seconds_count{route=\"/refresh\"}", 2.0);
    metered.has("hashing_duration_seconds_count", 2.0);
    metered.has("hashing_wait_seconds_count", 2.0);
    metered.has("hashing_running", 0.0);
    metered.has("hashing_waiting", 0.0);
}

#[test]
fn a_replay_is_counted() {
    let metered = Metered::new("[jwt]\nrefresh_grace = \"1s\"\n");
    let first = metered.server.tokens().1;
    let refresh = |token: &str| {
        let bearer = format!("Bearer {token}");
        metered.server.send("/refresh", &[("authorization", &bearer)], Some(""))
    };
    let second = member(&refresh(&first).body, "refresh_token");
    assert_eq!(refresh(&second).status, 200);
    // Its grace time ends at last.
    while refresh(&first).status == 200 {}
    metered.has("refreshes_total{result=\"replayed\"}", 1.0);
}

#[test]
fn made_up_texts_of_clients_add_no_series() {
    let metered = Metered::new("");
    let made_up = |round: usize| {
        let mut requests = Vec::new();
        for number in 0..500 {
            let path = format!("/x{round}/{number}\"}}\\n");
            let method = if number % 2 == 0 { "GET" } else { "QUX" };
            requests.extend(format!("{method} {path} HTTP/1.1\r\nhost: x\r\n\r\n").into_bytes());
            let verify = format!("GET /verify/{round}/{number} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {number}");
            requests.extend(format!("{verify}\r\n\r\n").into_bytes());
        }
        requests.extend(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        assert!(metered.server.send_raw(&requests).ends_with("{\"status\":\"ok\"}"));
        for number in 0..10 {
            let user = format!("{{\"username\": \"u{round}x{number}\", \"password\": \"wrong\"}}");
            assert_eq!(metered.server.send("/login", &[JSON], Some(&user)).status, 401);
        }
        metered.samples().into_keys().collect::<Vec<_>>()
    };
    let first = made_up(1);
    assert_eq!(made_up(2), first);
    assert!(first.iter().all(|sample| !sample.contains("x1")), "{first:#?}");
    metered.has("requests_total{route=\"none\",status=\"4xx\"}", 1000.0);
}

#[test]
fn the_time_of_a_store_is_measured() {
    let folder = TempDir::new().unwrap();
    let store = format!("sqlite:{}", folder.path().join("store.db").display());
    let variables = [("JWT_STORE", store.as_str()), ("JWT_SECRET_KEY", SECRET)];
    let metered = Metered::of(Server::serve(&with_metrics(""), &variables));
    let (access, refresh) = metered.server.tokens();
    assert_eq!(metered.post("/refresh", &refresh), 200);
    assert_eq!(metered.post("/transfer", &access), 200);
    for (operation, count) in [("open", 1.0), ("rotate", 1.0), ("status", 1.0)] {
        metered.has(&format!("store_duration_seconds_count{{operation=\"{operation}\"}}"), count);
        metered.has(&format!("store_errors_total{{operation=\"{operation}\"}}"), 0.0);
    }
}

#[test]
fn a_full_server_is_counted() {
    let metered = Metered::new("[limits]\nconnections = 2\n");
    let held: Vec<_> = (0..5).map(|_| TcpStream::connect(&metered.server.address).unwrap()).collect();
    assert_eq!(metered.server.send("/healthz", &[("connection", "close")], None).status, 200);
    let samples = metered.samples();
    let value = |name: &str| samples[&format!("jwt_extended_connections_{name}")];
    assert!(value("limit_reached_total") >= 3.0 && value("closed_for_room_total") >= 3.0, "{samples:#?}");
    assert!(value("accepted_total") >= 5.0 && value("open") <= 2.0, "{samples:#?}");
    assert_eq!((value("limit"), value("turned_away_total")), (2.0, 0.0));
    drop(held);
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_without_free_files_counts_it() {
    let config = with_metrics("[limits]\nconnections = 1000\n");
    let metered = Metered::of(Server::serve_with_files(&config, 64));
    let held: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = TcpStream::connect(&metered.server.address).unwrap();
            stream.write_all(b"GET /healthz HTTP/1.1\r\n").unwrap();
            stream
        })
        .collect();
    metered.server.logged("cannot accept connections");
    drop(held);
    let samples = metered.samples();
    assert!(samples["jwt_extended_accept_errors_total{reason=\"out_of_files\"}"] >= 1.0, "{samples:#?}");
}

#[cfg(unix)]
#[test]
fn reloads_are_counted() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), with_metrics("")).unwrap();
    let metered = Metered::of(Server::serve_file(file.path(), &[("JWT_SECRET_KEY", SECRET)]));
    metered.has("config_last_reload_successful", 1.0);
    metered.server.signal("HUP");
    metered.server.logged("was reloaded");
    metered.has("reloads_total{result=\"done\"}", 1.0);
    fs::write(file.path(), "[[").unwrap();
    metered.server.signal("HUP");
    metered.server.logged("could not be reloaded");
    metered.has("reloads_total{result=\"refused\"}", 1.0);
    metered.has("config_last_reload_successful", 0.0);
    // What was counted before the reload stays.
    let time = metered.samples()["jwt_extended_config_last_reload_success_timestamp_seconds"];
    assert!(time > 1.7e9, "{time}");
}

#[test]
fn the_page_lists_every_metric() {
    let metered = Metered::new("");
    assert_eq!(metered.server.send("/refresh", &[], Some("")).status, 401);
    let answer = metered.answer("GET /metrics");
    let shown = answer.body.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let shown = shown.map(|line| match line.split_once(' ').unwrap() {
        (name, "counter") => format!("{name}_total"),
        (name, "info") => format!("{name}_info"),
        (name, _) => name.to_owned(),
    });
    let listed = PAGE.lines().filter_map(|line| line.strip_prefix("| `jwt_extended_")?.split(['`', '{']).next());
    let listed: BTreeSet<_> = listed.map(|name| format!("jwt_extended_{name}")).collect();
    assert_eq!(listed, shown.collect());
}

#[test]
fn the_metrics_have_an_address_of_their_own() {
    let server = "127.0.0.1:5000";
    for action in ["check", "serve"] {
        let error = refused(
            &[action, "--listen", server, "--metrics-listen", server],
            &[("JWT_SECRET_KEY", SECRET), ("JWT_STORE", "sqlite:never-made.db")],
        );
        assert_eq!(
            error,
            "listen and metrics_listen are both 127.0.0.1:5000; the metrics need an address of their own"
        );
    }
    let (metered, file) = (Metered::new(""), tempfile::NamedTempFile::new().unwrap());
    fs::write(file.path(), listed_user("testuser")).unwrap();
    let config = file.path().to_str().unwrap();
    let arguments = ["serve", "--config", config, "--listen", "127.0.0.1:0", "--metrics-listen", &metered.metrics];
    let error = refused(&arguments, &[("JWT_SECRET_KEY", SECRET)]);
    assert!(error.contains("for metrics: another program uses it") && error.contains("--metrics-listen"), "{error}");
}
