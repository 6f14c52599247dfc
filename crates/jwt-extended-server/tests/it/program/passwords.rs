//! `POST /password`: a user changes their own password, in the store of a running server.

use serde_json::json;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::support::{
    PASSWORD, SECRET, member,
    process::{Answer, FORM, JSON, Server, run},
};

const DOWN: &str = "Nobody can log in right now. Try again in a moment";

/// A server on an SQLite file with the user alice.
fn server(folder: &tempfile::TempDir) -> Server {
    let store = format!("sqlite:{}", folder.path().join("store.db").display());
    let added = run(&["user", "add", "alice", "--store", &store], &[], PASSWORD.as_bytes());
    assert_eq!(added.code, Some(0), "{}", added.err);
    Server::serve_on(&format!("store = \"{store}\"\n"), &[("JWT_SECRET_KEY", SECRET)])
}

fn log_in(server: &Server, path: &str, password: &str) -> Answer {
    server.send(path, &[JSON], Some(&json!({ "username": "alice", "password": password }).to_string()))
}

fn access(server: &Server) -> String {
    format!("Bearer {}", member(&log_in(server, "/token", PASSWORD).body, "access_token"))
}

fn change(server: &Server, bearer: &str, old: &str, new: &str) -> Answer {
    let body = json!({ "password": old, "new_password": new }).to_string();
    server.send("/password", &[JSON, ("authorization", bearer)], Some(&body))
}

#[test]
fn a_new_password_counts_at_once_and_ends_all_sessions() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder);
    let (other, own) = (access(&server), access(&server));
    let changed = change(&server, &own, PASSWORD, "quiet-maple-91");
    assert_eq!(changed.status, 200, "{changed:?}");
    let next = format!("Bearer {}", member(&changed.body, "access_token"));
    for (bearer, status) in [(&other, 401), (&own, 401), (&next, 200)] {
        assert_eq!(server.send("/protected", &[("authorization", bearer)], None).status, status);
    }
    assert_eq!(log_in(&server, "/token", PASSWORD).status, 401);
    assert_eq!(log_in(&server, "/token", "quiet-maple-91").status, 200);
}

#[test]
fn a_change_needs_the_old_password_and_a_good_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder);
    let bearer = access(&server);
    for (old, new, status) in
        [("wrong", "quiet-maple-91", 403), (PASSWORD, "short", 422), (PASSWORD, PASSWORD, 422), (PASSWORD, "", 422)]
    {
        assert_eq!(change(&server, &bearer, old, new).status, status, "{old} {new}");
    }
    assert_eq!(log_in(&server, "/token", PASSWORD).status, 200);
}

#[test]
fn only_a_fresh_token_changes_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder);
    let refresh = format!("Bearer {}", member(&log_in(&server, "/token", PASSWORD).body, "refresh_token"));
    let refreshed = server.send("/refresh", &[("authorization", &refresh)], Some(""));
    let stale = format!("Bearer {}", member(&refreshed.body, "access_token"));
    let answer = change(&server, &stale, PASSWORD, "quiet-maple-91");
    assert_eq!((answer.status, member(&answer.body, "msg").as_str()), (401, "Fresh token required"));
}

#[test]
fn a_change_by_cookie_needs_the_csrf_value_and_sets_cookies() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder);
    let login = log_in(&server, "/login", PASSWORD);
    let cookies = format!("access_token_cookie={}", login.cookie("access_token_cookie"));
    let body = json!({ "password": PASSWORD, "new_password": "quiet-maple-91" }).to_string();
    let send = |headers: &[(&str, &str)]| server.send("/password", headers, Some(&body));
    assert_eq!(send(&[JSON, ("cookie", &cookies)]).status, 401);
    let csrf = login.cookie("csrf_access_token");
    let changed = send(&[JSON, ("cookie", &cookies), ("x-csrf-token", &csrf)]);
    assert_eq!(changed.status, 200, "{changed:?}");
    assert!(changed.body.contains("\"password_changed\":true") && changed.body.contains("\"expires_in\":900"));
    assert_ne!(changed.cookie("access_token_cookie"), login.cookie("access_token_cookie"));
}

