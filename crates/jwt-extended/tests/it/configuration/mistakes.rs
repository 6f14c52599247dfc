//! Every mistake in the configuration and the keys gives its sentence, and all are reported together.

use std::time::Duration;

use jwt_extended::{
    JwtManager, JwtManagerBuilder,
    config::Switch,
    http::{Location, SameSite},
    jose::{Algorithm, Key},
    token::Lifetime,
};

use crate::common::*;

fn mistakes(builder: JwtManagerBuilder) -> Vec<String> {
    match builder.build() {
        Ok(jwt) => panic!("built: {jwt:?}"),
        Err(error) => error.mistakes().to_vec(),
    }
}

#[test]
fn a_missing_key_says_which_option_to_set() {
    let symmetric = "secret_key must be set when using symmetric algorithm \"HS256\"; \
                     make one with `openssl rand -base64 48`";
    assert_eq!(mistakes(JwtManager::builder()), [symmetric]);
    let public = "public_key must be set to use asymmetric cryptography algorithm \"RS256\"";
    assert_eq!(mistakes(JwtManager::builder().algorithm(Algorithm::RS256)), [public]);
    let decoding = JwtManager::builder().secret_key(SECRET).decode_algorithms([Algorithm::HS256, Algorithm::RS256]);
    assert_eq!(mistakes(decoding), [public]);
    let unlisted = JwtManager::builder().secret_key(SECRET).decode_algorithms([Algorithm::HS384]);
    assert_eq!(mistakes(unlisted), ["decode_algorithms must contain the algorithm that signs, HS256"]);
}

#[test]
fn a_secret_serves_every_hmac_algorithm_that_it_is_long_enough_for() {
    let long = "s".repeat(64);
    let jwt = JwtManager::builder()
        .secret_key(long.as_str())
        .decode_algorithms([Algorithm::HS256, Algorithm::HS512, Algorithm::HS256])
        .build()
        .unwrap();
    let algorithms: Vec<_> = jwt.key_ring().algorithms().collect();
    assert_eq!(algorithms, [Algorithm::HS256, Algorithm::HS512]);
    let short =
        JwtManager::builder().secret_key("s".repeat(32)).decode_algorithms([Algorithm::HS256, Algorithm::HS512]);
    assert!(mistakes(short)[0].starts_with("secret_key: the secret has 32 bytes and HS512 needs at least 64"));
}

#[test]
fn keys_that_are_given_twice_are_a_mistake() {
    let twice = "keys are given twice; use either `key` and `verifying_key`, or secret_key, private_key and public_key";
    assert_eq!(mistakes(builder().secret_key(SECRET)), [twice]);
    assert_eq!(mistakes(keyless().verifying_key(key()).public_key("pem".to_owned())), [twice]);
    let other = Key::hs256("another secret of at least thirty-two bytes, also safe").unwrap();
    assert!(builder().verifying_key(other).build().is_ok());
}

/// Each builder has one mistake, and this is its sentence.
fn each_has_its_sentence(cases: Vec<(JwtManagerBuilder, &str)>) {
    for (builder, expected) in cases {
        assert_eq!(mistakes(builder), [expected]);
    }
}

#[test]
fn every_mistake_in_lengths_of_time_and_of_tokens_has_its_sentence() {
    let short = Duration::from_millis(999);
    let day = Lifetime::days(1);
    each_has_its_sentence(vec![
        (builder().access_token_expires(short), "access_token_expires must be at least one second, or never"),
        (builder().refresh_token_expires(short), "refresh_token_expires must be at least one second, or never"),
        (
            builder().longest_lifetime(day),
            "longest_lifetime must be at least as long as access_token_expires and refresh_token_expires",
        ),
        (
            builder().longest_lifetime(Lifetime::days(9999)).refresh_token_expires(Lifetime::Never),
            "longest_lifetime must be at least as long as access_token_expires and refresh_token_expires",
        ),
        (builder().decode_leeway(Duration::from_secs(301)), "decode_leeway must be at most 300 seconds"),
        (builder().fresh_token_expires(Duration::ZERO), "fresh_token_expires must be longer than zero"),
        (builder().max_token_length(255), "max_token_length must be at least 256 bytes"),
    ]);
}

#[test]
fn every_mistake_in_claims_and_answers_has_its_sentence() {
    let own = "decode_audience must contain one of encode_audience, or the app would refuse its own tokens";
    let claim = "identity_claim must be a name that no other claim of the token has; usually \"sub\"";
    each_has_its_sentence(vec![
        (builder().identity_claim(""), claim),
        (builder().identity_claim("exp"), claim),
        (builder().identity_claim("sid"), claim),
        (
            builder().encode_audience(Vec::<String>::new()),
            "encode_audience must name at least one, and none that is empty",
        ),
        (builder().decode_audience(["a", ""]), "decode_audience must name at least one, and none that is empty"),
        (builder().decode_issuer(""), "decode_issuer must name at least one, and none that is empty"),
        (builder().encode_issuer(String::new()), "encode_issuer must not be empty; leave it out for none"),
        (builder().encode_audience("a").decode_audience("b"), own),
        (
            builder().encode_issuer("a".to_owned()).decode_issuer("b"),
            "decode_issuer must contain encode_issuer, or the app would refuse its own tokens",
        ),
        (builder().error_message_key(""), "error_message_key cannot be empty; usually \"msg\""),
        (builder().realm("a\r\nb".to_owned()), "realm must be printable ASCII"),
    ]);
}

