//! The readers of replies, for the workspace's fuzz targets. Not part of the interface: it may change at any time.

use jwt_extended::{
    Timestamp,
    session::{RotateOutcome, Session},
};
use redis::Value;

use crate::{answers, record};

/// What each reader makes of one reply; `None` if it calls the reply foreign.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "only the fuzz targets use it")]
pub struct Reply {
    /// The sessions of a list.
    pub sessions: Option<Vec<Session>>,
    /// The outcome of a rotation, and the sessions that it ended.
    pub rotation: Option<(RotateOutcome, Vec<String>)>,
    /// A count, and ids of sessions.
    pub counted: Option<(u64, Vec<String>)>,
    /// A count, ids of sessions, and the index that is left to sweep.
    pub ended: Option<(u64, Vec<String>, Option<String>)>,
    /// Whether the value of a key has expired at this time.
    pub has_expired: Option<bool>,
    /// Whether the value of a key, as a cut-off, revokes a token of this age and session.
    pub cuts_off: Option<bool>,
}

/// Reads a reply in every way.
pub fn read(reply: &Value, now: Timestamp, since: Timestamp, session: &str) -> Reply {
    let held = answers::held(Some(reply.clone())).ok().flatten();
    Reply {
        sessions: answers::sessions(reply.clone()).ok(),
        rotation: answers::rotation(reply.clone()).ok(),
        counted: answers::counted(reply.clone()).ok().map(|counted| (counted.count, counted.endless)),
        ended: answers::ended(reply.clone()).ok().map(|(counted, index)| (counted.count, counted.endless, index)),
        has_expired: held.as_deref().and_then(|held| record::has_expired(held, now).ok()),
        cuts_off: held.as_deref().and_then(|held| record::cuts_off(held, now, since, Some(session)).ok()),
    }
}
