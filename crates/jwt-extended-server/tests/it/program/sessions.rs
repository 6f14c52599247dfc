//! `session …`: lists and ends sessions, of whichever user.

use serde_json::Value;

use super::users::{Site, login, token};
use crate::support::{SECRET, listed_user, process::*};

fn list(site: &Site) -> Value {
    let ended = run(&["session", "list", "alice", "--json", "--store", &site.store], &[], b"");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    serde_json::from_str(&ended.out).unwrap()
}

#[test]
fn sessions_are_listed_and_ended() {
    let site = Site::new();
    let server = site.server();
    site.user(&["add", "alice"], "a password\n").unwrap();
    assert_eq!(list(&site), Value::Array(vec![]));
    let [one, two] = [(); 2].map(|()| token(&login(&server, "alice", "a password"), "access_token"));
    let open = list(&site);
    assert_eq!(open.as_array().unwrap().len(), 2);
    let status = |access: &str| server.send("/protected", &[("authorization", access)], None).status;
    assert_eq!([status(&one), status(&two)], [200, 200]);
    // The latest is the first of the list.
    let id = open[0]["id"].as_str().unwrap();
    let ended = run(&["session", "end", id, "--store", &site.store], &[], b"");
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert_eq!(ended.out, format!("the session {id} in {} has ended: its tokens are refused\n", site.store));
    assert_eq!([status(&one), status(&two)], [200, 401]);
    assert_eq!(list(&site).as_array().unwrap().len(), 1);
    let again = run(&["session", "end", id, "--store", &site.store], &[], b"");
    assert_eq!(again.code, Some(1));
    assert!(again.err.starts_with(&format!("error: there is no open session \"{id}\" in ")), "{}", again.err);
}

#[test]
fn the_list_says_when_and_where_in_words() {
    let site = Site::new();
    let server = site.server();
    site.user(&["add", "alice"], "a password\n").unwrap();
    let device = ("user-agent", "Mozilla/5.0 (X11)");
    let body = r#"{"username": "alice", "password": "a password"}"#;
    assert_eq!(server.send("/token", &[JSON, device], Some(body)).status, 200);
    let shown = run(&["session", "list", "alice", "--store", &site.store], &[], b"").out;
    let cells: Vec<_> = shown.trim_end().split('\t').collect();
    assert_eq!(cells[1], "Mozilla/5.0 (X11)");
    assert!(cells[2].starts_with("opened ") && cells[3].starts_with("used ") && cells[4].starts_with("ends in "));
}

#[test]
fn a_list_without_sessions_is_a_sentence() {
    let site = Site::new();
    site.user(&["add", "alice"], "a password\n").unwrap();
    let ended = run(&["session", "list", "alice", "--store", &site.store], &[], b"");
    assert_eq!((ended.code, ended.out), (Some(0), format!("alice has no open session in {}\n", site.store)));
    assert_eq!(list(&site), Value::Array(vec![]));
}

#[test]
fn an_unknown_user_has_no_list() {
    let site = Site::new();
    site.user(&["add", "alice"], "a password\n").unwrap();
    let ended = run(&["session", "list", "bob", "--store", &site.store], &[], b"");
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.starts_with("error: there is no user \"bob\" and no session of that name in "), "{}", ended.err);
}

#[test]
fn the_end_of_a_session_is_an_audit_event() {
    let site = Site::new();
    let server = site.server();
    site.user(&["add", "alice"], "a password\n").unwrap();
    login(&server, "alice", "a password");
    let id = list(&site)[0]["id"].as_str().unwrap().to_owned();
    let ended = run(&["session", "end", &id, "--audit", "--store", &site.store], &[], b"");
    for part in ["\"event\":\"session_ended\"", "\"by\":\"command\"", &format!("\"session\":\"{id}\"")] {
        assert!(ended.err.contains(part), "{part} is not in {}", ended.err);
    }
    let refused = run(&["session", "end", &id, "--audit", "--store", &site.store], &[], b"");
    assert!(refused.err.contains("\"event\":\"administration_refused\""), "{}", refused.err);
}

#[test]
fn sessions_in_memory_have_no_commands() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), listed_user("testuser")).unwrap();
    for command in [["session", "list", "testuser"], ["session", "end", "x"]] {
        let arguments = [&command[..], &["--config", file.path().to_str().unwrap()]].concat();
        let error = refused(&arguments, &[("JWT_SECRET_KEY", SECRET)]);
        assert!(error.contains("sessions in memory exist only in the server's own process"), "{error}");
    }
}
