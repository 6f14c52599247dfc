//! What commands print: failures as JSON, and outputs that nobody reads.

use std::{io, process::Stdio};

use serde_json::Value;

use super::users::Site;
use crate::support::process::*;

/// A command that fails, and its standard input.
type Failing<'a> = (&'a [&'a str], &'a str);

const FAILING: [Failing<'static>; 9] = [
    (&["check"], ""),
    (&["check", "--store", "nope.db"], ""),
    (&["user", "list"], ""),
    (&["user", "import", "/nowhere.csv", "--store", "sqlite:/nowhere.db"], ""),
    (&["session", "list", "alice"], ""),
    (&["key", "list"], ""),
    (&["token", "inspect"], "two tokens"),
    (&["hash-password"], "\n"),
    (&["new-client", "a:b"], ""),
];

#[test]
fn each_failure_is_a_line_of_json_as_well() {
    for (arguments, input) in FAILING {
        let plain = run(arguments, &[], input.as_bytes());
        assert_eq!((plain.code, plain.out.as_str()), (Some(1), ""), "{arguments:?}");
        let ended = run(&[arguments, &["--json"]].concat(), &[], input.as_bytes());
        assert_eq!((ended.code, &ended.err, ended.out.lines().count()), (Some(1), &plain.err, 1), "{arguments:?}");
        let json: Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!(format!("error: {}\n", json["error"].as_str().unwrap()), ended.err, "{arguments:?}");
    }
}

#[test]
fn a_refused_token_and_its_error_are_one_object() {
    let variables = [("JWT_SECRET_KEY", crate::support::SECRET)];
    let site = Site::new();
    site.user(&["add", "alice"], "a password\n").unwrap();
    let ended = run(&["token", "inspect", "--json", "--store", &site.store], &variables, b"garbage");
    assert_eq!((ended.code, ended.out.lines().count()), (Some(1), 1));
    let json: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&json["accepted"], &json["code"]), (&false.into(), &"token_invalid".into()));
    assert!(json["error"].as_str().unwrap().starts_with("the token would be refused: "), "{json}");
}

#[test]
fn the_mistakes_of_an_import_are_a_list_in_json() {
    let site = Site::new();
    let text = "username,password_hash\n".to_owned() + &"alice,rabbit\n".repeat(30);
    let ended = site.run(&["import", "-", "--json"], &text);
    assert_eq!((ended.code, ended.out.lines().count()), (Some(1), 1), "{}", ended.err);
    let json: Value = serde_json::from_str(&ended.out).unwrap();
    assert!(json["error"].as_str().unwrap().starts_with("standard input has 59 mistakes"), "{json}");
    let mistakes = json["mistakes"].as_array().unwrap();
    assert_eq!((mistakes.len(), &mistakes[0]["line"]), (59, &2.into()), "also those that standard error leaves out");
    assert!(mistakes[0]["why"].as_str().unwrap().starts_with("the password_hash is in no format"), "{json}");
}

/// Returns the writing end of a pipe that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// Runs a program with a closed standard output, and returns its end.
fn unread(arguments: &[&str], input: &str) -> Ended {
    let mut command = program(arguments, &[]);
    command.stdout(closed());
    finish(command, input.as_bytes())
}

#[test]
fn an_output_that_nobody_reads_is_no_error() {
    let site = Site::new();
    site.user(&["add", "alice"], "a password\n").unwrap();
    for (arguments, input) in [
        (&["completions", "bash"][..], ""),
        (&["--help"], ""),
        (&["hash-password"], "a password\n"),
        (&["new-client", "orders"], ""),
        (&["user", "list", "--store", &site.store], ""),
        (&["session", "list", "alice", "--json", "--store", &site.store], ""),
    ] {
        let ended = unread(arguments, input);
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{arguments:?}");
    }
    assert_eq!(unread(&["token", "inspect", "--store", &site.store], "garbage").code, Some(1), "the verdict stays");
}

#[test]
fn an_error_that_nobody_reads_still_sets_the_exit_code() {
    for arguments in [&["session", "end", "x", "--audit"][..], &["check"]] {
        let mut command = program(arguments, &[]);
        command.stderr(closed());
        assert_eq!(finish(command, b"").code, Some(1), "{arguments:?}");
    }
}

#[test]
fn the_help_says_where_shells_look_for_completions() {
    let help = run(&["completions", "--help"], &[], b"").out;
    for place in ["bash-completion/completions/jwt-extended-server", "~/.zfunc", "~/.config/fish/completions"] {
        assert!(help.contains(place), "{place} is not in {help}");
    }
}
