//! The scopes of users: in their tokens, after a refresh, and changed by command.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use super::users::{Site, login, token};
use crate::support::{HASH, PASSWORD, SECRET, process::*};

/// Returns the scopes of a token in an answer; `None` if it has no such claim.
fn scope(answer: &Answer, name: &str) -> Option<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let token = token(answer, name);
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    claims.get("scope").map(|scope| scope.as_str().unwrap().to_owned())
}

/// A site whose user alice reads and writes.
fn site() -> Site {
    let site = Site::new();
    site.user(&["add", "alice", "--scopes", "write read"], "a password\n").unwrap();
    site
}

fn refresh(server: &Server, answer: &Answer) -> Answer {
    server.send("/refresh", &[("authorization", &token(answer, "refresh_token"))], Some(""))
}

#[test]
fn the_tokens_of_a_login_have_the_scopes_of_the_user() {
    let site = site();
    site.user(&["add", "bob"], "a password\n").unwrap();
    let server = site.server();
    let alice = login(&server, "alice", "a password");
    for name in ["access_token", "refresh_token"] {
        assert_eq!(scope(&alice, name).as_deref(), Some("read write"));
    }
    let bob = login(&server, "bob", "a password");
    assert_eq!(scope(&bob, "access_token"), None);
    assert_eq!(scope(&refresh(&server, &bob), "access_token"), None);
}

#[test]
fn a_refresh_keeps_the_scopes_that_the_user_still_has() {
    let site = site();
    let server = site.server();
    let first = login(&server, "alice", "a password");
    let second = refresh(&server, &first);
    assert_eq!(scope(&second, "access_token").as_deref(), Some("read write"));
    site.user(&["scopes", "alice", "--remove", "write"], "").unwrap();
    let third = refresh(&server, &second);
    assert_eq!(scope(&third, "access_token").as_deref(), Some("read"));
    site.user(&["scopes", "alice", "--set", ""], "").unwrap();
    assert_eq!(scope(&refresh(&server, &third), "access_token").as_deref(), Some(""));
}

#[test]
fn no_renewal_in_passing_keeps_a_scope_that_was_taken() {
    let site = site();
    let config = format!("store = \"{}\"\n[forward_auth]\nrenew = \"1h\"\n[jwt]\ncookie_secure = false\n", site.store);
    let server = Server::serve_on(&config, &[("JWT_SECRET_KEY", SECRET)]);
    let verify = |cookies: &str| {
        let asked = [("x-forwarded-method", "GET"), ("x-forwarded-uri", "/page"), ("cookie", cookies)];
        server.send("/verify", &asked, None)
    };
    let body = r#"{"username": "alice", "password": "a password"}"#;
    let login = server.send("/login", &[JSON], Some(body));
    let by_refresh =
        |answer: &Answer| verify(&format!("refresh_token_cookie={}", answer.cookie("refresh_token_cookie")));
    let renewed = by_refresh(&login);
    assert_eq!((renewed.status, renewed.header("remote-scopes")), (204, "read,write"));
    let access = format!("access_token_cookie={}", renewed.cookie("access_token_cookie"));
    assert_ne!(verify(&access).header("set-cookie"), "", "the access cookie is lengthened");
    site.user(&["scopes", "alice", "--remove", "write"], "").unwrap();
    assert_eq!(verify(&access).header("set-cookie"), "");
    assert_eq!(by_refresh(&renewed).header("remote-scopes"), "read");
}

#[test]
fn added_scopes_begin_with_the_next_login() {
    let site = site();
    let server = site.server();
    let first = login(&server, "alice", "a password");
    site.user(&["scopes", "alice", "--add", "delete"], "").unwrap();
    assert_eq!(scope(&refresh(&server, &first), "access_token").as_deref(), Some("read write"));
    let second = login(&server, "alice", "a password");
    assert_eq!(scope(&second, "access_token").as_deref(), Some("delete read write"));
}

#[test]
fn with_now_a_change_of_scopes_ends_the_sessions() {
    let site = site();
    let server = site.server();
    let first = login(&server, "alice", "a password");
    let opens = || server.send("/protected", &[("authorization", &token(&first, "access_token"))], None).status;
    site.user(&["scopes", "alice", "--remove", "write"], "").unwrap();
    assert_eq!(opens(), 200);
    let said = site.user(&["scopes", "alice", "--remove", "write", "--now"], "").unwrap();
    let end = format!("is logged out everywhere: 1 session ended in {}\n", site.store);
    assert_eq!(said, format!("alice has the scopes read, and {end}"));
    assert_eq!((opens(), refresh(&server, &first).status), (401, 401));
}

