//! `user …`: changes the users in the store's database while a server runs.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::support::{PASSWORD, SECRET, listed_user, process::*};

/// A database in a temporary folder.
pub(super) struct Site {
    folder: TempDir,
    pub(super) store: String,
}

impl Site {
    pub(super) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = format!("sqlite:{}", folder.path().join("site.db").display());
        Self { folder, store }
    }

    /// Runs a `user` command, and returns its output or its error.
    pub(super) fn user(&self, arguments: &[&str], password: &str) -> Result<String, String> {
        let ended = self.run(arguments, password);
        match ended.code {
            Some(0) => Ok(ended.out),
            code => Err(format!("{code:?} {}", ended.err)),
        }
    }

    /// Runs a `user` command to its end.
    pub(super) fn run(&self, arguments: &[&str], input: &str) -> Ended {
        let all = [&["user", "--store", &self.store], arguments].concat();
        run(&all, &[], input.as_bytes())
    }

    /// Returns the path of the database.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("site.db")
    }

    pub(super) fn server(&self) -> Server {
        Server::serve("", &[("JWT_SECRET_KEY", SECRET), ("JWT_STORE", &self.store)])
    }
}

pub(super) fn login(server: &Server, name: &str, password: &str) -> Answer {
    let body = format!(r#"{{"username": "{name}", "password": "{password}"}}"#);
    server.send("/token", &[JSON], Some(&body))
}

pub(super) fn token(answer: &Answer, name: &str) -> String {
    format!("Bearer {}", crate::support::member(&answer.body, name))
}

#[test]
fn users_are_added_listed_disabled_enabled_and_removed() {
    let site = Site::new();
    assert_eq!(site.user(&["add", "bob"], "a password\n"), Ok(format!("added bob to {}\n", site.store)));
    assert!(site.user(&["add", "al ice"], "another\r\nnot this\n").unwrap().starts_with("added al ice to "));
    assert_eq!(site.user(&["list"], ""), Ok("al ice\targon2id\t-\nbob\targon2id\t-\n".to_owned()));
    assert!(site.user(&["disable", "bob"], "").unwrap().starts_with("disabled bob"));
    assert_eq!(site.user(&["list"], ""), Ok("al ice\targon2id\t-\nbob\targon2id\t-\tdisabled\n".to_owned()));
    assert!(site.user(&["enable", "bob"], "").is_ok());
    assert!(site.user(&["remove", "al ice"], "").is_ok());
    assert_eq!(site.user(&["list"], ""), Ok("bob\targon2id\t-\n".to_owned()));
}

#[test]
fn mistakes_are_one_line_that_says_what_to_do() {
    let site = Site::new();
    site.user(&["add", "bob"], "a password\n").unwrap();
    let complaint = |arguments: &[&str], input: &str| site.user(arguments, input).unwrap_err();
    assert!(complaint(&["add", "bob"], "x\n").contains("already exists; `user password`"));
    assert!(complaint(&["add", "eve"], "").contains("standard input is empty"));
    assert!(complaint(&["add", "eve"], "\n").contains("it is empty"));
    assert!(complaint(&["add", "e\nve"], "x\n").contains("no control or invisible characters"));
    for command in ["disable", "enable", "remove"] {
        let unknown = format!("there is no user \"eve\" in {}; `user list`", site.store);
        assert!(complaint(&[command, "eve"], "").contains(&unknown), "{command}");
    }
    assert!(complaint(&["password", "eve"], "x\n").contains("there is no user \"eve\""));
    let memory = run(&["user", "list", "--store", "memory"], &[], b"");
    assert!(memory.err.contains("only an SQL store holds users"), "{}", memory.err);
    let extra = run(&["user", "--store", &site.store, "add", "eve", "hush"], &[], b"");
    assert_eq!(extra.code, Some(2), "a password on the command line is refused");
}

#[test]
fn disabling_removing_or_a_new_password_logs_a_user_out() {
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
    assert_eq!([opens(0), opens(1)], [401, 200], "from the next request on");
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
fn a_login_in_flight_does_not_outlive_its_password() {
    let site = Site::new();
    site.user(&["add", "alice"], "old password\n").unwrap();
    // The limits of guessing count logins with the old password, too.
    let patient = "[guessing]\naccount_attempts = 100\n";
    let server = Server::serve(patient, &[("JWT_SECRET_KEY", SECRET), ("JWT_STORE", &site.store)]);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        // More than are checked at the same time, so that some are waiting when the password changes.
        let logins: Vec<_> = (0..24).map(|_| scope.spawn(|| login(&server, "alice", "old password"))).collect();
        site.user(&["password", "alice"], "new password\n").unwrap();
        logins.into_iter().map(|login| login.join().unwrap()).collect()
    });
    for answer in answers.iter().filter(|answer| answer.status == 200) {
        let opened = server.send("/protected", &[("authorization", &token(answer, "access_token"))], None);
        assert_eq!(opened.status, 401, "a session of the old password is open");
    }
    // 503: the machine was too busy to check this one in time.
    assert!(answers.iter().all(|answer| [200, 401, 503].contains(&answer.status)), "{answers:?}");
    let new = login(&server, "alice", "new password");
    let listed = server.send("/sessions", &[("authorization", &token(&new, "access_token"))], None);
    assert_eq!(listed.body.matches("\"id\"").count(), 1, "{}", listed.body);
}

