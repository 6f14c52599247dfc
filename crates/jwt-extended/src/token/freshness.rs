//! Freshness: whether the person behind a token has just proved who they are (claim `fresh`).

use std::time::Duration;

use crate::time::Timestamp;

/// What a token says of its freshness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Freshness {
    /// Not fresh: got by refreshing, or never said to be.
    #[default]
    Stale,
    /// Fresh for as long as the token lives.
    Fresh,
    /// Fresh until a time, that moment included.
    Until(Timestamp),
}

/// How fresh a new token shall be: option `fresh` of Flask-JWT-Extended's `create_access_token`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fresh {
    /// Not at all.
    #[default]
    No,
    /// For as long as it lives.
    Always,
    /// For so long from now.
    For(Duration),
    /// Until a time.
    Until(Timestamp),
}

impl Freshness {
    /// Whether it is fresh at this time.
    pub fn is_fresh(self, now: Timestamp) -> bool {
        match self {
            Self::Stale => false,
            Self::Fresh => true,
            Self::Until(until) => now <= until,
        }
    }
}

impl Fresh {
    /// What a token says that is issued now.
    pub(crate) fn starting(self, now: Timestamp) -> Freshness {
        match self {
            Self::No => Freshness::Stale,
            Self::Always => Freshness::Fresh,
            Self::For(duration) => Freshness::Until(now.saturating_add(duration)),
            Self::Until(until) => Freshness::Until(until),
        }
    }
}

impl From<Duration> for Fresh {
    fn from(duration: Duration) -> Self {
        Self::For(duration)
    }
}
