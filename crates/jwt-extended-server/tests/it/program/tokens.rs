//! `token inspect`: what a token holds, and why the server would refuse it.

use serde_json::Value;

use super::users::{Site, login, token};
use crate::support::{SECRET, listed_user, process::*};

const VARIABLES: [(&str, &str); 1] = [("JWT_SECRET_KEY", SECRET)];

fn inspect(store: &str, secret: &str, text: &str) -> (Value, Ended) {
    let ended = run(&["token", "inspect", "--json", "--store", store], &[("JWT_SECRET_KEY", secret)], text.as_bytes());
    (serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{}", ended.err)), ended)
}

/// Logs in, and returns the access and the refresh token without their scheme.
fn tokens(site: &Site, server: &Server) -> [String; 2] {
    site.user(&["add", "alice"], "a password\n").unwrap();
    let pair = login(server, "alice", "a password");
    ["access_token", "refresh_token"].map(|name| token(&pair, name).replace("Bearer ", ""))
}

#[test]
fn a_good_token_is_shown_and_accepted() {
    let site = Site::new();
    let server = site.server();
    for text in tokens(&site, &server) {
        let (json, ended) = inspect(&site.store, SECRET, &format!("Bearer {text}\n"));
        assert_eq!((ended.code, &json["accepted"], &json["claims"]["sub"]), (Some(0), &true.into(), &"alice".into()));
        assert_eq!(json["header"]["alg"], "HS256");
        let shown = run(&["token", "inspect", "--store", &site.store], &VARIABLES, text.as_bytes());
        assert_eq!((shown.code, shown.err.as_str()), (Some(0), ""));
        for part in ["  sub        \"alice\"\n", " GMT, in ", "\nthe server accepts it\n"] {
            assert!(shown.out.contains(part), "{part:?} is not in {}", shown.out);
        }
    }
}

#[test]
fn no_output_holds_the_signature() {
    let site = Site::new();
    let server = site.server();
    let [access, _] = tokens(&site, &server);
    let signature = access.rsplit_once('.').unwrap().1;
    for secret in [SECRET, "another secret of at least thirty-two bytes"] {
        for json in [&["--json"][..], &[]] {
            let arguments = [&["token", "inspect", "--store", &site.store], json].concat();
            let ended = run(&arguments, &[("JWT_SECRET_KEY", secret)], access.as_bytes());
            assert!(ended.out.contains("alice") && !ended.out.contains(signature) && !ended.err.contains(signature));
        }
    }
}

#[test]
fn a_refused_token_has_its_reason() {
    let site = Site::new();
    let server = site.server();
    let [access, refresh] = tokens(&site, &server);
    let refused = |secret, text: &str| {
        let (json, ended) = inspect(&site.store, secret, text);
        assert_eq!((ended.code, &json["accepted"]), (Some(1), &false.into()), "{text}");
        assert!(ended.err.starts_with("error: the token would be refused: "), "{}", ended.err);
        (json["code"].as_str().unwrap().to_owned(), json["claims"]["sub"].clone())
    };
    let wrong = refused("another secret of at least thirty-two bytes", &access);
    assert_eq!(wrong, ("token_invalid".to_owned(), "alice".into()));
    assert_eq!(refused(SECRET, "nonsense"), ("token_invalid".to_owned(), Value::Null));
    assert_eq!(server.send("/logout", &[("authorization", &format!("Bearer {access}"))], Some("")).status, 200);
    for text in [&access, &refresh] {
        assert_eq!(refused(SECRET, text), ("token_revoked".to_owned(), "alice".into()));
    }
}

#[test]
fn a_token_that_cannot_be_checked_is_still_shown() {
    let site = Site::new();
    let server = site.server();
    let [access, _] = tokens(&site, &server);
    let missing = format!("{}.other", site.store);
    let (json, ended) = inspect(&missing, SECRET, &access);
    assert_eq!((ended.code, &json["code"], &json["claims"]["sub"]), (Some(1), &"unchecked".into(), &"alice".into()));
    assert!(ended.err.starts_with("error: the token is not checked: there is no store at "), "{}", ended.err);
    let unset = run(&["token", "inspect", "--store", &site.store], &[], access.as_bytes());
    assert!(unset.err.contains("the token is not checked: there is no secret"), "{}", unset.err);
}

#[test]
fn inspecting_a_token_does_not_use_its_session() {
    let site = Site::new();
    let server = site.server();
    let [access, refresh] = tokens(&site, &server);
    let list = || run(&["session", "list", "alice", "--json", "--store", &site.store], &[], b"").out;
    let before = list();
    for text in [&access, &refresh] {
        assert_eq!(inspect(&site.store, SECRET, text).1.code, Some(0));
    }
    assert_eq!(list(), before);
}

#[test]
fn a_store_in_memory_is_no_proof_of_revocation() {
    let config = listed_user("testuser");
    let server = Server::serve(&config, &VARIABLES);
    let (access, _) = server.tokens();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), config).unwrap();
    let arguments = ["token", "inspect", "--config", file.path().to_str().unwrap()];
    let ended = run(&arguments, &VARIABLES, access.as_bytes());
    assert!(ended.out.contains("the server accepts it, unless it was revoked"), "{} {}", ended.out, ended.err);
}

#[test]
fn a_text_that_is_no_token_is_told_plainly() {
    let site = Site::new();
    site.user(&["add", "alice"], "a password\n").unwrap();
    let why = |text: &str| inspect(&site.store, SECRET, text).0["error"].as_str().unwrap().to_owned();
    assert_eq!(
        why("garbage"),
        "the token would be refused: the text is no signed JWT, which has three parts with dots between them: \
         header.payload.signature; the server says: Not enough segments"
    );
    assert!(why("a.b.c").contains("three parts of a JWT, but they were cut off or changed; the server says: "));
}

#[test]
fn without_the_file_of_the_users_it_is_asked_for() {
    let ended = run(&["token", "inspect", "--store", "memory"], &VARIABLES, b"a.b.c");
    assert!(ended.err.contains("lists its users in its configuration file"), "{}", ended.err);
    assert!(ended.err.contains("name that file with --config"), "{}", ended.err);
}

#[test]
fn a_master_key_without_its_file_asks_for_the_file() {
    let master = [("JWT_MASTER_KEY", "pNe0Zl1dGJQ8m5xrYw2uV7cTkHs9oLfB4aXqEiR3tU8=")];
    let ended = run(&["token", "inspect"], &master, b"a.b.c");
    let said = "JWT_MASTER_KEY is set, so the keys are those of a configuration file; name that file with --config";
    assert!(ended.err.contains(said), "{}", ended.err);
}

#[test]
fn nothing_in_a_token_reaches_the_terminal_as_it_is() {
    let encoded = |text: &str| base64url(text.as_bytes());
    let text = format!("{}.{}.", encoded(r#"{"alg":"none"}"#), encoded("{\"sub\":\"a\u{9b}2J\u{202e}\"}"));
    let ended = run(&["token", "inspect"], &VARIABLES, text.as_bytes());
    assert!(ended.out.contains(r#""a\u{9b}2J\u{202e}""#), "{:?}", ended.out);
}

#[test]
fn an_input_that_is_not_one_token_is_an_error() {
    for input in [" \n", "two tokens", "a.b.c\na.b.c"] {
        let ended = run(&["token", "inspect"], &VARIABLES, input.as_bytes());
        assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""));
        assert!(ended.err.starts_with("error: there is no token; give one token and nothing else"), "{}", ended.err);
    }
}

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
