//! From start to end: the greeting, a round trip, signals, and `hash-password`.

use crate::support::{
    LOGGED_IN, REFRESHED,
    {SECRET, process::*},
};

#[test]
fn the_demo_greets_with_a_warning_and_commands_to_paste() {
    let server = Server::demo(&[], &[]);
    let address = server.address.clone();
    assert_eq!(server.first_line, format!("jwt-extended listens on http://{address}\n"));
    let (_, banner, _) = {
        server.send("/healthz", &[], None);
        server.end("TERM")
    };
    assert!(banner.contains("WARNING: this is a demo"), "{banner}");
    assert!(banner.contains("Sessions are kept in memory."), "{banner}");
    let login = format!(
        r#"curl -X POST -H "Content-Type: application/json" -d '{CREDENTIALS}' http://{address}/login -c cookie-jar.txt"#
    );
    let protected = format!("curl -X GET http://{address}/protected -b cookie-jar.txt");
    let refresh = format!("http://{address}/refresh -b cookie-jar.txt -c cookie-jar.txt");
    let logout = format!("http://{address}/logout -b cookie-jar.txt -c cookie-jar.txt");
    let mut lines = banner.lines().map(str::trim).filter(|line| line.starts_with("curl "));
    assert_eq!(lines.next(), Some(&*login));
    assert_eq!(lines.next(), Some(&*protected));
    for (end, cookie) in [(refresh, "csrf_refresh_token"), (logout, "csrf_access_token")] {
        if cookie == "csrf_access_token" {
            assert_eq!(lines.next(), Some(&*format!("curl -X GET http://{address}/sessions -b cookie-jar.txt")));
        }
        let line = lines.next().unwrap();
        assert!(line.starts_with(r#"curl -X POST -H "X-CSRF-TOKEN: $(awk"#), "{line}");
        assert!(line.contains(cookie) && line.ends_with(&end), "{line}");
    }
}

#[test]
fn login_refresh_and_logout_work_over_http() {
    let server = Server::demo(&[], &[]);
    let login = server.log_in();
    assert_eq!((login.status, login.body.as_str()), (200, LOGGED_IN));
    let cookies = format!(
        "access_token_cookie={}; refresh_token_cookie={}",
        login.cookie("access_token_cookie"),
        login.cookie("refresh_token_cookie")
    );
    let cookies = ("cookie", cookies.as_str());
    let protected = server.send("/protected", &[cookies], None);
    assert_eq!((protected.status, protected.body.as_str()), (200, r#"{"logged_in_as":"testuser"}"#));

    let forged = server.send("/refresh", &[cookies], Some(""));
    assert_eq!((forged.status, forged.body.as_str()), (401, r#"{"msg":"Missing CSRF token"}"#));
    let csrf = login.cookie("csrf_refresh_token");
    let refresh = server.send("/refresh", &[cookies, ("x-csrf-token", &csrf)], Some(""));
    assert_eq!((refresh.status, refresh.body.as_str()), (200, REFRESHED));
    let renewed = format!("access_token_cookie={}", refresh.cookie("access_token_cookie"));
    assert_eq!(server.send("/protected", &[("cookie", &renewed)], None).status, 200);

    let csrf = login.cookie("csrf_access_token");
    let logout = server.send("/logout", &[cookies, ("x-csrf-token", &csrf)], Some(""));
    assert_eq!((logout.status, logout.body.as_str()), (200, r#"{"logout":true}"#));
    for cookie in [cookies.1, &renewed] {
        let refused = server.send("/protected", &[("cookie", cookie)], None);
        assert_eq!((refused.status, refused.body.as_str()), (401, r#"{"msg":"Token has been revoked"}"#));
    }
}

#[test]
fn two_demos_have_different_secrets() {
    let (one, two) = (Server::demo(&[], &[]), Server::demo(&[], &[]));
    let bearer = format!("Bearer {}", one.tokens().0);
    let answer = |server: &Server| server.send("/protected", &[("authorization", &bearer)], None).status;
    assert_eq!((answer(&one), answer(&two)), (200, 401));
}

#[test]
fn a_signal_ends_it_despite_idle_connections() {
    for signal in ["TERM", "INT"] {
        let server = Server::demo(&[], &[]);
        // The agent keeps the connection open for the next request.
        assert_eq!(server.send("/healthz", &[], None).status, 200);
        let started = std::time::Instant::now();
        let (status, _, log) = server.end(signal);
        assert_eq!(status.code(), Some(0), "{signal}: {status}, {log}");
        assert!(started.elapsed().as_secs() < 10, "{signal}: it waits for the connection until the grace period ends");
        assert!(log.contains("shutting down"), "{log}");
    }
}

#[test]
fn a_signal_right_after_the_start_is_not_lost() {
    for signal in ["TERM", "INT"].repeat(4) {
        let (status, _, log) = Server::demo(&[], &[]).end(signal);
        assert_eq!(status.code(), Some(0), "{signal}: {status}, {log}");
    }
}

#[test]
fn a_hash_from_hash_password_lets_the_user_log_in() {
    let hashed = run(&["hash-password"], &[], b"correct horse\r\nnot this line\n");
    assert_eq!((hashed.code, hashed.err.as_str()), (Some(0), ""));
    let hash = hashed.out.strip_suffix('\n').unwrap();
    assert!(hash.starts_with("$argon2id$") && !hash.contains('\n'), "{hash}");
    assert!(!hash.contains("horse"));

    let config = format!("[[users]]\nusername = \"alice\"\npassword_hash = \"{hash}\"\n");
    let server = Server::serve(&config, &[("JWT_SECRET_KEY", SECRET)]);
    let status = |body| server.send("/token", &[JSON], Some(body)).status;
    assert_eq!(status(r#"{"username": "alice", "password": "correct horse"}"#), 200);
    assert_eq!(status(r#"{"username": "alice", "password": "correct horse\r"}"#), 401);
}

#[test]
fn hash_password_refuses_an_empty_password() {
    for input in [&b""[..], b"\n", b"\r\n", b"\xff\xfe\n"] {
        let ended = run(&["hash-password"], &[], input);
        assert_eq!((ended.code, ended.out.as_str(), ended.err.lines().count()), (Some(1), "", 1), "{input:?}");
        assert!(ended.err.starts_with("error: cannot hash the password: "), "{}", ended.err);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error() {
    for arguments in [&["hash-password"][..], &["demo", "--listen", "127.0.0.1:0"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = program(arguments, &[]);
        command.stdout(full);
        let Ended { code, err, .. } = finish(command, b"correct horse\n");
        assert_eq!((code, err.lines().count()), (Some(1), 1), "{arguments:?}: {err}");
        assert!(err.starts_with("error: "), "{err}");
    }
}

#[test]
fn a_wrong_command_line_is_explained() {
    for arguments in [&[][..], &["dance"], &["demo", "--listen", "nowhere"], &["demo", "--log-level", "loud"]] {
        let ended = run(arguments, &[], b"");
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ended.err.contains("--help"), "{}", ended.err);
    }
}
