//! Secrets and addresses in files, as Docker, Kubernetes and systemd mount them.

use std::{fs, path::Path};

use tempfile::TempDir;

use crate::support::{SECRET, listed_user, process::*};

/// A folder with a secret and an address, each with a line end.
struct Mounted(TempDir);

impl Mounted {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("secret"), format!("{SECRET}\n")).unwrap();
        let database = folder.path().join("site.db");
        fs::write(folder.path().join("store"), format!("sqlite:{}\n", database.display())).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }
}

/// Runs `serve` without a store in the environment; it must refuse to start. Returns the error.
#[track_caller]
fn refused_serve(config: &str, variables: Variables<'_>) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), config).unwrap();
    let mut command = program(&["serve", "--config", file.path().to_str().unwrap()], &[]);
    command.env_remove("JWT_STORE").envs(variables.iter().copied());
    let ended = finish(command, b"");
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{}", ended.err);
    ended.err.replace(file.path().to_str().unwrap(), "bad.toml")
}

fn protected(server: &Server, access: &str) -> u16 {
    server.send("/protected", &[("authorization", &format!("Bearer {access}"))], None).status
}

#[test]
fn a_secret_in_a_file_is_that_of_the_environment() {
    let mounted = Mounted::new();
    let users = listed_user("testuser");
    let by_value = Server::serve(&users, &[("JWT_SECRET_KEY", SECRET), ("JWT_STORE", &store(&mounted))]);
    let (access, _) = by_value.tokens();
    let variables = [("JWT_SECRET_KEY_FILE", &*mounted.path("secret")), ("JWT_STORE", &store(&mounted))];
    assert_eq!(protected(&Server::serve(&users, &variables), &access), 200);
    let jwt = format!("[jwt]\nsecret_key_file = \"{}\"\n{users}", mounted.path("secret"));
    assert_eq!(protected(&Server::serve(&jwt, &[("JWT_STORE", &store(&mounted))]), &access), 200);
}

fn store(mounted: &Mounted) -> String {
    fs::read_to_string(mounted.path("store")).unwrap().trim().to_owned()
}

#[test]
fn the_address_of_the_store_may_be_in_a_file() {
    let mounted = Mounted::new();
    let users = listed_user("testuser");
    let secret = ("JWT_SECRET_KEY", SECRET);
    let (access, _) = Server::serve_on(&users, &[secret, ("JWT_STORE_FILE", &mounted.path("store"))]).tokens();
    assert!(Path::new(&mounted.path("site.db")).is_file());
    let file = format!("store_file = \"{}\"\n{users}", mounted.path("store"));
    assert_eq!(protected(&Server::serve_on(&file, &[secret]), &access), 200);
    let mut add = program(&["user", "add", "alice"], &[("JWT_STORE_FILE", &mounted.path("store"))]);
    add.env_remove("JWT_STORE");
    assert!(finish(add, b"a password\n").out.starts_with("added alice to sqlite:"));
}

#[test]
fn a_value_and_its_file_cannot_both_be_given() {
    let mounted = Mounted::new();
    let (secret, store_file) = (mounted.path("secret"), mounted.path("store"));
    let users = listed_user("testuser");
    for (config, variables, expected) in [
        (String::new(), vec![("JWT_SECRET_KEY", SECRET), ("JWT_SECRET_KEY_FILE", &*secret)], "JWT_SECRET_KEY and"),
        (
            String::new(),
            vec![("JWT_STORE", "memory"), ("JWT_STORE_FILE", &*store_file)],
            "JWT_STORE and JWT_STORE_FILE",
        ),
        (
            format!("store = \"memory\"\nstore_file = \"{store_file}\"\n"),
            vec![],
            "bad.toml, line 2: store and store_file",
        ),
        (
            format!("[jwt]\nsecret_key = \"{SECRET}\"\nsecret_key_file = \"{secret}\"\n"),
            vec![],
            "bad.toml, line 3: secret_key and secret_key_file",
        ),
    ] {
        let said = refused_serve(&format!("{config}{users}"), &variables);
        assert!(said.starts_with(&format!("error: {expected}")), "{said}");
        assert!(said.contains("are both given; leave one of them out"), "{said}");
    }
}

#[test]
fn the_path_of_a_file_is_not_taken_for_the_secret() {
    let mounted = Mounted::new();
    let secret = mounted.path("secret");
    let said = refused_serve("", &[("JWT_SECRET_KEY", &secret)]);
    assert!(said.contains("JWT_SECRET_KEY is the path of a file; set JWT_SECRET_KEY_FILE to it"), "{said}");
    let said = refused_serve(&format!("\n[jwt]\nsecret_key = \"{secret}\"\n"), &[]);
    assert!(said.contains("bad.toml, line 3: secret_key is the path of a file; set secret_key_file to it"), "{said}");
    let said = refused_serve("", &[("JWT_SECRET_KEY", SECRET), ("JWT_STORE", &secret)]);
    assert!(said.contains("write sqlite:PATH if the file is the database, or set JWT_STORE_FILE"), "{said}");
}

#[test]
fn an_unusable_file_is_named_and_not_shown() {
    let mounted = Mounted::new();
    let empty = mounted.path("empty");
    fs::write(&empty, "\n").unwrap();
    let missing = mounted.path("missing");
    for (variable, path, why) in [
        ("JWT_SECRET_KEY_FILE", &empty, format!("{empty} is empty")),
        ("JWT_STORE_FILE", &empty, format!("{empty} is empty")),
        ("JWT_SECRET_KEY_FILE", &missing, format!("cannot read {missing}: ")),
        ("JWT_STORE_FILE", &missing, format!("cannot read {missing}: ")),
    ] {
        let said = refused_serve("", &[(variable, path)]);
        assert!(said.starts_with(&format!("error: {variable}: {why}")), "{said}");
    }
    // The file holds a secret, and no address.
    let said = refused_serve("", &[("JWT_STORE_FILE", &mounted.path("secret"))]);
    assert!(!said.contains(SECRET), "{said}");
    let said = refused_serve(&format!("store_file = \"{missing}\"\n"), &[]);
    assert!(said.starts_with(&format!("error: bad.toml, line 1: store_file: cannot read {missing}: ")), "{said}");
}
