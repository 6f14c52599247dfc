//! Lines 13 to 16: times, issuer, audience, type.

use std::time::Duration;

use jwt_extended::{
    JwtManager, JwtManagerBuilder, Requirement,
    config::{Switch, Tolerate},
    session::MemoryStore,
    token::{Lifetime, TokenError, TokenType},
};

use crate::common::*;

fn complaint_of(builder: JwtManagerBuilder, changes: &[(&str, &str)]) -> String {
    complaint(&builder.build().unwrap(), &token(changes))
}

fn accepts(builder: JwtManagerBuilder, changes: &[(&str, &str)]) -> bool {
    builder.build().unwrap().decode_token(&token(changes)).is_ok()
}

// Line 13: times.

#[test]
fn exp_nbf_and_iat_must_be_representable_numbers() {
    for (claim, expected) in [
        ("exp", "Expiration Time claim (exp) must be an integer."),
        ("nbf", "Not Before claim (nbf) must be an integer."),
        ("iat", "Issued At claim (iat) must be an integer."),
    ] {
        for value in [
            "\"1800000000\"",
            "\"\"",
            "\"never\"",
            "null",
            "true",
            "false",
            "[]",
            "[1800000000]",
            "{}",
            "-1",
            "-0.5",
            "-1e400",
            "1e400",
            "1e99",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775809",
            "18446744073709551616",
            "253402300800",
            "99999999999999999999999999999999999999999999",
        ] {
            assert_eq!(complaint_of(builder(), &[(claim, value)]), expected, "{claim}: {value}");
        }
    }
}

#[test]
fn times_may_have_fractions_and_exponents() {
    for exp in ["1800000000.5", "1800000000.001", "1.8000000005e9", "18000000005E-1", "253402300799"] {
        assert!(accepts(builder(), &[("exp", exp)]), "{exp}");
    }
    for past in ["1799999999.999999", "1.8e9", "1800000000.0", "0", "0.0", "1e-400", "-0"] {
        assert_eq!(complaint_of(builder(), &[("exp", past)]), "Token has expired", "{past}");
    }
}

#[test]
fn a_token_is_expired_at_the_moment_of_exp() {
    let clock = clock();
    let jwt = builder().clock(clock.clone()).build().unwrap();
    let token = token(&[("exp", "1800000010")]);
    clock.advance(Duration::from_micros(9_999_999));
    assert!(jwt.decode_token(&token).is_ok());
    clock.advance(Duration::from_micros(1));
    assert!(matches!(jwt.decode_token(&token), Err(TokenError::Expired(_))));
    clock.advance(Duration::from_secs(1_000_000));
    assert!(matches!(jwt.decode_token(&token), Err(TokenError::Expired(_))));
}

#[test]
fn the_clock_that_issued_a_token_may_be_5_seconds_ahead() {
    for claim in ["nbf", "iat"] {
        for early in ["1800000000", "1800000001", "1800000005"] {
            assert!(accepts(builder(), &[(claim, early)]));
        }
        for later in ["1800000005.001", "1800000006", "253402300799"] {
            let complaint = complaint_of(builder(), &[(claim, later)]);
            assert_eq!(complaint, format!("The token is not yet valid ({claim})"));
        }
        assert!(accepts(builder(), &[(claim, "")]), "the claim is optional");
    }
}

#[test]
fn a_missing_exp_is_accepted_only_for_a_type_that_never_expires() {
    let (access, refresh) = ([("exp", "")], [("exp", ""), ("type", "\"refresh\"")]);
    assert_eq!(complaint_of(builder(), &access), "Missing claim: exp");
    assert_eq!(complaint_of(builder(), &refresh), "Missing claim: exp");
    let refresh_never = || builder().refresh_token_expires(Lifetime::Never);
    assert!(accepts(refresh_never(), &refresh));
    assert_eq!(complaint_of(refresh_never(), &access), "Missing claim: exp");
    let access_never = || builder().access_token_expires(Lifetime::Never);
    assert!(accepts(access_never(), &access));
    assert_eq!(complaint_of(access_never(), &refresh), "Missing claim: exp");
    let tolerant = || builder().tolerate([Tolerate::MissingExpiry]);
    assert!(accepts(tolerant(), &access) && accepts(tolerant(), &refresh));
}

#[test]
fn an_expired_token_with_another_fault_reports_that_fault() {
    let expired = ("exp", "1");
    for (change, expected) in [
        (("nbf", "1800000006"), "The token is not yet valid (nbf)"),
        (("sub", "5"), "Subject must be a string"),
        (("sub", ""), "Missing claim: sub"),
        (("jti", "null"), "JWT ID must be a string"),
        (("type", "\"x\""), "The type claim must be \"access\" or \"refresh\""),
        (("aud", "\"other\""), "Audience doesn't match"),
    ] {
        assert_eq!(complaint_of(builder(), &[expired, change]), expected);
    }
}

// Line 14: leeway.

