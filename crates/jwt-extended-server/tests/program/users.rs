//! `user …`: users in the database of the store, changed while a server runs on it.

use tempfile::TempDir;

use crate::support::{SECRET, process::*};

/// A database in a folder of its own.
struct Site {
    _folder: TempDir,
    store: String,
}

impl Site {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = format!("sqlite:{}", folder.path().join("site.db").display());
        Self { _folder: folder, store }
    }

    /// Runs a command about users: what it says, or its complaint.
    fn user(&self, arguments: &[&str], password: &str) -> Result<String, String> {
        let all = [&["user", "--store", &self.store], arguments].concat();
        let ended = to_its_end(&all, &[], password.as_bytes());
        match ended.code {
            Some(0) => Ok(ended.out),
            code => Err(format!("{code:?} {}", ended.err)),
        }
    }

    fn server(&self) -> Server {
        Server::serve("", &[("JWT_SECRET_KEY", SECRET), ("JWT_STORE", &self.store)])
    }
}

fn login(server: &Server, name: &str, password: &str) -> Answer {
    let body = format!(r#"{{"username": "{name}", "password": "{password}"}}"#);
    server.send("/token", &[JSON], Some(&body))
}

fn token(answer: &Answer, name: &str) -> String {
    format!("Bearer {}", crate::support::member(&answer.body, name))
}

#[test]
fn users_are_added_listed_disabled_enabled_and_removed() {
    let site = Site::new();
    assert_eq!(site.user(&["list"], ""), Ok(String::new()));
    assert_eq!(site.user(&["add", "bob"], "a password\n"), Ok("added bob\n".to_owned()));
    assert_eq!(site.user(&["add", "al ice"], "another\r\nnot this\n"), Ok("added al ice\n".to_owned()));
    assert_eq!(site.user(&["list"], ""), Ok("al ice\nbob\n".to_owned()));
    assert!(site.user(&["disable", "bob"], "").unwrap().starts_with("disabled bob"));
    assert_eq!(site.user(&["list"], ""), Ok("al ice\nbob\tdisabled\n".to_owned()));
    assert!(site.user(&["enable", "bob"], "").is_ok());
    assert!(site.user(&["remove", "al ice"], "").is_ok());
    assert_eq!(site.user(&["list"], ""), Ok("bob\n".to_owned()));
}

#[test]
fn mistakes_are_one_line_that_says_what_to_do() {
    let site = Site::new();
    site.user(&["add", "bob"], "a password\n").unwrap();
    let complaint = |arguments: &[&str], input: &str| site.user(arguments, input).unwrap_err();
    assert!(complaint(&["add", "bob"], "x\n").contains("is there already; `user password`"));
    assert!(complaint(&["add", "eve"], "").contains("nothing came on standard input"));
    assert!(complaint(&["add", "eve"], "\n").contains("it is empty"));
    assert!(complaint(&["add", "e\nve"], "x\n").contains("no control characters"));
    for command in ["disable", "enable", "remove"] {
        assert!(complaint(&[command, "eve"], "").contains("there is no user \"eve\"; `user list`"), "{command}");
    }
    assert!(complaint(&["password", "eve"], "x\n").contains("there is no user \"eve\""));
    let memory = to_its_end(&["user", "list", "--store", "memory"], &[], b"");
    assert!(memory.err.contains("only a store in SQL holds users"), "{}", memory.err);
    let spoken = to_its_end(&["user", "--store", &site.store, "add", "eve", "hush"], &[], b"");
    assert_eq!(spoken.code, Some(2), "a password on the command line is no argument");
}

#[test]
fn a_disabled_user_s_tokens_stop_working_at_once_and_so_do_those_of_one_who_is_removed_or_has_a_new_password() {
    let site = Site::new();
    for name in ["alice", "bob", "carol", "dave"] {
        site.user(&["add", name], "old password\n").unwrap();
    }
    let server = site.server();
    let logins: Vec<_> =
        ["alice", "bob", "carol", "dave"].map(|name| login(&server, name, "old password")).into_iter().collect();
    let opens = |number: usize| {
        server.send("/protected", &[("authorization", &token(&logins[number], "access_token"))], None).status
    };
    assert!((0..4).all(|number| opens(number) == 200));
    site.user(&["disable", "alice"], "").unwrap();
    assert_eq!([opens(0), opens(1)], [401, 200], "in the very next request");
    let refresh = ("authorization", &*token(&logins[0], "refresh_token"));
    assert_eq!(server.send("/refresh", &[refresh], Some("")).status, 401);
    let refused = login(&server, "alice", "old password");
    assert_eq!((refused.status, refused.body.as_str()), (401, r#"{"msg":"Bad username or password"}"#));
    site.user(&["remove", "bob"], "").unwrap();
    site.user(&["password", "carol"], "new password\n").unwrap();
    assert_eq!([opens(1), opens(2), opens(3)], [401, 401, 200]);
    assert_eq!(login(&server, "bob", "old password").status, 401);
    assert_eq!(login(&server, "carol", "old password").status, 401);
    assert_eq!(login(&server, "carol", "new password").status, 200);
    site.user(&["enable", "alice"], "").unwrap();
    assert_eq!(login(&server, "alice", "old password").status, 200);
    assert_eq!(opens(0), 401, "the old session stays ended");
}

#[test]
fn a_login_with_the_old_password_that_was_under_way_does_not_outlive_the_new_one() {
    let site = Site::new();
    site.user(&["add", "alice"], "old password\n").unwrap();
    let server = site.server();
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        // More than are checked at once, so that some wait while the password changes.
        let logins: Vec<_> = (0..24).map(|_| scope.spawn(|| login(&server, "alice", "old password"))).collect();
        site.user(&["password", "alice"], "new password\n").unwrap();
        logins.into_iter().map(|login| login.join().unwrap()).collect()
    });
    for answer in answers.iter().filter(|answer| answer.status == 200) {
        let opened = server.send("/protected", &[("authorization", &token(answer, "access_token"))], None);
        assert_eq!(opened.status, 401, "a session of the old password is open");
    }
    assert!(answers.iter().all(|answer| [200, 401].contains(&answer.status)), "{answers:?}");
    let new = login(&server, "alice", "new password");
    let listed = server.send("/sessions", &[("authorization", &token(&new, "access_token"))], None);
    assert_eq!(listed.body.matches("\"id\"").count(), 1, "{}", listed.body);
}

#[test]
fn a_removal_that_stopped_half_way_can_be_done_again() {
    let site = Site::new();
    site.user(&["add", "alice"], "a password\n").unwrap();
    let server = site.server();
    let answer = login(&server, "alice", "a password");
    // What a removal does first.
    site.user(&["disable", "alice"], "").unwrap();
    site.user(&["remove", "alice"], "").unwrap();
    let opened = server.send("/protected", &[("authorization", &token(&answer, "access_token"))], None);
    assert_eq!(opened.status, 401);
    assert_eq!(site.user(&["list"], ""), Ok(String::new()));
}

#[test]
fn the_demo_gives_its_passwords_to_nobody_in_a_store_that_was_named() {
    let site = Site::new();
    site.user(&["add", "admin"], "a real password\n").unwrap();
    site.user(&["disable", "admin"], "").unwrap();
    let demo = Server::demo(&["--store", &site.store], &[("JWT_SECRET_KEY", SECRET)]);
    assert_eq!(login(&demo, "admin", "adminpass").status, 200, "the demo's own admin");
    demo.end("TERM");
    assert_eq!(site.user(&["list"], ""), Ok("admin\tdisabled\n".to_owned()));
    let server = site.server();
    assert_eq!(login(&server, "admin", "adminpass").status, 401);
    assert_eq!(login(&server, "testuser", "testpass").status, 401);
}

#[test]
fn whoever_is_taken_out_of_the_file_is_out_after_the_restart_and_logout_is_for_all() {
    let site = Site::new();
    let hash = super::refusals::HASH;
    let user = |name: &str| format!("[[users]]\nusername = \"{name}\"\npassword_hash = \"{hash}\"\n");
    let serve = |users: &str| {
        let text = format!("store = \"{}\"\n{users}", site.store);
        Server::serve_on(&text, &[("JWT_SECRET_KEY", SECRET)])
    };
    let server = serve(&(user("alice") + &user("bob")));
    let [alice, bob] = ["alice", "bob"].map(|name| login(&server, name, "testpass"));
    let opens = |server: &Server, answer: &Answer| {
        server.send("/protected", &[("authorization", &token(answer, "access_token"))], None).status
    };
    assert_eq!((opens(&server, &alice), opens(&server, &bob)), (200, 200));
    server.end("TERM");
    let server = serve(&user("bob"));
    assert_eq!((opens(&server, &alice), opens(&server, &bob)), (401, 200));
    let refresh = ("authorization", &*token(&alice, "refresh_token"));
    assert_eq!(server.send("/refresh", &[refresh], Some("")).status, 401);
    assert!(site.user(&["logout", "bob"], "").unwrap().starts_with("bob is logged out everywhere"));
    assert_eq!(opens(&server, &bob), 401);
    let memory = to_its_end(&["user", "logout", "bob", "--store", "memory"], &[], b"");
    assert!(memory.err.contains("end it, and all are logged out"), "{}", memory.err);
}

#[test]
fn a_server_without_users_starts_says_so_and_takes_those_that_are_added() {
    let site = Site::new();
    let server = site.server();
    assert_eq!(login(&server, "alice", "a password").status, 401);
    site.user(&["add", "alice"], "a password\n").unwrap();
    assert_eq!(login(&server, "alice", "a password").status, 200);
    let (_, _, log) = server.end("TERM");
    assert!(log.contains("there are no users yet; add one with `user add`"), "{log}");
}

#[test]
fn users_of_the_file_are_the_file_s_own_and_the_command_says_so() {
    let site = Site::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    let hash = super::refusals::HASH;
    let text = format!("store = \"{}\"\n[[users]]\nusername = \"alice\"\npassword_hash = \"{hash}\"\n", site.store);
    std::fs::write(file.path(), &text).unwrap();
    let mut command = program(&["user", "--config", file.path().to_str().unwrap(), "list"], &[]);
    command.env_remove("JWT_STORE");
    let ended = finish(command, b"");
    assert!(ended.err.contains("stand in the file, under [[users]]"), "{}", ended.err);
    std::fs::write(file.path(), text.lines().next().unwrap()).unwrap();
    let mut command = program(&["user", "--config", file.path().to_str().unwrap(), "add", "bob"], &[]);
    command.env_remove("JWT_STORE");
    let ended = finish(command, b"a password\n");
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), "added bob\n"), "{}", ended.err);
    assert_eq!(site.user(&["list"], ""), Ok("bob\n".to_owned()), "the file names the store");
}
