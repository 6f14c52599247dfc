//! With a store of sessions: refresh tokens rotate, a replay ends its session, and sessions can be listed and ended.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use jwt_extended::{
    EarlierSessions, JwtManagerBuilder, ManualClock, Requirement, Rotation, Timestamp, Token, TokenPair,
    http::{Location, Reason},
    session::{MemoryStore, Session, Subject},
    token::{Freshness, IssueError, Lifetime, TokenType},
};
use serde_json::json;

use crate::common::*;

fn kept(clock: &Arc<ManualClock>) -> JwtManagerBuilder {
    builder().clock(Arc::clone(clock)).session_store(MemoryStore::new())
}

#[test]
fn the_next_refresh_token_keeps_session_csrf_value_and_exp() {
    let clock = clock();
    let jwt = kept(&clock).build().unwrap();
    let first = refresh_token(&jwt, &wait(jwt.login("alice")).unwrap());
    clock.advance(Duration::from_secs(1000));
    let pair = wait(jwt.refresh(&first)).unwrap();
    let (access, second) = (jwt.decode_token(&pair.access).unwrap(), refresh_token(&jwt, &pair));
    assert_ne!(second.jti(), first.jti());
    assert_eq!((second.subject(), second.session(), second.csrf()), ("alice", first.session(), first.csrf()));
    assert_eq!((access.session(), access.freshness()), (first.session(), Freshness::Stale));
    assert_ne!(access.csrf(), second.csrf(), "each kind of token has its own value");
    assert_eq!(second.issued_at(), Some(Timestamp::from_secs(NOW + 1000)));
    assert_eq!(second.expires_at(), first.expires_at(), "a refresh does not extend the session");
    assert!(opens(&jwt, &pair.access));
    clock.advance(Duration::from_secs(1000));
    assert!(wait(jwt.refresh(&second)).is_ok());
}