#[test]
fn a_listed_user_has_the_scopes_of_the_file() {
    let site = Site::new();
    let serve = |scopes: &str| {
        let user = format!("[[users]]\nusername = \"alice\"\npassword_hash = \"{HASH}\"\nscopes = {scopes}\n");
        Server::serve_on(&format!("store = \"{}\"\n{user}", site.store), &[("JWT_SECRET_KEY", SECRET)])
    };
    let server = serve(r#"["write", "read"]"#);
    let first = login(&server, "alice", PASSWORD);
    assert_eq!(scope(&first, "access_token").as_deref(), Some("read write"));
    server.end("TERM");
    let server = serve(r#"["read"]"#);
    assert_eq!(scope(&refresh(&server, &first), "access_token").as_deref(), Some("read"));
}

#[test]
fn scopes_are_shown_and_changed_by_command() {
    let site = site();
    let said = |arguments: &[&str]| site.user(&[&["scopes"], arguments].concat(), "").unwrap();
    assert_eq!(said(&["ALICE"]), "alice has the scopes read write\n");
    assert!(said(&["alice", "--add", "x y", "--remove", "read x"]).starts_with("alice has the scopes write x y: "));
    assert!(
        said(&["alice", "--set", "z"]).starts_with("alice has the scopes z: a scope that was taken away ends with")
    );
    assert_eq!(site.user(&["list"], "").unwrap(), "alice\targon2id\tz\n");
    said(&["alice", "--set", ""]);
    assert_eq!(said(&["alice"]), "alice has no scopes\n");
    assert!(site.user(&["scopes", "bob"], "").unwrap_err().contains("there is no user \"bob\""));
    for mistake in [&["--now"][..], &["--set", "a", "--add", "b"], &["--add", "a\\b"]] {
        let refused = site.user(&[&["scopes", "alice"], mistake].concat(), "").unwrap_err();
        assert!(refused.starts_with("Some(2)"), "{refused}");
    }
}

#[test]
fn every_result_is_one_line_of_json_if_wanted() {
    let site = Site::new();
    let json = |arguments: &[&str], input: &str| -> serde_json::Value {
        let line = site.user(&[&["--json"], arguments].concat(), input).unwrap();
        assert_eq!(line.lines().count(), 1, "{line}");
        serde_json::from_str(&line).unwrap()
    };
    let (store, password) = (&site.store, "a password\n");
    let added = serde_json::json!({"action": "added", "name": "alice", "scopes": ["a", "b"], "store": store});
    assert_eq!(json(&["add", "Alice", "--scopes", "b a"], password), added);
    let listed = serde_json::json!([
        {"name": "alice", "hash": "argon2id", "scopes": ["a", "b"], "active": true, "old_spelling": false}
    ]);
    assert_eq!(json(&["list"], ""), listed);
    assert_eq!(json(&["scopes", "alice"], ""), serde_json::json!({"name": "alice", "scopes": ["a", "b"]}));
    for (arguments, action) in [
        (&["scopes", "alice", "--set", "c", "--now"][..], "scopes_changed"),
        (&["disable", "alice"], "disabled"),
        (&["password", "alice"], "password_changed"),
        (&["logout", "alice"], "logged_out"),
        (&["remove", "alice"], "removed"),
    ] {
        let said = json(arguments, password);
        assert_eq!((&said["action"], &said["name"]), (&action.into(), &"alice".into()), "{said}");
        assert_eq!((&said["sessions_ended"], &said["store"]), (&0.into(), &store.as_str().into()), "{said}");
    }
    assert_eq!(json(&["list"], ""), serde_json::json!([]));
    let text = format!("username,password_hash\nbob,{HASH}\n").replace(HASH, &format!("\"{HASH}\""));
    let imported = serde_json::json!({
        "action": "imported", "dry_run": false, "imported": 1, "disabled": 0, "skipped": 0,
        "hashes": {"argon2id": 1}, "store": store,
    });
    assert_eq!(json(&["import", "-"], &text), imported);
}