#[test]
fn exp_nbf_and_iat_share_one_leeway() {
    let strict = [("exp", "1800000000"), ("nbf", "1800000006"), ("iat", "1800000006")];
    for claim in strict {
        assert!(!accepts(builder(), &[claim]), "{claim:?}");
    }
    let lenient = || builder().decode_leeway(Duration::from_secs(10));
    for claim in [("exp", "1799999990.001"), ("nbf", "1800000010"), ("iat", "1800000010")] {
        assert!(accepts(lenient(), &[claim]), "{claim:?}");
    }
    for claim in [("exp", "1799999990"), ("nbf", "1800000010.001"), ("iat", "1800000010.001")] {
        assert!(!accepts(lenient(), &[claim]), "{claim:?}");
    }
}

#[test]
fn the_leeway_is_bounded_to_five_minutes() {
    assert!(builder().decode_leeway(Duration::from_secs(300)).build().is_ok());
    for long in [Duration::from_micros(300_000_001), Duration::from_secs(3600), Duration::MAX] {
        let error = builder().decode_leeway(long).build().unwrap_err();
        assert_eq!(error.mistakes(), ["decode_leeway must be at most 300 seconds"]);
    }
}

// Line 15: issuer and audience.

#[test]
fn an_issuer_must_be_exactly_equal() {
    let strict = || builder().decode_issuer("https://issuer.example");
    assert!(accepts(strict(), &[("iss", "\"https://issuer.example\"")]));
    assert!(
        accepts(strict(), &[("iss", "\"https:\\/\\/issuer.exampl\\u0065\"")]),
        "another JSON spelling of the same text"
    );
    for other in [
        "",
        "https://issuer",
        "issuer.example",
        "https://issuer.example/",
        "https://issuer.example.evil",
        "h",
        "HTTPS://issuer.example",
        " https://issuer.example",
        "https://issuer.example\\u0000",
    ] {
        assert_eq!(complaint_of(strict(), &[("iss", &format!("\"{other}\""))]), "Invalid issuer", "{other}");
    }
    for kind in ["[\"https://issuer.example\"]", "null", "5", "{\"https://issuer.example\":1}", "true", "[]"] {
        assert_eq!(complaint_of(strict(), &[("iss", kind)]), "Payload Issuer (iss) must be a string", "{kind}");
    }
    assert_eq!(complaint_of(strict(), &[]), "Token is missing the \"iss\" claim");
}

#[test]
fn each_configured_issuer_is_trusted() {
    let two = || builder().decode_issuer(["one", "two"]);
    assert!(accepts(two(), &[("iss", "\"one\"")]) && accepts(two(), &[("iss", "\"two\"")]));
    for other in ["\"onetwo\"", "\"one,two\"", "\"one two\"", "\"on\""] {
        assert_eq!(complaint_of(two(), &[("iss", other)]), "Invalid issuer");
    }
    let own = || builder().encode_issuer("us");
    assert!(accepts(own(), &[("iss", "\"us\"")]));
    assert_eq!(complaint_of(own(), &[("iss", "\"them\"")]), "Invalid issuer");
    assert_eq!(complaint_of(own(), &[]), "Token is missing the \"iss\" claim");
}

#[test]
fn an_audience_is_a_string_or_array_that_names_us() {
    let strict = || builder().decode_audience(["api", "admin"]);
    for good in ["\"api\"", "\"admin\"", "[\"api\"]", "[\"other\",\"api\"]", "[\"api\",\"admin\"]", "\"\\u0061pi\""] {
        assert!(accepts(strict(), &[("aud", good)]), "{good}");
    }
    for other in ["\"ap\"", "\"apis\"", "\"API\"", "\"api admin\"", "\"api,admin\"", "[\"other\"]", "[\"ap\",\"i\"]"] {
        assert_eq!(complaint_of(strict(), &[("aud", other)]), "Audience doesn't match", "{other}");
    }
    for malformed in [
        "[]",
        "\"\"",
        "[\"\"]",
        "[\"api\",\"\"]",
        "null",
        "5",
        "true",
        "{\"api\":1}",
        "[\"api\",5]",
        "[\"api\",null]",
        "[[\"api\"]]",
    ] {
        let complaint = complaint_of(strict(), &[("aud", malformed)]);
        assert_eq!(complaint, "Invalid claim format in token", "{malformed}");
    }
    assert_eq!(complaint_of(strict(), &[]), "Token is missing the \"aud\" claim");
}

#[test]
fn an_app_without_audience_rejects_a_token_with_one() {
    for aud in ["\"somebody else\"", "[]", "null", "\"\""] {
        assert_eq!(complaint_of(builder(), &[("aud", aud)]), "Audience doesn't match", "{aud}");
    }
    assert!(accepts(builder().tolerate([Tolerate::UnexpectedAudience]), &[("aud", "\"somebody else\"")]));
    let own = || builder().encode_audience("us");
    assert!(accepts(own(), &[("aud", "\"us\"")]));
    assert_eq!(complaint_of(own(), &[("aud", "\"them\"")]), "Audience doesn't match");
}

// Line 16: type confusion.