#[test]
fn every_mistake_in_headers_and_places_has_its_sentence() {
    let at_least_one = "token_location must contain at least one of \"headers\", \"cookies\", \"query_string\", \
                        or \"json\", and none twice";
    let methods = "csrf_methods must be names of methods in capitals, such as \"POST\"";
    each_has_its_sentence(vec![
        (builder().header_name(""), "header_name cannot be empty; usually \"Authorization\""),
        (builder().header_name("a b"), "header_name must be a header's name, such as \"Authorization\""),
        (builder().access_csrf_header_name(""), "access_csrf_header_name cannot be empty; usually \"X-CSRF-TOKEN\""),
        (
            builder().refresh_csrf_header_name("é"),
            "refresh_csrf_header_name must be a header's name, such as \"X-CSRF-TOKEN\"",
        ),
        (builder().header_type("Bearer "), "header_type must be one word, such as \"Bearer\", or empty"),
        (builder().token_location(Vec::<Location>::new()), at_least_one),
        (builder().token_location([Location::Header, Location::Header]), at_least_one),
        (builder().query_string_name(""), "query_string_name cannot be empty"),
        (builder().json_key(""), "json_key cannot be empty"),
        (builder().refresh_json_key(""), "refresh_json_key cannot be empty"),
        (builder().access_csrf_field_name(""), "access_csrf_field_name cannot be empty"),
        (builder().refresh_csrf_field_name(""), "refresh_csrf_field_name cannot be empty"),
        (builder().csrf_methods(["post"]), methods),
        (builder().csrf_methods([""]), methods),
        (
            builder().csrf_methods(Vec::<String>::new()),
            "csrf_methods cannot be empty; to do without protection, turn cookie_csrf_protect off",
        ),
    ]);
}

#[test]
fn every_mistake_in_cookies_has_its_sentence() {
    each_has_its_sentence(vec![
        (
            builder().refresh_csrf_cookie_name("csrf_access_token"),
            "refresh_csrf_cookie_name and access_csrf_cookie_name must differ",
        ),
        (builder().access_cookie_name("a b"), "access_cookie_name must be a cookie's name: letters, digits, - and _"),
        (builder().access_cookie_path("a"), "access_cookie_path must begin with / and be printable ASCII"),
        (
            builder().cookie_secure(Switch::Off).access_cookie_name("__Secure-a"),
            "access_cookie_name begins with __Secure-: set cookie_secure",
        ),
        (
            builder().cookie_secure(Switch::Off).cookie_samesite(SameSite::None),
            "cookie_samesite None needs cookie_secure",
        ),
        (builder().cookie_secure(Switch::Off).cookie_partitioned(Switch::On), "cookie_partitioned needs cookie_secure"),
        (builder().cookie_domain("a b".to_owned()), "cookie_domain must be a host's name, such as \"example.com\""),
    ]);
}

#[test]
fn what_is_at_the_edge_of_a_mistake_is_none() {
    let month = Lifetime::days(30);
    for builder in [
        builder().access_token_expires(Duration::from_secs(1)),
        builder().longest_lifetime(month),
        builder().longest_lifetime(Lifetime::Never).refresh_token_expires(Lifetime::Never),
        builder().max_token_length(256),
        builder().header_type(""),
        builder().cookie_csrf_protect(Switch::Off).csrf_methods(Vec::<String>::new()),
        builder().encode_audience(["a", "b"]).decode_audience(["b", "c"]),
        builder().encode_issuer("a".to_owned()).decode_issuer(["a", "b"]),
        builder().cookie_domain(".example.com".to_owned()),
    ] {
        assert!(builder.build().is_ok());
    }
}

#[test]
fn what_sessions_may_be_is_checked_and_needs_a_store_that_keeps_them() {
    let kept = || builder().session_store(jwt_extended::session::MemoryStore::new());
    let good = kept().refresh_grace(Duration::from_secs(300)).max_sessions(1_usize);
    assert!(good.session_idle_expires(Duration::from_secs(1)).session_expires(Lifetime::Never).build().is_ok());
    let wrong = kept()
        .session_expires(Duration::from_millis(999))
        .session_idle_expires(Duration::ZERO)
        .refresh_grace(Duration::from_secs(301))
        .max_sessions(0_usize);
    let said = mistakes(wrong).join("\n");
    for option in ["session_expires must", "session_idle_expires must", "refresh_grace must", "max_sessions must"] {
        assert!(said.contains(option), "{said}");
    }
    let idle =
        builder().session_idle_expires(Duration::from_secs(60)).refresh_grace(Duration::ZERO).max_sessions(3_usize);
    let said = mistakes(idle.revocation_store(Blocklist::default()));
    assert!(
        said.len() == 3 && said.iter().all(|one| one.contains("give the manager one with `session_store`")),
        "{said:?}"
    );
}

#[test]
fn all_mistakes_are_reported_together_and_in_one_message() {
    let error = JwtManager::builder()
        .header_name("")
        .json_key("")
        .decode_leeway(Duration::from_secs(3600))
        .cookie_domain("a b".to_owned())
        .build()
        .unwrap_err();
    assert_eq!(error.mistakes().len(), 5);
    assert_eq!(error.to_string(), error.mistakes().join("; "));
    for part in ["secret_key", "header_name", "json_key", "decode_leeway", "cookie_domain"] {
        assert_eq!(error.mistakes().iter().filter(|mistake| mistake.contains(part)).count(), 1, "{part}");
    }
}

#[test]
fn a_mistake_in_the_keys_does_not_hide_the_others() {
    let named = key().with_kid("one").unwrap();
    let found = mistakes(keyless().key(named.clone()).verifying_key(named).json_key(""));
    assert_eq!(
        found,
        ["two keys share the kid \"one\"; give each its own with `with_kid`", "json_key cannot be empty"]
    );
}
