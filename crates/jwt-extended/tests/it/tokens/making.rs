//! Issuing tokens: claims and headers in Flask-JWT-Extended's order and bytes, with the app's own claims and headers.

use jwt_extended::{
    EntropyError, JwtManager, JwtManagerBuilder, Timestamp,
    config::{Switch, Tolerate},
    jose::Key,
    token::{ClaimsError, Fresh, IssueError, Lifetime, TokenType},
};
use serde_json::json;

use crate::common::*;

fn fixed() -> JwtManagerBuilder {
    builder().entropy(entropy)
}

fn jwt() -> JwtManager {
    fixed().build().unwrap()
}

#[test]
fn an_access_token_has_the_bytes_of_upstreams() {
    let token = jwt().create_access_token("alice").unwrap();
    assert_eq!(header_of(&token), HEADER);
    assert_eq!(
        payload_of(&token),
        [
            format!(r#"{{"fresh":false,"iat":1800000000,"jti":"{JTI}","type":"access","#),
            format!(r#""sub":"alice","nbf":1800000000,"csrf":"{CSRF}","exp":1800000900}}"#),
        ]
        .concat()
    );
    assert_eq!(*token, signed(HEADER, &payload_of(&token)));
}

#[test]
fn a_refresh_token_has_the_bytes_of_upstreams() {
    let token = jwt().create_refresh_token("alice").unwrap();
    assert_eq!(
        payload_of(&token),
        [
            format!(r#"{{"fresh":false,"iat":1800000000,"jti":"{JTI}","type":"refresh","#),
            format!(r#""sub":"alice","nbf":1800000000,"csrf":"{CSRF}","exp":1802592000}}"#),
        ]
        .concat()
    );
}

#[test]
fn iat_nbf_and_exp_are_rounded_down_to_seconds() {
    let jwt = fixed().clock(|| Timestamp::from_micros(1_800_000_000_999_999)).build().unwrap();
    let payload = payload_of(&jwt.create_access_token("alice").unwrap());
    assert!(payload.contains(r#""iat":1800000000,"#) && payload.contains(r#""nbf":1800000000,"#));
    assert!(payload.ends_with(r#""exp":1800000900}"#), "{payload}");
}

#[test]
fn aud_and_iss_are_between_csrf_and_exp() {
    let jwt = fixed().encode_audience("api").encode_issuer("https://us.example".to_owned()).build().unwrap();
    let token = jwt.create_access_token("alice").unwrap();
    let end = format!(r#""csrf":"{CSRF}","aud":"api","iss":"https://us.example","exp":1800000900}}"#);
    assert!(payload_of(&token).ends_with(&end), "{}", payload_of(&token));
    assert!(jwt.decode_token(&token).is_ok());
    let several = fixed().encode_audience(["api", "admin"]).build().unwrap();
    let token = several.create_access_token("alice").unwrap();
    assert!(payload_of(&token).contains(r#""aud":["api","admin"],"exp""#));
    assert!(several.decode_token(&token).is_ok());
}

#[test]
fn nbf_and_csrf_can_be_omitted() {
    let jwt = fixed().encode_nbf(Switch::Off).cookie_csrf_protect(Switch::Off).build().unwrap();
    let token = jwt.create_access_token("alice").unwrap();
    assert_eq!(
        payload_of(&token),
        format!(r#"{{"fresh":false,"iat":1800000000,"jti":"{JTI}","type":"access","sub":"alice","exp":1800000900}}"#)
    );
    let token = jwt.decode_token(&token).unwrap();
    assert_eq!((token.not_before(), token.csrf()), (None, None));
}

#[test]
fn identity_claim_names_the_claim_of_the_subject() {
    let jwt = fixed().identity_claim("identity").build().unwrap();
    let token = jwt.create_access_token("alice").unwrap();
    assert!(payload_of(&token).contains(r#""type":"access","identity":"alice","nbf""#));
    assert_eq!(jwt.decode_token(&token).unwrap().subject(), "alice");
    assert_eq!(complaint(&manager(), &token), "Missing claim: sub");
    assert_eq!(complaint(&jwt, &crate::common::token(&[])), "Missing claim: identity");
}

#[test]
fn two_tokens_never_share_a_jti_or_a_csrf_value() {
    let jwt = manager();
    let mut names: Vec<String> = (0..100)
        .map(|_| jwt.decode_token(&jwt.create_access_token("alice").unwrap()).unwrap())
        .flat_map(|token| [token.jti().unwrap().to_owned(), token.csrf().unwrap().to_owned()])
        .collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 200);
}

#[test]
fn no_token_is_issued_without_randomness() {
    let jwt = builder().entropy(|_: &mut [u8]| Err(EntropyError)).build().unwrap();
    assert_eq!(jwt.create_access_token("alice"), Err(IssueError::Entropy(EntropyError)));
    assert_eq!(wait(jwt.login("alice")), Err(IssueError::Entropy(EntropyError)));
}

// Additional claims.

#[test]
fn additional_claims_keep_their_order() {
    #[derive(serde::Serialize)]
    struct Own {
        zebra: f64,
        apple: Vec<&'static str>,
    }
    let token = jwt()
        .access_token("alice")
        .additional_claims(&Own { zebra: 1.5, apple: vec!["a b", "é"] })
        .additional_claims(&json!({ "role": "x" }))
        .additional_claims(&json!({ "role": { "name": "admin" } }))
        .create()
        .unwrap();
    let end = r#""exp":1800000900,"zebra":1.5,"apple":["a b","\u00e9"],"role":{"name":"admin"}}"#;
    assert!(payload_of(&token).ends_with(end), "{}", payload_of(&token));
}

#[test]
fn additional_claims_cannot_replace_reserved_claims() {
    for name in ["fresh", "iat", "jti", "type", "sub", "nbf", "csrf", "aud", "iss", "exp", "sid"] {
        let refused = jwt().access_token("alice").additional_claims(&json!({ name: 1 })).create();
        assert_eq!(refused, Err(IssueError::ReservedClaim(name.to_owned())));
    }
    let renamed = fixed().identity_claim("identity").build().unwrap();
    let refused = renamed.access_token("alice").additional_claims(&json!({ "identity": "bob" })).create();
    assert_eq!(refused, Err(IssueError::ReservedClaim("identity".to_owned())));
    let text = jwt().access_token("alice").additional_claims(&json!({ "exp": 1 })).create().unwrap_err().to_string();
    assert!(text.contains("use `overriding_claims`"), "{text}");
}

#[test]
fn overriding_claims_replace_values_in_place() {
    let token = jwt()
        .access_token("alice")
        .overriding_claims(&json!({ "sub": "bob", "own": 1, "jti": "mine" }))
        .create()
        .unwrap();
    assert_eq!(
        payload_of(&token),
        [
            r#"{"fresh":false,"iat":1800000000,"jti":"mine","type":"access","#.to_owned(),
            format!(r#""sub":"bob","nbf":1800000000,"csrf":"{CSRF}","exp":1800000900,"own":1}}"#),
        ]
        .concat()
    );
}

#[test]
fn claims_must_be_an_object_without_duplicate_names() {
    struct Twice;
    impl serde::Serialize for Twice {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeMap;
            let mut map = serializer.serialize_map(Some(2))?;
            map.serialize_entry("role", "user")?;
            map.serialize_entry("role", "admin")?;
            map.end()
        }
    }
    for value in [json!([1]), json!("text"), json!(5), json!(true)] {
        let refused = jwt().access_token("alice").additional_claims(&value).create();
        assert!(matches!(refused, Err(IssueError::Claims(ClaimsError::NotAnObject(_)))), "{value}");
    }
    let refused = jwt().access_token("alice").additional_claims(&Twice).create();
    assert!(matches!(refused, Err(IssueError::Claims(ClaimsError::NotAnObject(_)))));
    let none = jwt().access_token("alice").additional_claims(&()).create().unwrap();
    assert!(payload_of(&none).ends_with(r#""exp":1800000900}"#));
}

#[test]
fn claims_can_be_read_one_by_one_or_as_a_type() {
    #[derive(serde::Deserialize)]
    struct Own {
        sub: String,
        roles: Vec<String>,
    }
    let text = jwt().access_token("alice").additional_claims(&json!({ "roles": ["a", "é"] })).create().unwrap();
    let token = jwt().decode_token(&text).unwrap();
    let own: Own = token.claims().unwrap();
    assert_eq!((own.sub.as_str(), own.roles), ("alice", vec!["a".to_owned(), "é".to_owned()]));
    assert_eq!(token.claim::<Vec<String>>("roles").unwrap().unwrap(), ["a", "é"]);
    assert_eq!(token.claim::<String>("absent").unwrap(), None);
    assert!(token.claim::<u8>("roles").is_err());
    assert_eq!(token.claims_json(), payload_of(&text));
    assert_eq!(token.header_json(), HEADER);
}

// Headers.

#[test]
fn additional_headers_are_sorted_among_the_others() {
    let key = key().with_kid("2026").unwrap();
    let jwt = keyless().key(key).build().unwrap();
    let token = jwt.access_token("alice").additional_headers(&json!({ "zz": 1, "cty": "é", "alg": "HS256" })).create();
    let token = token.unwrap();
    assert_eq!(header_of(&token), r#"{"alg":"HS256","cty":"\u00e9","kid":"2026","typ":"JWT","zz":1}"#);
    assert_eq!(jwt.decode_token(&token).unwrap().header_json(), header_of(&token));
}

#[test]
fn typ_can_be_changed_or_removed() {
    let header = |typ: serde_json::Value| {
        let token = jwt().access_token("alice").additional_headers(&json!({ "typ": typ })).create().unwrap();
        assert!(jwt().decode_token(&token).is_ok());
        header_of(&token)
    };
    assert_eq!(header(json!(null)), r#"{"alg":"HS256"}"#);
    assert_eq!(header(json!("at+jwt")), r#"{"alg":"HS256","typ":"at+jwt"}"#);
}

#[test]
fn headers_that_change_the_tokens_meaning_are_rejected() {
    let named = keyless().key(key().with_kid("2026").unwrap()).build().unwrap();
    for (name, value) in [
        ("alg", json!("none")),
        ("alg", json!("HS512")),
        ("alg", json!(null)),
        ("crit", json!(["x"])),
        ("b64", json!(false)),
        ("kid", json!("another")),
    ] {
        let refused = named.access_token("alice").additional_headers(&json!({ name: value })).create();
        assert_eq!(refused, Err(IssueError::ReservedHeader(name.to_owned())), "{name}: {value}");
    }
    let unnamed = jwt().access_token("alice").additional_headers(&json!({ "kid": "theirs" })).create().unwrap();
    assert_eq!(header_of(&unnamed), r#"{"alg":"HS256","kid":"theirs","typ":"JWT"}"#);
}

#[test]
fn a_token_that_its_manager_would_reject_is_not_issued() {
    let headers = |headers: serde_json::Value| jwt().access_token("alice").additional_headers(&headers).create();
    let claims = |claims: serde_json::Value| jwt().access_token("alice").overriding_claims(&claims).create();
    for made in [
        headers(json!({ "typ": "dpop+jwt" })),
        headers(json!({ "kid": 5 })),
        claims(json!({ "type": "app" })),
        claims(json!({ "exp": "tomorrow" })),
        claims(json!({ "sub": 5 })),
        claims(json!({ "aud": "somebody else" })),
    ] {
        assert!(made.is_err(), "{:?}", made.map(|token| (header_of(&token), payload_of(&token))));
    }
}

// Other errors.

#[test]
fn an_empty_subject_or_a_too_long_token_is_an_error() {
    assert_eq!(jwt().create_access_token(""), Err(IssueError::EmptySubject));
    let short = fixed().max_token_length(300).build().unwrap();
    let refused = short.create_access_token(&*"x".repeat(100));
    assert!(matches!(refused, Err(IssueError::TooLong { limit: 300, length: 301.. })), "{refused:?}");
}

#[test]
fn an_empty_session_id_is_an_error() {
    // All tokens with an empty session id would end together.
    assert_eq!(jwt().access_token("alice").session("").create(), Err(IssueError::EmptySession));
}

#[test]
fn a_key_ring_that_only_verifies_issues_no_token() {
    let jwt = keyless().verifying_key(key()).build().unwrap();
    assert_eq!(jwt.create_access_token("alice"), Err(IssueError::NoSigningKey));
    assert_eq!(wait(jwt.login("alice")), Err(IssueError::NoSigningKey));
    assert!(jwt.decode_token(&token(&[])).is_ok());
}

#[test]
fn each_hmac_algorithm_is_named_in_the_header() {
    let secret = "s".repeat(64);
    for (key, name) in [(Key::hs256(&secret), "HS256"), (Key::hs384(&secret), "HS384"), (Key::hs512(&secret), "HS512")]
    {
        let jwt = keyless().key(key.unwrap()).build().unwrap();
        let token = jwt.access_token("alice").fresh(Fresh::Always).create().unwrap();
        assert_eq!(header_of(&token), format!(r#"{{"alg":"{name}","typ":"JWT"}}"#));
        assert!(jwt.decode_token(&token).is_ok());
    }
}

#[test]
fn a_token_without_exp_is_issued_only_where_it_is_accepted() {
    let never = |jwt: &JwtManager| jwt.access_token("alice").lifetime(Lifetime::Never).create();
    assert_eq!(never(&jwt()), Err(IssueError::NeverRefused));
    assert!(never(&fixed().tolerate([Tolerate::MissingExpiry]).build().unwrap()).is_ok());
    assert!(never(&fixed().access_token_expires(Lifetime::Never).build().unwrap()).is_ok());
}

#[test]
fn a_token_says_how_its_user_has_logged_in() {
    let text = jwt().access_token("alice").amr(["pwd", "otp"]).create().unwrap();
    assert!(payload_of(&text).ends_with(r#","amr":["pwd","otp"]}"#));
}

#[test]
fn the_ids_of_a_token_can_be_given() {
    let issued = jwt().access_token("alice").jti("an id").csrf("a value").create().unwrap();
    assert_eq!((issued.jti().as_deref(), issued.csrf().as_deref()), (Some("an id"), Some("a value")));
}

#[test]
fn what_was_issued_can_be_read_without_parsing() {
    let jwt = fixed().cookie_csrf_protect(Switch::Off).tolerate([Tolerate::UnknownType]).build().unwrap();
    let claims = json!({ "csrf": "a value", "sid": "a session", "type": "invite" });
    let issued = jwt.access_token("alice").overriding_claims(&claims).create().unwrap();
    assert_eq!((issued.csrf().as_deref(), issued.session().as_deref()), (Some("a value"), Some("a session")));
    assert_eq!(issued.token_type(), TokenType::Other);
    assert_eq!(issued.claims_json(), payload_of(&issued));
    let shown = format!("{:?}", jwt.decode_token(&issued).unwrap());
    assert!(shown.starts_with("Token { type: \"other\""), "{shown}");
    assert_eq!(issued.as_ref(), issued.as_str());
    assert_eq!(String::from(issued.clone()), issued.into_string());
}

#[test]
fn the_subject_of_an_issued_token_is_its_text() {
    let jwt = fixed().verify_sub(Switch::Off).tolerate([Tolerate::AnyIdentity]).build().unwrap();
    for (claim, subject) in [(json!("alice"), "alice"), (json!("a\"b"), "a\"b"), (json!({ "id": 1 }), "{\"id\":1}")] {
        let issued = jwt.access_token("bob").overriding_claims(&json!({ "sub": claim })).create().unwrap();
        assert_eq!(issued.subject(), subject);
        assert_eq!(jwt.decode_token(&issued).unwrap().subject(), subject);
    }
}

#[test]
fn tokens_are_equal_if_their_claims_and_headers_are() {
    let jwt = jwt();
    let read = |text: String| jwt.decode_token(&text).unwrap();
    assert_eq!(read(token(&[])), read(token(&[])));
    assert_ne!(read(token(&[])), read(token(&[("jti", "\"another\"")])));
    let reordered = signed(r#"{"typ":"JWT","alg":"HS256"}"#, &payload(&[]));
    assert_ne!(read(token(&[])), read(reordered));
}

#[test]
fn a_token_may_be_as_long_as_the_limit() {
    let length = jwt().create_access_token("alice").unwrap().len();
    let limited = |length: usize| fixed().max_token_length(length).build().unwrap().create_access_token("alice");
    assert!(limited(length).is_ok());
    assert_eq!(limited(length - 1), Err(IssueError::TooLong { length, limit: length - 1 }));
}

#[test]
fn an_expiry_among_the_apps_own_claims_is_that_of_the_token() {
    let jwt = fixed().access_token_expires(Lifetime::Never).build().unwrap();
    let token = jwt.access_token("alice").overriding_claims(&json!({"exp": NOW + 60}));
    assert_eq!(token.create().unwrap().expires_at(), Some(Timestamp::from_secs(NOW + 60)));
}

#[test]
fn an_issued_token_knows_its_type() {
    let (access, refresh) = (jwt().create_access_token("alice"), jwt().create_refresh_token("alice"));
    assert_eq!([access, refresh].map(|token| token.unwrap().token_type()), [TokenType::Access, TokenType::Refresh]);
}
