//! Line 38: a denylist in front of a store that another process shares.

use std::{
    future::{Future, pending},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use jwt_extended::{
    JwtManager, ManualClock, Requirement, Token,
    http::Reason,
    session::{Answer, Change, Denylist, DenylistOptions, Feed, ForwardSessions, MemoryStore, StoreError},
};

use crate::common::*;

const BOUND: Duration = Duration::from_secs(5);

/// A feed that has started, and reports nothing.
struct Silence;

impl Feed for Silence {
    async fn start(&mut self) -> Result<Vec<Change>, StoreError> {
        Ok(Vec::new())
    }

    async fn wait(&mut self, _: Duration) -> Result<(), StoreError> {
        pending().await
    }

    async fn read(&mut self) -> Result<Vec<Change>, StoreError> {
        Ok(Vec::new())
    }

    async fn sleep(&self, _: Duration) {}
}

/// The shared store, which the test can take down.
#[derive(Clone, Default)]
struct Shared {
    store: Arc<MemoryStore>,
    is_down: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

impl ForwardSessions for Shared {
    type Store = MemoryStore;

    fn forward<'a, T: Send + 'a>(
        &'a self,
        call: impl FnOnce(&'a MemoryStore) -> Answer<'a, Result<T, StoreError>>,
    ) -> Answer<'a, Result<T, StoreError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.is_down.load(Ordering::SeqCst) {
            return Answer::Now(Err(StoreError::Unavailable("the test has taken it down".to_owned())));
        }
        call(&self.store)
    }
}

/// Two processes: one asks the store, the other has a denylist that has heard its feed once.
struct Processes {
    one: JwtManager,
    other: JwtManager,
    shared: Shared,
    clock: Arc<ManualClock>,
    _follower: Pin<Box<dyn Future<Output = ()> + Send>>,
}

fn processes() -> Processes {
    let (shared, clock) = (Shared::default(), clock());
    let options = DenylistOptions::new().staleness(BOUND).clock(Arc::clone(&clock));
    let denylist = Denylist::new(shared.clone(), options);
    let mut follower: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(denylist.follow(Silence));
    assert_eq!(follower.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending);
    let builder = || builder().clock(Arc::clone(&clock));
    Processes {
        one: builder().session_store(Arc::clone(&shared.store)).build().unwrap(),
        other: builder().session_store(denylist).build().unwrap(),
        shared,
        clock,
        _follower: follower,
    }
}

/// The reason why a guard refuses a token, if it does.
async fn refused(jwt: &JwtManager, token: &str, requirement: Requirement) -> Option<Reason> {
    let request = request("GET", "/", &[("Authorization", &format!("Bearer {token}"))]);
    jwt.authenticate(&request, &requirement).await.err().map(|rejection| rejection.reason().clone())
}

async fn login(jwt: &JwtManager) -> (String, String, Token) {
    let pair = jwt.login("alice").await.unwrap();
    let access = jwt.decode_token(&pair.access).unwrap();
    (pair.access.to_string(), pair.refresh.unwrap().to_string(), access)
}

#[tokio::test]
async fn an_access_token_is_checked_in_memory_within_the_bound_alone() {
    let Processes { one, other, shared, clock, .. } = processes();
    let (access, _, token) = login(&one).await;
    assert_eq!(refused(&other, &access, Requirement::access()).await, None);
    let asked = shared.asked.load(Ordering::SeqCst);
    one.logout(&token).await.unwrap();
    assert_eq!(refused(&other, &access, Requirement::access()).await, None, "its feed has not reported it yet");
    assert_eq!(shared.asked.load(Ordering::SeqCst), asked);
    clock.advance(BOUND);
    assert_eq!(refused(&other, &access, Requirement::access()).await, Some(Reason::Revoked));
}

#[tokio::test]
async fn a_refresh_token_is_never_checked_in_memory() {
    let Processes { one, other, .. } = processes();
    let (access, refresh, token) = login(&one).await;
    assert_eq!(refused(&other, &access, Requirement::access()).await, None);
    assert_eq!(refused(&other, &refresh, Requirement::refresh()).await, None);
    one.logout(&token).await.unwrap();
    assert_eq!(refused(&other, &refresh, Requirement::refresh()).await, Some(Reason::Revoked));
    let refresh = other.decode_token(&refresh).unwrap();
    assert!(other.refresh(&refresh).await.is_err());

    // One without a session.
    let refresh = one.create_refresh_token("bob").unwrap().to_string();
    assert_eq!(refused(&other, &refresh, Requirement::refresh()).await, None);
    one.revoke_token(&one.decode_token(&refresh).unwrap()).await.unwrap();
    assert_eq!(refused(&other, &refresh, Requirement::refresh()).await, Some(Reason::Revoked));
}

#[tokio::test]
async fn a_logout_counts_at_once_in_its_own_process() {
    let Processes { one, other, .. } = processes();
    let (access, _, token) = login(&one).await;
    assert_eq!(refused(&other, &access, Requirement::access()).await, None);
    other.logout(&token).await.unwrap();
    assert_eq!(refused(&other, &access, Requirement::access()).await, Some(Reason::Revoked));
}

#[tokio::test]
async fn without_its_store_a_denylist_admits_within_the_bound_alone() {
    let Processes { one, other, shared, clock, .. } = processes();
    let (access, ..) = login(&one).await;
    assert_eq!(refused(&other, &access, Requirement::access()).await, None);
    let (unknown, ..) = login(&one).await;
    shared.is_down.store(true, Ordering::SeqCst);
    assert_eq!(refused(&other, &access, Requirement::access()).await, None);
    let is_unavailable = |reason| matches!(reason, Some(Reason::StoreUnavailable(_)));
    assert!(is_unavailable(refused(&other, &unknown, Requirement::access()).await), "a session that it does not know");
    clock.advance(BOUND);
    assert!(is_unavailable(refused(&other, &access, Requirement::access()).await));
}

#[tokio::test]
async fn a_health_check_asks_the_store_itself() {
    let Processes { other, shared, .. } = processes();
    for _ in 0..3 {
        other.check_store().await.unwrap();
    }
    assert_eq!(shared.asked.load(Ordering::SeqCst), 3);
    shared.is_down.store(true, Ordering::SeqCst);
    assert!(other.check_store().await.is_err());
}
