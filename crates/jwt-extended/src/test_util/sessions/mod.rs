//! The specification of stores of sessions, which runs against any store.
//!
//! Pass in a store that nothing else uses: among other things it is purged with a time far in the future. A violation
//! panics.
//!
//! ```
//! use std::sync::Arc;
//! use jwt_extended::{session::MemoryStore, test_util::sessions};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! sessions::check(Arc::new(MemoryStore::new())).await;
//! # });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![allow(clippy::panic, reason = "a test fails by panicking")]

mod managed;
mod model;
mod random;
mod rotations;
mod standing;
mod steps;

use std::{
    num::NonZeroU32,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

pub use self::random::Random;
use crate::{
    session::{EndSessions, NewSession, Retry, RevokedToken, RotateRequest, SessionStore, TokenIds, TouchRequest},
    time::Timestamp,
};

/// The time at which the specification begins, in seconds since 1970.
pub const START: u64 = 1_800_000_000;

/// Runs the whole specification, and a hundred random sequences.
pub async fn check(store: Arc<dyn SessionStore>) {
    steps::check(&*store).await;
    standing::check(&*store).await;
    managed::check(&store).await;
    check_random(&*store, 0..100).await;
}

/// Runs a random sequence of calls for each seed, and compares each answer with that of a model.
pub async fn check_random(store: &dyn SessionStore, seeds: std::ops::Range<u64>) {
    for seed in seeds {
        model::run(store, seed, 60).await;
    }
}

/// Returns the ids of a token.
pub fn ids<'a>(
    subject: &'a str,
    session: Option<&'a str>,
    jti: Option<&'a str>,
    since: Timestamp,
    now: Timestamp,
) -> TokenIds<'a> {
    TokenIds { jti, session, subject, since, now }
}

/// Returns a session to open, without label and limit.
pub fn new_session<'a>(
    subject: &'a str,
    id: &'a str,
    jti: &'a str,
    opened: Timestamp,
    ends: Option<Timestamp>,
) -> NewSession<'a> {
    NewSession { id, subject, jti, label: None, opened, since: opened, now: opened, ends, at_most: None }
}

/// Adds a label.
pub fn labelled<'a>(session: NewSession<'a>, label: &'a str) -> NewSession<'a> {
    NewSession { label: Some(label), ..session }
}

/// Adds a limit for the number of its subject's sessions.
pub fn at_most(session: NewSession<'_>, at_most: u32) -> NewSession<'_> {
    NewSession { at_most: NonZeroU32::new(at_most), ..session }
}

/// Returns a request to rotate a refresh token.
pub fn rotate_request<'a>(
    token: TokenIds<'a>,
    successor: &'a str,
    grace: Duration,
    ends: Option<Timestamp>,
) -> RotateRequest<'a> {
    RotateRequest { token, successor, grace, retry: Retry::InGrace, ends }
}

/// Lets the token that was rotated last be used again until its successor is.
pub fn with_retry(request: RotateRequest<'_>) -> RotateRequest<'_> {
    RotateRequest { retry: Retry::UntilSuccessorIsUsed, ..request }
}

/// Sets when the login of a new session reaches the store.
pub fn opened_at(session: NewSession<'_>, now: Timestamp) -> NewSession<'_> {
    NewSession { now, ..session }
}

/// Sets when a new session counts as opened.
pub fn since(session: NewSession<'_>, since: Timestamp) -> NewSession<'_> {
    NewSession { since, ..session }
}

/// Returns a request to extend a session.
pub fn touch_request(token: TokenIds<'_>, ends: Option<Timestamp>) -> TouchRequest<'_> {
    TouchRequest { token, ends }
}

/// Returns a token to revoke.
pub fn revoked_token<'a>(subject: &'a str, jti: &'a str, until: Option<Timestamp>, now: Timestamp) -> RevokedToken<'a> {
    RevokedToken { subject, jti, until, now }
}

/// Returns a request to end one session.
pub fn end_one<'a>(session: &'a str, subject: Option<&'a str>, now: Timestamp) -> EndSessions<'a> {
    EndSessions::One { session, subject, now }
}

/// Returns a request to end all sessions of a subject except one.
pub fn end_others<'a>(subject: &'a str, session: &'a str, until: Option<Timestamp>, now: Timestamp) -> EndSessions<'a> {
    EndSessions::Others { subject, except: session, until, now }
}

/// Returns a request to end all sessions of a subject.
pub fn end_all(subject: &str, until: Option<Timestamp>, now: Timestamp) -> EndSessions<'_> {
    EndSessions::All { subject, until, now }
}

/// Awaits all futures concurrently.
pub async fn join<T>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(move |context: &mut Context<'_>| {
        for (future, done) in waiting.iter_mut().filter(|(_, done)| done.is_none()) {
            if let Poll::Ready(value) = Pin::new(future).poll(context) {
                *done = Some(value);
            }
        }
        if waiting.iter().any(|(_, done)| done.is_none()) {
            return Poll::Pending;
        }
        Poll::Ready(waiting.iter_mut().filter_map(|(_, done)| done.take()).collect())
    })
    .await
}

/// Returns the time this many microseconds after [`START`].
pub fn at(micros: u64) -> Timestamp {
    Timestamp::from_secs(START).saturating_add(Duration::from_micros(micros))
}

/// Returns a random id that begins with these words.
pub fn fresh_name(what: &str) -> String {
    let mut random = [0; 8];
    let filled = getrandom::fill(&mut random);
    assert!(filled.is_ok(), "the system has randomness");
    format!("{what} {:016x}", u64::from_be_bytes(random))
}
