//! What is kept, and for how long: the bounds of the memory.

use super::*;
use crate::time::ManualClock;

const START: u64 = 1_800_000_000;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(START + seconds)
}

fn known(capacity: usize) -> (Known, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(at(0)));
    (Known::new(Duration::from_secs(5), capacity, Arc::<ManualClock>::clone(&clock)), clock)
}

fn token(session: &str) -> TokenIds<'_> {
    TokenIds { jti: None, session: Some(session), subject: "alice", since: at(0), now: at(0) }
}

fn learn(known: &Known, session: &str, until: u64) {
    let standing = Standing { status: TokenStatus::Active, until: Some(at(until)) };
    known.learn(&token(session), standing, known.question());
}

/// Ids of one shard.
fn ids(known: &Known) -> impl Iterator<Item = String> {
    let shard = std::ptr::from_ref(known.shard_of("session 0"));
    (0..).map(|number| format!("session {number}")).filter(move |id| std::ptr::eq(known.shard_of(id), shard))
}

fn vouched(known: &Known, ids: &[String]) -> Vec<bool> {
    ids.iter().map(|id| known.vouches_for(&token(id))).collect()
}

#[test]
fn a_shard_keeps_its_share_of_the_capacity() {
    let (known, _) = known(8 * SHARDS);
    let ids: Vec<_> = ids(&known).take(9).collect();
    for id in &ids[..8] {
        learn(&known, id, 60);
    }
    assert_eq!(vouched(&known, &ids), [[true; 8].as_slice(), &[false]].concat());
    learn(&known, &ids[8], 60);
    assert_eq!(vouched(&known, &ids), [[false; 8].as_slice(), &[true]].concat());
}

#[test]
fn a_full_shard_deletes_what_has_ended_first() {
    let (known, _) = known(8 * SHARDS);
    let ids: Vec<_> = ids(&known).take(9).collect();
    for (id, until) in ids.iter().zip([60, 10, 60, 10, 60, 10, 60, 60]) {
        learn(&known, id, until);
    }
    let standing = Standing { status: TokenStatus::Active, until: Some(at(60)) };
    known.learn(&TokenIds { now: at(10), ..token(&ids[8]) }, standing, known.question());
    assert_eq!(vouched(&known, &ids), [true, false, true, false, true, false, true, true, true]);
}

#[test]
fn a_shard_that_stays_nearly_full_is_emptied() {
    for (ended, kept) in [(1, 7), (0, 0)] {
        let mut shard = Shard { sessions: Ids::new(), subjects: Ids::new(), changed: Number(0) };
        for number in 0..8_u32 {
            let ends = u32::try_from(at(if number < ended { 10 } else { 60 }).as_secs()).unwrap();
            shard.sessions.insert(&number.to_string(), Session { subject_hash: 0, asked: Number(0), tag: 0, ends });
        }
        shard.make_room(at(10), 8);
        assert_eq!(shard.len(), kept, "{ended} have ended");
    }
}

#[test]
fn an_answer_to_a_question_after_a_change_counts() {
    let (known, _) = known(1000);
    known.forget_subject(SubjectDigest::of("alice"));
    learn(&known, "session", 60);
    assert!(known.vouches_for(&token("session")));
}

#[test]
fn many_changed_subjects_are_forgotten() {
    let (known, _) = known(1000);
    for number in 0..MANY_SUBJECTS {
        known.forget_subject(SubjectDigest::of(&number.to_string()));
    }
    assert_eq!(read(&known.subjects).len(), 0);
}

#[test]
fn a_change_during_a_sweep_is_not_forgotten() {
    let (known, _) = known(1000);
    write(&known.subjects).extend([(1, Number(5)), (2, Number(3))]);
    known.sweep(&HashMap::from([(1, Number(3)), (2, Number(3))]));
    assert_eq!(*read(&known.subjects), HashMap::from([(1, Number(5))]));
}

#[test]
fn a_restart_forgets_the_changes_before_it() {
    let (known, _) = known(1000);
    known.forget_subject(SubjectDigest::of("alice"));
    // Another thread has changed this one since.
    write(&known.subjects).insert(2, Number(1000));
    known.restart(&[]);
    assert_eq!(*read(&known.subjects), HashMap::from([(2, Number(1000))]));
}

#[test]
fn revoked_tokens_are_forgotten_at_their_end() {
    let mut revoked = Revoked { tokens: Ids::new(), clear_at: FEW_TOKENS };
    for (jti, until) in [("a", Some(at(10))), ("b", Some(at(11))), ("c", None)] {
        revoked.tokens.insert(jti, until);
    }
    revoked.clear(at(10));
    assert_eq!(["a", "b", "c"].map(|jti| revoked.tokens.get(jti).is_some()), [false, true, true]);
    assert_eq!(revoked.clear_at, FEW_TOKENS);
}

#[test]
fn many_revoked_tokens_are_cleared_when_they_have_doubled() {
    let mut revoked = Revoked { tokens: Ids::new(), clear_at: FEW_TOKENS };
    for number in 0..FEW_TOKENS {
        revoked.tokens.insert(&number.to_string(), None);
    }
    revoked.clear(at(0));
    assert_eq!(revoked.clear_at, 2 * FEW_TOKENS);
}

#[test]
fn expired_revocations_make_room() {
    let (known, clock) = known(4);
    for jti in ["a", "b", "c", "d"] {
        known.revoke(jti, Some(at(10)));
    }
    clock.set(at(20));
    known.revoke("e", Some(at(30)));
    assert!(known.confirm(known.moment()), "nothing has overflowed");
    assert!(["a", "e"].map(|jti| known.is_revoked(jti)) == [false, true]);
}
