//! Names that look the same are one user, and accounts that were stored in other spellings go on working.

use jwt_extended_server::hash;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::users::{Site, login, token};
use crate::support::{PASSWORD, SECRET, listed_user, process::*};

const NFC: &str = "jos\u{e9}";
const NFD: &str = "Jose\u{301} ";

/// Returns whom the server takes the holder of a login's token for.
fn subject(server: &Server, login: &Answer) -> String {
    assert_eq!(login.status, 200, "{login:?}");
    let answer = server.send("/protected", &[("authorization", &token(login, "access_token"))], None);
    crate::support::member(&answer.body, "logged_in_as")
}

/// Stores a user as the server did before it normalized names.
fn store_as_it_is(site: &Site, name: &str, password: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(site.path());
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let insert = sqlx::query("INSERT INTO jwt_users (name, password_hash, added_at) VALUES ($1, $2, 1)");
        insert.bind(name).bind(hash(password).unwrap()).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn every_spelling_of_a_name_is_one_user_and_one_subject() {
    let site = Site::new();
    assert_eq!(site.user(&["add", NFD], "a password\n"), Ok(format!("added {NFC} to {}\n", site.store)));
    for spelling in [NFC, NFD, "JOS\u{c9}"] {
        assert!(site.user(&["add", spelling], "another\n").unwrap_err().contains("already exists"), "{spelling}");
    }
    assert_eq!(site.user(&["list"], ""), Ok(format!("{NFC}\targon2id\t-\n")));
    let server = site.server();
    let logins = [NFC, NFD, "JOS\u{c9}", " jose\u{301}"].map(|spelling| login(&server, spelling, "a password"));
    for login in &logins {
        assert_eq!(subject(&server, login), NFC);
    }
    assert!(site.user(&["logout", NFD], "").unwrap().contains(NFC));
    for login in &logins {
        let answer = server.send("/protected", &[("authorization", &token(login, "access_token"))], None);
        assert_eq!(answer.status, 401);
    }
    for command in ["disable", "enable", "remove"] {
        site.user(&[command, NFD], "").unwrap();
    }
    assert_eq!(site.user(&["list"], ""), Ok(format!("there are no users in {}\n", site.store)));
}

#[test]
fn invisible_characters_make_no_name() {
    let site = Site::new();
    for name in ["al\u{200b}ice", "\u{202e}ecila", "al\u{ad}ice"] {
        assert!(site.user(&["add", name], "a password\n").unwrap_err().contains("invisible characters"), "{name:?}");
    }
}

#[test]
fn a_name_that_was_stored_before_logs_in_as_it_is_written() {
    let site = Site::new();
    // It creates the store.
    site.server().end("TERM");
    store_as_it_is(&site, "Alice", "rabbit");
    store_as_it_is(&site, "al\u{200b}ice", "hare");
    let server = site.server();
    assert_eq!(subject(&server, &login(&server, "Alice", "rabbit")), "Alice");
    assert_eq!(subject(&server, &login(&server, "al\u{200b}ice", "hare")), "al\u{200b}ice");
    assert_eq!(login(&server, "alice", "rabbit").status, 401, "no search for what looks the same");
    let taken = site.user(&["add", "alice"], "cat\n").unwrap_err();
    assert!(taken.contains("the user \"Alice\" already exists, and the name would look the same"), "{taken}");
    let listed = site.user(&["list"], "").unwrap();
    assert_eq!(listed.lines().filter(|line| line.ends_with("\told spelling")).count(), 2, "{listed}");
    assert!(site.user(&["password", "ALICE"], "cat\n").unwrap().starts_with("Alice has a new password"));
    assert_eq!(subject(&server, &login(&server, "Alice", "cat")), "Alice");
}

#[test]
fn stored_names_that_look_the_same_stay_separate() {
    let site = Site::new();
    site.user(&["add", "alice"], "cat\n").unwrap();
    store_as_it_is(&site, "Alice", "rabbit");
    store_as_it_is(&site, "BOB", "one");
    store_as_it_is(&site, "Bob", "two");
    let server = site.server();
    assert_eq!(subject(&server, &login(&server, "Alice", "rabbit")), "Alice");
    assert_eq!(subject(&server, &login(&server, "alice", "cat")), "alice");
    assert_eq!(subject(&server, &login(&server, "ALICE", "cat")), "alice");
    for (name, password) in [("Alice", "cat"), ("alice", "rabbit"), ("ALICE", "rabbit"), ("bob", "one")] {
        assert_eq!(login(&server, name, password).status, 401, "{name}");
    }
    let ambiguous = site.user(&["disable", "bob"], "").unwrap_err();
    assert!(ambiguous.contains("several users have names that look like \"bob\""), "{ambiguous}");
    // A disabled account does not pass its name on to the other one.
    site.user(&["disable", "Alice"], "").unwrap();
    assert_eq!(login(&server, "Alice", "cat").status, 401);
}

#[test]
fn a_user_of_the_file_logs_in_with_any_spelling() {
    let users = listed_user(NFD.trim());
    let server = Server::serve(&users, &[("JWT_SECRET_KEY", SECRET)]);
    for spelling in [NFC, NFD] {
        assert_eq!(subject(&server, &login(&server, spelling, PASSWORD)), NFC);
    }
}

#[test]
fn a_password_matches_however_it_is_composed() {
    let site = Site::new();
    site.user(&["add", "alice"], "passe\u{301}\n").unwrap();
    let server = site.server();
    for password in ["passe\u{301}", "pass\u{e9}"] {
        assert_eq!(login(&server, "alice", password).status, 200);
    }
    assert_eq!(login(&server, "alice", "passe").status, 401);
}
