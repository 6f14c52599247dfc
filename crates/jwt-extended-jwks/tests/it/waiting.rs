//! Many callers at once: one fetch, and everybody gets its keys.

use std::{
    io::Write as _,
    pin::Pin,
    sync::{
        Arc, Barrier, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use jwt_extended::{
    JwtManager, Requirement, Timestamp,
    jose::{Algorithm, Key, KeyRing, KeySource as _},
    token::Issuer,
};
use jwt_extended_jwks::RemoteKeys;

use crate::{
    server::{Counter, Server, keys},
    wait::{block_on, join_all, kids, renew},
};

/// A server that answers when the counter has reached that.
fn patient(polled: &Arc<Counter>, count: usize) -> Server {
    let (polled, text) = (Arc::clone(polled), keys(&["a"]));
    Server::scripted(move |_, _, mut stream| {
        polled.wait_for(count);
        stream.write_all(text.as_bytes()).unwrap();
    })
}

#[test]
fn ten_thousand_renewals_are_one_fetch() {
    const THREADS: usize = 8;
    let polled = Arc::new(Counter::default());
    // Every one of them is waiting before there is an answer.
    let server = patient(&polled, THREADS);
    let keys = server.keys().build().unwrap();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                join_all((0..10_000 / THREADS).map(|_| keys.renew()).collect(), || polled.up());
                assert_eq!(kids(&keys).unwrap(), ["a"]);
            });
        }
    });
    assert_eq!(server.count(), 1);
}

/// The whole guard: each token names a key of its own, which nobody has.
#[test]
fn ten_thousand_tokens_of_unknown_keys_cause_one_fetch() {
    const TOKENS: usize = 10_000;
    let server = Server::answering([keys(&["a"])]);
    let (keys, clock) = server.timed();
    keys.ready_blocking().unwrap();
    clock.advance(Duration::from_secs(31));
    let name = "https://idp.example";
    let jwt = JwtManager::builder().issuer(Issuer::new(name, keys).audience("us")).build().unwrap();
    let stranger = Key::generate(Algorithm::ES256).unwrap();
    let issuing = JwtManager::builder().encode_issuer(name).key_ring(KeyRing::empty()).build().unwrap();
    let refused = AtomicUsize::new(0);
    let guards = (0..TOKENS).map(|number| {
        let key = stranger.clone().with_kid(&format!("made up {number}")).unwrap();
        let text = issuing.access_token("alice").signed_by(&key).create().unwrap();
        let request = http::Request::get("/").header("authorization", format!("Bearer {text}")).body(()).unwrap();
        let checked = jwt.authenticate(&request.into_parts().0, &Requirement::access());
        let refused = &refused;
        Box::pin(async move {
            let rejection = checked.await.unwrap_err();
            assert_eq!(rejection.message(), "The token was signed with an unknown key");
            refused.fetch_add(1, Ordering::Relaxed);
        }) as Pin<Box<dyn Future<Output = ()> + Send + '_>>
    });
    join_all(guards.collect(), || {});
    assert_eq!((refused.into_inner(), server.count()), (TOKENS, 2), "one fetch at the start, and one for all of them");
}

#[test]
fn blocked_threads_wait_for_the_same_fetch() {
    const THREADS: usize = 64;
    let server = Server::answering([keys(&["a"])]);
    let (keys, start) = (server.keys().build().unwrap(), Barrier::new(THREADS));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                start.wait();
                keys.ready_blocking().unwrap();
                assert_eq!(kids(&keys).unwrap(), ["a"]);
            });
        }
    });
    assert_eq!(server.count(), 1);
}

#[test]
fn a_renewal_that_races_with_a_landing_is_no_second_fetch() {
    let server = Server::answering([keys(&["a"])]);
    let (racer, looks) = (Arc::new(OnceLock::<RemoteKeys>::new()), AtomicUsize::new(0));
    let rival = Arc::clone(&racer);
    // While the first renewal looks at the clock, a second one begins and lands.
    let clock = move || {
        if looks.fetch_add(1, Ordering::SeqCst) == 0 {
            renew(rival.wait());
        }
        Timestamp::from_secs(1_800_000_000)
    };
    let keys = racer.get_or_init(|| server.keys().clock(clock).build().unwrap());
    renew(keys);
    assert_eq!((server.count(), kids(keys).unwrap()), (1, vec!["a".to_owned()]));
}

#[test]
fn current_never_waits() {
    let polled = Arc::new(Counter::default());
    let server = patient(&polled, 1);
    let keys = server.keys().build().unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| renew(&keys));
        while server.count() == 0 {
            assert!(keys.current().is_none());
            thread::yield_now();
        }
        assert!(keys.current().is_none());
        polled.up();
        waiting.join().unwrap();
    });
    assert!(keys.current().is_some());
}

#[test]
fn a_waiter_that_leaves_does_not_stop_the_fetch() {
    let polled = Arc::new(Counter::default());
    let server = patient(&polled, 1);
    let keys = server.keys().build().unwrap();
    let mut left = keys.renew();
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(left.as_mut().poll(&mut context).is_pending());
    drop(left);
    polled.up();
    block_on(keys.ready()).unwrap();
    assert_eq!((server.count(), kids(&keys).unwrap()), (1, vec!["a".to_owned()]));
}

#[test]
fn clones_share_their_keys() {
    let server = Server::answering([keys(&["a"])]);
    let keys = server.keys().build().unwrap();
    keys.clone().ready_blocking().unwrap();
    assert_eq!(kids(&keys).unwrap(), ["a"]);
}
