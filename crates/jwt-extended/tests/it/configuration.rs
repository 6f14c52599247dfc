//! The options: upstream's names and defaults, a message for each mistake, and the documents that list the options.

mod documents;
mod issuers;
#[cfg(feature = "asymmetric")]
mod key_pairs;
mod mistakes;

use std::{collections::BTreeSet, time::Duration};

use jwt_extended::{
    Config, JwtManager,
    config::{Secret, Switch, Tolerate},
    http::{ErrorFormat, Location, SameSite, Statuses},
    token::Lifetime,
};

use crate::common::*;

/// The 43 options of Flask-JWT-Extended with their defaults, in the notation of our configuration file. Where our
/// default differs, the table has ours.
const UPSTREAM: [(&str, &str); 43] = [
    ("ACCESS_TOKEN_EXPIRES", "900"),
    ("REFRESH_TOKEN_EXPIRES", "2592000"),
    ("ALGORITHM", r#""HS256""#),
    ("DECODE_ALGORITHMS", "null"),
    ("SECRET_KEY", "null"),
    ("PRIVATE_KEY", "null"),
    ("PUBLIC_KEY", "null"),
    ("IDENTITY_CLAIM", r#""sub""#),
    ("ENCODE_AUDIENCE", "null"),
    ("DECODE_AUDIENCE", "null"),
    ("ENCODE_ISSUER", "null"),
    ("DECODE_ISSUER", "null"),
    ("DECODE_LEEWAY", "0"),
    ("ENCODE_NBF", "true"),
    ("VERIFY_SUB", "true"),
    ("ERROR_MESSAGE_KEY", r#""msg""#),
    ("TOKEN_LOCATION", r#"["headers"]"#),
    ("HEADER_NAME", r#""Authorization""#),
    ("HEADER_TYPE", r#""Bearer""#),
    ("QUERY_STRING_NAME", r#""jwt""#),
    ("QUERY_STRING_VALUE_PREFIX", r#""""#),
    ("JSON_KEY", r#""access_token""#),
    ("REFRESH_JSON_KEY", r#""refresh_token""#),
    ("ACCESS_COOKIE_NAME", r#""access_token_cookie""#),
    ("REFRESH_COOKIE_NAME", r#""refresh_token_cookie""#),
    ("ACCESS_COOKIE_PATH", r#""/""#),
    ("REFRESH_COOKIE_PATH", r#""/""#),
    // Upstream: False.
    ("COOKIE_SECURE", "true"),
    ("COOKIE_DOMAIN", "null"),
    // Upstream: None, which omits the attribute.
    ("COOKIE_SAMESITE", r#""Lax""#),
    ("SESSION_COOKIE", "true"),
    ("COOKIE_CSRF_PROTECT", "true"),
    ("CSRF_METHODS", r#"["POST","PUT","PATCH","DELETE"]"#),
    ("CSRF_IN_COOKIES", "true"),
    ("CSRF_CHECK_FORM", "false"),
    ("ACCESS_CSRF_COOKIE_NAME", r#""csrf_access_token""#),
    ("REFRESH_CSRF_COOKIE_NAME", r#""csrf_refresh_token""#),
    ("ACCESS_CSRF_COOKIE_PATH", r#""/""#),
    ("REFRESH_CSRF_COOKIE_PATH", r#""/""#),
    ("ACCESS_CSRF_HEADER_NAME", r#""X-CSRF-TOKEN""#),
    ("REFRESH_CSRF_HEADER_NAME", r#""X-CSRF-TOKEN""#),
    ("ACCESS_CSRF_FIELD_NAME", r#""csrf_token""#),
    ("REFRESH_CSRF_FIELD_NAME", r#""csrf_token""#),
];

/// The options that only we have.
const OURS: [&str; 19] = [
    "CLEAR_REJECTED_COOKIES",
    "COOKIE_PARTITIONED",
    "CSRF_REFUSE_CROSS_SITE",
    "CSRF_REFUSE_SAME_SITE",
    "FORMER_COOKIE_DOMAINS",
    "FRESH_TOKEN_EXPIRES",
    "LONGEST_LIFETIME",
    "SESSION_EXPIRES",
    "SESSION_IDLE_EXPIRES",
    "REFRESH_GRACE",
    "REFRESH_RETRY",
    "MAX_SESSIONS",
    "MAX_TOKEN_LENGTH",
    "JWKS_MAX_AGE",
    "VERIFICATION_CACHE",
    "ERROR_FORMAT",
    "ERROR_STATUSES",
    "REALM",
    "TOLERATE",
];

fn from_json(text: &str) -> Config {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_options_are_those_of_upstream_and_ours() {
    let expected: BTreeSet<_> = UPSTREAM.iter().map(|(name, _)| *name).chain(OURS).map(str::to_lowercase).collect();
    let names: BTreeSet<_> = Config::NAMES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(names, expected);
    assert_eq!(Config::NAMES.len(), 62, "no name occurs twice");
}

#[test]
fn every_option_is_read_from_its_environment_variable() {
    let texts = [
        "1h",
        "7",
        "true",
        "false",
        "HS512",
        "Strict",
        "cookies",
        "problem_details",
        "flask_jwt_extended",
        "short_secret",
    ];
    let untouched = format!("{:?}", Config::default());
    for name in UPSTREAM.iter().map(|(name, _)| *name).chain(OURS) {
        let changed = texts.iter().any(|text| {
            let mut config = Config::default();
            let read = config.read_env([(format!("JWT_{name}"), (*text).to_owned())]);
            read.is_ok() && format!("{config:?}") != untouched
        });
        assert!(changed, "JWT_{name}");
    }
    let unknown = Config::default().read_env([("JWT_ACCESS_TOKEN_EXPIRE".to_owned(), "1".to_owned())]).unwrap_err();
    let expected = "JWT_ACCESS_TOKEN_EXPIRE is not an option; did you mean JWT_ACCESS_TOKEN_EXPIRES?";
    assert_eq!(unknown.mistakes(), [expected]);
}

#[test]
fn all_defaults_but_two_safer_ones_are_those_of_upstream() {
    let untouched = format!("{:?}", Config::default());
    for (name, default) in UPSTREAM {
        let config = from_json(&format!(r#"{{"{}":{default}}}"#, name.to_lowercase()));
        assert_eq!(format!("{config:?}"), untouched, "{name}");
    }
    let upstream = from_json(r#"{"cookie_secure":false,"cookie_samesite":"unset"}"#);
    assert_eq!((upstream.cookie_secure, upstream.cookie_samesite), (Switch::Off, SameSite::Unset));
    assert_ne!(format!("{upstream:?}"), untouched);
}

#[test]
fn our_own_options_have_the_documented_defaults() {
    let config = Config::default();
    assert_eq!((config.cookie_partitioned, config.csrf_refuse_cross_site), (Switch::Off, Switch::On));
    assert_eq!(config.csrf_refuse_same_site, Switch::Off);
    assert_eq!((config.fresh_token_expires, config.longest_lifetime), (None, None));
    assert_eq!((config.max_token_length.0, config.realm), (8192, None));
    assert_eq!((config.error_format, config.error_statuses), (ErrorFormat::Message, Statuses::Standard));
    assert!(config.tolerate.0.is_empty());
}

#[test]
fn a_file_sets_the_same_options_as_the_builder() {
    let text = r#"{"token_location":"cookies,headers","access_token_expires":"5m","cookie_samesite":"strict",
        "tolerate":["missing_type"],"error_statuses":"flask_jwt_extended","decode_leeway":10}"#;
    let file = from_json(text);
    assert_eq!(file.token_location.0, [Location::Cookie, Location::Header]);
    assert_eq!((file.access_token_expires, file.cookie_samesite), (Lifetime::minutes(5), SameSite::Strict));
    assert_eq!((file.tolerate.0[0], file.error_statuses), (Tolerate::MissingType, Statuses::FlaskJwtExtended));
    assert_eq!(file.decode_leeway.0, Duration::from_secs(10));
    let jwt = JwtManager::from_config(file).key(key()).build().unwrap();
    assert_eq!(jwt.token_location(), [Location::Cookie, Location::Header]);
}

#[test]
fn the_environment_of_the_process_is_read() {
    let mut expected = Config::default();
    let read = expected.read_env(std::env::vars_os());
    assert_eq!(Config::from_env().map(|config| format!("{config:?}")), read.map(|()| format!("{expected:?}")));
}

#[test]
fn options_come_as_a_table() {
    let error = serde_json::from_str::<Config>("5").unwrap_err().to_string();
    assert!(error.starts_with("invalid type: integer `5`, expected a table of options"), "{error}");
}

#[test]
fn secrets_are_equal_if_their_texts_are() {
    assert_eq!(Secret::from("one".to_owned()), Secret::from("one".to_owned()));
    assert_ne!(Secret::from("one".to_owned()), Secret::from("two".to_owned()));
}

#[test]
fn a_lifetime_of_another_type_says_what_it_may_be() {
    let error = serde_json::from_str::<Config>(r#"{"access_token_expires": [900]}"#).unwrap_err().to_string();
    assert!(error.contains("expected seconds as a whole number, a string such as \"15m\""), "{error}");
}
