//! A login replaces a password hash of another program by one of the server's own kind.

use super::{
    imports::{BCRYPT, PASSWORD, WERKZEUG, import},
    users::{Site, login, token},
};
use crate::support::{SECRET, process::*};

/// A site with one user, whose hash is Werkzeug's.
fn site() -> Site {
    let site = Site::new();
    import(&site, &[], &format!("username,password_hash\nalice,{WERKZEUG}\n"));
    assert_eq!(hash_kind(&site), "werkzeug-scrypt");
    site
}

/// Returns the kind of the hash of the only user.
fn hash_kind(site: &Site) -> String {
    site.user(&["list"], "").unwrap().split('\t').nth(1).unwrap().to_owned()
}

fn opens(server: &Server, login: &Answer) -> bool {
    server.send("/protected", &[("authorization", &token(login, "access_token"))], None).status == 200
}

#[test]
fn a_login_replaces_the_hash_of_another_program() {
    let site = site();
    let server = site.server();
    assert_eq!(login(&server, "alice", PASSWORD).status, 200);
    assert_eq!(hash_kind(&site), "argon2id");
    assert_eq!(login(&server, "alice", PASSWORD).status, 200, "the password is still the same");
    assert_eq!(login(&server, "alice", "another").status, 401);
}

#[test]
fn the_sessions_of_a_user_survive_the_new_hash() {
    let site = site();
    let server = site.server();
    let (first, second) = (login(&server, "alice", PASSWORD), login(&server, "alice", PASSWORD));
    assert!(opens(&server, &first) && opens(&server, &second));
    let refresh = ("authorization", &*token(&first, "refresh_token"));
    assert_eq!(server.send("/refresh", &[refresh], Some("")).status, 200);
}

#[test]
fn a_wrong_password_replaces_nothing() {
    let site = site();
    let server = site.server();
    assert_eq!(login(&server, "alice", "another").status, 401);
    assert_eq!(hash_kind(&site), "werkzeug-scrypt");
}

#[test]
fn first_logins_in_two_processes_at_once_all_succeed() {
    let site = site();
    let servers = [site.server(), site.server()];
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let servers = &servers;
        let logins: Vec<_> =
            (0..8).map(|number| scope.spawn(move || login(&servers[number % 2], "alice", PASSWORD))).collect();
        logins.into_iter().map(|login| login.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| answer.status == 200 && opens(&servers[0], answer)), "{answers:?}");
    assert_eq!(hash_kind(&site), "argon2id");
}

#[test]
fn users_of_the_file_may_have_hashes_of_other_programs() {
    let user = |name: &str, hash: &str| format!("[[users]]\nusername = \"{name}\"\npassword_hash = \"{hash}\"\n");
    let server = Server::serve(&(user("alice", WERKZEUG) + &user("bob", BCRYPT)), &[("JWT_SECRET_KEY", SECRET)]);
    for name in ["alice", "bob"] {
        for _ in 0..2 {
            assert_eq!(login(&server, name, PASSWORD).status, 200, "{name}");
        }
        assert_eq!(login(&server, name, "another").status, 401, "{name}");
    }
}