#[test]
fn an_interrupted_removal_can_be_repeated() {
    let site = Site::new();
    site.user(&["add", "alice"], "a password\n").unwrap();
    let server = site.server();
    let answer = login(&server, "alice", "a password");
    // The first step of a removal.
    site.user(&["disable", "alice"], "").unwrap();
    site.user(&["remove", "alice"], "").unwrap();
    let opened = server.send("/protected", &[("authorization", &token(&answer, "access_token"))], None);
    assert_eq!(opened.status, 401);
    assert_eq!(site.user(&["list"], ""), Ok(format!("there are no users in {}\n", site.store)));
}

#[test]
fn the_demo_changes_no_users_in_a_named_store() {
    let site = Site::new();
    site.user(&["add", "admin"], "a real password\n").unwrap();
    site.user(&["disable", "admin"], "").unwrap();
    let demo = Server::demo(&["--store", &site.store], &[("JWT_SECRET_KEY", SECRET)]);
    assert_eq!(login(&demo, "admin", "adminpass").status, 200, "the demo's own admin");
    demo.end("TERM");
    assert_eq!(site.user(&["list"], ""), Ok("admin\targon2id\t-\tdisabled\n".to_owned()));
    let server = site.server();
    assert_eq!(login(&server, "admin", "adminpass").status, 401);
    assert_eq!(login(&server, "testuser", "testpass").status, 401);
}

/// Starts a server on the site's store with these users in its file.
fn serve_listed(site: &Site, names: &[&str]) -> Server {
    let users: String = names.iter().map(|name| listed_user(name)).collect();
    Server::serve_on(&format!("store = \"{}\"\n{users}", site.store), &[("JWT_SECRET_KEY", SECRET)])
}

fn status(server: &Server, login: &Answer) -> u16 {
    server.send("/protected", &[("authorization", &token(login, "access_token"))], None).status
}

#[test]
fn a_user_removed_from_the_file_is_rejected_after_restart() {
    let site = Site::new();
    let server = serve_listed(&site, &["alice", "bob"]);
    let [alice, bob] = ["alice", "bob"].map(|name| login(&server, name, PASSWORD));
    assert_eq!((status(&server, &alice), status(&server, &bob)), (200, 200));
    server.end("TERM");
    let server = serve_listed(&site, &["bob"]);
    assert_eq!((status(&server, &alice), status(&server, &bob)), (401, 200));
    let refresh = ("authorization", &*token(&alice, "refresh_token"));
    assert_eq!(server.send("/refresh", &[refresh], Some("")).status, 401);
}

#[test]
fn logout_works_for_users_of_the_file() {
    let site = Site::new();
    let server = serve_listed(&site, &["bob"]);
    let bob = login(&server, "bob", PASSWORD);
    // Without the file, the open session shows that there is such a user.
    let said = site.user(&["logout", "bob"], "");
    assert_eq!(said, Ok(format!("bob is logged out everywhere: 1 session ended in {}\n", site.store)));
    assert_eq!(status(&server, &bob), 401);
    let text = format!("store = \"{}\"\n{}", site.store, listed_user("bob"));
    let ended = user_with_file(&text, &["logout", "bob"], b"");
    assert!(ended.out.contains("bob is logged out everywhere: no session was open in sqlite:"), "{}", ended.err);
    let ended = user_with_file(&text, &["logout", "eve"], b"");
    assert!(ended.code == Some(1) && ended.err.contains("there is no user \"eve\""), "{}", ended.err);
    let unknown = site.user(&["logout", "bob"], "").unwrap_err();
    assert!(unknown.contains("so nobody was logged out; if the configuration file lists"), "{unknown}");
}

