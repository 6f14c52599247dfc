//! What stores promise to callers who know more than a manager does: requests that no manager makes, stores in boxes,
//! and stores that answer later.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use super::*;
use crate::time::Timestamp;

const START: u64 = 1_800_000_000;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(START + seconds)
}

fn done<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

fn now<T>(answer: Answer<'_, Result<T, StoreError>>) -> Result<T, StoreError> {
    done(answer.wait())
}

fn ids<'a>(session: Option<&'a str>, jti: Option<&'a str>) -> TokenIds<'a> {
    TokenIds { jti, session, subject: "alice", since: at(0), now: at(0) }
}

fn new_session(id: &str) -> NewSession<'_> {
    let opened = at(0);
    let (subject, jti, since, now, ends) = ("alice", "r0", opened, opened, Some(at(3600)));
    NewSession { id, subject, jti, label: None, opened, since, now, ends, at_most: None }
}

fn rotate(token: TokenIds<'_>) -> RotateRequest<'_> {
    RotateRequest { token, successor: "r1", grace: Duration::ZERO, retry: Retry::InGrace, ends: None }
}

fn revoked(jti: &str) -> RevokedToken<'_> {
    RevokedToken { subject: "alice", jti, until: Some(at(60)), now: at(0) }
}

fn end_all(subject: &str) -> EndSessions<'_> {
    EndSessions::All { subject, until: Some(at(60)), now: at(0) }
}

// The store in memory.

#[test]
fn a_token_without_a_session_or_an_id_cannot_be_rotated() {
    let store = MemoryStore::new();
    assert!(store.is_empty());
    now(store.open(&new_session("s"))).unwrap();
    assert!(!store.is_empty());
    for token in [ids(None, Some("r0")), ids(Some("s"), None)] {
        assert_eq!(now(store.rotate(&rotate(token))), Ok(RotateOutcome::Ended));
    }
    assert_eq!(now(store.rotate(&rotate(ids(Some("s"), Some("r0"))))), Ok(RotateOutcome::Rotated));
}

#[test]
fn a_full_store_ends_no_sessions_it_could_not_remember() {
    let store = MemoryStore::with_capacity(2);
    for jti in ["a", "b"] {
        now(store.revoke(&revoked(jti))).unwrap();
    }
    assert_eq!(now(store.end(&end_all("alice"))), Err(StoreError::Full { capacity: 2 }));
}

#[test]
fn expired_entries_can_be_cleared_at_once() {
    let store = MemoryStore::new();
    now(store.revoke(&revoked("a"))).unwrap();
    let held = store.len();
    store.clear_expired(at(61));
    assert_eq!((held, store.len()), (1, 0));
}

#[test]
fn a_full_store_deletes_what_has_expired_once_a_second() {
    let store = MemoryStore::with_capacity(8);
    let revoke = |jti: &str, until: u64, moment: u64| {
        now(store.revoke(&RevokedToken { subject: "alice", jti, until: Some(at(until)), now: at(moment) }))
    };
    for jti in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        revoke(jti, 60, 0).unwrap();
    }
    revoke("i", 61, 60).unwrap();
    assert_eq!(store.len(), 1, "the expired ones are gone");
    for jti in ["j", "k", "l", "m", "n", "o", "p"] {
        revoke(jti, 60, 60).unwrap();
    }
    assert_eq!(revoke("q", 61, 60), Err(StoreError::Full { capacity: 8 }), "not twice in a second");
    revoke("q", 100, 61).unwrap();
}

#[test]
fn a_store_that_grows_deletes_what_has_expired() {
    let store = MemoryStore::new();
    for number in 0..50_000_u64 {
        let jti = number.to_string();
        let token = RevokedToken { subject: "alice", jti: &jti, until: Some(at(number + 1)), now: at(number) };
        now(store.revoke(&token)).unwrap();
    }
    assert!(store.len() < 25_000, "{}", store.len());
}

#[test]
fn a_store_remembers_thirty_two_earlier_tokens() {
    let store = MemoryStore::new();
    now(store.open(&new_session("a session"))).unwrap();
    let rotate = |presented: &str, successor: &str| {
        let grace = Duration::from_secs(60);
        let request = RotateRequest { successor, grace, ..rotate(ids(Some("a session"), Some(presented))) };
        now(store.rotate(&request)).unwrap()
    };
    let name = |number: usize| format!("r{number}");
    for number in 0..=RotateRequest::REMEMBERED {
        assert_eq!(rotate(&name(number), &name(number + 1)), RotateOutcome::Rotated);
    }
    assert!(matches!(rotate("r1", "another"), RotateOutcome::Repeated { .. }), "the thirty-second before");
    assert_eq!(rotate("r0", "another"), RotateOutcome::Replayed);
}

