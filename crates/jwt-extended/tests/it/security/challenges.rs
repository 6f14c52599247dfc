//! Lines 20, 21 and 24: what a rejection says, what it never says, and which responses must not be cached.

use std::time::Duration;

use jwt_extended::{
    JwtManager, Rejection, Requirement, Timestamp,
    http::{ErrorFormat, Location, Reason, Statuses},
    jose::Unverified,
    session::{MemoryStore, StoreError},
    token::{Claims, Fresh, IssueError, TokenError},
};

use crate::common::*;

// Line 20: WWW-Authenticate.

#[test]
fn no_token_gets_a_bare_challenge_without_an_error_code() {
    for request in [get(&[]), get(&[("Authorization", "")]), get(&[("Authorization", "Basic YTpi")])] {
        let refusal = refusal(&manager(), &request, &Requirement::access());
        assert_eq!((refusal.status().as_u16(), challenge(&refusal).as_str()), (401, "Bearer"));
    }
    let with_realm = builder().realm("the \"house\"").build().unwrap();
    let refusal = refusal(&with_realm, &get(&[]), &Requirement::access());
    assert_eq!(challenge(&refusal), "Bearer realm=\"the 'house'\"");
}

#[test]
fn bad_expired_and_revoked_tokens_get_401_invalid_token() {
    let jwt = builder().session_store(MemoryStore::new()).build().unwrap();
    let revoked = token(&[("jti", "\"revoked\"")]);
    wait(jwt.revoke_token(&jwt.decode_token(&revoked).unwrap())).unwrap();
    for (text, description) in [
        ("garbage".to_owned(), "Not enough segments"),
        (token(&[("exp", "1")]), "Token has expired"),
        (revoked, "Token has been revoked"),
        (token(&[("type", "\"refresh\"")]), "Only non-refresh tokens are allowed"),
        (token(&[("type", "")]), "Missing claim: type"),
        (token(&[("type", "\"x\"")]), "The type claim must be 'access' or 'refresh'"),
    ] {
        let refusal = refusal(&jwt, &bearer(&text), &Requirement::access());
        let expected = format!("Bearer error=\"invalid_token\", error_description=\"{description}\"");
        assert_eq!((refusal.status().as_u16(), challenge(&refusal)), (401, expected));
    }
}

#[test]
fn failed_app_verification_gets_401_invalid_token() {
    let jwt = builder().token_verification(|_| false).build().unwrap();
    let refusal = refusal(&jwt, &bearer(&token(&[])), &Requirement::access());
    let expected = "Bearer error=\"invalid_token\", error_description=\"User claims verification failed\"";
    assert_eq!((refusal.status().as_u16(), challenge(&refusal).as_str()), (401, expected));
}

#[test]
fn two_tokens_in_a_request_get_400_invalid_request() {
    let jwt = builder().token_location([Location::Header, Location::QueryString]).build().unwrap();
    let twice = request("GET", "/?jwt=another", &[("Authorization", "Bearer one")]);
    let refused = refusal(&jwt, &twice, &Requirement::access());
    let expected = "Bearer error=\"invalid_request\", \
                    error_description=\"Different tokens in headers and query_string. Send exactly one\"";
    assert_eq!((refused.status().as_u16(), challenge(&refused).as_str()), (400, expected));
    let malformed = refusal(&jwt, &get(&[("Authorization", "Bearer one two")]), &Requirement::access());
    assert!(challenge(&malformed).starts_with("Bearer error=\"invalid_request\", error_description="));
}

#[test]
fn a_stale_token_gets_insufficient_user_authentication() {
    for (jwt, max_age) in
        [(manager(), 0), (builder().fresh_token_expires(Duration::from_secs(300)).build().unwrap(), 300)]
    {
        let refusal = refusal(&jwt, &bearer(&token(&[("fresh", "false")])), &Requirement::fresh());
        let expected = format!(
            "Bearer error=\"insufficient_user_authentication\", \
             error_description=\"Fresh token required\", max_age=\"{max_age}\""
        );
        assert_eq!((refusal.status().as_u16(), challenge(&refusal)), (401, expected));
    }
}

