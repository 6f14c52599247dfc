//! Identities: strings, numbers and the app's own user in a token, and loading the user from a token.

use std::borrow::Cow;

use jwt_extended::{
    Token, UserError,
    config::Switch,
    http::Reason,
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

/// A user as the app loads it from a token.
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
fn a_reference_to_a_user_has_its_claims_and_headers() {
    let user = User { id: 7, name: "alice" };
    let token = manager().create_access_token(&&user).unwrap();
    assert!(payload_of(&token).contains(r#""name":"alice""#) && header_of(&token).contains(r#""cty":"user""#));
}

#[test]
fn any_string_is_an_identity_and_is_read_back_unchanged() {
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
fn non_ascii_text_is_escaped_as_in_python() {
    let payload = payload_of(&manager().create_access_token("né\u{7f}😀\"\\/\n").unwrap());
    assert!(payload.contains(r#""sub":"n\u00e9\u007f\ud83d\ude00\"\\/\n","#), "{payload}");
}

#[test]
fn integers_and_uuids_become_string_subjects() {
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
fn without_verify_sub_a_non_string_subject_is_its_json() {
    let jwt = builder().verify_sub(Switch::Off).build().unwrap();
    assert_eq!(jwt.decode_token(&token(&[("sub", "42")])).unwrap().subject(), "42");
    assert_eq!(jwt.decode_token(&token(&[("sub", r#"{"id":1}"#)])).unwrap().subject(), r#"{"id":1}"#);
}

#[test]
fn every_token_has_the_users_claims_and_headers() {
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
    assert!(payload_of(&more).ends_with(r#","name":"other","more":1}"#), "the builder's claims replace the user's");
}

#[test]
fn load_user_returns_the_user_or_none() {
    let users = [User { id: 7, name: "Zoë" }];
    let load = |subject: &str| {
        let token = manager().decode_token(&manager().create_access_token(subject).unwrap()).unwrap();
        wait(Profile::load_user(&token, &users[..])).unwrap()
    };
    assert_eq!((load("7"), load("8")), (Some(Profile("Zoë")), None));
}

#[test]
fn an_invalid_identity_gets_no_token() {
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

#[test]
fn the_manager_refuses_a_user_that_does_not_exist() {
    struct Unreachable;
    impl LoadUser<()> for Unreachable {
        type Error = &'static str;

        async fn load_user(_: &Token, (): &()) -> Result<Option<Self>, Self::Error> {
            Err("the database is down")
        }
    }
    let users = [User { id: 7, name: "Zoë" }];
    let jwt = manager();
    let token = |subject: &str| jwt.decode_token(&jwt.create_access_token(subject).unwrap()).unwrap();
    assert_eq!(wait(jwt.load_user::<Profile, _>(token("7"), &users[..])).unwrap(), Profile("Zoë"));
    let missing = wait(jwt.load_user::<Profile, _>(token("8"), &users[..])).unwrap_err();
    assert!(matches!(missing, UserError::Rejected(refused) if *refused.reason() == Reason::UserNotFound("8".into())));
    let failed = wait(jwt.load_user::<Unreachable, _>(token("7"), &())).err().unwrap();
    assert!(matches!(failed, UserError::Lookup("the database is down")));
}

#[test]
fn claims_are_read_as_the_type_of_the_route() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Named {
        name: String,
    }
    let jwt = manager();
    let token = |changes: &[(&str, &str)]| jwt.decode_token(&token(changes)).unwrap();
    let named = jwt.typed_claims::<Named>(token(&[("name", "\"Zoë\"")])).unwrap();
    assert_eq!(named, Named { name: "Zoë".to_owned() });
    let refused = jwt.typed_claims::<Named>(token(&[])).unwrap_err();
    assert_eq!(
        (refused.code(), refused.message().as_str()),
        ("token_invalid", "The token lacks the claims that this route needs",)
    );
}