#[test]
fn a_touch_without_a_session_extends_nothing() {
    let store = MemoryStore::new();
    let touch = TouchRequest { token: ids(None, Some("a")), ends: None };
    assert_eq!(now(store.touch(&touch)), Ok(TokenStatus::Active));
    assert!(store.is_empty());
}

// Stores around stores.

#[test]
fn a_boxed_store_is_a_store() {
    let store: Box<dyn SessionStore> = Box::new(MemoryStore::new());
    now(SessionStore::open(&store, &new_session("s"))).unwrap();
    assert_eq!(now(SessionStore::status(&store, &ids(Some("s"), Some("a")))), Ok(TokenStatus::Active));
}

/// A store that has no standing of its own.
struct Plain {
    store: MemoryStore,
    when: When,
}

#[derive(Clone, Copy)]
enum When {
    Now,
    Later,
}

impl Plain {
    fn new(when: When) -> Self {
        Self { store: MemoryStore::new(), when }
    }

    fn pass<'a, T: Send + 'a>(&self, answer: Answer<'a, Result<T, StoreError>>) -> Answer<'a, Result<T, StoreError>> {
        match self.when {
            When::Now => answer,
            When::Later => Answer::later(answer.wait()),
        }
    }
}

impl SessionStore for Plain {
    fn status<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        self.pass(self.store.status(token))
    }
    fn revoke<'a>(&'a self, token: &'a RevokedToken<'_>) -> Answer<'a, Result<(), StoreError>> {
        self.pass(self.store.revoke(token))
    }
    fn open<'a>(&'a self, session: &'a NewSession<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        self.pass(self.store.open(session))
    }
    fn rotate<'a>(&'a self, request: &'a RotateRequest<'_>) -> Answer<'a, Result<RotateOutcome, StoreError>> {
        self.pass(self.store.rotate(request))
    }
    fn touch<'a>(&'a self, request: &'a TouchRequest<'_>) -> Answer<'a, Result<TokenStatus, StoreError>> {
        self.pass(self.store.touch(request))
    }
    fn list<'a>(&'a self, subject: &'a str, now: Timestamp) -> Answer<'a, Result<Vec<Session>, StoreError>> {
        self.pass(self.store.list(subject, now))
    }
    fn end<'a>(&'a self, request: &'a EndSessions<'_>) -> Answer<'a, Result<u64, StoreError>> {
        self.pass(self.store.end(request))
    }
    fn purge(&self, now: Timestamp, limit: u32) -> Answer<'_, Result<u64, StoreError>> {
        self.pass(self.store.purge(now, limit))
    }
}

#[test]
fn a_standing_holds_for_this_moment_by_default() {
    for when in [When::Now, When::Later] {
        let store = Plain::new(when);
        let expected = Standing { status: TokenStatus::Active, until: Some(at(0)) };
        assert_eq!(now(store.standing(&ids(None, Some("a")))), Ok(expected));
    }
}

#[test]
fn every_call_reaches_the_store_behind() {
    let store = Arc::new(Plain::new(When::Later));
    let ended = ids(Some("s"), Some("r0"));
    now(SessionStore::open(&store, &new_session("s"))).unwrap();
    assert_eq!(now(SessionStore::list(&store, "alice", at(0))).unwrap().len(), 1);
    let touch = TouchRequest { token: ended, ends: None };
    assert_eq!(now(SessionStore::touch(&store, &touch)), Ok(TokenStatus::Active));
    assert_eq!(now(SessionStore::rotate(&store, &rotate(ended))), Ok(RotateOutcome::Rotated));
    now(SessionStore::revoke(&store, &revoked("x"))).unwrap();
    assert_eq!(now(SessionStore::end(&store, &end_all("alice"))), Ok(1));
    assert_eq!(now(SessionStore::purge(&store, at(3600), 10)), Ok(2));
    assert_eq!(now(SessionStore::status(&store, &ended)), Ok(TokenStatus::Revoked));
}

// The denylist.

/// A feed that has started, and then waits for ever.
struct Silence;

impl Feed for Silence {
    async fn start(&mut self) -> Result<Vec<Change>, StoreError> {
        Ok(Vec::new())
    }

    async fn wait(&mut self, _: Duration) -> Result<(), StoreError> {
        std::future::pending().await
    }

    async fn read(&mut self) -> Result<Vec<Change>, StoreError> {
        Ok(Vec::new())
    }

