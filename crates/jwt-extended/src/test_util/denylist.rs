//! The specification of a denylist over a store that processes share: what one process ends, the others hear of.
//!
//! A test opens sessions with [`opened`], ends each in every way of [`Ending`], and waits until [`is_remembered`] says
//! no more. Each session, its subject and its access token have one name.

#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use super::sessions::{at, at_most, end_all, end_one, end_others, ids, new_session, revoked_token, rotate_request};
use crate::{
    ManualClock,
    session::{Answer, DenylistOptions, SessionStore, TokenIds, TokenStatus},
};

/// When the sessions end, in microseconds after the start.
pub const END: u64 = 3_600_000_000;

/// A way to end a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, missing_docs, reason = "tests go through all of them, and their names explain them")]
pub enum Ending {
    One,
    ById,
    All,
    Others,
    Token,
    TooManyLogins,
    Replay,
}

impl Ending {
    /// All ways.
    pub const ALL: [Self; 7] =
        [Self::One, Self::ById, Self::All, Self::Others, Self::Token, Self::TooManyLogins, Self::Replay];

    /// Ends the session of this name, as one process does.
    pub async fn end(self, store: &impl SessionStore, name: &str) {
        let end = Some(at(END));
        let request = match self {
            Self::One => end_one(name, Some(name), at(1)),
            Self::ById => end_one(name, None, at(1)),
            Self::All => end_all(name, end, at(1)),
            Self::Others => end_others(name, "none", end, at(1)),
            Self::Token => {
                let revoked = store.revoke(&revoked_token(name, name, end, at(1))).wait().await;
                return assert_eq!(revoked, Ok(()));
            }
            Self::TooManyLogins => {
                let new = at_most(new_session(name, "another", "r0", at(1), end), 1);
                return assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
            }
            Self::Replay => {
                for (now, successor) in [(at(1), "r1"), (at(2), "r2")] {
                    let token = ids(name, Some(name), Some("r0"), at(1), now);
                    let request = rotate_request(token, successor, Duration::ZERO, end);
                    let outcome = store.rotate(&request).wait().await;
                    assert!(outcome.is_ok(), "{outcome:?}");
                }
                return;
            }
        };
        assert_eq!(store.end(&request).wait().await, Ok(1), "{self:?}");
    }
}

/// Returns the options of a denylist whose clock stands.
pub fn options(staleness: Duration) -> DenylistOptions {
    DenylistOptions::new().staleness(staleness).clock(ManualClock::new(at(1)))
}

/// Returns whether a denylist answers from memory that the session of this name is open.
pub fn is_remembered(denylist: &impl SessionStore, name: &str) -> bool {
    matches!(denylist.status(&access(name)), Answer::Now(Ok(TokenStatus::Active)))
}

/// Returns the status of the access token of this name.
pub async fn status(store: &impl SessionStore, name: &str) -> TokenStatus {
    store.status(&access(name)).wait().await.unwrap_or_else(|error| panic!("{error}"))
}

/// Opens a session of this name.
pub async fn open(store: &impl SessionStore, name: &str) {
    let new = new_session(name, name, "r0", at(0), Some(at(END)));
    assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
}

/// Opens a session, and lets the denylist of another process remember it.
pub async fn opened(store: &impl SessionStore, other: &impl SessionStore, name: &str) {
    open(store, name).await;
    assert_eq!(status(other, name).await, TokenStatus::Active);
    assert!(is_remembered(other, name));
}

fn access(name: &str) -> TokenIds<'_> {
    ids(name, Some(name), Some(name), at(0), at(1))
}
