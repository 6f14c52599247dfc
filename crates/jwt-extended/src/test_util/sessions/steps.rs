//! The specification of single calls to a store. Each function's name states one fact.

use std::time::Duration;

use super::{
    at, at_most, end_all, end_one, end_others, fresh_name, ids, labelled, new_session, opened_at, revoked_token,
    rotate_request, since,
};
use crate::{
    session::{RotateOutcome, SessionStore, TokenIds, TokenStatus},
    time::Timestamp,
};

pub(super) const GRACE: Duration = Duration::from_secs(10);
pub(super) const SECOND: u64 = 1_000_000;

/// One user of a store, with short methods for calls about them.
pub(super) struct User<'a> {
    pub(super) store: &'a dyn SessionStore,
    pub(super) name: String,
}

impl<'a> User<'a> {
    pub(super) fn new(store: &'a dyn SessionStore) -> Self {
        Self { store, name: fresh_name("user") }
    }

    /// Opens a session for a hundred seconds. The id of its first refresh token is `{id} r0`.
    pub(super) async fn open(&self, id: &str, opened: u64) -> String {
        let id = fresh_name(id);
        let jti = format!("{id} r0");
        let session = new_session(&self.name, &id, &jti, at(opened), Some(at(opened + 100 * SECOND)));
        assert_eq!(self.store.open(&session).wait().await, Ok(TokenStatus::Active));
        id
    }

    pub(super) async fn is_active(&self, session: Option<&str>, jti: Option<&str>, since: u64, now: u64) -> bool {
        let token = ids(&self.name, session, jti, at(since), at(now));
        let status = self.store.status(&token).wait().await;
        let standing = self.store.standing(&token).wait().await.map(|standing| standing.status);
        assert_eq!(status, standing, "both judge alike");
        status == Ok(TokenStatus::Active)
    }

    pub(super) async fn is_open(&self, session: &str, now: u64) -> bool {
        self.is_active(Some(session), Some("an access token"), 0, now).await
    }

    pub(super) async fn rotate(&self, session: &str, from: usize, to: &str, now: u64) -> RotateOutcome {
        let jti = format!("{session} r{from}");
        self.rotate_named(session, &jti, to, now).await
    }

    pub(super) async fn rotate_named(&self, session: &str, jti: &str, to: &str, now: u64) -> RotateOutcome {
        let token = ids(&self.name, Some(session), Some(jti), at(0), at(now));
        let successor = format!("{session} {to}");
        let answer =
            self.store.rotate(&rotate_request(token, &successor, GRACE, Some(at(now + 100 * SECOND)))).wait().await;
        answer.unwrap_or_else(|error| panic!("{error}"))
    }

    pub(super) async fn listed(&self, now: u64) -> Vec<String> {
        let sessions = self.store.list(&self.name, at(now)).wait().await;
        sessions.unwrap_or_else(|error| panic!("{error}")).into_iter().map(|session| session.id).collect()
    }

    pub(super) async fn end(&self, ending: &crate::session::EndSessions<'_>) -> u64 {
        self.store.end(ending).wait().await.unwrap_or_else(|error| panic!("{error}"))
    }
}

pub(super) async fn check(store: &dyn SessionStore) {
    tokens_are_active_until_their_session_ends(store).await;
    an_unknown_session_counts_as_ended(store).await;
    a_session_without_an_end_stays_open(store).await;
    a_token_stays_revoked_until_it_expires(store).await;
    a_login_is_compared_with_a_cut_off_by_its_since(store).await;
    super::rotations::check(store).await;
    sessions_are_listed_latest_first_with_their_details(store).await;
    one_session_ends_for_its_subject_or_any_subject(store).await;
    ending_the_others_keeps_one_session(store).await;
    ending_all_spares_later_logins(store).await;
    a_login_in_progress_does_not_outlive_ending_all(store).await;
    a_cut_off_far_in_the_future_is_replaced(store).await;
    a_session_too_many_ends_the_oldest(store).await;
    unusual_ids_work_like_any_other(store).await;
    purging_deletes_expired_entries_in_batches(store).await;
}

async fn tokens_are_active_until_their_session_ends(store: &dyn SessionStore) {
    let user = User::new(store);
    let session = user.open("session", 0).await;
    assert!(user.is_open(&session, 0).await && user.is_open(&session, 100 * SECOND - 1).await);
    assert!(!user.is_open(&session, 100 * SECOND).await, "it has ended at its end time");
    assert_eq!(user.rotate(&session, 0, "r1", 100 * SECOND).await, RotateOutcome::Ended);
    assert!(user.is_active(None, Some("another token"), 0, 0).await, "a token without a session needs none");
    assert!(user.is_active(None, None, 0, 0).await);
}

