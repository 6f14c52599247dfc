//! The specification of rotations: what a current, a rotated and an unknown refresh token give.

use super::{
    at, ids, revoked_token, rotate_request,
    steps::{GRACE, SECOND, User},
    touch_request, with_retry,
};
use crate::session::{RotateOutcome, SessionStore, TokenStatus};

pub(super) async fn check(store: &dyn SessionStore) {
    a_rotation_makes_the_successor_current(store).await;
    the_grace_time_returns_the_same_successor(store).await;
    a_rotation_far_in_the_future_gives_no_grace(store).await;
    a_revoked_successor_is_not_returned_again(store).await;
    a_replay_after_the_grace_time_ends_the_session(store).await;
    every_rotated_token_has_its_own_grace_time(store).await;
    at_least_ten_rotated_tokens_have_grace(store).await;
    with_retry_the_last_rotated_token_needs_no_grace(store).await;
    an_id_that_was_never_current_is_a_replay(store).await;
    a_revoked_refresh_token_rotates_nothing(store).await;
    rotations_and_touches_extend_a_session(store).await;
}

async fn a_rotation_makes_the_successor_current(store: &dyn SessionStore) {
    let user = User::new(store);
    let session = user.open("session", 0).await;
    assert_eq!(user.rotate(&session, 0, "r1", 1).await, RotateOutcome::Rotated);
    assert_eq!(user.rotate(&session, 1, "r2", 2).await, RotateOutcome::Rotated);
    assert_eq!(user.rotate(&session, 2, "r3", 3).await, RotateOutcome::Rotated);
    assert_eq!(user.listed(3).await, [session.as_str()], "it is the same session");
}

async fn the_grace_time_returns_the_same_successor(store: &dyn SessionStore) {
    let user = User::new(store);
    let session = user.open("session", 0).await;
    assert_eq!(user.rotate(&session, 0, "r1", 20 * SECOND).await, RotateOutcome::Rotated);
    let repeated = RotateOutcome::Repeated { successor: format!("{session} r1"), rotated_at: at(20 * SECOND) };
    // A clock that is behind by at most the grace time counts as well.
    let rotated = 20 * SECOND;
    for now in [rotated, rotated + 1, rotated - 10 * SECOND, rotated + 10 * SECOND] {
        assert_eq!(user.rotate(&session, 0, "another", now).await, repeated, "{now}");
    }
    assert_eq!(
        user.rotate(&session, 1, "r2", rotated).await,
        RotateOutcome::Rotated,
        "the successor is still the current one"
    );
}

async fn a_rotation_far_in_the_future_gives_no_grace(store: &dyn SessionStore) {
    let user = User::new(store);
    let session = user.open("session", 0).await;
    assert_eq!(user.rotate(&session, 0, "r1", 20 * SECOND).await, RotateOutcome::Rotated);
    assert_eq!(user.rotate(&session, 0, "another", 10 * SECOND - 1).await, RotateOutcome::Replayed);
}

async fn a_revoked_successor_is_not_returned_again(store: &dyn SessionStore) {
    let user = User::new(store);
    let session = user.open("session", 0).await;
    assert_eq!(user.rotate(&session, 0, "r1", 5).await, RotateOutcome::Rotated);
    let jti = format!("{session} r1");
    assert_eq!(store.revoke(&revoked_token(&user.name, &jti, Some(at(9)), at(6))).wait().await, Ok(()));
    assert_eq!(user.rotate(&session, 0, "another", 8).await, RotateOutcome::Ended);
    assert!(user.is_open(&session, 8).await, "that is no replay, so the session stays open");
    let repeated = RotateOutcome::Repeated { successor: jti, rotated_at: at(5) };
    assert_eq!(user.rotate(&session, 0, "another", 9).await, repeated, "once the revocation has expired");
}

async fn a_replay_after_the_grace_time_ends_the_session(store: &dyn SessionStore) {
    let user = User::new(store);
    let (session, other) = (user.open("session", 0).await, user.open("other", 0).await);
    assert_eq!(user.rotate(&session, 0, "r1", 5).await, RotateOutcome::Rotated);
    let late = 5 + 10 * SECOND + 1;
    assert_eq!(user.rotate(&session, 0, "r1b", late).await, RotateOutcome::Replayed);
    assert!(!user.is_open(&session, late).await, "its access tokens end too");
    for generation in [0, 1] {
        assert_eq!(user.rotate(&session, generation, "r2", late).await, RotateOutcome::Ended, "and it stays ended");
    }
    assert_eq!(user.listed(late).await, [other], "the user's other sessions stay");
}

