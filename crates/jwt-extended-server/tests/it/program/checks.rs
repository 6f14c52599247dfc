//! Checks before and beside the work: the command `check`, a refused start, and `/readyz`.

use std::{fs, net::TcpListener, path::Path};

use tempfile::TempDir;

use crate::support::{SECRET, listed_user, process::*};

/// Runs a command in a folder, with a configuration file there, and returns its end.
fn run_in(folder: &Path, arguments: &[&str], config: &str, variables: Variables<'_>) -> Ended {
    fs::write(folder.join("server.toml"), config).unwrap();
    let mut command = program(&[arguments, &["--config", "server.toml"]].concat(), variables);
    command.env_remove("JWT_STORE").current_dir(folder);
    finish(command, b"")
}

fn files(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_refused_start_leaves_no_database() {
    let folder = TempDir::new().unwrap();
    let public = "[[users]]\nusername = \"testuser\"\npassword_hash = \"HASH\"\n";
    let hashed = run(&["hash-password"], &[], b"testpass\n").out;
    let public = public.replace("HASH", hashed.trim());
    for (config, secret) in [("", "kX93mQ0vLz7"), (public.as_str(), SECRET)] {
        let ended = run_in(folder.path(), &["serve"], config, &[("JWT_SECRET_KEY", secret)]);
        assert_eq!(ended.code, Some(1), "{}", ended.err);
        assert_eq!(files(folder.path()), ["server.toml"], "{}", ended.err);
    }
    let mut demo = program(&["demo"], &[("JWT_SECRET_KEY", "kX93mQ0vLz7")]);
    demo.env_remove("JWT_STORE").current_dir(folder.path());
    assert_eq!(finish(demo, b"").code, Some(1));
    assert_eq!(files(folder.path()), ["server.toml"]);
}

#[test]
fn a_denylist_needs_a_store_with_a_feed() {
    let folder = TempDir::new().unwrap();
    for (section, accepted) in [
        ("store = \"memory\"\n[denylist]\nstaleness_seconds = 5\n", false),
        ("[denylist]\nstaleness_seconds = 5\n", false),
        ("[denylist]\nstaleness_seconds = 0\n", true),
        ("store = \"redis://127.0.0.1:1\"\n[denylist]\nstaleness_seconds = 5\n", true),
        ("store = \"postgres://127.0.0.1:1/app\"\n[denylist]\nstaleness_seconds = 5\ncapacity = 10\n", true),
        ("[denylist]\ncapacity = 0\n", false),
        ("[denylist]\nbound = 5\n", false),
    ] {
        let config = format!("{section}{}", listed_user("alice"));
        let ended = run_in(folder.path(), &["check"], &config, &[("JWT_SECRET_KEY", SECRET)]);
        assert_eq!(ended.code, Some(i32::from(!accepted)), "{section}: {}", ended.err);
    }
}

#[test]
fn a_start_without_keys_makes_no_store() {
    let folder = TempDir::new().unwrap();
    let config = format!("store = \"sqlite:new.db\"\n[keys]\nsource = \"store\"\n{}", listed_user("alice"));
    let master = [("JWT_MASTER_KEY", "pNe0Zl1dGJQ8m5xrYw2uV7cTkHs9oLfB4aXqEiR3tU8=")];
    let ended = run_in(folder.path(), &["serve"], &config, &master);
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("there are no keys in sqlite:") && ended.err.contains("key generate"), "{}", ended.err);
    assert_eq!(files(folder.path()), ["server.toml"]);
}

#[test]
fn a_good_configuration_is_told_by_its_sections() {
    let folder = TempDir::new().unwrap();
    // An address that is in use is no mistake of the configuration.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = other.local_addr().unwrap();
    let policies = "[[policies]]\nname = \"a\"\npaths = [\"/a\"]\npublic = true\n[[policies]]\nname = \"b\"\n";
    let client = format!("[[clients]]\nid = \"orders\"\nmay = [\"revoke\"]\nsecret_sha256 = \"{}\"\n", "0a".repeat(32));
    let config = format!(
        "listen = \"{listen}\"\n[limits]\nconnections = 77\n[guessing]\nenabled = false\n{policies}{client}{}",
        listed_user("alice")
    );
    let ended = run_in(folder.path(), &["check"], &config, &[("JWT_SECRET_KEY", SECRET)]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    let file = folder.path().canonicalize().unwrap().join("jwt-extended.db");
    let facts = format!(
        "it listens on {listen}, with at most 77 connections; its store is sqlite:{}; its users are in the \
         configuration file; it signs with HS256\n",
        file.display()
    );
    let sections = "  [[users]]      1 user
  [keys]         none, so the key is an option
  [[issuers]]    no issuers
  [[policies]]   2 policies
  [forward_auth] a login may return to no origins
  [[clients]]    1 client
  cors_origins   no origins
  [pages]        on
  [guessing]     off
";
    assert_eq!(ended.out, format!("the configuration is good: {facts}{sections}"));
    let json = run_in(folder.path(), &["check", "--json"], &config, &[("JWT_SECRET_KEY", SECRET)]).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["good"], &json["connections"], &json["users"]), (&true.into(), &77.into(), &"file".into()));
    let counts = ["listed_users", "policies", "clients", "issuers", "cors_origins"].map(|name| json[name].as_u64());
    assert_eq!(counts, [Some(1), Some(2), Some(1), Some(0), Some(0)]);
    assert_eq!((&json["pages"], &json["guessing"]), (&true.into(), &false.into()));
    assert_eq!(files(folder.path()), ["server.toml"]);
}

#[test]
fn a_store_that_cannot_be_reached_is_not_touched() {
    let folder = TempDir::new().unwrap();
    let variables = [("JWT_SECRET_KEY", SECRET), ("JWT_STORE", "postgres://me:hush@127.0.0.1:1/db")];
    let mut command = program(&["check"], &variables);
    command.current_dir(folder.path());
    let ended = finish(command, b"");
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.contains("its store is postgres://127.0.0.1:1/db; its users are in the store"), "{}", ended.out);
}

#[test]
fn a_bad_configuration_is_the_error_of_serve() {
    let folder = TempDir::new().unwrap();
    for (config, secret) in [
        ("[jwt]\nrealms = 1\n", SECRET),
        ("", "short"),
        ("[[users]]\nusername = \"alice\"\npassword_hash = \"x\"\n", SECRET),
        ("[[issuers]]\nissuer = \"http://sso.example.com\"\naudience = [\"a\"]\n", SECRET),
        ("listen = \"unix:\"\n", SECRET),
        ("[limits]\nconnections = 0\n", SECRET),
        ("[limits]\nhead_seconds = 0\n", SECRET),
        ("[limits]\nconections = 1\n", SECRET),
    ] {
        let [check, serve] =
            ["check", "serve"].map(|command| run_in(folder.path(), &[command], config, &[("JWT_SECRET_KEY", secret)]));
        assert_eq!((check.code, check.out.as_str(), &check.err), (Some(1), "", &serve.err), "{config}");
        assert!(check.err.starts_with("error: "), "{}", check.err);
    }
}

#[test]
fn readyz_is_ok_while_the_store_answers() {
    let server = Server::demo(&[], &[]);
    let answer = server.send("/readyz", &[], None);
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":"ok"}"#));
}