async fn an_unknown_session_counts_as_ended(store: &dyn SessionStore) {
    let (user, other) = (User::new(store), User::new(store));
    let session = fresh_name("session");
    assert!(!user.is_open(&session, 0).await);
    assert_eq!(user.rotate(&session, 0, "r1", 0).await, RotateOutcome::Ended);
    let of_user = user.open("session", 0).await;
    assert!(!other.is_open(&of_user, 0).await, "it is not another user's session");
    assert_eq!(other.rotate(&of_user, 0, "r1", 0).await, RotateOutcome::Ended);
    assert!(user.is_open(&of_user, 0).await);
}

async fn a_session_without_an_end_stays_open(store: &dyn SessionStore) {
    let user = User::new(store);
    let session = fresh_name("session");
    let new = new_session(&user.name, &session, "r0", at(0), None);
    assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
    let token = ids(&user.name, Some(&session), None, at(0), Timestamp::MAX);
    assert_eq!(store.status(&token).wait().await, Ok(TokenStatus::Active));
    assert_eq!(store.list(&user.name, Timestamp::MAX).wait().await.map(|list| list[0].ends), Ok(None));
}

async fn a_token_stays_revoked_until_it_expires(store: &dyn SessionStore) {
    let user = User::new(store);
    let session = user.open("session", 0).await;
    let (short, long) = (fresh_name("token"), fresh_name("token"));
    for (jti, until) in [(&short, Some(at(20))), (&short, Some(at(10))), (&long, None)] {
        assert_eq!(store.revoke(&revoked_token(&user.name, jti, until, at(0))).wait().await, Ok(()));
    }
    assert!(!user.is_active(Some(&session), Some(&short), 0, 19).await, "the longer memory counts");
    assert!(user.is_active(Some(&session), Some(&short), 0, 20).await);
    assert!(!user.is_active(None, Some(&long), 0, 99 * SECOND).await, "forever");
    assert!(user.is_open(&session, 0).await, "the rest of the session is active");
}

async fn a_login_is_compared_with_a_cut_off_by_its_since(store: &dyn SessionStore) {
    let user = User::new(store);
    user.end(&end_all(&user.name, None, at(5 * SECOND))).await;
    for (since_when, status) in [(5 * SECOND - 1, TokenStatus::Revoked), (5 * SECOND, TokenStatus::Active)] {
        let id = fresh_name("session");
        let new = since(new_session(&user.name, &id, "r0", at(0), Some(at(99 * SECOND))), at(since_when));
        assert_eq!(store.open(&new).wait().await, Ok(status));
        let token = ids(&user.name, Some(&id), None, at(since_when), at(6 * SECOND));
        assert_eq!(store.status(&token).wait().await, Ok(status));
    }
    // A cut-off during the login ends it, however large the allowance for clocks is.
    for (now, status) in [(5 * SECOND, TokenStatus::Revoked), (5 * SECOND - 1, TokenStatus::Active)] {
        let id = fresh_name("session");
        let new = since(new_session(&user.name, &id, "r0", at(4 * SECOND), Some(at(99 * SECOND))), at(9 * SECOND));
        assert_eq!(store.open(&opened_at(new, at(now))).wait().await, Ok(status), "{now}");
    }
}

async fn sessions_are_listed_latest_first_with_their_details(store: &dyn SessionStore) {
    let (user, other) = (User::new(store), User::new(store));
    other.open("other's", 0).await;
    let first = user.open("first", 0).await;
    let (second, third) = (fresh_name("second"), user.open("third", 30 * SECOND).await);
    let label = "Fire\u{1f98a} on \"Linux\" | 100% 'yes' \\ -- ";
    let new = labelled(new_session(&user.name, &second, "r0", at(20 * SECOND), Some(at(40 * SECOND))), label);
    assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
    assert_eq!(user.listed(31 * SECOND).await, [&*third, &*second, &*first]);
    let list = store.list(&user.name, at(31 * SECOND)).wait().await.unwrap_or_default();
    assert_eq!((list[1].label.as_deref(), list[0].label.as_deref()), (Some(label), None));
    assert_eq!((list[1].opened, list[1].last_used), (at(20 * SECOND), at(20 * SECOND)));
    assert_eq!((list[1].ends, list[1].current), (Some(at(40 * SECOND)), false));
    assert_eq!(user.rotate(&first, 0, "r1", 35 * SECOND).await, RotateOutcome::Rotated);
    assert_eq!(user.listed(40 * SECOND).await, [third, first], "ended sessions are not listed");
    let list = store.list(&user.name, at(40 * SECOND)).wait().await.unwrap_or_default();
    assert_eq!((list[1].opened, list[1].last_used), (at(0), at(35 * SECOND)));
}