#[test]
fn rotation_keeps_claims_unless_an_identity_is_given() {
    let jwt = kept(&clock()).build().unwrap();
    let session = jwt.steps().new_session().unwrap();
    let text = jwt
        .refresh_token("alice")
        .session(&session)
        .additional_claims(&json!({ "role": "admin", "z": [1.5, "é"] }))
        .create()
        .unwrap();
    let token = jwt.decode_token(&text).unwrap();
    wait(jwt.steps().open_session(&text, None)).unwrap();
    let pair = wait(jwt.refresh(&token)).unwrap();
    for text in [&pair.access, pair.refresh.as_ref().unwrap()] {
        let payload = payload_of(text);
        assert!(payload.ends_with(r#""role":"admin","z":[1.5,"\u00e9"]}"#), "{payload}");
    }
    let pair = wait(jwt.refresh(&refresh_token(&jwt, &pair)).identity("alice")).unwrap();
    assert_eq!(refresh_token(&jwt, &pair).claim::<String>("role").unwrap(), None);
}

#[test]
fn parallel_refreshes_return_the_same_refresh_token() {
    let clock = clock();
    let jwt = kept(&clock).build().unwrap();
    let first = refresh_token(&jwt, &wait(jwt.login("alice")).unwrap());
    let one = wait(jwt.refresh(&first)).unwrap();
    clock.advance(Duration::from_secs(10));
    let two = wait(jwt.refresh(&first)).unwrap();
    assert_eq!(one.refresh, two.refresh);
    assert_ne!(one.access, two.access, "each request gets its own access token");
    assert!(opens(&jwt, &one.access) && opens(&jwt, &two.access));
}

#[test]
fn a_caller_can_issue_the_tokens_of_a_session() {
    let clock = clock();
    let jwt = kept(&clock).session_idle_expires(Duration::from_secs(600)).build().unwrap();
    let issue = |kind, rotation: &Rotation| {
        let token = if kind == TokenType::Refresh { jwt.refresh_token("alice") } else { jwt.access_token("alice") };
        token.rotation(rotation).additional_claims(&json!({ "role": "admin" })).create()
    };
    let pair = wait(jwt.steps().login_with(Some("Firefox"), EarlierSessions::Keep, issue)).unwrap();
    let token = refresh_token(&jwt, &pair);
    assert_eq!(wait(jwt.sessions(&token)).unwrap()[0].label.as_deref(), Some("Firefox"));
    assert_eq!(token.expires_at(), Some(Timestamp::from_secs(NOW + 600)), "it does not outlive the session");
    assert_eq!(jwt.steps().own_claims(&token).as_json(), r#"{"role":"admin"}"#);

    clock.advance(Duration::from_secs(100));
    let rejected =
        |kind, rotation: &Rotation| issue(kind, rotation).map_err(|error| jwt.reject(Reason::Issue(error), None));
    let next = wait(jwt.steps().refresh_with(&token, rejected)).unwrap().refresh;
    clock.advance(Duration::from_secs(5));
    assert_eq!(wait(jwt.steps().refresh_with(&token, rejected)).unwrap().refresh, next, "the first call chose it");
    assert_eq!(wait(jwt.refresh(&token)).unwrap().refresh, next, "byte for byte");
    let next = jwt.decode_token(&next.unwrap()).unwrap();
    let rotated = Some(Timestamp::from_secs(NOW + 100));
    assert_eq!((next.issued_at(), next.not_before(), next.csrf()), (rotated, rotated, token.csrf()));
    assert_eq!(wait(jwt.steps().end_sessions_except(&token, token.session().unwrap())), Ok(0));
    assert_eq!(wait(jwt.steps().end_sessions_except(&token, "another")), Ok(1));
    assert_eq!(refresh_refusal(&jwt, &next), Reason::Revoked);
}

#[test]
fn session_ids_and_subjects_cannot_be_overridden() {
    let jwt = kept(&clock()).build().unwrap();
    for (claims, error) in [
        (json!({ "sid": "another" }), IssueError::SessionClaims),
        (json!({ "jti": "another" }), IssueError::SessionClaims),
        (json!({ "sub": "bob" }), IssueError::OtherSubject),
    ] {
        let issue = |kind, rotation: &Rotation| match kind {
            TokenType::Refresh => jwt.refresh_token("alice").rotation(rotation).create(),
            _ => jwt.access_token("alice").rotation(rotation).overriding_claims(&claims).create(),
        };
        let opened = wait(jwt.steps().login_with(None, EarlierSessions::Keep, issue));
        // The store knows an access token by its session and its subject alone.
        let expected = if claims.get("jti").is_some() { Ok(1) } else { Err(error) };
        assert_eq!(opened.map(|_| wait(jwt.sessions_of(Subject("alice"))).unwrap().len()), expected, "{claims}");
    }
}

#[test]
fn concurrent_threads_get_the_same_successor() {
    let jwt = builder().session_store(MemoryStore::new()).build().unwrap();
    let first = refresh_token(&jwt, &wait(jwt.login("alice")).unwrap());
    let successors: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..64).map(|_| scope.spawn(|| wait(jwt.refresh(&first)).unwrap().refresh)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(successors.windows(2).all(|two| two[0] == two[1]));
    assert_eq!(wait(jwt.sessions_of(Subject("alice"))).unwrap().len(), 1);
}

#[test]
fn a_replay_ends_the_session_and_calls_on_replay() {
    let clock = clock();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let jwt = kept(&clock)
        .on_replay(move |token: &Token| tell.lock().unwrap().push(token.subject().to_owned()))
        .build()
        .unwrap();
    let pair = wait(jwt.login("alice")).unwrap();
    let first = refresh_token(&jwt, &pair);
    let next = wait(jwt.refresh(&first)).unwrap();
    clock.advance(Duration::from_micros(10_000_001));
    let refusal = wait(jwt.refresh(&first)).unwrap_err();
    assert_eq!((refusal.status().as_u16(), refusal.code()), (401, "token_replayed"));
    assert_eq!(body(&refusal), r#"{"msg":"Token was used before, so its session has ended. Log in again"}"#);
    assert!(challenge(&refusal).starts_with(r#"Bearer error="invalid_token""#));
    assert_eq!(refusal.token().unwrap().session(), first.session());
    assert_eq!(*told.lock().unwrap(), ["alice"]);
    assert_eq!(refresh_refusal(&jwt, &first), Reason::Revoked);
    assert_eq!(told.lock().unwrap().len(), 1, "the app is called once");
    assert!(!opens(&jwt, &pair.access) && !opens(&jwt, &next.access));
    assert!(!opens(&jwt, next.refresh.as_ref().unwrap()));
}

#[test]
fn without_grace_the_second_use_is_a_replay() {
    let clock = clock();
    let jwt = kept(&clock).refresh_grace(Duration::ZERO).build().unwrap();
    let first = refresh_token(&jwt, &wait(jwt.login("alice")).unwrap());
    wait(jwt.refresh(&first)).unwrap();
    clock.advance(Duration::from_micros(1));
    assert_eq!(refresh_refusal(&jwt, &first), Reason::Replayed);
}

#[test]
fn session_expires_limits_the_session_and_its_tokens() {
    let clock = clock();
    let jwt = kept(&clock).session_expires(Lifetime::minutes(20)).build().unwrap();
    let pair = wait(jwt.login("alice")).unwrap();
    assert_eq!(refresh_token(&jwt, &pair).expires_at(), Some(Timestamp::from_secs(NOW + 1200)));
    assert_eq!(pair.expires_in(), Some(900));
    clock.advance(Duration::from_secs(600));
    let pair = wait(jwt.refresh(&refresh_token(&jwt, &pair))).unwrap();
    assert_eq!(pair.expires_in(), Some(600));
    let access = jwt.decode_token(&pair.access).unwrap();
    assert_eq!(access.expires_at(), Some(Timestamp::from_secs(NOW + 1200)));
    let last = refresh_token(&jwt, &pair);
    clock.advance(Duration::from_secs(600));
    assert_eq!(refresh_refusal(&jwt, &last), Reason::Revoked);
}

#[test]
fn session_expires_applies_without_a_store() {
    let clock = clock();
    for builder in [builder(), builder().revocation_store(Blocklist::default())] {
        clock.set(Timestamp::from_secs(NOW));
        let jwt = builder.clock(Arc::clone(&clock)).session_expires(Lifetime::minutes(20)).build().unwrap();
        let refresh = refresh_token(&jwt, &wait(jwt.login("alice")).unwrap());
        assert_eq!(refresh.expires_at(), Some(Timestamp::from_secs(NOW + 1200)));
        clock.advance(Duration::from_secs(1199));
        let pair = wait(jwt.refresh(&refresh)).unwrap();
        assert_eq!((pair.expires_in(), pair.refresh), (Some(1), None));
        clock.advance(Duration::from_secs(1));
        assert_eq!(refresh_refusal(&jwt, &refresh), Reason::Revoked);
    }
}

#[test]
fn a_refresh_restarts_the_idle_time() {
    let clock = clock();
    let jwt = kept(&clock).session_idle_expires(Duration::from_secs(600)).build().unwrap();
    let mut pair = wait(jwt.login("alice")).unwrap();
    for _ in 0..3 {
        assert_eq!(pair.expires_in(), Some(600), "the access token does not outlive the idle session");
        clock.advance(Duration::from_secs(599));
        assert!(opens(&jwt, &pair.access));
        pair = wait(jwt.refresh(&refresh_token(&jwt, &pair))).unwrap();
    }
    let last = refresh_token(&jwt, &pair);
    clock.advance(Duration::from_secs(600));
    assert_eq!(refresh_refusal(&jwt, &last), Reason::Revoked);
    assert!(wait(jwt.sessions_of(Subject("alice"))).unwrap().is_empty());
}

#[test]
fn implicit_renewal_restarts_the_idle_time() {
    let clock = clock();
    let jwt = kept(&clock)
        .token_location([Location::Cookie])
        .access_token_expires(Lifetime::minutes(5))
        .session_idle_expires(Duration::from_secs(600))
        .build()
        .unwrap();
    let renew = |text: &str| {
        let request = get(&[("Cookie", &format!("access_token_cookie={text}"))]);
        let cookies = wait(jwt.steps().renew(&jwt.steps().expiring(&request, Duration::from_secs(300))?, []))?;
        let line = cookies.lines()[0].to_str().unwrap().to_owned();
        Some(line["access_token_cookie=".len()..].split(';').next().unwrap().to_owned())
    };
    let mut text = wait(jwt.login("alice")).unwrap().access.into_string();
    for _ in 0..4 {
        clock.advance(Duration::from_secs(299));
        text = renew(&text).unwrap();
    }
    assert_eq!(wait(jwt.sessions_of(Subject("alice"))).unwrap()[0].last_used, Timestamp::from_secs(NOW + 4 * 299));
    wait(jwt.end_all_sessions(Subject("alice"))).unwrap();
    assert_eq!(renew(&text), None);
}

#[test]
fn sessions_lists_labels_and_marks_the_current_session() {
    let clock = clock();
    let jwt = kept(&clock).build().unwrap();
    let phone = wait(jwt.login("alice").label("Phone")).unwrap();
    clock.advance(Duration::from_secs(1));
    wait(jwt.login("alice").label(&*format!(" a\nlabel{}", "x".repeat(500)))).unwrap();
    wait(jwt.login("bob").label("Bob's")).unwrap();
    clock.advance(Duration::from_secs(1));
    let phone = wait(jwt.refresh(&refresh_token(&jwt, &phone))).unwrap();
    let token = jwt.decode_token(&phone.access).unwrap();
    let list = wait(jwt.sessions(&token)).unwrap();
    let seen = |session: &Session| (session.label.clone(), session.current);
    assert_eq!(seen(&list[1]), (Some("Phone".to_owned()), true));
    assert_eq!(seen(&list[0]).0.map(|label| (label[..6].to_owned(), label.len())), Some(("alabel".to_owned(), 127)));
    assert!(!list[0].current && list.len() == 2);
    assert_eq!(Some(&*list[1].id), token.session());
    assert_eq!((list[1].opened, list[1].last_used), (Timestamp::from_secs(NOW), Timestamp::from_secs(NOW + 2)));
    clock.advance(Duration::from_secs(60));
    let now = wait(jwt.sessions(&token)).unwrap()[1].last_used;
    assert_eq!(now, Timestamp::from_secs(NOW + 62), "the last refresh would tell a thief when a copy has grace");
    assert_eq!(list[1].ends, Some(Timestamp::from_secs(NOW + 30 * 86_400)));
    assert!(wait(jwt.sessions_of(Subject("alice"))).unwrap().iter().all(|session| !session.current));
}

#[test]
fn one_all_others_or_all_sessions_can_be_ended() {
    let jwt = kept(&clock()).build().unwrap();
    let [one, two, three, four] = [(); 4].map(|()| wait(jwt.login("alice")).unwrap());
    let bob = wait(jwt.login("bob")).unwrap();
    let session = |pair: &TokenPair| refresh_token(&jwt, pair).session().unwrap().to_owned();
    assert_eq!(wait(jwt.end_session(Subject("alice"), &session(&bob))), Ok(false), "another user owns it");
    assert_eq!(wait(jwt.end_session(Subject("alice"), &session(&one))), Ok(true));
    assert_eq!(wait(jwt.end_session(Subject("alice"), &session(&one))), Ok(false));
    assert!(!opens(&jwt, &one.access) && opens(&jwt, &two.access) && opens(&jwt, &bob.access));
    assert_eq!(wait(jwt.end_other_sessions(&refresh_token(&jwt, &three))), Ok(2));
    assert!(!opens(&jwt, &two.access) && opens(&jwt, &three.access) && !opens(&jwt, &four.access));
    wait(jwt.steps().end_session_by_id(&session(&bob))).unwrap();
    assert!(!opens(&jwt, &bob.access), "by id, any session can be ended");
    wait(jwt.end_all_sessions(Subject("alice"))).unwrap();
    assert!(!opens(&jwt, &three.access));
}

#[test]
fn password_changed_ends_all_sessions_and_opens_one() {
    let clock = clock();
    let jwt = kept(&clock).build().unwrap();
    let before = [(); 3].map(|()| wait(jwt.login("alice")).unwrap());
    let bare = jwt.create_refresh_token("alice").unwrap();
    clock.advance(Duration::from_secs(1));
    let after = wait(jwt.password_changed("alice")).unwrap();
    assert!(before.iter().all(|pair| !opens(&jwt, &pair.access)) && !opens(&jwt, &bare));
    assert!(opens(&jwt, &after.access));
    let access = jwt.decode_token(&after.access).unwrap();
    assert_eq!(access.freshness(), Freshness::Fresh);
    assert_eq!(wait(jwt.sessions(&access)).unwrap().len(), 1);
    let labelled = wait(jwt.password_changed("alice").label("Phone")).unwrap();
    let list = wait(jwt.sessions(&jwt.decode_token(&labelled.access).unwrap())).unwrap();
    assert_eq!((list.len(), list[0].label.as_deref()), (1, Some("Phone")));
    let text = serde_json::to_value(&list[0]).unwrap();
    assert_eq!((&text["opened"], &text["current"]), (&json!(NOW + 1), &json!(true)));
}

#[test]
fn a_login_beyond_the_limit_ends_the_oldest_session() {
    let clock = clock();
    let jwt = kept(&clock).max_sessions(2_usize).build().unwrap();
    let login = |user: &str| {
        clock.advance(Duration::from_secs(1));
        wait(jwt.login(user)).unwrap().access
    };
    let (one, two, bob, three) = (login("alice"), login("alice"), login("bob"), login("alice"));
    assert_eq!([&one, &two, &bob, &three].map(|text| opens(&jwt, text)), [false, true, true, true]);
}

#[test]
fn purge_sessions_deletes_an_hour_after_the_end() {
    let (clock, store) = (clock(), Arc::new(MemoryStore::new()));
    let jwt = builder().clock(Arc::clone(&clock)).session_store(Arc::clone(&store)).build().unwrap();
    for _ in 0..5 {
        wait(jwt.login("alice")).unwrap();
    }
    clock.advance(Duration::from_secs(30 * 86_400 + 3599));
    let kept = wait(jwt.login("alice")).unwrap();
    assert_eq!((wait(jwt.purge_sessions(100)), store.len()), (Ok(0), 6), "the clock of another process may be behind");
    clock.advance(Duration::from_secs(1));
    assert_eq!([3, 3, 3].map(|limit| wait(jwt.purge_sessions(limit)).unwrap()), [3, 2, 0]);
    assert!(opens(&jwt, &kept.access) && store.len() == 1);
}

#[test]
fn an_unknown_session_counts_as_ended() {
    let jwt = kept(&clock()).build().unwrap();
    let elsewhere = manager();
    let pair = wait(elsewhere.login("alice")).unwrap();
    assert_eq!(*refusal(&jwt, &bearer(&pair.access), &Requirement::access()).reason(), Reason::Revoked);
    assert_eq!(refresh_refusal(&jwt, &refresh_token(&jwt, &pair)), Reason::Revoked);
    let bare = jwt.decode_token(&jwt.create_refresh_token("alice").unwrap()).unwrap();
    for _ in 0..2 {
        let pair = wait(jwt.refresh(&bare)).unwrap();
        assert_eq!(pair.refresh, None, "as upstream does");
    }
    wait(jwt.revoke_token(&bare)).unwrap();
    assert_eq!(refresh_refusal(&jwt, &bare), Reason::Revoked);
}

#[test]
fn a_revoked_refresh_token_is_not_a_replay() {
    let jwt = kept(&clock()).on_replay(|_| panic!("no replay")).build().unwrap();
    let pair = wait(jwt.login("alice")).unwrap();
    let token = refresh_token(&jwt, &pair);
    wait(jwt.revoke_token(&token)).unwrap();
    assert_eq!(refresh_refusal(&jwt, &token), Reason::Revoked);
    assert!(opens(&jwt, &pair.access));
}

/// A user whose tokens exceed the maximum length.
struct Talkative;
impl jwt_extended::token::Identity for Talkative {
    fn subject(&self) -> std::borrow::Cow<'_, str> {
        "alice".into()
    }

    fn additional_claims(&self) -> Result<jwt_extended::token::Claims, jwt_extended::token::ClaimsError> {
        jwt_extended::token::Claims::new(&json!({ "life": "x".repeat(500) }))
    }
}

#[test]
fn a_failure_to_issue_tokens_rotates_nothing() {
    let clock = clock();
    let jwt = kept(&clock).max_token_length(700_usize).build().unwrap();
    let token = refresh_token(&jwt, &wait(jwt.login("alice")).unwrap());
    assert!(matches!(wait(jwt.refresh(&token).identity(&Talkative)).unwrap_err().reason(), Reason::Issue(_)));
    clock.advance(Duration::from_secs(60));
    assert!(wait(jwt.refresh(&token)).is_ok(), "the token is still the current one");
}
