//! How long tokens live, how long they are fresh, and how long a store remembers a revocation.

use std::{sync::Arc, time::Duration};

use jwt_extended::{
    JwtManager, JwtManagerBuilder, ManualClock, Requirement, Timestamp,
    session::Subject,
    token::{Fresh, Freshness, IssueError, Lifetime},
};

use crate::common::*;

fn on(clock: &Arc<ManualClock>) -> JwtManagerBuilder {
    builder().clock(Arc::clone(clock))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn is_fresh(jwt: &JwtManager, token: &str) -> bool {
    check(jwt, &bearer(token), &Requirement::fresh()).is_ok()
}

#[test]
fn a_builders_lifetime_overrides_the_configured_one() {
    let clock = clock();
    let jwt = on(&clock).access_token_expires(seconds(60)).build().unwrap();
    let usual = jwt.create_access_token("alice").unwrap();
    let short = jwt.access_token("alice").lifetime(seconds(1)).create().unwrap();
    let long = jwt.access_token("alice").lifetime(Lifetime::days(365)).create().unwrap();
    let alive = || [&usual, &short, &long].map(|token| jwt.decode_token(token).is_ok());
    assert_eq!(alive(), [true, true, true]);
    clock.advance(seconds(1));
    assert_eq!(alive(), [true, false, true]);
    clock.advance(seconds(59));
    assert_eq!(alive(), [false, false, true]);
}

#[test]
fn a_token_that_never_expires_has_no_exp() {
    let clock = clock();
    let jwt = on(&clock).access_token_expires(Lifetime::Never).build().unwrap();
    let pair = wait(jwt.login("alice")).unwrap();
    assert_eq!(pair.expires_in(), None);
    assert!(!payload_of(&pair.access).contains("exp"));
    clock.set(Timestamp::MAX);
    let token = jwt.decode_token(&pair.access).unwrap();
    assert_eq!(token.expires_at(), None);
    assert!(jwt.decode_token(&pair.refresh.unwrap()).is_err(), "the refresh token has its own lifetime");
}

#[test]
fn a_lifetime_ends_with_the_year_9999_at_the_latest() {
    let jwt = builder().access_token_expires(Duration::MAX).build().unwrap();
    let token = jwt.decode_token(&jwt.create_access_token("alice").unwrap()).unwrap();
    assert_eq!(token.expires_at(), Some(Timestamp::MAX));
}

// Freshness.

#[test]
fn freshness_is_permanent_absent_or_limited_in_time() {
    let clock = clock();
    let jwt = on(&clock).build().unwrap();
    let make = |fresh: Fresh| jwt.access_token("alice").fresh(fresh).create().unwrap();
    let [no, always, timed, until] =
        [Fresh::No, Fresh::Always, Fresh::For(seconds(10)), Fresh::Until(Timestamp::from_secs(NOW + 10))].map(make);
    assert!(payload_of(&no).starts_with(r#"{"fresh":false,"#));
    assert!(payload_of(&always).starts_with(r#"{"fresh":true,"#));
    assert!(payload_of(&timed).starts_with(r#"{"fresh":1800000010,"#));
    assert_eq!(payload_of(&until)[..30], payload_of(&timed)[..30]);
    let fresh = || [&no, &always, &timed, &until].map(|token| is_fresh(&jwt, token));
    assert_eq!(fresh(), [false, true, true, true]);
    clock.advance(seconds(10));
    assert_eq!(fresh(), [false, true, true, true], "the end is included");
    clock.advance(Duration::from_micros(1));
    assert_eq!(fresh(), [false, true, false, false]);
    assert!(check(&jwt, &bearer(&timed), &Requirement::access()).is_ok(), "stale is not expired");
}

#[test]
fn timed_freshness_keeps_microseconds() {
    for micros in [0, 1, 7, 100_000, 123_457, 250_000, 500_000, 654_321, 999_999] {
        let now = Timestamp::from_micros(NOW * 1_000_000 + micros);
        let jwt = builder().clock(move || now).build().unwrap();
        let text = jwt.access_token("alice").fresh(seconds(10)).create().unwrap();
        let until = now.saturating_add(seconds(10));
        assert!(payload_of(&text).starts_with(&format!(r#"{{"fresh":{until},"#)), "{}", payload_of(&text));
        assert_eq!(jwt.decode_token(&text).unwrap().freshness(), Freshness::Until(until), "{micros}");
    }
}

#[test]
fn the_fresh_claim_may_be_a_boolean_or_a_time() {
    for (claim, fresh) in [
        ("true", true),
        ("false", false),
        ("1800000000", true),
        ("1799999999", false),
        ("1800000000.5", true),
        ("1799999999.75", false),
        ("0", false),
        ("1", false),
        ("253402300799", true),
    ] {
        assert_eq!(is_fresh(&manager(), &token(&[("fresh", claim)])), fresh, "{claim}");
    }
    assert!(!is_fresh(&manager(), &token(&[("fresh", "")])), "a token without the claim is not fresh");
}

#[test]
fn fresh_token_expires_limits_the_freshness_of_a_login() {
    let clock = clock();
    let usual = on(&clock).build().unwrap();
    let limited = on(&clock).fresh_token_expires(seconds(300)).build().unwrap();
    let [usual_token, limited_token] = [&usual, &limited].map(|jwt| wait(jwt.login("alice")).unwrap().access);
    clock.advance(seconds(301));
    assert!(is_fresh(&usual, &usual_token));
    assert!(!is_fresh(&limited, &limited_token));
}

#[test]
fn the_leeway_does_not_extend_freshness() {
    let jwt = builder().decode_leeway(seconds(60)).build().unwrap();
    assert!(!is_fresh(&jwt, &token(&[("fresh", "1799999999")])));
}

// How long a store remembers.

#[test]
fn with_a_store_no_token_exceeds_the_longest_lifetime() {
    let stored = || builder().revocation_store(Blocklist::default());
    let make = |jwt: &JwtManager, days: u64| jwt.access_token("alice").lifetime(Lifetime::days(days)).create();
    let jwt = stored().build().unwrap();
    assert!(make(&jwt, 30).is_ok());
    assert_eq!(make(&jwt, 31), Err(IssueError::TooLongLived));
    let raised = stored().longest_lifetime(Lifetime::days(365)).build().unwrap();
    assert!(make(&raised, 365).is_ok());
    assert_eq!(make(&raised, 366), Err(IssueError::TooLongLived));
    assert!(make(&manager(), 366).is_ok(), "without a store there is no limit");
}

#[test]
fn a_revoked_token_stays_revoked_during_the_leeway() {
    let clock = clock();
    let jwt = on(&clock).decode_leeway(seconds(60)).revocation_store(Blocklist::default()).build().unwrap();
    let text = jwt.create_access_token("alice").unwrap();
    let other = jwt.create_access_token("alice").unwrap();
    wait(jwt.revoke_token(&jwt.decode_token(&text).unwrap())).unwrap();
    clock.advance(seconds(900 + 59));
    assert!(check(&jwt, &bearer(&other), &Requirement::access()).is_ok(), "the leeway still accepts it");
    assert_eq!(refusal(&jwt, &bearer(&text), &Requirement::access()).code(), "token_revoked");
    clock.advance(seconds(1));
    assert_eq!(refusal(&jwt, &bearer(&text), &Requirement::access()).code(), "token_expired");
}

#[test]
fn ended_sessions_stay_revoked_for_the_longest_lifetime() {
    let clock = clock();
    let jwt = on(&clock).decode_leeway(seconds(60)).revocation_store(Blocklist::default()).build().unwrap();
    let [by_session, by_subject] = ["alice", "bob"].map(|user| wait(jwt.login(user)).unwrap().refresh.unwrap());
    clock.advance(Duration::from_micros(1));
    wait(jwt.logout(&jwt.decode_token(&by_session).unwrap())).unwrap();
    wait(jwt.end_all_sessions(Subject("bob"))).unwrap();
    for wait_for in [seconds(1), seconds(30 * 86_400 - 2), seconds(60)] {
        clock.advance(wait_for);
        for text in [&by_session, &by_subject] {
            assert_eq!(refusal(&jwt, &bearer(text), &Requirement::refresh()).code(), "token_revoked");
        }
    }
    clock.advance(seconds(1));
    assert_eq!(refusal(&jwt, &bearer(&by_session), &Requirement::refresh()).code(), "token_expired");
}

#[test]
fn a_token_that_never_expires_stays_revoked_forever() {
    let clock = clock();
    let jwt = on(&clock).access_token_expires(Lifetime::Never).revocation_store(Blocklist::default()).build().unwrap();
    let [one, two] = ["alice", "bob"].map(|user| wait(jwt.login(user)).unwrap().access);
    wait(jwt.revoke_token(&jwt.decode_token(&one).unwrap())).unwrap();
    wait(jwt.logout(&jwt.decode_token(&two).unwrap())).unwrap();
    clock.set(Timestamp::MAX);
    for text in [one, two] {
        assert_eq!(refusal(&jwt, &bearer(&text), &Requirement::access()).code(), "token_revoked");
    }
}