#[test]
fn logging_out_says_how_many_sessions_ended_and_where() {
    let site = Site::new();
    site.user(&["add", "alice"], "a password\n").unwrap();
    site.user(&["add", "bob"], "a password\n").unwrap();
    let server = site.server();
    for _ in 0..3 {
        login(&server, "alice", "a password");
    }
    let said = |arguments: &[&str], input: &str| site.user(arguments, input).unwrap();
    let everywhere = format!("logged out everywhere: 3 sessions ended in {}\n", site.store);
    assert_eq!(said(&["logout", "alice"], ""), format!("alice is {everywhere}"));
    let nobody = format!("logged out everywhere: no session was open in {}\n", site.store);
    assert_eq!(said(&["logout", "alice"], ""), format!("alice is {nobody}"));
    assert_eq!(said(&["disable", "bob"], ""), format!("disabled bob, who is {nobody}"));
    let unknown = site.user(&["logout", "alise"], "").unwrap_err();
    assert!(unknown.contains("there is no user \"alise\" and no session of that name in sqlite:"), "{unknown}");
}

#[test]
fn only_adding_a_user_creates_a_store() {
    let folder = TempDir::new().unwrap();
    let elsewhere = |arguments: &[&str], input: &[u8]| {
        let mut command = program(&[&["user"], arguments].concat(), &[]);
        command.env_remove("JWT_STORE").current_dir(folder.path());
        finish(command, input)
    };
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    for command in ["logout", "disable", "enable", "password", "remove"] {
        let ended = elsewhere(&[command, "alice"], b"a password\n");
        assert!(
            ended.code == Some(1) && ended.err.contains("there is no store at sqlite:"),
            "{command}: {}",
            ended.err
        );
        assert!(
            ended
                .err
                .contains("/jwt-extended.db, and only `serve`, `demo`, `user add`, `user import` and `key generate`"),
            "{}",
            ended.err
        );
    }
    assert_eq!(elsewhere(&["list"], b"").code, Some(1));
    assert_eq!(files(), 0);
    // A file of another application stays as it is.
    std::fs::write(folder.path().join("jwt-extended.db"), "").unwrap();
    assert_eq!(elsewhere(&["logout", "alice"], b"").code, Some(1));
    assert_eq!(files(), 1);
    assert_eq!(elsewhere(&["add", "alice"], b"a password\n").code, Some(0));
    assert_eq!(elsewhere(&["list"], b"").out, "alice\targon2id\t-\n");
}

#[test]
fn logout_cannot_reach_sessions_in_memory() {
    let memory = run(&["user", "logout", "bob", "--store", "memory"], &[], b"");
    assert!(memory.err.contains("restart the server to log everyone out"), "{}", memory.err);
}

#[test]
fn users_can_be_added_while_the_server_runs() {
    let site = Site::new();
    let server = site.server();
    assert_eq!(login(&server, "alice", "a password").status, 401);
    site.user(&["add", "alice"], "a password\n").unwrap();
    assert_eq!(login(&server, "alice", "a password").status, 200);
    let (_, _, log) = server.end("TERM");
    assert!(log.contains("there are no users yet; add one with `user add`"), "{log}");
}

/// Runs a `user` command with a configuration file.
fn user_with_file(text: &str, arguments: &[&str], password: &[u8]) -> Ended {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let all = [&["user", "--config", file.path().to_str().unwrap()], arguments].concat();
    let mut command = program(&all, &[]);
    command.env_remove("JWT_STORE");
    finish(command, password)
}

#[test]
fn users_of_the_file_cannot_be_changed_by_command() {
    let site = Site::new();
    let text = format!("store = \"{}\"\n{}", site.store, listed_user("alice"));
    let ended = user_with_file(&text, &["list"], b"");
    assert!(ended.err.contains("are listed in the file, under [[users]]"), "{}", ended.err);
}

#[test]
fn the_file_names_the_store_of_a_command() {
    let site = Site::new();
    let ended = user_with_file(&format!("store = \"{}\"\n", site.store), &["add", "bob"], b"a password\n");
    assert_eq!((ended.code, ended.out), (Some(0), format!("added bob to {}\n", site.store)), "{}", ended.err);
    assert_eq!(site.user(&["list"], ""), Ok("bob\targon2id\t-\n".to_owned()));
}