#[test]
fn a_change_and_its_new_session_are_audit_events() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder);
    assert_eq!(change(&server, &access(&server), PASSWORD, "quiet-maple-91").status, 200);
    let log = server.end("TERM").2;
    let events: Vec<_> =
        log.lines().filter(|line| line.contains("\"audit\"")).map(|line| member(line, "event")).collect();
    assert_eq!(events, ["session_opened", "password_changed", "session_opened"]);
}

#[test]
fn a_listed_user_cannot_change_the_password() {
    let server = Server::serve_on(
        &format!("store = \"memory\"\n{}", crate::support::listed_user("alice")),
        &[("JWT_SECRET_KEY", SECRET)],
    );
    let answer = change(&server, &access(&server), PASSWORD, "quiet-maple-91");
    assert_eq!(answer.status, 403, "{answer:?}");
}

/// A browser that is logged in, and sends the form of the account.
struct Browser {
    cookies: String,
    csrf: String,
}

impl Browser {
    fn new(server: &Server) -> Self {
        let login = log_in(server, "/login", PASSWORD);
        let cookies = format!("access_token_cookie={}", login.cookie("access_token_cookie"));
        Self { cookies, csrf: login.cookie("csrf_access_token") }
    }

    fn change(&self, server: &Server, old: &str, new: &str) -> Answer {
        let body = format!("csrf_token={}&password={old}&new_password={new}", self.csrf);
        server.send("/account/password", &[FORM, ("cookie", &self.cookies)], Some(&body))
    }
}

#[test]
fn the_account_page_says_why_a_password_was_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder);
    let browser = Browser::new(&server);
    let long = "ab12".repeat(257);
    for (old, new, status, sentence) in [
        ("wrong", "quiet-maple-91", 403, "The current password is wrong."),
        (PASSWORD, "short", 422, "The new password needs at least 8 characters."),
        (PASSWORD, &long, 422, "The new password must not have more than 1024 bytes."),
        (PASSWORD, "aaaaaaaaab", 422, "The new password needs at least 4 different characters."),
        (PASSWORD, PASSWORD, 422, "The new password must differ from the current one."),
    ] {
        let answer = browser.change(&server, old, new);
        assert!(answer.status == status && answer.body.contains(sentence), "{sentence} {answer:?}");
    }
    assert_eq!(log_in(&server, "/token", PASSWORD).status, 200);
}

#[test]
fn the_account_page_changes_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder);
    let browser = Browser::new(&server);
    let changed = browser.change(&server, PASSWORD, "quiet-maple-91");
    assert_eq!((changed.status, changed.header("location")), (303, "../account?note=password-changed"), "{changed:?}");
    let cookies = format!("access_token_cookie={}", changed.cookie("access_token_cookie"));
    let page = server.send("/account?note=password-changed", &[("cookie", &cookies)], None);
    assert!(page.body.contains("Your password is changed"), "{page:?}");
    assert_eq!(server.send("/account", &[("cookie", &browser.cookies)], None).status, 401);
    assert_eq!(log_in(&server, "/token", "quiet-maple-91").status, 200);
}

#[test]
fn a_password_that_cannot_be_checked_is_no_wrong_one() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(&folder);
    let rename = |from: &str, to: &str| {
        let options = SqliteConnectOptions::new().filename(folder.path().join("store.db"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            let rename = sqlx::AssertSqlSafe(format!("ALTER TABLE {from} RENAME TO {to}"));
            sqlx::raw_sql(rename).execute(&mut connection).await.unwrap();
        });
    };
    rename("jwt_users", "away");
    // More than an account may have attempts.
    for _ in 0..20 {
        let answer = log_in(&server, "/token", PASSWORD);
        assert_eq!((answer.status, member(&answer.body, "msg").as_str()), (503, DOWN));
    }
    rename("away", "jwt_users");
    assert_eq!(log_in(&server, "/token", PASSWORD).status, 200);
}
