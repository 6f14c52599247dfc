//! Audit events: each has its name and fields, and no secret.

use serde_json::{Value, json};

use crate::support::{PASSWORD, SECRET, listed_user, member, process::*};

const ID: &str = "0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e";

fn serve(options: &str) -> Server {
    Server::serve(&format!("{options}\n{}", listed_user("testuser")), &[("JWT_SECRET_KEY", SECRET)])
}

/// Returns the audit events of a log, without times.
fn events(log: &str) -> Vec<Value> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let audits = lines.filter(|line| line["message"] == "audit").map(|mut line| {
        let members = line.as_object_mut().unwrap();
        members.remove("timestamp");
        members.remove("message");
        line
    });
    audits.collect()
}

fn post(server: &Server, path: &str, token: &str) -> Answer {
    server.send(path, &[("authorization", &format!("Bearer {token}"))], Some(""))
}

fn delete(server: &Server, path: &str, token: &str) {
    let head =
        format!("DELETE {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n");
    server.send_raw(head.as_bytes());
}

/// Returns a claim of a token.
fn claim(token: &str, name: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    member(std::str::from_utf8(&payload).unwrap(), name)
}

/// Returns an event of the test user, with more members.
fn event(name: &str, level: &str, more: &Value) -> Value {
    let mut event = json!({
        "level": level, "event": name, "by": "user", "subject": "testuser", "address": "127.0.0.1",
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

#[test]
fn a_session_is_recorded_from_login_to_logout() {
    let server = serve("");
    let body = server.send("/token", &[JSON, ("user-agent", "Phone")], Some(server.credentials)).body;
    let (access, refresh) = (member(&body, "access_token"), member(&body, "refresh_token"));
    assert_eq!(post(&server, "/refresh", &refresh).status, 200);
    assert_eq!(post(&server, "/logout", &access).status, 200);
    // These change nothing.
    assert_eq!(post(&server, "/refresh", &refresh).status, 401);
    assert_eq!(server.send("/token", &[JSON], Some(r#"{"username": "testuser", "password": "x"}"#)).status, 401);
    let (session, log) = (claim(&access, "sid"), server.end("TERM").2);
    assert_eq!(
        events(&log),
        [
            event("session_opened", "INFO", &json!({ "session": session, "client": "Phone" })),
            event("session_refreshed", "INFO", &json!({ "session": session, "jti": claim(&refresh, "jti") })),
            event(
                "session_ended",
                "INFO",
                &json!({ "session": session, "jti": claim(&access, "jti"), "reason": "logout" })
            ),
        ]
    );
    for secret in [PASSWORD, &access, &refresh] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn behind_a_proxy_the_address_is_the_clients() {
    for (options, address) in [
        ("", "192.0.2.7"),
        ("[forward_auth]\ntrusted_proxies = []", "127.0.0.1"),
        ("[forward_auth]\ntrusted_proxies = [\"10.0.0.0/8\"]", "127.0.0.1"),
    ] {
        let server = serve(options);
        let forwarded = ("x-forwarded-for", "198.51.100.1, 192.0.2.7");
        assert_eq!(server.send("/token", &[JSON, forwarded], Some(server.credentials)).status, 200);
        let log = server.end("TERM").2;
        assert_eq!(events(&log)[0]["address"], address, "{options}");
    }
}

#[test]
fn a_logout_with_two_cookies_is_recorded_once() {
    let server = serve("");
    let login = server.log_in();
    let cookie = |name: &str| format!("{name}={}", login.cookie(name));
    let cookies = format!("{}; {}", cookie("access_token_cookie"), cookie("refresh_token_cookie"));
    let csrf = login.cookie("csrf_access_token");
    assert_eq!(server.send("/logout", &[("cookie", &cookies), ("x-csrf-token", &csrf)], Some("")).status, 200);
    let names: Vec<_> = events(&server.end("TERM").2).iter().map(|event| event["event"].clone()).collect();
    assert_eq!(names, ["session_opened", "session_ended"]);
}

#[test]
fn a_replay_is_recorded_with_its_address() {
    let server = serve("[jwt]\nrefresh_grace = \"1s\"\n");
    let (_, first) = server.tokens();
    let second = member(&post(&server, "/refresh", &first).body, "refresh_token");
    assert_eq!(post(&server, "/refresh", &second).status, 200);
    // Its grace time ends at last.
    while post(&server, "/refresh", &first).status == 200 {}
    let all = events(&server.end("TERM").2);
    let replays: Vec<_> = all.iter().filter(|event| event["event"] == "session_replayed").collect();
    let ids = json!({ "session": claim(&first, "sid"), "jti": claim(&first, "jti") });
    assert_eq!(replays, [&event("session_replayed", "WARN", &ids)]);
}

#[test]
fn sessions_that_a_user_ends_are_recorded() {
    let server = serve("");
    let (access, other) = (server.tokens().0, server.tokens().0);
    delete(&server, &format!("/sessions/{}", claim(&other, "sid")), &access);
    delete(&server, "/sessions?keep=current", &access);
    delete(&server, "/sessions", &access);
    let all = events(&server.end("TERM").2);
    let one = json!({ "session": claim(&other, "sid"), "reason": "one_session" });
    assert_eq!(
        all[2..],
        [
            event("session_ended", "INFO", &one),
            event("session_ended", "INFO", &json!({ "ended": 0, "reason": "other_sessions" })),
            event("session_ended", "INFO", &json!({ "ended": 1, "reason": "all_sessions" })),
        ]
    );
}

#[test]
fn ending_the_session_of_somebody_else_is_recorded() {
    let server = serve("");
    let (access, refresh) = server.tokens();
    delete(&server, &format!("/sessions/{ID}"), &access);
    // A token in the wrong place is not logged.
    delete(&server, &format!("/sessions/{refresh}"), &access);
    let log = server.end("TERM").2;
    let refused = |more| event("administration_refused", "WARN", &more);
    assert_eq!(
        events(&log)[1..],
        [
            refused(json!({ "session": ID, "reason": "no_such_session" })),
            refused(json!({ "reason": "no_such_session" })),
        ]
    );
    assert!(!log.contains(&refresh), "{log}");
}

#[test]
fn commands_write_events_only_if_asked() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("users.db").display());
    let variables = [("JWT_STORE", store.as_str())];
    let user = |arguments: &[&str]| {
        let all = [&["user", "--audit"], arguments].concat();
        let events = events(&run(&all, &variables, PASSWORD.as_bytes()).err);
        assert_eq!(events.len(), 1, "{arguments:?}: {events:?}");
        events[0].clone()
    };
    let changed = |name: &str, more: Value| {
        let mut event = json!({ "level": "INFO", "event": name, "by": "command", "subject": "alice" });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    assert_eq!(user(&["add", "Alice"]), changed("user_added", json!({})));
    assert_eq!(user(&["password", "alice"]), changed("password_changed", json!({ "ended": 0 })));
    assert_eq!(user(&["scopes", "alice", "--add", "a"]), changed("scopes_changed", json!({})));
    assert_eq!(user(&["scopes", "alice", "--set", "b", "--now"]), changed("scopes_changed", json!({ "ended": 0 })));
    assert_eq!(user(&["disable", "alice"]), changed("user_disabled", json!({ "ended": 0 })));
    assert_eq!(user(&["enable", "alice"]), changed("user_enabled", json!({})));
    assert_eq!(user(&["logout", "alice"]), changed("session_ended", json!({ "ended": 0, "reason": "logged_out" })));
    assert_eq!(user(&["remove", "alice"]), changed("user_removed", json!({ "ended": 0 })));
    let refused = user(&["disable", "alice"]);
    assert_eq!((&refused["event"], &refused["level"]), (&json!("administration_refused"), &json!("WARN")));
    assert!(refused["reason"].as_str().unwrap().contains("alice"), "{refused}");
    assert_eq!(run(&["user", "add", "bob"], &variables, PASSWORD.as_bytes()).err, "");
}
