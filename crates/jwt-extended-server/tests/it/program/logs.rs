//! The log: one JSON object per line, and no secret, whatever a request contains.

use crate::support::{SECRET, process::*};

/// Parses each line of a log as JSON.
fn parsed(log: &str) -> Vec<serde_json::Value> {
    let lines = log.lines().map(|line| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(value.is_object(), "{line}");
        value
    });
    lines.collect()
}

/// Sends secrets in every part of a request, and returns the texts that no log may contain.
fn tell_all(server: &Server) -> Vec<String> {
    let login = server.log_in();
    let (access, refresh) = server.tokens();
    let mut secrets = vec![
        SECRET.to_owned(),
        "testpass".to_owned(),
        "Tr0mbone".to_owned(),
        login.cookie("access_token_cookie"),
        login.cookie("refresh_token_cookie"),
        login.cookie("csrf_access_token"),
        login.cookie("csrf_refresh_token"),
        access,
        refresh,
    ];
    server.send("/login", &[JSON], Some(r#"{"username": "testuser", "password": "Tr0mbone"}"#));
    server.send("/token", &[FORM], Some("username=Tr0mbone&password=Tr0mbone"));
    server.send("/login", &[JSON], Some(r#"{"username": 1, "password": "Tr0mbone"}"#));
    let tokens = secrets.split_off(3);
    for token in &tokens {
        let damaged = &token[..token.len() - 2];
        for token in [token.as_str(), damaged] {
            for path in ["/protected", "/partially-protected", "/nowhere"] {
                server.send(path, &[("authorization", &format!("Bearer {token}"))], None);
                server.send(path, &[("authorization", token)], None);
                server.send(path, &[("cookie", &format!("access_token_cookie={token}"))], None);
                server.send(&format!("{path}?jwt={token}"), &[], None);
                server.send(&format!("{path}/{token}"), &[("referer", &format!("http://x/{token}"))], None);
            }
            for path in ["/refresh", "/transfer", "/logout", "/protected"] {
                let cookies = format!("access_token_cookie={token}; refresh_token_cookie={token}");
                let csrf = ("x-csrf-token", &*tokens[3]);
                server.send(path, &[("cookie", &cookies), csrf, ("x-request-id", token)], Some(""));
                server.send(path, &[JSON], Some(&format!(r#"{{"access_token": "{token}", "refresh_token": 1}}"#)));
            }
            server.send_raw(format!("{token} / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes());
            server.send_raw(format!("GET {token} HTTP/9\r\n{token}\r\n\r\n").as_bytes());
        }
    }
    // The signature and the signed payload are secret too.
    secrets.extend(tokens.iter().flat_map(|token| token.split('.').skip(1)).map(str::to_owned));
    secrets.extend(tokens);
    secrets
}

#[test]
fn no_log_level_shows_tokens_passwords_or_secrets() {
    let everywhere = "headers,cookies,query_string,json";
    for (level, format) in [("info", "json"), ("trace", "json"), ("trace", "text")] {
        let server = Server::demo(
            &["--log-level", level, "--log-format", format],
            &[("JWT_SECRET_KEY", SECRET), ("JWT_TOKEN_LOCATION", everywhere)],
        );
        let secrets = tell_all(&server);
        let (_, banner, log) = server.end("TERM");
        assert!(log.lines().count() > 100, "{log}");
        for secret in &secrets {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{level} {format}: {secret}");
            assert!(secret == "testpass" || !banner.contains(secret));
        }
        if format == "json" {
            parsed(&log);
        }
    }
}

#[test]
fn requests_are_logged_by_route_status_and_rejection() {
    let server = Server::demo(&[], &[]);
    server.send("/healthz", &[], None);
    server.send("/protected?x=1", &[], None);
    server.send("/protected", &[("authorization", "Bearer garbage")], None);
    server.send("/no/such/place", &[], None);
    server.send("/login", &[JSON], Some(r#"{"username": "a", "password": "b"}"#));
    let (_, _, log) = server.end("TERM");
    let requests: Vec<_> = parsed(&log).into_iter().filter(|line| line["message"] == "request").collect();
    let seen: Vec<_> = requests
        .iter()
        .map(|line| {
            assert!(line["micros"].is_u64() && line["timestamp"].is_string() && line["level"] == "INFO", "{line}");
            let text = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
            (text("method"), text("route"), line["status"].as_u64().unwrap(), text("refused"))
        })
        .collect();
    let line = |method: &str, route: &str, status, refused: &str| {
        (method.to_owned(), route.to_owned(), status, refused.to_owned())
    };
    assert_eq!(
        seen,
        [
            line("GET", "/healthz", 200, "-"),
            line("GET", "/protected", 401, "token_missing"),
            line("GET", "/protected", 401, "token_invalid"),
            line("GET", "none", 404, "not_found"),
            line("POST", "/login", 401, "bad_credentials"),
        ]
    );
}

#[test]
fn serve_logs_its_address_and_prints_nothing() {
    let server = Server::serve(&super::refusals::filled_example(), &[("JWT_SECRET_KEY", SECRET)]);
    let first = parsed(&server.first_line).remove(0);
    assert_eq!((&first["message"], &first["address"]), (&"listening".into(), &server.address.clone().into()));
    server.send("/healthz", &[], None);
    let (status, out, log) = server.end("INT");
    assert_eq!((status.code(), out.as_str()), (Some(0), ""));
    assert!(!parsed(&log).is_empty());
}