#[test]
fn a_missing_csrf_value_gets_401_with_a_bare_challenge() {
    let jwt = builder().token_location([Location::Cookie]).build().unwrap();
    let cookie = format!("access_token_cookie={}", token(&[]));
    let refusal = refusal(&jwt, &request("POST", "/", &[("Cookie", &cookie)]), &Requirement::access());
    assert_eq!((refusal.status().as_u16(), challenge(&refusal).as_str()), (401, "Bearer"));
}

#[test]
fn server_errors_have_no_challenge() {
    let jwt = manager();
    for (reason, status) in [
        (Reason::StoreUnavailable(StoreError::NoStore), 503),
        (Reason::Issue(IssueError::NoSigningKey), 500),
        (Reason::Misconfigured("no state"), 500),
    ] {
        let refusal = jwt.reject(reason, None);
        assert_eq!((refusal.status().as_u16(), challenge(&refusal).as_str()), (status, ""));
    }
}

#[test]
fn the_challenge_names_the_scheme_that_is_configured() {
    let jwt = builder().header_type("JWT").build().unwrap();
    assert_eq!(challenge(&refusal(&jwt, &get(&[]), &Requirement::access())), "JWT");
    let bare = builder().header_type("").build().unwrap();
    assert_eq!(challenge(&refusal(&bare, &get(&[]), &Requirement::access())), "Bearer");
}

#[test]
fn a_challenge_is_always_one_header_line() {
    let user = "a \"quoted\" \\ back\r\nSet-Cookie: x=y\u{e9}";
    let refusal = manager().reject(Reason::UserNotFound(user.to_owned()), None);
    assert_eq!(
        challenge(&refusal),
        "Bearer error=\"invalid_token\", \
         error_description=\"Error loading the user a 'quoted' / back??Set-Cookie: x=y?\""
    );
}

// Line 21: secrets that no text contains.

