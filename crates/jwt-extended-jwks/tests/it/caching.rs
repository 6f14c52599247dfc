//! How long keys serve, and when they are asked for again.

use std::time::Duration;

use jwt_extended::jose::KeySource;

use crate::{
    server::{Server, answer, keys, set},
    wait::{block_on, kids, renew},
};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A server that publishes `a` for that long, and `b` from then on.
fn a_then_b(headers: &str) -> Server {
    Server::answering([answer("200 OK", headers, &set(&["a"])), keys(&["b"])])
}

/// A server that publishes `a` for an hour, and fails from then on.
fn a_then_failure() -> Server {
    Server::answering([keys(&["a"]), answer("503 Down", "", "")])
}

#[test]
fn keys_are_fetched_once_while_they_last() {
    let server = a_then_b("Cache-Control: max-age=3600");
    let (keys, clock) = server.timed();
    renew(&keys);
    for _ in 0..28 {
        clock.advance(secs(100));
        assert_eq!(kids(&keys).unwrap(), ["a"]);
        keys.ready_blocking().unwrap();
    }
    assert_eq!(server.count(), 1);
}

#[test]
fn keys_are_replaced_in_their_last_fifth() {
    for (headers, lifetime) in [
        ("Cache-Control: max-age=3600", HOUR),
        ("Cache-Control: max-age=3600\nAge: 600", HOUR - 600),
        ("", 300),
        ("Cache-Control: max-age=9999999", DAY),
    ] {
        let server = a_then_b(headers);
        let (keys, clock) = server.timed();
        renew(&keys);
        clock.advance(secs(lifetime * 4 / 5 - 1));
        assert_eq!(kids(&keys).unwrap(), ["a"]);
        assert_eq!(server.count(), 1, "{headers}");
        clock.advance(secs(1));
        // It starts the renewal and does not wait for it.
        assert_eq!(kids(&keys).unwrap(), ["a"]);
        renew(&keys);
        assert_eq!(kids(&keys).unwrap(), ["b"]);
        assert_eq!(server.count(), 2, "{headers}");
    }
}

#[test]
fn an_answer_not_to_be_kept_lasts_a_minute() {
    for headers in ["Cache-Control: no-store", "Cache-Control: no-cache", "Cache-Control: max-age=0"] {
        let server = a_then_b(headers);
        let (keys, clock) = server.timed();
        renew(&keys);
        clock.advance(secs(47));
        assert_eq!(kids(&keys).unwrap(), ["a"]);
        assert_eq!(server.count(), 1);
        clock.advance(secs(13));
        assert_eq!(kids(&keys), None);
        renew(&keys);
        assert_eq!(kids(&keys).unwrap(), ["b"]);
    }
}

#[test]
fn expired_keys_are_fetched_again() {
    let server = a_then_b("Cache-Control: max-age=3600");
    let (keys, clock) = server.timed();
    renew(&keys);
    clock.advance(secs(5 * HOUR));
    // Nobody asked for hours, so `a` may have been withdrawn.
    assert_eq!(kids(&keys), None);
    keys.ready_blocking().unwrap();
    assert_eq!(kids(&keys).unwrap(), ["b"]);
    assert_eq!(server.count(), 2);
}

#[test]
fn an_unknown_kid_is_asked_for_once_in_30_seconds() {
    let server = a_then_b("Cache-Control: max-age=3600");
    let (keys, clock) = server.timed();
    renew(&keys);
    for _ in 0..29 {
        clock.advance(secs(1));
        renew(&keys);
    }
    assert_eq!((server.count(), kids(&keys).unwrap()), (1, vec!["a".to_owned()]));
    clock.advance(secs(1));
    for _ in 0..10 {
        renew(&keys);
    }
    assert_eq!((server.count(), kids(&keys).unwrap()), (2, vec!["b".to_owned()]));
}

#[test]
fn a_failure_is_not_retried_for_30_seconds() {
    let server = Server::answering([answer("503 Down", "", ""), keys(&["a"])]);
    let (keys, clock) = server.timed();
    renew(&keys);
    for _ in 0..29 {
        clock.advance(secs(1));
        renew(&keys);
        assert!(keys.ready_blocking().is_err());
        assert!(keys.current().is_none());
    }
    assert_eq!(server.count(), 1);
    clock.advance(secs(1));
    renew(&keys);
    assert_eq!((server.count(), kids(&keys).unwrap()), (2, vec!["a".to_owned()]));
    assert_eq!(keys.last_error(), None);
}

#[test]
fn a_failure_keeps_the_keys() {
    let server = a_then_failure();
    let (keys, clock) = server.timed();
    renew(&keys);
    clock.advance(secs(30));
    renew(&keys);
    assert!(keys.last_error().is_some());
    assert_eq!(keys.ready_blocking(), Ok(()));
    for _ in 0..50 {
        clock.advance(secs(1));
        assert_eq!(kids(&keys).unwrap(), ["a"]);
    }
    assert_eq!(server.count(), 2);
}

#[test]
fn in_an_outage_the_last_keys_serve_for_a_day() {
    let server = a_then_failure();
    let (keys, clock) = server.timed();
    renew(&keys);
    // One request each ten minutes, from shortly before the keys expire to a day after.
    clock.advance(secs(HOUR - 600));
    for _ in 0..DAY / 600 {
        clock.advance(secs(600));
        if keys.current().is_none() {
            renew(&keys);
        }
        assert_eq!(kids(&keys).unwrap(), ["a"]);
        renew(&keys);
    }
    clock.advance(secs(600));
    renew(&keys);
    assert_eq!(kids(&keys), None);
    assert!(keys.ready_blocking().is_err());
}

#[test]
fn in_an_outage_busy_guards_never_wait() {
    let server = a_then_failure();
    let (keys, clock) = server.timed();
    renew(&keys);
    clock.advance(secs(HOUR * 4 / 5));
    for _ in 0..HOUR / 10 {
        assert_eq!(kids(&keys).unwrap(), ["a"]);
        // The renewal that this may have begun ends while no time passes.
        renew(&keys);
        clock.advance(secs(10));
    }
    assert_eq!(server.count(), 1 + 120);
}

#[test]
fn keys_return_after_an_outage() {
    let server = Server::answering([keys(&["a"]), answer("503 Down", "", ""), keys(&["b"])]);
    let (keys, clock) = server.timed();
    renew(&keys);
    clock.advance(secs(3 * DAY));
    renew(&keys);
    assert_eq!(kids(&keys), None);
    clock.advance(secs(30));
    renew(&keys);
    assert_eq!(kids(&keys).unwrap(), ["b"]);
}

#[test]
fn keys_that_are_there_are_not_waited_for() {
    let server = Server::answering([keys(&["a"])]);
    let (keys, _) = server.timed();
    block_on(keys.ready()).unwrap();
    block_on(keys.ready()).unwrap();
    keys.ready_blocking().unwrap();
    assert_eq!(server.count(), 1);
}
