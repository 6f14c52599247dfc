//! The denylist over a store in memory, with a feed that the test plays and a clock that it moves.

mod feeds;
mod races;
mod rules;

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use super::{Change, Denylist, DenylistOptions, Feed, SubjectDigest};
use crate::{
    ManualClock, Timestamp,
    session::{
        Answer, EndSessions, ForwardSessions, MemoryStore, NewSession, RevokedToken, SessionStore, StoreError,
        TokenIds, TokenStatus,
    },
};

const BOUND: Duration = Duration::from_secs(5);
const SESSION: &str = "0193a0c5-1d1e-7b0e-8f5e-5b1f0a9c6d7e";
const JTI: &str = "7f1b0a9c-6d7e-4b0e-8f5e-0193a0c51d1e";
const START: u64 = 1_800_000_000;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(START + seconds)
}

/// A store that several processes share, and how often this one has asked it.
#[derive(Clone, Default)]
struct Shared {
    store: Arc<MemoryStore>,
    calls: Arc<AtomicUsize>,
}

impl ForwardSessions for Shared {
    type Store = MemoryStore;

    fn forward<'a, T: Send + 'a>(
        &'a self,
        call: impl FnOnce(&'a MemoryStore) -> Answer<'a, Result<T, StoreError>>,
    ) -> Answer<'a, Result<T, StoreError>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        call(&self.store)
    }
}

type Answers = Result<Vec<Change>, StoreError>;

/// The answers of a feed that the test has prepared. A call without an answer waits.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<Steps>>);

#[derive(Default)]
struct Steps {
    starts: VecDeque<Answers>,
    waits: VecDeque<Result<(), StoreError>>,
    reads: VecDeque<Answers>,
    /// How long the follower wants to sleep, and whether it may go on.
    slept: Vec<Duration>,
    waited: Vec<Duration>,
    stays_asleep: bool,
}

impl Script {
    fn with<T>(&self, work: impl FnOnce(&mut Steps) -> T) -> T {
        work(&mut self.0.lock().unwrap())
    }

    async fn next<T>(&self, take: impl Fn(&mut Steps) -> Option<T>) -> T {
        poll_fn(|_| self.with(&take).map_or(Poll::Pending, Poll::Ready)).await
    }
}

impl Feed for Script {
    async fn start(&mut self) -> Answers {
        self.next(|steps| steps.starts.pop_front()).await
    }

    async fn wait(&mut self, at_most: Duration) -> Result<(), StoreError> {
        self.with(|steps| steps.waited.push(at_most));
        self.next(|steps| steps.waits.pop_front()).await
    }

    async fn read(&mut self) -> Answers {
        self.next(|steps| steps.reads.pop_front()).await
    }

    async fn sleep(&self, time: Duration) {
        self.with(|steps| steps.slept.push(time));
        self.next(|steps| (!steps.stays_asleep).then_some(())).await;
    }
}

/// One process.
struct Process {
    denylist: Denylist<Shared>,
    store: Shared,
    clock: Arc<ManualClock>,
    script: Script,
    follower: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Process {
    /// Starts a process that does not follow yet.
    fn new(options: impl FnOnce(DenylistOptions) -> DenylistOptions) -> Self {
        let (store, clock, script) = (Shared::default(), Arc::new(ManualClock::new(at(0))), Script::default());
        let defaults = DenylistOptions::new().staleness(BOUND).clock(Arc::clone(&clock));
        let denylist = Denylist::new(store.clone(), options(defaults));
        let follower = Box::pin(denylist.follow(script.clone()));
        Self { denylist, store, clock, script, follower }
    }

    /// Starts a process that follows the feed.
    fn following() -> Self {
        let mut process = Self::new(|options| options);
        process.start(Ok(Vec::new()));
        process
    }

    /// Lets the feed answer its start.
    fn start(&mut self, answer: Answers) {
        self.script.with(|steps| steps.starts.push_back(answer));
        self.run();
    }

    /// Lets the feed report changes.
    fn report(&mut self, answer: Answers) {
        self.script.with(|steps| {
            steps.waits.push_back(Ok(()));
            steps.reads.push_back(answer);
        });
        self.run();
    }

    /// Lets the follower go on until it waits. Returns whether it has ended.
    fn run(&mut self) -> bool {
        self.follower.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    /// Checks a token, and returns the answer and how often that has asked the store.
    fn check(&self, token: &TokenIds<'_>) -> (TokenStatus, usize) {
        let before = self.store.calls.load(Ordering::SeqCst);
        let status = now(self.denylist.status(&TokenIds { now: self.clock_time(), ..*token }));
        (status, self.store.calls.load(Ordering::SeqCst) - before)
    }

    fn clock_time(&self) -> Timestamp {
        crate::Clock::now(&self.clock)
    }
}

/// Returns an answer that is there at once.
fn now<T>(answer: Answer<'_, Result<T, StoreError>>) -> T {
    match pin!(answer.wait()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result.unwrap(),
        Poll::Pending => panic!("the store waits"),
    }
}

fn token(session: Option<&str>) -> TokenIds<'_> {
    TokenIds { jti: Some(JTI), session, subject: "alice", since: at(0), now: at(0) }
}

fn new_session(id: &str) -> NewSession<'_> {
    let (subject, jti, opened) = ("alice", "r0", at(0));
    NewSession {
        id,
        subject,
        jti,
        label: None,
        opened,
        since: opened,
        now: opened,
        ends: Some(at(3600)),
        at_most: None,
    }
}

fn unavailable() -> StoreError {
    StoreError::Unavailable("the test has cut the feed".to_owned())
}

/// The answer, without asking the store and with asking it.
const MEMORY: (TokenStatus, usize) = (TokenStatus::Active, 0);
const STORE: (TokenStatus, usize) = (TokenStatus::Active, 1);
const REFUSED: (TokenStatus, usize) = (TokenStatus::Revoked, 1);
