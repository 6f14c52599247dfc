//! The limits of guessing across processes, the command `user unlock`, the log and the configuration.

use super::{
    refusals::refused_file,
    users::{Site, login},
};
use crate::support::{PASSWORD, SECRET, listed_user, process::*};

/// Two failures, and then a delay of an hour.
const STRICT: &str = "[guessing]\naccount_attempts = 2\naccount_failures = 2\naccount_forget_seconds = 3600\n";

fn strict(site: &Site) -> Server {
    Server::serve(STRICT, &[("JWT_SECRET_KEY", SECRET), ("JWT_STORE", &site.store)])
}

fn site_of_alice() -> Site {
    let site = Site::new();
    site.user(&["add", "alice"], &format!("{PASSWORD}\n")).unwrap();
    site
}

#[test]
fn two_processes_on_one_file_share_the_counters() {
    let site = site_of_alice();
    let servers = [strict(&site), strict(&site)];
    for server in &servers {
        assert_eq!(login(server, "alice", "wrong").status, 401);
    }
    for server in &servers {
        let refused = login(server, "alice", PASSWORD);
        assert_eq!(
            (refused.status, refused.body.as_str()),
            (429, r#"{"msg":"Too many attempts. Try again in 60 minutes"}"#)
        );
    }
    drop(servers);
    assert_eq!(login(&strict(&site), "alice", PASSWORD).status, 429, "a restart forgets nothing");
}

#[test]
fn a_lock_is_logged_once_and_unlocked_by_command() {
    let site = site_of_alice();
    let server = strict(&site);
    for status in [401, 401, 429, 429] {
        assert_eq!(login(&server, "alice", "wrong").status, status);
    }
    let event: serde_json::Value = serde_json::from_str(&server.logged("account_locked")).unwrap();
    let fields =
        ["level", "message", "event", "subject", "address"].map(|field| event[field].as_str().unwrap_or_default());
    assert_eq!(fields, ["WARN", "audit", "account_locked", "alice", "127.0.0.1"], "{event}");
    let said = format!("unlocked alice: the failed logins in {} are forgotten\n", site.store);
    assert_eq!(site.user(&["unlock", "Alice"], ""), Ok(said));
    assert_eq!(login(&server, "alice", PASSWORD).status, 200);
    let (_, _, rest) = server.end("TERM");
    assert!(!rest.contains("account_locked"), "{rest}");
}

#[test]
fn unlock_says_whom_it_did_not_unlock() {
    let site = site_of_alice();
    let none = format!("alice had no failed logins in {}\n", site.store);
    assert_eq!(site.user(&["unlock", "alice"], ""), Ok(none));
    let json: serde_json::Value =
        serde_json::from_str(&site.user(&["unlock", "alice", "--json"], "").unwrap()).unwrap();
    assert_eq!(
        (&json["action"], &json["name"], &json["had_failures"]),
        (&"unlocked".into(), &"alice".into(), &false.into())
    );
    let unknown = site.user(&["unlock", "alise"], "").unwrap_err();
    assert!(unknown.contains("there is no user \"alise\""), "{unknown}");
    let memory = run(&["user", "unlock", "alice", "--store", "memory"], &[], b"");
    assert_eq!(memory.code, Some(1));
    assert!(memory.err.contains("restart the server to forget them"), "{}", memory.err);
}

#[test]
fn unlock_works_for_users_of_the_file() {
    let site = Site::new();
    let text = listed_user("bob") + STRICT;
    let server = Server::serve(&text, &[("JWT_SECRET_KEY", SECRET), ("JWT_STORE", &site.store)]);
    for status in [401, 401, 429] {
        assert_eq!(login(&server, "bob", "wrong").status, status);
    }
    site.user(&["unlock", "bob"], "").unwrap();
    assert_eq!(login(&server, "bob", PASSWORD).status, 200);
}

#[test]
fn mistakes_of_the_section_are_refused_with_their_line() {
    for (text, why) in [
        ("[guessing]\naccount_attempts = 0\n", "a limit of guessing must be at least 1"),
        ("[guessing]\naccount_attemps = 5\n", "unknown field `account_attemps`"),
        ("[guessing]\naccount_failures = 5\n", "account_failures must be at least account_attempts"),
    ] {
        let refused = refused_file(text, &[("JWT_SECRET_KEY", SECRET)]);
        assert!(refused.contains(why), "{refused}");
    }
}
