//! `user import`: the users of a file, with password hashes of other programs.

use super::users::{Site, login};
use crate::support::process::Ended;

/// The password of these hashes, which Werkzeug and bcrypt have made.
pub(super) const PASSWORD: &str = "correct horse \u{e9}";
pub(super) const WERKZEUG: &str = "scrypt:1024:8:1$9aJCAKF0gzxrZTDJ$527d604e424193aced2a4fb72dbe0754feba27060a0e2b61949892b342e688ae6ffe394c61ef3a45afe4d617b3fb7e3c9d3eb05fc4df6612336d01d567e758d6";
pub(super) const BCRYPT: &str = "$2b$05$anMPie7HPZKop8oofdaEYuVi7Oqe8V0B4mWFAtcBz/fX2qZV8Su9u";

/// Imports this text, and returns what the program said.
pub(super) fn import(site: &Site, arguments: &[&str], text: &str) -> Ended {
    site.run(&[&["import", "-"], arguments].concat(), text)
}

/// Returns the lines of standard error, of an import that failed.
#[track_caller]
fn mistakes(ended: &Ended) -> Vec<&str> {
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{}", ended.err);
    ended.err.lines().collect()
}

/// Returns a file of users with this hash.
fn csv(names: &[&str]) -> String {
    let header = "username,password_hash\n".to_owned();
    names.iter().fold(header, |text, name| text + &format!("{name},{WERKZEUG}\n"))
}

#[test]
fn users_of_csv_log_in_with_their_passwords() {
    let site = Site::new();
    let text = format!(
        "username,password_hash,scopes,disabled\nAlice,{WERKZEUG},read write,\nbob,{BCRYPT},,\neve,{BCRYPT},,1\n"
    );
    let ended = import(&site, &[], &text);
    let said = format!("imported 3 users into {}; 2 bcrypt, 1 werkzeug-scrypt; 1 disabled\n", site.store);
    assert_eq!((ended.out, ended.err.as_str()), (said, ""));
    let listed = "alice\twerkzeug-scrypt\tread write\nbob\tbcrypt\t-\neve\tbcrypt\t-\tdisabled\n";
    assert_eq!(site.user(&["list"], "").unwrap(), listed);
    let server = site.server();
    for (name, status) in [("alice", 200), ("bob", 200), ("eve", 401)] {
        assert_eq!(login(&server, name, PASSWORD).status, status, "{name}");
        assert_eq!(login(&server, name, "another").status, 401, "{name}");
    }
}

#[test]
fn users_of_json_lines_are_imported_from_a_file() {
    let (site, file) = (Site::new(), tempfile::NamedTempFile::new().unwrap());
    let text = format!(
        "{{\"username\": \"alice\", \"password_hash\": \"{WERKZEUG}\", \"scopes\": [\"read\"]}}\n\
         {{\"username\": \"bob\", \"password_hash\": \"{BCRYPT}\", \"disabled\": true}}\n"
    );
    std::fs::write(file.path(), text).unwrap();
    site.user(&["import", file.path().to_str().unwrap()], "").unwrap();
    let listed = "alice\twerkzeug-scrypt\tread\nbob\tbcrypt\t-\tdisabled\n";
    assert_eq!(site.user(&["list"], "").unwrap(), listed);
}

#[test]
fn a_dry_run_changes_nothing() {
    let site = Site::new();
    let ended = import(&site, &["--dry-run"], &csv(&["alice", "bob"]));
    assert!(ended.out.starts_with("would import 2 users into sqlite:"), "{}{}", ended.out, ended.err);
    assert!(!site.path().exists(), "it creates no store");
    site.user(&["add", "bob"], "a password\n").unwrap();
    let ended = import(&site, &["--dry-run"], &csv(&["alice", "bob"]));
    assert!(mistakes(&ended)[0].contains("the user bob exists already"), "it asks the store");
    import(&site, &["--dry-run", "--skip-existing"], &csv(&["alice", "bob"]));
    assert_eq!(site.user(&["list"], "").unwrap(), "bob\targon2id\t-\n");
}

