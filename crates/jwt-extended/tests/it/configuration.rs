//! The options: upstream's names and defaults, the sentence for every mistake, and the page that lists them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "configuration/mistakes.rs"]
mod mistakes;

use std::{collections::BTreeSet, time::Duration};

use jwt_extended::{
    Config, JwtManager,
    config::{Switch, Tolerate},
    http::{ErrorFormat, Location, SameSite, Statuses},
    token::Lifetime,
};

use crate::common::*;

const PAGE: &str = include_str!("../../src/docs/options.md");

/// Flask-JWT-Extended's 43 options and their defaults, as a configuration file of ours would say them; where our
/// default differs, ours is asked for.
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
    // Upstream: None, the attribute is left out.
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

const OURS_ALONE: [&str; 13] = [
    "COOKIE_PARTITIONED",
    "CSRF_REFUSE_CROSS_SITE",
    "FRESH_TOKEN_EXPIRES",
    "LONGEST_LIFETIME",
    "SESSION_EXPIRES",
    "SESSION_IDLE_EXPIRES",
    "REFRESH_GRACE",
    "MAX_SESSIONS",
    "MAX_TOKEN_LENGTH",
    "ERROR_FORMAT",
    "ERROR_STATUSES",
    "REALM",
    "TOLERATE",
];

fn from_json(text: &str) -> Config {
    serde_json::from_str(text).unwrap()
}

// Names and defaults.

#[test]
fn the_options_are_upstream_s_43_and_thirteen_of_ours() {
    let expected: BTreeSet<_> =
        UPSTREAM.iter().map(|(name, _)| *name).chain(OURS_ALONE).map(str::to_lowercase).collect();
    let names: BTreeSet<_> = Config::NAMES.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(names, expected);
    assert_eq!(Config::NAMES.len(), 56, "none twice");
}

#[test]
fn every_option_is_read_from_the_environment_under_jwt_and_its_upstream_name() {
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
    for name in UPSTREAM.iter().map(|(name, _)| *name).chain(OURS_ALONE) {
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
fn every_default_is_upstream_s_but_for_the_two_that_are_safer() {
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
fn our_own_options_have_the_defaults_that_the_page_names() {
    let config = Config::default();
    assert_eq!((config.cookie_partitioned, config.csrf_refuse_cross_site), (Switch::Off, Switch::On));
    assert_eq!((config.fresh_token_expires, config.longest_lifetime), (None, None));
    assert_eq!((config.max_token_length.0, config.realm), (8192, None));
    assert_eq!((config.error_format, config.error_statuses), (ErrorFormat::Message, Statuses::Standard));
    assert!(config.tolerate.0.is_empty());
}

#[test]
fn a_configuration_from_a_file_and_one_from_methods_do_the_same() {
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

// The page.

#[test]
fn the_page_has_one_row_for_every_option_under_both_of_its_names() {
    for name in Config::NAMES {
        let (ours, upstream) = (format!("`{name}`"), format!("`JWT_{}`", name.to_uppercase()));
        let rows = PAGE.lines().filter(|line| line.starts_with('|') && line.contains(&upstream));
        let rows: Vec<_> = rows.collect();
        assert_eq!(rows.len(), 1, "{name}");
        assert!(rows[0].contains(&ours), "{name}");
    }
}

#[test]
fn the_page_names_no_option_that_does_not_exist() {
    for name in PAGE.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| word.starts_with("JWT_")) {
        assert!(name == "JWT_" || Config::NAMES.contains(&&*name["JWT_".len()..].to_lowercase()), "{name}");
    }
}

#[test]
fn the_page_says_what_became_of_each_of_upstream_s_loaders_and_what_can_be_tolerated() {
    for loader in [
        "additional_claims_loader",
        "additional_headers_loader",
        "user_identity_loader",
        "encode_key_loader",
        "decode_key_loader",
        "token_in_blocklist_loader",
        "token_verification_loader",
        "user_lookup_loader",
        "expired_token_loader",
        "invalid_token_loader",
        "unauthorized_loader",
        "needs_fresh_token_loader",
        "revoked_token_loader",
        "user_lookup_error_loader",
        "token_verification_failed_loader",
    ] {
        assert!(PAGE.contains(&format!("`{loader}`")), "{loader}");
    }
    for tolerance in Tolerate::ALL {
        let name = serde_json::to_string(&tolerance).unwrap();
        assert!(PAGE.contains(&format!("`{}`", name.trim_matches('"'))), "{name}");
    }
}
