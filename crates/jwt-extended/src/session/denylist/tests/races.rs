//! Answers of the store that arrive late, after a change that they do not know.

use super::*;
use crate::session::Standing;

type Change = Box<dyn Fn(&super::super::known::Known)>;

/// A change while the store's answer is on its way.
#[test]
fn a_late_answer_does_not_bring_back_what_has_ended() {
    let standing = Standing { status: TokenStatus::Active, until: Some(at(3600)) };
    let alice = SubjectDigest::of("alice");
    let many = |number: u32| SubjectDigest::of(&format!("user {number}"));
    let cases: [(&str, Option<&str>, Change, bool); 8] = [
        ("nothing", Some(SESSION), Box::new(|_| {}), true),
        ("its session", Some(SESSION), Box::new(|known| known.forget_session(SESSION)), false),
        ("its subject", Some(SESSION), Box::new(move |known| known.forget_subject(alice)), false),
        ("its subject, without a session", None, Box::new(move |known| known.forget_subject(alice)), false),
        ("another subject", Some(SESSION), Box::new(move |known| known.forget_subject(many(0))), true),
        ("its token", Some(SESSION), Box::new(|known| known.revoke(JTI, None)), false),
        ("a new start", Some(SESSION), Box::new(|known| known.restart(&[])), false),
        (
            "its subject, and very many others",
            Some(SESSION),
            Box::new(move |known| {
                known.forget_subject(alice);
                (0..3000).for_each(|number| known.forget_subject(many(number)));
            }),
            false,
        ),
    ];
    for (name, session, change, remembered) in cases {
        let process = Process::following();
        let known = &process.denylist.known;
        let asked = known.question();
        change(known);
        known.learn(&token(session), standing, asked);
        assert_eq!(known.vouches_for(&token(session)), remembered, "{name}");
        known.forget_session(SESSION);
        known.learn(&token(Some(SESSION)), standing, known.question());
        assert!(known.vouches_for(&TokenIds { jti: None, ..token(Some(SESSION)) }), "asked after it: {name}");
    }
}

/// Threads end sessions and check them, and the feed reports late. A session whose end has returned is never accepted.
#[test]
fn no_session_is_accepted_after_its_own_end() {
    let process = Process::following();
    let (denylist, store) = (&process.denylist, &process.store.store);
    let ids: Vec<_> = (0..500).map(|number| format!("session {number}")).collect();
    let ended = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for id in &ids {
            now(store.open(&new_session(id)));
        }
        for _ in 0..2 {
            scope.spawn(|| {
                while ended.load(Ordering::SeqCst) < ids.len() {
                    let before = ended.load(Ordering::SeqCst);
                    for (number, id) in ids.iter().enumerate() {
                        let status = now(denylist.status(&token(Some(id))));
                        assert!(number >= before || status == TokenStatus::Revoked, "{id}");
                    }
                }
            });
        }
        for id in &ids {
            now(denylist.end(&EndSessions::One { session: id, subject: None, now: at(1) }));
            ended.fetch_add(1, Ordering::SeqCst);
        }
    });
}

/// The specification of stores, over a denylist that hears its feed.
#[cfg(feature = "test-util")]
#[test]
fn a_denylist_keeps_the_specification_of_stores() {
    // The specification's clock is not this one, so the bound by the wall clock is wide.
    let century = Duration::from_secs(100 * 365 * 24 * 3600);
    for seed in 0..200 {
        let mut process = Process::new(|options| options.staleness(century));
        process.start(Ok(Vec::new()));
        let check = crate::test_util::sessions::check_random(&process.denylist, seed..seed + 1);
        assert!(pin!(check).poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }
    let mut process = Process::new(|options| options.staleness(century));
    process.start(Ok(Vec::new()));
    let check = crate::test_util::sessions::check(Arc::new(process.denylist.clone()));
    assert!(pin!(check).poll(&mut Context::from_waker(Waker::noop())).is_ready());
    assert!(process.denylist.is_following());
}
