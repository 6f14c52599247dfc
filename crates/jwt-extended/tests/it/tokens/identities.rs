//! Whom tokens are for: texts, numbers, the app's own user; and the way back.

use std::borrow::Cow;

use jwt_extended::{
    Token,
    config::Switch,
    token::{Claims, ClaimsError, Identity, IssueError, Issued, LoadUser},
};
use serde_json::json;

use crate::common::*;

struct User {
    id: u64,
    name: &'static str,
}

impl Identity for User {
    fn subject(&self) -> Cow<'_, str> {
        self.id.to_string().into()
    }

    fn additional_claims(&self) -> Result<Claims, ClaimsError> {
        Claims::new(&json!({ "name": self.name }))
    }

    fn additional_headers(&self) -> Result<Claims, ClaimsError> {
        Claims::from_json(r#"{ "cty" : "user" }"#)
    }
}

/// What the app knows of a user.
#[derive(Debug, PartialEq)]
struct Profile(&'static str);

impl LoadUser<[User]> for Profile {
    type Error = std::convert::Infallible;

    async fn load_user(token: &Token, users: &[User]) -> Result<Option<Self>, Self::Error> {
        let found = users.iter().find(|user| user.id.to_string() == token.subject());
        Ok(found.map(|user| Self(user.name)))
    }
}

#[test]
fn any_text_is_an_identity_and_comes_back_letter_for_letter() {
    let jwt = manager();
    for name in [
        "alice",
        "é",
        "日本語",
        "😀",
        "a\"b\\c",
        "\n\r\t\u{8}\u{c}",
        "\u{0}",
        "\u{7f}",
        "\u{2028}",
        "</script>",
        "null",
        "{}",
        " ",
        "\u{feff}",
        "\u{fffd}",
        "e\u{301}",
        &"x".repeat(2000),
    ] {
        let token = jwt.create_access_token(name).unwrap();
        assert!(payload_of(&token).is_ascii());
        assert_eq!(jwt.decode_token(&token).unwrap().subject(), name);
        let request = bearer(&token);
        let admitted = check(&jwt, &request, &jwt_extended::Requirement::access()).unwrap();
        assert_eq!(admitted.token().subject(), name);
    }
}

#[test]
fn text_beyond_ascii_is_escaped_as_python_s_json_does() {
    let payload = payload_of(&manager().create_access_token("né\u{7f}😀\"\\/\n").unwrap());
    assert!(payload.contains(r#""sub":"n\u00e9\u007f\ud83d\ude00\"\\/\n","#), "{payload}");
}

#[test]
fn whole_numbers_and_uuids_are_identities_and_become_texts() {
    let jwt = manager();
    let subject = |token: Result<Issued, IssueError>| jwt.decode_token(&token.unwrap()).unwrap().subject().to_owned();
    assert_eq!(subject(jwt.create_access_token(&42_u64)), "42");
    assert_eq!(subject(jwt.create_access_token(&-1_i32)), "-1");
    assert_eq!(subject(jwt.create_access_token(&u128::MAX)), u128::MAX.to_string());
    assert_eq!(subject(jwt.create_access_token(&uuid::Uuid::max())), "ffffffff-ffff-ffff-ffff-ffffffffffff");
    assert_eq!(subject(jwt.create_access_token(&String::from("alice"))), "alice");
    assert_eq!(subject(jwt.create_access_token(&&"alice")), "alice");
    assert!(payload_of(&jwt.create_access_token(&42_u64).unwrap()).contains(r#""sub":"42""#));
}

#[test]
fn an_identity_that_is_a_number_in_a_foreign_token_is_its_json_text_where_that_is_allowed() {
    let jwt = builder().verify_sub(Switch::Off).build().unwrap();
    assert_eq!(jwt.decode_token(&token(&[("sub", "42")])).unwrap().subject(), "42");
    assert_eq!(jwt.decode_token(&token(&[("sub", r#"{"id":1}"#)])).unwrap().subject(), r#"{"id":1}"#);
}

#[test]
fn the_app_s_own_user_brings_its_claims_and_headers_into_every_token() {
    let (jwt, user) = (manager(), User { id: 7, name: "Zoë" });
    let pair = wait(jwt.login(&user)).unwrap();
    for text in [
        &pair.access,
        pair.refresh.as_ref().unwrap(),
        &jwt.create_access_token(&user).unwrap(),
        &jwt.create_refresh_token(&user).unwrap(),
    ] {
        let token = jwt.decode_token(text).unwrap();
        assert_eq!(token.subject(), "7");
        assert_eq!(token.claim::<String>("name").unwrap().unwrap(), "Zoë");
        assert_eq!(token.header_json(), r#"{"alg":"HS256","cty":"user","typ":"JWT"}"#);
    }
    let more = jwt.access_token(&user).additional_claims(&json!({ "name": "other", "more": 1 })).create().unwrap();
    assert!(payload_of(&more).ends_with(r#","name":"other","more":1}"#), "the token's own word is the last");
}

#[test]
fn the_way_back_finds_the_user_or_says_that_there_is_none() {
    let users = [User { id: 7, name: "Zoë" }];
    let load = |subject: &str| {
        let token = manager().decode_token(&manager().create_access_token(subject).unwrap()).unwrap();
        wait(Profile::load_user(&token, &users[..])).unwrap()
    };
    assert_eq!((load("7"), load("8")), (Some(Profile("Zoë")), None));
}

#[test]
fn an_identity_without_a_subject_or_with_unusable_claims_gets_no_token() {
    struct Broken;
    impl Identity for Broken {
        fn subject(&self) -> Cow<'_, str> {
            "broken".into()
        }
        fn additional_claims(&self) -> Result<Claims, ClaimsError> {
            Claims::new(&[1, 2])
        }
    }
    assert!(matches!(manager().create_access_token(&Broken), Err(IssueError::Claims(_))));
    assert!(matches!(wait(manager().login(&Broken)), Err(IssueError::Claims(_))));
    assert_eq!(wait(manager().login("")), Err(IssueError::EmptySubject));
}