async fn every_rotated_token_has_its_own_grace_time(store: &dyn SessionStore) {
    let user = User::new(store);
    let session = user.open("session", 0).await;
    for (from, now) in [(0, 0), (1, 6 * SECOND), (2, 9 * SECOND)] {
        let to = format!("r{}", from + 1);
        assert_eq!(user.rotate(&session, from, &to, now).await, RotateOutcome::Rotated);
    }
    let repeated = RotateOutcome::Repeated { successor: format!("{session} r3"), rotated_at: at(9 * SECOND) };
    for (from, now) in [(0, 10), (1, 10), (2, 10), (1, 16), (2, 19)] {
        assert_eq!(user.rotate(&session, from, "another", now * SECOND).await, repeated, "{from} at {now}");
    }
    assert_eq!(user.rotate(&session, 3, "r4", 19 * SECOND).await, RotateOutcome::Rotated);
    assert_eq!(user.rotate(&session, 1, "r5", 16 * SECOND + 1).await, RotateOutcome::Replayed);
    assert_eq!(user.rotate(&session, 4, "r5", 19 * SECOND).await, RotateOutcome::Ended);
}

async fn at_least_ten_rotated_tokens_have_grace(store: &dyn SessionStore) {
    let user = User::new(store);
    let session = user.open("session", 0).await;
    for from in 0..10 {
        let to = format!("r{}", from + 1);
        assert_eq!(user.rotate(&session, from, &to, SECOND).await, RotateOutcome::Rotated);
    }
    let repeated = RotateOutcome::Repeated { successor: format!("{session} r10"), rotated_at: at(SECOND) };
    for from in 0..10 {
        assert_eq!(user.rotate(&session, from, "another", 2 * SECOND).await, repeated, "{from}");
    }
}

async fn with_retry_the_last_rotated_token_needs_no_grace(store: &dyn SessionStore) {
    let user = User::new(store);
    let session = user.open("session", 0).await;
    let rotate = async |from: usize, to: usize, now: u64| {
        let (jti, successor) = (format!("{session} r{from}"), format!("{session} r{to}"));
        let token = ids(&user.name, Some(&session), Some(&jti), at(0), at(now * SECOND));
        let request = with_retry(rotate_request(token, &successor, GRACE, Some(at(100 * SECOND))));
        store.rotate(&request).wait().await
    };
    assert_eq!(rotate(0, 1, 0).await, Ok(RotateOutcome::Rotated));
    let repeated = RotateOutcome::Repeated { successor: format!("{session} r1"), rotated_at: at(0) };
    assert_eq!(rotate(0, 9, 60).await, Ok(repeated), "its successor was not used");
    assert_eq!(rotate(1, 2, 60).await, Ok(RotateOutcome::Rotated));
    assert_eq!(rotate(0, 9, 61).await, Ok(RotateOutcome::Replayed), "now it was");
}

async fn an_id_that_was_never_current_is_a_replay(store: &dyn SessionStore) {
    let user = User::new(store);
    let session = user.open("session", 0).await;
    assert_eq!(user.rotate_named(&session, "made up", "r1", 1).await, RotateOutcome::Replayed);
    assert!(!user.is_open(&session, 1).await);
}

async fn a_revoked_refresh_token_rotates_nothing(store: &dyn SessionStore) {
    let user = User::new(store);
    let session = user.open("session", 0).await;
    let jti = format!("{session} r0");
    assert_eq!(store.revoke(&revoked_token(&user.name, &jti, None, at(0))).wait().await, Ok(()));
    assert_eq!(user.rotate(&session, 0, "r1", 1).await, RotateOutcome::Ended);
    assert!(user.is_open(&session, 1).await, "that is no replay, so the session stays open");
}

async fn rotations_and_touches_extend_a_session(store: &dyn SessionStore) {
    let user = User::new(store);
    let session = user.open("session", 0).await;
    assert_eq!(user.rotate(&session, 0, "r1", 50 * SECOND).await, RotateOutcome::Rotated);
    assert!(user.is_open(&session, 149 * SECOND).await && !user.is_open(&session, 150 * SECOND).await);
    let usage = |now: u64| ids(&user.name, Some(&session), Some("an access token"), at(0), at(now));
    for (now, ends, status, until) in [
        (140, 200, TokenStatus::Active, 200),
        (141, 199, TokenStatus::Active, 200), // never for shorter
        (200, 300, TokenStatus::Revoked, 200),
    ] {
        let touch = touch_request(usage(now * SECOND), Some(at(ends * SECOND)));
        assert_eq!(store.touch(&touch).wait().await, Ok(status), "{now}");
        assert!(!user.is_open(&session, until * SECOND).await && user.is_open(&session, until * SECOND - 1).await);
    }
    let list = store.list(&user.name, at(141 * SECOND)).wait().await.unwrap_or_default();
    assert_eq!(list[0].last_used, at(141 * SECOND));
    assert_eq!(store.touch(&touch_request(usage(142 * SECOND), None)).wait().await, Ok(TokenStatus::Active));
    assert!(user.is_open(&session, 1_000_000 * SECOND).await, "never is later than any end");
}
