//! Each value of `tolerate` accepts exactly what Flask-JWT-Extended accepts, and nothing more.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use crate::common::*;
use jwt_extended::{
    JwtManager, Requirement, Timestamp,
    config::Tolerate,
    http::Location,
    token::{Freshness, TokenType},
};

fn tolerant(what: Tolerate) -> JwtManager {
    builder().tolerate([what]).build().unwrap()
}

#[test]
fn loose_times_may_be_strings_or_beyond_our_range() {
    let jwt = tolerant(Tolerate::LooseTimes);
    let end = (NOW + 50).to_string();
    for exp in [format!("\"{end}\""), format!("\" +{end} \""), "1e15".into(), "9223372036854775808".into()] {
        assert!(jwt.decode_token(&token(&[("exp", &exp)])).is_ok(), "{exp}");
        assert!(manager().decode_token(&token(&[("exp", &exp)])).is_err(), "{exp}");
    }
    for past in ["-5", "\"-5\"", "\"0\""] {
        assert_eq!(complaint(&jwt, &token(&[("exp", past)])), "Token has expired", "{past}");
    }
    let until = jwt.decode_token(&token(&[("exp", "1e15")])).unwrap().expires_at();
    assert_eq!(until, Some(Timestamp::MAX));
    assert_eq!(complaint(&jwt, &token(&[("nbf", "1e15")])), "The token is not yet valid (nbf)");
    for invalid in ["\"soon\"", "\"\"", "\"1e5\"", "\"1.5\"", "\"--5\"", "1e400", "null", "true", "[1]", "{}"] {
        let message = complaint(&jwt, &token(&[("exp", invalid)]));
        assert_eq!(message, "Expiration Time claim (exp) must be an integer.", "{invalid}");
    }
}

#[test]
fn any_identity_accepts_any_value_but_not_a_missing_one() {
    let jwt = tolerant(Tolerate::AnyIdentity);
    assert_eq!(jwt.decode_token(&token(&[("sub", "\"\"")])).unwrap().subject(), "");
    assert_eq!(complaint(&jwt, &token(&[("sub", "null")])), "Subject must be a string");
    assert_eq!(complaint(&jwt, &token(&[("sub", "")])), "Missing claim: sub");
    assert_eq!(jwt.decode_token(&jwt.create_access_token("").unwrap()).unwrap().subject(), "");
    assert!(manager().create_access_token("").is_err());

    let other = builder().tolerate([Tolerate::AnyIdentity]).identity_claim("who").build().unwrap();
    for value in ["null", "5", "[1]", "{}", "false"] {
        assert_eq!(other.decode_token(&token(&[("who", value)])).unwrap().subject(), value);
    }
}

#[test]
fn foreign_claims_count_as_absent_and_never_as_fresh() {
    let jwt = tolerant(Tolerate::ForeignClaims);
    let changes = [("csrf", "5"), ("sid", "[1]"), ("fresh", "\"yes\"")];
    let read = jwt.decode_token(&token(&changes)).unwrap();
    assert_eq!((read.csrf(), read.session(), read.freshness()), (None, None, Freshness::Stale));
    for change in changes {
        assert!(manager().decode_token(&token(&[change])).is_err(), "{change:?}");
    }
    for fresh in ["null", "[]", "1e400", "\"true\""] {
        assert_eq!(jwt.decode_token(&token(&[("fresh", fresh)])).unwrap().freshness(), Freshness::Stale, "{fresh}");
    }
    assert_eq!(complaint(&jwt, &token(&[("jti", "5")])), "JWT ID must be a string");
}

#[test]
fn a_flask_header_has_one_credential_with_the_exact_scheme() {
    let jwt = tolerant(Tolerate::FlaskHeader);
    let good = token(&[]);
    let outcome = |value: &str| {
        let request = get(&[("Authorization", value)]);
        check(&jwt, &request, &Requirement::access()).map(|admitted| admitted.location()).map_err(|no| no.message())
    };
    for admitted in ["Bearer T", "Basic x, Bearer T", "Bearer T, Basic x", " ,Bearer   T ,,", "Bearer\tT"] {
        assert_eq!(outcome(&admitted.replace('T', &good)), Ok(Location::Header), "{admitted}");
    }
    let missing = "Missing 'Bearer' type in 'Authorization' header. Expected 'Authorization: Bearer <JWT>'";
    for none in ["bearer T", "Bearer T, Bearer T", "Bearer T,Bearer x", "T", "Basic x", "BearerT"] {
        assert_eq!(outcome(&none.replace('T', &good)), Err(missing.to_owned()), "{none}");
    }
    let bad = "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'";
    for malformed in ["Bearer", "Bearer T x", "Bearer ,,T", "Basic x, Bearer"] {
        assert_eq!(outcome(&malformed.replace('T', &good)), Err(bad.to_owned()), "{malformed}");
    }
    assert_eq!(outcome(" , "), Err("Missing Authorization Header".to_owned()));
}

#[test]
fn several_tokens_means_the_first_of_a_name_counts() {
    let (good, other) = (token(&[]), token(&[("sub", "\"bob\"")]));
    let places = [Location::Cookie, Location::QueryString];
    let jwt = builder().token_location(places).tolerate([Tolerate::SeveralTokens]).build().unwrap();
    let cookies = get(&[("Cookie", &format!("access_token_cookie=\"{good}\"; access_token_cookie={other}"))]);
    let query = request("GET", &format!("/?jwt={good}&jwt={other}"), &[]);
    for request in [cookies, query] {
        assert_eq!(check(&jwt, &request, &Requirement::access()).unwrap().token().subject(), "alice");
        let strict = builder().token_location(places).build().unwrap();
        assert!(refusal(&strict, &request, &Requirement::access()).message().starts_with("More than one"));
    }
}

#[test]
fn padding_may_complete_a_segment_and_do_nothing_else() {
    let (jwt, good) = (tolerant(Tolerate::Padding), token(&[]));
    let padded = format!("{good}=");
    assert_eq!(jwt.decode_token(&padded).unwrap().subject(), "alice");
    assert_eq!(complaint(&manager(), &padded), "Invalid crypto padding");
    let places = [Location::Header, Location::Cookie, Location::QueryString];
    let jwt = builder().token_location(places).tolerate([Tolerate::Padding]).build().unwrap();
    for request in [
        get(&[("Authorization", &format!("Bearer {padded}"))]),
        get(&[("Cookie", &format!("access_token_cookie={padded}"))]),
        request("GET", &format!("/?jwt={padded}"), &[]),
    ] {
        assert_eq!(check(&jwt, &request, &Requirement::access()).unwrap().token().subject(), "alice");
    }
    for wrong in [format!("{good}=="), format!("{good}====="), format!("={good}")] {
        assert!(jwt.decode_token(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn all_values_together_still_refuse_malformed_tokens() {
    let jwt = builder().tolerate(Tolerate::ALL).build().unwrap();
    let twice = signed(HEADER, &payload(&[]).replace("\"sub\"", "\"sub\":\"bob\",\"sub\""));
    assert!(complaint(&jwt, &twice).ends_with("a member name is used twice in one object"));
    assert_eq!(complaint(&jwt, &format!("{}==", token(&[]))), "Invalid crypto padding");
    assert_eq!(complaint(&jwt, &signed(r#"{"alg":"none"}"#, &payload(&[]))), "The specified alg value is not allowed");
    assert_eq!(jwt.decode_token(&token(&[("type", "7")])).unwrap().token_type(), TokenType::Other);
}