async fn one_session_ends_for_its_subject_or_any_subject(store: &dyn SessionStore) {
    let (user, other) = (User::new(store), User::new(store));
    let (one, two, three) = (user.open("one", 0).await, user.open("two", 1).await, user.open("three", 2).await);
    assert_eq!(user.end(&end_one(&one, Some(&other.name), at(3))).await, 0, "another subject's session stays open");
    assert!(user.is_open(&one, 3).await);
    assert_eq!(user.end(&end_one(&one, Some(&user.name), at(3))).await, 1);
    assert_eq!(user.end(&end_one(&two, None, at(3))).await, 1);
    assert_eq!(user.end(&end_one(&two, None, at(4))).await, 0, "it has ended already");
    assert_eq!(user.end(&end_one(&three, Some(&user.name), at(100 * SECOND + 2))).await, 0);
    assert_eq!(user.listed(4).await, Vec::<String>::new());
    assert_eq!(user.rotate(&one, 0, "r1", 4).await, RotateOutcome::Ended);
}

async fn ending_the_others_keeps_one_session(store: &dyn SessionStore) {
    let (user, bystander) = (User::new(store), User::new(store));
    let (one, kept, three) = (user.open("one", 0).await, user.open("kept", 1).await, user.open("three", 2).await);
    let theirs = bystander.open("theirs", 0).await;
    assert_eq!(user.end(&end_others(&user.name, &kept, Some(at(500 * SECOND)), at(10))).await, 2);
    assert_eq!(user.listed(10).await, [kept.as_str()]);
    assert!(!user.is_open(&one, 10).await && !user.is_open(&three, 10).await && bystander.is_open(&theirs, 10).await);
    assert!(!user.is_active(None, Some("old"), 9, 11).await, "a token without a session is revoked too");
    assert!(user.is_active(None, Some("new"), 10, 11).await);
    assert!(user.is_active(Some(&kept), Some("old"), 1, 11).await, "a token of the kept session is not");
    let later = user.open("later", 20).await;
    assert_eq!(user.end(&end_others(&user.name, &later, Some(at(500 * SECOND)), at(30))).await, 1);
    assert!(!user.is_open(&kept, 31).await && user.is_open(&later, 31).await);
}

async fn ending_all_spares_later_logins(store: &dyn SessionStore) {
    let user = User::new(store);
    let (one, two) = (user.open("one", 0).await, user.open("two", 1).await);
    let over = user.open("over", 2).await;
    assert_eq!(user.end(&end_one(&over, None, at(3))).await, 1);
    assert_eq!(user.end(&end_all(&user.name, Some(at(500 * SECOND)), at(10))).await, 2);
    assert!(!user.is_open(&one, 11).await && !user.is_open(&two, 11).await);
    assert_eq!(user.rotate(&one, 0, "r1", 11).await, RotateOutcome::Ended);
    assert!(!user.is_active(None, Some("old"), 9, 11).await && user.is_active(None, Some("new"), 10, 11).await);
    let next = user.open("next", 10).await;
    assert!(user.is_active(Some(&next), None, 10, 10).await, "a login at the same instant stays open");
    assert_eq!(user.end(&end_all(&user.name, Some(at(20)), at(5))).await, 1);
    assert!(!user.is_active(None, None, 9, 499 * SECOND).await, "the later cut-off and the longer memory count");
    assert!(user.is_active(None, None, 9, 500 * SECOND).await);
}

async fn a_login_in_progress_does_not_outlive_ending_all(store: &dyn SessionStore) {
    let user = User::new(store);
    let kept = user.open("kept", 0).await;
    let late = fresh_name("late");
    for ending in [end_all(&user.name, None, at(10)), end_others(&user.name, &kept, None, at(11))] {
        user.end(&ending).await;
        let new = new_session(&user.name, &late, "r0", at(9), Some(at(99 * SECOND)));
        assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Revoked));
        assert!(!user.is_open(&late, 12).await && user.listed(12).await.is_empty());
    }
}

