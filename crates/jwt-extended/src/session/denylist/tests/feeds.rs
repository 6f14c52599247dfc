//! When the feed counts: silence, loss, and starting again.

use super::*;

#[test]
fn silence_as_long_as_the_bound_means_asking() {
    let mut process = Process::following();
    process.check(&token(None));
    for (seconds, expected) in [(4, MEMORY), (5, STORE), (3600, STORE), (6, STORE), (4, MEMORY)] {
        process.clock.set(at(seconds));
        assert_eq!(process.check(&token(None)), expected, "{seconds}");
    }
    process.clock.set(at(5));
    process.report(Ok(Vec::new()));
    assert_eq!(process.check(&token(None)), MEMORY, "heard again");
}

#[test]
fn a_clock_set_back_by_the_bound_means_asking() {
    let process = Process::following();
    process.check(&token(None));
    for (seconds, expected) in [(4, MEMORY), (5, STORE)] {
        process.clock.set(Timestamp::from_secs(START - seconds));
        assert_eq!(process.check(&token(None)), expected, "{seconds}");
    }
}

#[test]
fn a_read_counts_from_when_it_was_asked() {
    let mut process = Process::following();
    process.script.with(|steps| steps.waits.push_back(Ok(())));
    process.run();
    // The store takes four seconds to answer.
    process.clock.set(at(4));
    process.script.with(|steps| steps.reads.push_back(Ok(Vec::new())));
    process.run();
    process.check(&token(None));
    process.clock.set(at(5));
    assert_eq!(process.check(&token(None)), STORE);
}

#[test]
fn a_lost_feed_means_asking_at_once() {
    for step in ["wait", "read"] {
        let mut process = Process::following();
        now(process.store.store.open(&new_session(SESSION)));
        process.check(&token(Some(SESSION)));
        assert_eq!(process.check(&token(Some(SESSION))), MEMORY);
        match step {
            "wait" => process.script.with(|steps| steps.waits.push_back(Err(unavailable()))),
            _ => process.report(Err(unavailable())),
        }
        process.run();
        assert_eq!(process.check(&token(Some(SESSION))), STORE, "{step}");
        // Another process ends the session, and no feed reports it.
        now(process.store.store.end(&EndSessions::One { session: SESSION, subject: None, now: at(1) }));
        assert_eq!(process.check(&token(Some(SESSION))), REFUSED, "{step}");
        process.start(Ok(Vec::new()));
        assert_eq!(process.check(&token(Some(SESSION))), REFUSED, "a new start forgets what was vouched for: {step}");
    }
}

#[test]
fn a_new_start_takes_the_revoked_tokens() {
    let mut process = Process::new(|options| options);
    assert_eq!(process.check(&token(None)), STORE);
    process.start(Ok(vec![Change::Token { jti: JTI.to_owned(), until: None }]));
    assert_eq!(process.check(&TokenIds { jti: Some("another"), ..token(None) }), STORE);
    assert_eq!(process.check(&TokenIds { jti: Some("another"), ..token(None) }), MEMORY);
    assert_eq!(process.check(&token(None)), STORE);
    assert_eq!(process.check(&token(None)), STORE);
}

#[test]
fn a_denylist_that_follows_nothing_asks_each_time() {
    let process = Process::new(|options| options);
    now(process.store.store.open(&new_session(SESSION)));
    for _ in 0..3 {
        assert_eq!(process.check(&token(Some(SESSION))), STORE);
    }
    assert!(!process.denylist.is_following());
}

#[test]
fn a_bound_of_zero_asks_each_time() {
    let mut process = Process::new(|options| options.staleness(Duration::ZERO));
    assert!(process.run(), "there is nothing to follow");
    for _ in 0..3 {
        assert_eq!(process.check(&token(None)), STORE);
    }
}

#[test]
fn pauses_grow_until_the_feed_is_heard() {
    let mut process = Process::new(|options| options);
    for _ in 0..10 {
        process.start(Err(unavailable()));
    }
    let millis =
        |steps: &mut Steps| std::mem::take(&mut steps.slept).iter().map(Duration::as_millis).collect::<Vec<_>>();
    assert_eq!(process.script.with(millis), [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    process.start(Ok(Vec::new()));
    process.report(Ok(Vec::new()));
    process.report(Err(unavailable()));
    assert_eq!(process.script.with(millis), [50]);
}

#[test]
fn it_waits_for_a_third_of_the_bound() {
    for (bound, millis) in [(5000, 1666), (1, 1), (3_600_000, 10_000)] {
        let mut process = Process::new(|options| options.staleness(Duration::from_millis(bound)));
        process.start(Ok(Vec::new()));
        let waited = process.script.with(|steps| steps.waited[0].as_millis());
        assert_eq!(waited, millis);
    }
}

#[test]
fn the_follower_ends_with_the_denylist() {
    let Process { denylist, script, mut follower, .. } = Process::following();
    drop(denylist);
    script.with(|steps| steps.waits.push_back(Ok(())));
    assert!(follower.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
}