#[test]
fn access_and_refresh_tokens_are_not_interchangeable() {
    let jwt = manager();
    let (access, refresh) = (bearer(&token(&[])), bearer(&token(&[("type", "\"refresh\"")])));
    for requirement in [Requirement::access(), Requirement::fresh()] {
        let refusal = refusal(&jwt, &refresh, &requirement);
        assert_eq!((refusal.status().as_u16(), refusal.code()), (401, "token_type_wrong"));
        assert_eq!(refusal.message(), "Only non-refresh tokens are allowed");
    }
    let refusal = refusal(&jwt, &access, &Requirement::refresh());
    assert_eq!((refusal.status().as_u16(), refusal.code()), (401, "token_type_wrong"));
    assert_eq!(refusal.message(), "Only refresh tokens are allowed");
}

#[test]
fn an_unknown_or_missing_type_is_rejected() {
    let unknown = "The type claim must be \"access\" or \"refresh\"";
    for kind in [
        "\"\"",
        "\"Access\"",
        "\"ACCESS\"",
        "\"access \"",
        "\"refresh\\u0000\"",
        "\"app\"",
        "\"id\"",
        "null",
        "1",
        "true",
        "[\"access\"]",
        "{\"access\":1}",
    ] {
        assert_eq!(complaint_of(builder(), &[("type", kind)]), unknown, "{kind}");
    }
    assert_eq!(complaint_of(builder(), &[("type", "")]), "Missing claim: type");
}

#[test]
fn a_tolerated_unknown_type_never_refreshes() {
    let jwt = builder().tolerate([Tolerate::UnknownType]).build().unwrap();
    for kind in ["\"app\"", "\"Refresh\"", "[\"refresh\"]"] {
        let token = token(&[("type", kind)]);
        assert_eq!(jwt.decode_token(&token).unwrap().token_type(), TokenType::Other);
        assert!(check(&jwt, &bearer(&token), &Requirement::access()).is_ok());
        assert!(check(&jwt, &bearer(&token), &Requirement::refresh()).is_err());
    }
    assert_eq!(complaint(&jwt, &token(&[("type", "")])), "Missing claim: type");
    let jwt = builder().tolerate([Tolerate::MissingType]).build().unwrap();
    assert_eq!(jwt.decode_token(&token(&[("type", "")])).unwrap().token_type(), TokenType::Access);
    assert!(jwt.decode_token(&token(&[("type", "\"app\"")])).is_err());
}

#[test]
fn sub_jti_csrf_and_sid_must_be_strings() {
    for value in ["5", "null", "[]", "{}", "true", "[\"alice\"]"] {
        assert_eq!(complaint_of(builder(), &[("sub", value)]), "Subject must be a string");
        assert_eq!(complaint_of(builder(), &[("jti", value)]), "JWT ID must be a string");
        assert_eq!(complaint_of(builder(), &[("csrf", value)]), "The csrf claim must be a string");
        assert_eq!(complaint_of(builder(), &[("sid", value)]), "The sid claim must be a string");
    }
    assert_eq!(complaint_of(builder(), &[("sub", "")]), "Missing claim: sub");
    assert!(accepts(builder().verify_sub(Switch::Off), &[("sub", "5")]));
}

#[test]
fn freshness_must_be_true_false_or_a_time() {
    for value in ["\"true\"", "null", "[]", "{}", "-1", "1e400", "9223372036854775808", "\"1800000000\""] {
        let complaint = complaint_of(builder(), &[("fresh", value)]);
        assert_eq!(complaint, "The fresh claim must be true, false or a time", "{value}");
    }
}

#[test]
fn an_empty_identity_is_no_identity() {
    let jwt = builder().verify_sub(Switch::Off).build().unwrap();
    for empty in ["\"\"", "null"] {
        assert_eq!(complaint(&jwt, &token(&[("sub", empty)])), "Missing claim: sub", "{empty}");
    }
}

#[test]
fn an_audience_that_is_no_string_or_list_is_malformed() {
    let jwt = builder().decode_audience(["us"]).build().unwrap();
    for aud in ["5", "true", "{\"us\":1}", "null", "[]", "[5]", "[\"\"]"] {
        assert_eq!(complaint(&jwt, &token(&[("aud", aud)])), "Invalid claim format in token", "{aud}");
    }
}

#[test]
fn the_longest_lifetime_ends_with_a_whole_second() {
    let longest = |millis: u64| {
        let longest = Lifetime::For(Duration::from_millis(millis));
        let (access, refresh) = (longest, longest);
        let jwt = builder().longest_lifetime(longest).access_token_expires(access).refresh_token_expires(refresh);
        jwt.session_store(MemoryStore::new()).build().unwrap()
    };
    let lives =
        |jwt: &JwtManager, seconds: u64| jwt.decode_token(&token(&[("exp", &(NOW + seconds).to_string())])).is_ok();
    let (whole, part) = (longest(60_000), longest(60_001));
    assert_eq!([lives(&whole, 60), lives(&whole, 61)], [true, false]);
    assert_eq!([lives(&part, 61), lives(&part, 62)], [true, false]);
}