async fn a_cut_off_far_in_the_future_is_replaced(store: &dyn SessionStore) {
    let user = User::new(store);
    let login = async |id: &str| {
        let (id, jti) = (fresh_name(id), fresh_name("r0"));
        store.open(&new_session(&user.name, &id, &jti, at(20), Some(at(100 * SECOND)))).wait().await
    };
    for (ahead, next) in [(3600 * SECOND + 1, TokenStatus::Active), (3600 * SECOND, TokenStatus::Revoked)] {
        user.end(&end_all(&user.name, None, at(10 + ahead))).await;
        assert_eq!(login("kept out").await, Ok(TokenStatus::Revoked));
        user.end(&end_all(&user.name, None, at(10))).await;
        assert_eq!(login("again").await, Ok(next), "{ahead}");
    }
    assert!(!user.is_active(None, None, 9, 30).await, "tokens from before the cut-off stay revoked");
}

async fn a_session_too_many_ends_the_oldest(store: &dyn SessionStore) {
    let user = User::new(store);
    let mut open = Vec::new();
    for (opened, limit, left) in [(3, 3, 1), (1, 3, 2), (2, 3, 3), (4, 3, 3), (5, 2, 2), (0, 1, 1)] {
        let id = fresh_name("session");
        let new = at_most(new_session(&user.name, &id, "r0", at(opened), Some(at(99))), limit);
        assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
        open.push((opened, id));
        assert_eq!(user.listed(6).await.len(), left, "{opened}");
        assert!(user.is_open(&open[open.len() - 1].1, 6).await, "the new one is never the one that ends");
    }
    assert_eq!(user.listed(6).await, [open[5].1.as_str()]);
    let id = fresh_name("session");
    let new = at_most(new_session(&user.name, &id, "r0", at(200), Some(at(300))), 2);
    let over = user.open("another", 99).await;
    assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
    assert_eq!(user.listed(201).await, [id, over], "ended sessions do not count");
}

async fn unusual_ids_work_like_any_other(store: &dyn SessionStore) {
    let suffix = fresh_name("");
    let long = "x".repeat(3000);
    for name in ["}{", "'; DROP TABLE users; --", "a:b*c?", "né\u{1f512}\n", "-", "%s", "{}", &long] {
        let (subject, other) = (format!("{name}{suffix}"), format!("{name}{suffix}."));
        let (session, jti) = (format!("{name} {suffix} s"), format!("{name} {suffix} r0"));
        let new = new_session(&subject, &session, &jti, at(0), Some(at(100)));
        assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active), "{name:?}");
        let token = |subject, now| -> TokenIds<'_> { ids(subject, Some(&session), Some(&jti), at(0), at(now)) };
        assert_eq!(store.status(&token(&subject, 1)).wait().await, Ok(TokenStatus::Active), "{name:?}");
        assert_eq!(store.status(&token(&other, 1)).wait().await, Ok(TokenStatus::Revoked), "{name:?}");
        let rotated = store.rotate(&rotate_request(token(&subject, 2), "r1", GRACE, Some(at(100)))).wait().await;
        assert_eq!(rotated, Ok(RotateOutcome::Rotated), "{name:?}");
        assert_eq!(store.end(&end_all(&subject, None, at(3))).wait().await, Ok(1), "{name:?}");
        assert_eq!(store.status(&token(&subject, 3)).wait().await, Ok(TokenStatus::Revoked), "{name:?}");
    }
}

async fn purging_deletes_expired_entries_in_batches(store: &dyn SessionStore) {
    let user = User::new(store);
    let kept = fresh_name("kept");
    let new = new_session(&user.name, &kept, "r0", at(0), None);
    assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
    for number in 0..10 {
        user.open("session", number).await;
        let jti = fresh_name("token");
        assert_eq!(store.revoke(&revoked_token(&user.name, &jti, Some(at(number)), at(0))).wait().await, Ok(()));
    }
    // Other functions may have left entries. So this checks only the size of the batches, and that they come to an end.
    let late = at(1_000_000 * SECOND);
    let mut batches = 0;
    loop {
        let purged = store.purge(late, 7).wait().await.unwrap_or_else(|error| panic!("{error}"));
        assert!(purged <= 7, "{purged}");
        batches += 1;
        if purged == 0 {
            break;
        }
        assert!(batches < 100_000, "purging does not end");
    }
    assert_eq!(user.listed(1_000_000 * SECOND).await, [kept.as_str()], "an open session stays");
    assert!(user.is_open(&kept, 1_000_000 * SECOND).await);
}
