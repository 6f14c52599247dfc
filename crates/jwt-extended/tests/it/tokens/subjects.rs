//! Whom a token belongs to: identities that are not strings, ids that no store keeps, and sessions of other issuers.

use jwt_extended::{
    JwtManager, JwtManagerBuilder, Requirement,
    config::{Switch, Tolerate},
    http::Reason,
    session::{MemoryStore, Subject},
    token::IssueError,
};

use crate::common::*;

fn any() -> JwtManagerBuilder {
    builder().verify_sub(Switch::Off).tolerate([Tolerate::AnyIdentity]).session_store(MemoryStore::new())
}

fn of(subject: &str) -> String {
    token(&[("sub", subject), ("iat", "1799999990")])
}

#[test]
fn a_revocation_finds_an_identity_however_its_json_is_written() {
    for (token, identity) in [
        (r#"{"id": 1}"#, r#"{"id":1}"#),
        (r#"{"b":[1, 2],"a":"é"}"#, r#"{"a":"\u00e9","b":[1,2]}"#),
        ("1e2", "100.0"),
        (r#""Jos\u00e9""#, r#""José""#),
        ("null", "null"),
    ] {
        let jwt = any().build().unwrap();
        let text = of(token);
        assert!(opens(&jwt, &text));
        wait(jwt.end_all_sessions(Subject(&Subject::of_json(identity).unwrap()))).unwrap();
        let later = refusal(&jwt, &bearer(&text), &Requirement::access());
        assert_eq!(*later.reason(), Reason::Revoked, "{token}");
    }
}

#[test]
fn a_value_and_its_text_are_different_subjects() {
    for (value, text) in [("1", "\"1\""), ("true", "\"true\""), ("null", "\"null\""), ("[1]", "\"[1]\"")] {
        let jwt = any().build().unwrap();
        wait(jwt.end_all_sessions(&jwt.decode_token(&of(value)).unwrap())).unwrap();
        assert!(!opens(&jwt, &of(value)) && opens(&jwt, &of(text)), "{value}");
    }
}

#[test]
fn a_refresh_keeps_the_kind_of_the_identity() {
    for jwt in [any(), builder().verify_sub(Switch::Off)].map(|builder| builder.build().unwrap()) {
        let refresh = token(&[("sub", "1"), ("type", "\"refresh\"")]);
        let presented = jwt.decode_token(&refresh).unwrap();
        let pair = wait(jwt.refresh(&presented)).unwrap();
        assert!(payload_of(&pair.access).contains("\"sub\":1,"), "{}", payload_of(&pair.access));
        let text = wait(jwt.refresh(&presented).identity("1")).unwrap_err();
        assert_eq!(*text.reason(), Reason::UserNotFound("1".to_owned()), "the user named \"1\" is another one");
    }
}

#[test]
fn a_subject_is_shown_as_its_text() {
    let jwt = any().build().unwrap();
    let subject = |claim: &str| jwt.decode_token(&of(claim)).unwrap().subject().to_owned();
    assert_eq!((subject("5"), subject("\"5\"")), ("5".to_owned(), "5".to_owned()));
    assert_eq!(subject(r#"{"id": 1}"#), r#"{"id":1}"#);
}

#[test]
fn no_string_can_pass_for_another_value() {
    let jwt = any().build().unwrap();
    assert!(complaint(&jwt, &of(r#""\u00015""#)).contains("control character"));
    assert_eq!(jwt.create_access_token("\u{1}5"), Err(IssueError::ControlCharacter));
}

#[test]
fn a_store_refuses_ids_that_it_cannot_keep() {
    let long = "x".repeat(1025);
    let kept = |jwt: &JwtManager, claim: &str, length: usize| {
        jwt.decode_token(&token(&[(claim, &format!("\"{}\"", &long[..length]))])).is_ok()
    };
    let stored = any().build().unwrap();
    for claim in ["jti", "sub"] {
        assert!(kept(&stored, claim, 1024) && !kept(&stored, claim, 1025), "{claim}");
        assert!(kept(&manager(), claim, 1025), "without a store");
    }
    assert!(stored.create_access_token(&long[..1024]).is_ok());
    assert_eq!(stored.create_access_token(&*long), Err(IssueError::TooLongId { limit: 1024 }));
    assert!(manager().create_access_token(&*long).is_ok());
}

#[test]
fn a_store_refuses_other_identities_that_it_cannot_keep() {
    let stored = any().build().unwrap();
    // Stores know such an identity by its JSON after one character.
    let identity = |length: usize| format!("[{}]", "1".repeat(length - 3));
    assert!(stored.decode_token(&of(&identity(1024))).is_ok());
    assert_eq!(complaint(&stored, &of(&identity(1025))), "The token's id or subject is longer than a store keeps");
}

#[test]
fn the_sid_of_another_issuer_is_no_session_of_ours() {
    let jwt = any().build().unwrap();
    for sid in ["5f8a3a0e-1d1e-4b0e-8f5e-5b1f0a9c6d7e", "a session", ""] {
        let text = token(&[("sid", &format!("\"{sid}\"")), ("jti", &format!("\"of {sid}\""))]);
        assert!(opens(&jwt, &text), "{sid}");
        let token = jwt.decode_token(&text).unwrap();
        assert_eq!(token.session(), Some(sid), "the claim can be read");
        wait(jwt.logout(&token)).unwrap();
        assert!(!opens(&jwt, &text), "a logout revokes the token alone");
    }
}

#[test]
fn a_subject_has_at_most_100_sessions_by_default() {
    let jwt = any().build().unwrap();
    let first = wait(jwt.login("alice")).unwrap();
    for _ in 0..100 {
        wait(jwt.login("alice")).unwrap();
    }
    assert_eq!(wait(jwt.sessions_of(Subject("alice"))).unwrap().len(), 100);
    assert!(!opens(&jwt, &first.access));
}

#[test]
fn a_placeholder_is_named_as_one() {
    for word in ["null", "undefined", "None", "NaN", "[object Object]"] {
        let expected = format!(
            "The client sent \"{word}\" instead of a token. Log in, and send the token that the login returned"
        );
        assert_eq!(complaint(&manager(), word), expected);
    }
    assert_eq!(complaint(&manager(), "nul"), "Not enough segments");
}

#[test]
fn a_message_repeats_only_the_beginning_of_a_subject() {
    let long = "é".repeat(20_000);
    let rejection = manager().reject(Reason::UserNotFound(long), None);
    assert_eq!(rejection.message().chars().count(), "Error loading the user ".len() + 201);
    assert!(rejection.challenge().unwrap().len() < 500);
}

#[test]
fn a_label_shows_no_marks_of_direction() {
    let jwt = any().build().unwrap();
    wait(jwt.login("alice").label("Fire\u{202e}xof\u{2066}\u{200f} 1\u{feff}")).unwrap();
    assert_eq!(wait(jwt.sessions_of(Subject("alice"))).unwrap()[0].label.as_deref(), Some("Firexof 1"));
}
