//! Two processes whose clocks differ by up to five seconds, and clients that come late.

use std::{sync::Arc, time::Duration};

use jwt_extended::{
    JwtManager, JwtManagerBuilder, ManualClock, Timestamp, TokenPair,
    config::Switch,
    http::{Location, Reason},
    session::{MemoryStore, SessionStore, Subject},
};

use crate::common::*;

const SKEW: Duration = Duration::from_secs(5);

/// A process with its own clock, and the store that all share.
fn process(clock: &Arc<ManualClock>, store: &Arc<dyn SessionStore>) -> JwtManagerBuilder {
    builder()
        .clock(Arc::clone(clock))
        .token_location([Location::Header, Location::Cookie])
        .session_store(Arc::clone(store))
}

/// Two processes; the clock of the first is five seconds ahead.
fn two() -> [(JwtManager, Arc<ManualClock>); 2] {
    let store: Arc<dyn SessionStore> = Arc::new(MemoryStore::new());
    [SKEW, Duration::ZERO].map(|ahead| {
        let clock = clock();
        clock.advance(ahead);
        (process(&clock, &store).build().unwrap(), clock)
    })
}

fn cookies_of(jwt: &JwtManager, pair: &TokenPair) -> bool {
    let refresh = pair.refresh.as_deref().unwrap();
    jwt.set_cookies(pair).is_ok()
        && jwt.cookies().set_access(&pair.access).is_ok()
        && jwt.cookies().set_refresh(refresh).is_ok()
}

#[test]
fn every_process_accepts_what_the_other_has_issued() {
    let [(ahead, _), (behind, _)] = two();
    for (here, there) in [(&ahead, &behind), (&behind, &ahead)] {
        let pair = wait(here.login("alice")).unwrap();
        assert!(opens(there, &pair.access) && cookies_of(there, &pair));
        let token = refresh_token(there, &pair);
        let first = wait(there.refresh(&token)).unwrap();
        let repeated = wait(here.refresh(&refresh_token(here, &pair))).unwrap();
        assert_eq!(first.refresh.as_deref(), repeated.refresh.as_deref());
        assert!(cookies_of(here, &repeated) && cookies_of(there, &repeated));
        assert!(opens(there, &repeated.access) && opens(here, &first.access));
    }
}

#[test]
fn a_process_without_csrf_protection_hands_no_value_on() {
    let store: Arc<dyn SessionStore> = Arc::new(MemoryStore::new());
    let [before, after] = [Switch::On, Switch::Off]
        .map(|protect| builder().cookie_csrf_protect(protect).session_store(Arc::clone(&store)).build().unwrap());
    let pair = wait(before.login("alice")).unwrap();
    let refreshed = wait(after.refresh(&refresh_token(&after, &pair))).unwrap();
    let values = [&pair.access, &pair.refresh.unwrap(), &refreshed.access, &refreshed.refresh.unwrap()]
        .map(|token| token.csrf().is_some());
    assert_eq!(values, [true, true, false, false]);
}

#[test]
fn a_login_after_the_end_of_all_sessions_is_good_everywhere() {
    let [(ahead, _), (behind, _)] = two();
    let old = wait(behind.login("alice")).unwrap();
    assert_eq!(wait(ahead.end_all_sessions(Subject("alice"))), Ok(1));
    assert!(!opens(&ahead, &old.access) && !opens(&behind, &old.access));
    let new = wait(behind.login("alice")).unwrap();
    assert!(opens(&ahead, &new.access) && opens(&behind, &new.access));
    let changed = wait(ahead.password_changed("alice")).unwrap();
    let next = wait(behind.login("alice")).unwrap();
    assert!([&changed, &next].iter().all(|pair| opens(&behind, &pair.access)) && !opens(&behind, &new.access));
}

#[test]
fn ending_all_revokes_a_token_from_a_clock_that_is_ahead() {
    let [(ahead, _), (behind, clock)] = two();
    let alone = ahead.create_refresh_token("alice").unwrap();
    clock.advance(Duration::from_secs(1));
    wait(behind.end_all_sessions(Subject("alice"))).unwrap();
    assert!(!opens(&behind, &alone) && !opens(&ahead, &alone));
}

#[test]
fn a_token_expires_exactly_at_exp() {
    let clock = clock();
    let jwt = builder().clock(Arc::clone(&clock)).build().unwrap();
    let token = jwt.create_access_token("alice").unwrap();
    clock.set(Timestamp::from_secs(NOW + 899));
    assert!(opens(&jwt, &token));
    clock.set(Timestamp::from_secs(NOW + 900));
    assert!(!opens(&jwt, &token));
}

#[test]
fn a_session_may_begin_in_ten_tabs_at_once() {
    let [(_, _), (jwt, clock)] = two();
    let first = wait(jwt.login("alice")).unwrap();
    let mut last = wait(jwt.refresh(&refresh_token(&jwt, &first))).unwrap();
    for _ in 0..9 {
        clock.advance(Duration::from_millis(500));
        // One tab has the latest token; another one was restored with the first.
        last = wait(jwt.refresh(&refresh_token(&jwt, &last))).unwrap();
        let restored = wait(jwt.refresh(&refresh_token(&jwt, &first))).unwrap();
        assert_eq!(restored.refresh.as_deref(), last.refresh.as_deref());
    }
}

#[test]
fn a_lost_answer_can_be_fetched_later_only_with_refresh_retry() {
    for retry in [Switch::Off, Switch::On] {
        let clock = clock();
        let store: Arc<dyn SessionStore> = Arc::new(MemoryStore::new());
        let jwt = process(&clock, &store).refresh_retry(retry).build().unwrap();
        let pair = wait(jwt.login("alice")).unwrap();
        let token = refresh_token(&jwt, &pair);
        let lost = wait(jwt.refresh(&token)).unwrap();
        clock.advance(Duration::from_secs(600));
        match retry {
            Switch::Off => assert_eq!(refresh_refusal(&jwt, &token), Reason::Replayed),
            Switch::On => {
                let fetched = wait(jwt.refresh(&token)).unwrap();
                assert_eq!(fetched.refresh.as_deref(), lost.refresh.as_deref());
                assert!(wait(jwt.refresh(&refresh_token(&jwt, &fetched))).is_ok());
                clock.advance(Duration::from_secs(600));
                assert_eq!(refresh_refusal(&jwt, &token), Reason::Replayed, "the successor was used");
            }
        }
    }
}