#[test]
fn all_mistakes_are_reported_with_their_lines() {
    let site = Site::new();
    let text = format!(
        "username,password_hash,scopes,disabled\nalice,{WERKZEUG},,\n\ncarol,rabbit,a\\b,perhaps\n\u{200b},{BCRYPT},,\n\
         dave,{WERKZEUG}\nALICE,{BCRYPT},,\neve,scrypt:1048576:64:1$salt${},,\n",
        "00".repeat(64)
    );
    let ended = import(&site, &[], &text);
    let starts = [
        "line 4: the password_hash is in no format that the server knows",
        "line 4: a scope is a word",
        "line 4: disabled must be true, false or empty",
        "line 5: the name must have 1 to 255 bytes",
        "line 6: has 2 fields, and the first line has 4",
        "line 7: alice is the same user as in line 2",
        "line 8: the password_hash is a hash of the kind werkzeug-scrypt that takes more than 1 GiB",
        "error: standard input has 7 mistakes, so nobody was imported",
    ];
    let said = mistakes(&ended);
    assert_eq!(said.len(), starts.len(), "{said:?}");
    for (said, start) in said.iter().zip(starts) {
        assert!(said.starts_with(start), "{said}");
    }
}

#[test]
fn one_mistake_keeps_everybody_out() {
    let site = Site::new();
    let text = csv(&["alice", "bob"]) + "carol,rabbit\n";
    assert_eq!(mistakes(&import(&site, &[], &text)).len(), 2);
    assert!(!site.path().exists(), "not even a store was created");
    site.user(&["add", "dave"], "a password\n").unwrap();
    import(&site, &[], &text);
    assert_eq!(site.user(&["list"], "").unwrap(), "dave\targon2id\t-\n");
}

#[test]
fn at_most_20_mistakes_are_shown() {
    let text = "username,password_hash\n".to_owned() + &"alice,rabbit\n".repeat(30);
    let ended = import(&Site::new(), &[], &text);
    let said = mistakes(&ended);
    // Every line has a bad hash, and all but the first a name that was there before.
    assert_eq!((said.len(), said[20]), (22, "and 39 more"));
    assert!(said[21].starts_with("error: standard input has 59 mistakes"), "{said:?}");
}

#[test]
fn users_who_exist_are_skipped_only_if_told() {
    let site = Site::new();
    site.user(&["add", "Bob"], "a password\n").unwrap();
    let ended = import(&site, &[], &csv(&["alice", "BOB"]));
    let why = "line 3: the user bob exists already; --skip-existing leaves such users out";
    assert_eq!(mistakes(&ended)[0], why);
    let ended = import(&site, &["--skip-existing"], &csv(&["alice", "BOB"]));
    let said = format!("imported 1 user into {}; 1 werkzeug-scrypt; 1 skipped, who existed already\n", site.store);
    assert_eq!(ended.out, said, "{}", ended.err);
    let server = site.server();
    assert_eq!(login(&server, "bob", "a password").status, 200);
    assert_eq!(login(&server, "bob", PASSWORD).status, 401);
    assert_eq!(login(&server, "alice", PASSWORD).status, 200);
}

#[test]
fn no_import_gives_a_user_the_public_password() {
    let site = Site::new();
    let hash = jwt_extended_server::hash("testpass").unwrap();
    let ended = import(&site, &[], &format!("username,password_hash\nTestuser,\"{hash}\"\n"));
    assert_eq!(mistakes(&ended)[0], "line 2: testuser has the demo's password, which everybody knows");
}

#[test]
fn no_message_shows_a_hash() {
    let text = format!("username,password_hash,disabled\nalice,{WERKZEUG}hush,\nbob,hush,\ncarol,\"hush\n");
    let lines = "{\"username\": 5, \"password_hash\": \"hush\"}\n{\"username\": \"a\", \"password_hash\": \"hush\n";
    for text in [&text, lines] {
        let ended = import(&Site::new(), &[], text);
        assert!(
            mistakes(&ended).len() > 2 && !ended.err.contains("hush") && !ended.err.contains("527d"),
            "{}",
            ended.err
        );
    }
}

#[test]
fn a_thousand_users_are_imported_at_once() {
    let site = Site::new();
    let names: Vec<_> = (0..1001).map(|number| format!("user{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let ended = import(&site, &[], &csv(&names));
    assert!(ended.out.starts_with("imported 1001 users"), "{}", ended.err);
    assert_eq!(ended.err, "", "no progress is shown without a terminal");
    assert_eq!(site.user(&["list"], "").unwrap().lines().count(), 1001);
}
