//! What is answered from memory, and what ends it.

use super::*;

#[test]
fn the_store_is_asked_about_a_session_once() {
    let process = Process::following();
    now(process.store.store.open(&new_session(SESSION)));
    let others = [Some("another token"), None, Some(JTI)].map(|jti| TokenIds { jti, ..token(Some(SESSION)) });
    assert_eq!(process.check(&token(Some(SESSION))), STORE);
    for other in others {
        assert_eq!(process.check(&other), MEMORY, "{other:?}");
    }
}

#[test]
fn without_a_session_the_subject_is_asked_about_once() {
    let process = Process::following();
    assert_eq!(process.check(&token(None)), STORE);
    assert_eq!(process.check(&TokenIds { jti: Some("another"), since: at(1), ..token(None) }), MEMORY);
    let older = TokenIds { since: Timestamp::from_secs(START - 1), ..token(None) };
    assert_eq!(process.check(&older), STORE, "a cut-off may be in between");
    assert_eq!(process.check(&TokenIds { subject: "bob", ..token(None) }), STORE);
}

#[test]
fn what_the_store_refuses_is_asked_each_time() {
    let process = Process::following();
    for _ in 0..3 {
        assert_eq!(process.check(&token(Some(SESSION))), REFUSED, "the session is unknown");
    }
}

#[test]
fn a_session_is_not_vouched_for_another_subject() {
    let process = Process::following();
    now(process.store.store.open(&new_session(SESSION)));
    assert_eq!(process.check(&token(Some(SESSION))), STORE);
    assert_eq!(process.check(&TokenIds { subject: "mallory", ..token(Some(SESSION)) }), REFUSED);
}

#[test]
fn the_store_is_asked_again_when_the_session_ends() {
    let mut process = Process::following();
    now(process.store.store.open(&new_session(SESSION)));
    process.check(&token(Some(SESSION)));
    for (seconds, expected) in [(3599, MEMORY), (3600, REFUSED)] {
        process.clock.set(at(seconds));
        process.report(Ok(Vec::new()));
        assert_eq!(process.check(&token(Some(SESSION))), expected, "{seconds}");
    }
}

#[test]
fn each_change_of_another_process_ends_what_it_names() {
    let alice = SubjectDigest::of("alice");
    let jti = Change::Token { jti: JTI.to_owned(), until: Some(at(100)) };
    let cases = [
        (Change::Session(SESSION.to_owned()), Some(SESSION), STORE),
        (Change::Session("another".to_owned()), Some(SESSION), MEMORY),
        (Change::Session(SESSION.to_owned()), None, MEMORY),
        (Change::Subject(alice), Some(SESSION), STORE),
        (Change::Subject(alice), None, STORE),
        (Change::Subject(SubjectDigest::of("bob")), Some(SESSION), MEMORY),
        (jti.clone(), Some(SESSION), STORE),
        (jti, None, STORE),
        (Change::Token { jti: "another".to_owned(), until: None }, Some(SESSION), MEMORY),
    ];
    for (change, session, expected) in cases {
        let mut process = Process::following();
        now(process.store.store.open(&new_session(SESSION)));
        process.check(&token(session));
        assert_eq!(process.check(&token(session)), MEMORY);
        process.report(Ok(vec![change.clone()]));
        assert_eq!(process.check(&token(session)), expected, "{change:?} {session:?}");
    }
}

#[test]
fn own_calls_count_at_once() {
    type Call = fn(&Denylist<Shared>);
    let calls: [(&str, Call); 5] = [
        ("end one", |denylist| {
            let one = EndSessions::One { session: SESSION, subject: None, now: at(1) };
            now(denylist.end(&one));
        }),
        ("end all", |denylist| {
            let all = EndSessions::All { subject: "alice", until: None, now: at(1) };
            now(denylist.end(&all));
        }),
        ("end others", |denylist| {
            let others = EndSessions::Others { subject: "alice", except: "another", until: None, now: at(1) };
            now(denylist.end(&others));
        }),
        ("revoke", |denylist| {
            let token = RevokedToken { subject: "alice", jti: JTI, until: None, now: at(1) };
            now(denylist.revoke(&token));
        }),
        ("a login too many", |denylist| {
            let at_most = std::num::NonZeroU32::new(1);
            now(denylist.open(&NewSession { at_most, opened: at(1), ..new_session("another") }));
        }),
    ];
    for (name, call) in calls {
        let process = Process::following();
        now(process.store.store.open(&new_session(SESSION)));
        process.check(&token(Some(SESSION)));
        assert_eq!(process.check(&token(Some(SESSION))), MEMORY);
        call(&process.denylist);
        assert_eq!(process.check(&token(Some(SESSION))), REFUSED, "{name}");
    }
}

#[test]
fn many_changed_subjects_are_forgotten_in_turn() {
    let mut process = Process::following();
    now(process.store.store.open(&new_session(SESSION)));
    process.check(&token(Some(SESSION)));
    let changes = |range: std::ops::Range<u32>| {
        range.map(|number| Change::Subject(SubjectDigest::of(&format!("user {number}")))).collect::<Vec<_>>()
    };
    process.report(Ok(changes(0..5000)));
    assert_eq!(process.check(&token(Some(SESSION))), MEMORY);
    let mut all = changes(5000..6000);
    all.push(Change::Subject(SubjectDigest::of("alice")));
    all.extend(changes(6000..9000));
    process.report(Ok(all));
    assert_eq!(process.check(&token(Some(SESSION))), STORE, "its change was not forgotten with the others");
    assert_eq!(process.check(&token(Some(SESSION))), MEMORY);
}

#[test]
fn the_memory_is_bounded() {
    let process = Process::new(|options| options.capacity(640));
    let mut process = process;
    process.start(Ok(Vec::new()));
    let ids: Vec<_> = (0..5000).map(|number| format!("session {number}")).collect();
    for id in &ids {
        now(process.store.store.open(&new_session(id)));
        assert_eq!(process.check(&token(Some(id))), STORE);
    }
    let remembered = ids.iter().filter(|id| process.denylist.known.vouches_for(&token(Some(id)))).count();
    assert!((64..=640).contains(&remembered), "{remembered}");
}

#[test]
fn more_revoked_tokens_than_fit_mean_asking_each_time() {
    let mut process = Process::new(|options| options.capacity(100));
    process.start(Ok(Vec::new()));
    process.check(&token(None));
    let tokens = |range: std::ops::Range<u32>| {
        let token = |number| Change::Token { jti: format!("token {number}"), until: Some(at(60)) };
        range.map(token).collect::<Vec<_>>()
    };
    process.report(Ok(tokens(0..100)));
    assert_eq!(process.check(&token(None)), MEMORY);
    process.script.with(|steps| steps.stays_asleep = true);
    process.report(Ok(tokens(100..101)));
    assert_eq!(process.check(&token(None)), STORE);
    assert_eq!(process.check(&token(None)), STORE);
    // They have expired when it starts again.
    process.clock.set(at(61));
    process.script.with(|steps| steps.stays_asleep = false);
    process.run();
    process.start(Ok(Vec::new()));
    assert_eq!(process.check(&token(None)), STORE);
    assert_eq!(process.check(&token(None)), MEMORY);
}