    async fn sleep(&self, _: Duration) {}
}

fn options() -> DenylistOptions {
    let clock = Arc::new(crate::ManualClock::new(at(0)));
    DenylistOptions::new().staleness(Duration::from_secs(5)).clock(clock)
}

fn poll(follower: std::pin::Pin<&mut impl Future<Output = ()>>) -> Poll<()> {
    follower.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_bound_of_zero_needs_no_feed() {
    assert!(DenylistOptions::new().is_off() && !options().is_off());
    let denylist = Denylist::new(MemoryStore::new(), options().staleness(Duration::ZERO));
    done(denylist.follow(Silence));
    assert!(!denylist.is_following());
}

#[test]
fn a_feed_is_not_started_for_a_denylist_that_is_gone() {
    let denylist = Denylist::new(MemoryStore::new(), options());
    let follower = denylist.follow(Silence);
    drop(denylist);
    done(follower);
}

#[test]
fn a_denylist_remembers_a_store_that_answers_later() {
    let denylist = Denylist::new(SessionsLater(MemoryStore::new()), options());
    let mut follower = pin!(denylist.follow(Silence));
    assert!(poll(follower.as_mut()).is_pending() && denylist.is_following());
    now(denylist.open(&new_session("s"))).unwrap();
    let token = ids(Some("s"), Some("a"));
    assert_eq!(now(denylist.status(&token)), Ok(TokenStatus::Active));
    // Only the memory answers at once.
    assert!(matches!(denylist.status(&token), Answer::Now(Ok(TokenStatus::Active))));
    now(denylist.revoke(&revoked("a"))).unwrap();
    assert_eq!(now(denylist.status(&token)), Ok(TokenStatus::Revoked));
    assert_eq!(now(denylist.store().status(&token)), Ok(TokenStatus::Revoked));
}

/// A store that answers every call later.
struct SessionsLater(MemoryStore);

impl ForwardSessions for SessionsLater {
    type Store = MemoryStore;

    fn forward<'a, T: Send + 'a>(
        &'a self,
        call: impl FnOnce(&'a MemoryStore) -> Answer<'a, Result<T, StoreError>>,
    ) -> Answer<'a, Result<T, StoreError>> {
        Answer::later(call(&self.0).wait())
    }
}

#[test]
fn a_denylist_that_has_overflowed_asks_the_store() {
    let denylist = Denylist::new(MemoryStore::new(), options().capacity(1));
    for jti in ["a", "b", "c"] {
        now(denylist.revoke(&revoked(jti))).unwrap();
    }
    for jti in ["a", "b", "c"] {
        assert_eq!(now(denylist.status(&ids(None, Some(jti)))), Ok(TokenStatus::Revoked), "{jti}");
    }
    assert_eq!(now(denylist.status(&ids(None, Some("d")))), Ok(TokenStatus::Active));
}

// Subjects and session ids.

#[test]
fn a_subject_is_a_text() {
    assert_eq!(<&str>::from(Subject("alice")), "alice");
}

#[test]
fn only_a_uuid_of_version_7_is_a_session_id() {
    assert!(is_session_id("019b2e4a-7c00-7000-8000-000000000000"));
    for other in ["", "s", "019b2e4a-7c00-4000-8000-000000000000"] {
        assert!(!is_session_id(other), "{other}");
    }
}

#[test]
fn the_parts_of_a_url_can_be_read_as_they_are() {
    let url = StoreUrl::parse("redis://us%65r:p@db/a%20b").unwrap();
    assert_eq!((url.credentials(), url.path(), url.decoded_path()), (Some("us%65r:p"), "/a%20b", "/a b".to_owned()));
    assert_eq!(format!("{url:?}"), "StoreUrl(redis://db/a%20b)", "without the password");
}

#[test]
fn the_hosts_of_a_url_have_their_ports() {
    let url = StoreUrl::parse("db_2+tls://[::]:6379,db:7000,other/0").unwrap();
    assert_eq!((url.scheme(), url.driver()), ("db_2", Some("tls")));
    assert_eq!(url.authority(), "[::]:6379,db:7000,other");
    assert_eq!(url.hosts().collect::<Vec<_>>(), [("[::]", Some(6379)), ("db", Some(7000)), ("other", None)]);
}

#[test]
fn a_scheme_has_no_other_signs() {
    for url in ["Redis://db", "://db", "redis+://db", "redis+TLS://db", "re-dis://db"] {
        assert_eq!(StoreUrl::parse(url).unwrap_err(), StoreUrlError::NoUrl, "{url}");
    }
}