/// Makes one rejection of every kind that a request can cause, with the texts that it must not repeat.
fn refusals() -> Vec<(Rejection, Vec<String>)> {
    let jwt = builder()
        .token_location([Location::Header, Location::Cookie, Location::QueryString, Location::Json])
        .decode_issuer("https://issuer.example")
        .session_store(MemoryStore::new())
        .build()
        .unwrap();
    let good = [("iss", "\"https://issuer.example\"")];
    let with = |changes: &[(&str, &str)]| token(&[&good, changes].concat());
    let segments = with(&[]).rsplit_once('.').unwrap().0.to_owned();
    let revoked = with(&[("jti", "\"revoked\"")]);
    wait(jwt.revoke_token(&jwt.decode_token(&revoked).unwrap())).unwrap();
    let mut refusals = Vec::new();
    for text in [
        with(&[("exp", "1")]),
        with(&[("nbf", "1900000000")]),
        with(&[("iat", "\"a secret\"")]),
        with(&[("type", "\"refresh\"")]),
        with(&[("type", "\"a secret\"")]),
        with(&[("fresh", "false")]),
        with(&[("fresh", "\"a secret\"")]),
        with(&[("aud", "\"a secret\"")]),
        with(&[("sub", "[\"a secret\"]")]),
        token(&[("iss", "\"https://forger.example\"")]),
        signed(r#"{"alg":"HS256","kid":["a secret"]}"#, &payload(&good)),
        signed(r#"{"alg":"a secret"}"#, &payload(&good)),
        signed(r#"{"alg":"HS256","typ":"a secret"}"#, &payload(&good)),
        signed(r#"{"alg":"HS256","crit":["a secret"]}"#, &payload(&good)),
        signed(HEADER, "{\"sub\":\"a secret\",}"),
        hs256(b"a wrong key", &segments),
        format!("{segments}="),
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAA".repeat(400),
        revoked,
    ] {
        let mut hidden: Vec<String> = text.split('.').map(str::to_owned).filter(|part| part.len() > 3).collect();
        hidden.push(text.clone());
        refusals.push((refusal(&jwt, &bearer(&text), &Requirement::fresh()), hidden.clone()));
        for request in [
            get(&[("Authorization", &format!("Bearer {text} {text}"))]),
            get(&[("Authorization", &format!("Bearer {text}")), ("Authorization", &text)]),
            get(&[("Authorization", "Bearer x"), ("Cookie", &format!("access_token_cookie={text}"))]),
            get(&[("Cookie", &format!("access_token_cookie={text}; access_token_cookie={text}"))]),
            request("GET", &format!("/?jwt={text}&jwt={text}"), &[]),
            request("POST", "/", &[("Cookie", &format!("access_token_cookie={text}"))]),
            request("POST", "/", &[("Cookie", &format!("access_token_cookie={text}")), ("X-CSRF-TOKEN", &text)]),
        ] {
            refusals.push((refusal(&jwt, &request, &Requirement::fresh()), hidden.clone()));
        }
    }
    refusals
}

#[test]
fn a_rejection_contains_no_token_key_or_expected_value() {
    for (refusal, hidden) in refusals() {
        let response = refusal.to_response();
        let shown = [
            refusal.to_string(),
            format!("{refusal:?}"),
            format!("{refusal:#?}"),
            format!("{:?}", refusal.token()),
            refusal.message(),
            format!("{:?}", response.headers()),
            String::from_utf8_lossy(response.body()).into_owned(),
        ];
        let ours = [SECRET, "https://issuer.example", "a secret", "a value", "alice"].map(str::to_owned);
        for text in &shown {
            for secret in hidden.iter().chain(&ours) {
                assert!(!text.contains(secret), "{text:?} contains {secret:?}");
            }
        }
    }
}

#[test]
fn a_rejection_hides_which_half_of_a_comparison_failed() {
    let (segments, signature) = {
        let token = token(&[]);
        let (segments, signature) = token.rsplit_once('.').unwrap();
        (segments.to_owned(), signature.to_owned())
    };
    let messages: Vec<_> = [String::new(), "AAAA".to_owned(), encode([0; 32]), encode([0; 31]), encode([1; 64])]
        .iter()
        .map(|wrong| complaint(&manager(), &format!("{segments}.{wrong}")))
        .collect();
    assert!(messages.iter().all(|message| *message == messages[0]), "{messages:?}");
    assert_ne!(signature, "AAAA");

    let jwt = builder().token_location([Location::Cookie]).build().unwrap();
    let cookie = format!("access_token_cookie={}", token(&[]));
    let long = "x".repeat(1000);
    for value in ["a", "a valu", "a valuE", "a value ", &long, "A VALUE"] {
        let request = request("POST", "/", &[("Cookie", &cookie), ("X-CSRF-TOKEN", value)]);
        let refused = check(&jwt, &request, &Requirement::access()).map_err(|refusal| refusal.message());
        assert_eq!(refused.unwrap_err(), "CSRF double submit tokens do not match");
    }
}

#[test]
fn no_debug_text_holds_a_secret_or_a_token() {
    let configured = || keyless().secret_key(SECRET).token_location([Location::Cookie]);
    let jwt = configured().build().unwrap();
    let pair = wait(jwt.login("alice")).unwrap();
    let refresh = pair.refresh.clone().unwrap();
    let cookies = jwt.set_cookies(&pair).unwrap();
    let cookie = format!("access_token_cookie={}", pair.access);
    let request = get(&[("Cookie", &cookie)]);
    let admitted = check(&jwt, &request, &Requirement::access()).unwrap();
    let builder =
        jwt.access_token("alice").fresh(Fresh::Always).additional_claims(&serde_json::json!({"role": "boss"}));
    let expired = TokenError::Expired(admitted.token().clone());
    let csrf = admitted.token().csrf().unwrap().to_owned();
    let shown = [
        format!("{jwt:?}"),
        format!("{:?}", configured()),
        format!("{:?} {:?} {:?}", key(), key().verifying_key(), jwt.key_ring()),
        format!("{pair:?}"),
        format!("{cookies:?}"),
        format!("{admitted:?} {:?}", admitted.token()),
        format!("{builder:?}"),
        format!("{expired:?} {expired}"),
        format!("{:?}", jwt.steps().expiring(&request, Duration::from_secs(901)).unwrap()),
        format!("{:?}", Unverified::parse(&pair.access).unwrap()),
        format!("{:?}", jwt_extended::jose::verify(&jwt.key_ring(), &pair.access).unwrap()),
        format!("{:?}", Claims::new(&serde_json::json!({"role": "boss"})).unwrap()),
        format!("{:?}", MemoryStore::new()),
    ];
    let segments = pair.access.split('.').chain(refresh.split('.')).skip(1).filter(|part| *part != header_of_any());
    let secrets: Vec<_> = segments.chain([SECRET, csrf.as_str(), "boss", "alice"]).collect();
    for text in shown {
        for secret in &secrets {
            assert!(!text.contains(secret), "{text} contains {secret}");
        }
    }
}

/// Returns the first segment, which is not secret: it is the same in every token.
fn header_of_any() -> &'static str {
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
}

#[test]
fn no_message_about_a_key_or_the_configuration_holds_the_key() {
    let mut config = jwt_extended::Config::default();
    let variables = [("JWT_SECRET_KEY", "hush hush"), ("JWT_PRIVATE_KEY", "hush hush"), ("JWT_ALGORITHM", "HS512")];
    config.read_env(variables.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
    assert!(!format!("{config:?}").contains("hush"));
    let error = JwtManager::from_config(config).build().unwrap_err();
    assert!(!error.to_string().contains("hush"), "{error}");
    for error in [
        jwt_extended::jose::Key::hs256("hush hush").unwrap_err(),
        jwt_extended::jose::Key::hs256("-----BEGIN PUBLIC KEY----- hush hush").unwrap_err(),
        jwt_extended::jose::Key::from_jwk(r#"{"kty":"oct","k":"hush hush","alg":"HS256"}"#).unwrap_err(),
        jwt_extended::jose::Key::from_jwk(r#"{"kty":"oct","k":"hush hush"#).unwrap_err(),
    ] {
        assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
    }
    let file = serde_json::from_str::<jwt_extended::Config>(r#"{"secret_key":["hush hush"],"private_key":{"hush":1}}"#);
    assert!(!file.unwrap_err().to_string().contains("hush"));
}

#[test]
fn every_error_format_has_the_message_and_a_challenge() {
    for (statuses, format) in [
        (Statuses::Standard, ErrorFormat::Message),
        (Statuses::FlaskJwtExtended, ErrorFormat::Message),
        (Statuses::Standard, ErrorFormat::ProblemDetails),
    ] {
        let jwt = builder().error_statuses(statuses).error_format(format).build().unwrap();
        let refusal = refusal(&jwt, &bearer("a.b"), &Requirement::access());
        assert!(body(&refusal).contains("\"Not enough segments\""));
        assert!(!challenge(&refusal).is_empty());
    }
}

// Line 24: responses that carry tokens.

#[test]
fn setting_or_clearing_cookies_also_sends_no_store() {
    let jwt = builder().token_location([Location::Cookie]).build().unwrap();
    let pair = wait(jwt.login("alice")).unwrap();
    let soon = Duration::from_secs(60);
    for cookies in [
        jwt.set_cookies(&pair).unwrap(),
        jwt.cookies().set_access(&pair.access).unwrap(),
        jwt.cookies().max_age(soon).set_access(&pair.access).unwrap(),
        jwt.cookies().set_refresh(pair.refresh.as_deref().unwrap()).unwrap(),
        jwt.unset_cookies(),
        jwt.cookies().unset_access(),
        jwt.cookies().unset_refresh(),
    ] {
        let headers: Vec<_> = cookies.clone().into_iter().collect();
        let (name, value) = headers.last().unwrap();
        assert_eq!((name.as_str(), value.to_str().unwrap()), ("cache-control", "no-store"));
        let mut response = http::HeaderMap::new();
        response.insert("cache-control", "public, max-age=3600".parse().unwrap());
        response.append("set-cookie", "theirs=1".parse().unwrap());
        let count = cookies.lines().len();
        cookies.append_to(&mut response);
        assert_eq!(response.get_all("cache-control").iter().collect::<Vec<_>>(), ["no-store"]);
        assert_eq!(
            response.get_all("set-cookie").iter().count(),
            count + 1,
            "it keeps cookies that were already there"
        );
    }
}

#[test]
fn the_clock_of_these_tests_stands_still() {
    assert_eq!(manager().now(), Timestamp::from_secs(NOW));
}
