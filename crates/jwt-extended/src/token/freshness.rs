//! Freshness: whether the user has just proved who they are (claim `fresh`).

use std::time::Duration;

use crate::time::Timestamp;

/// The freshness of a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Freshness {
    /// Not fresh: the token comes from a refresh, or does not say.
    #[default]
    Stale,
    /// Fresh for as long as the token lives.
    Fresh,
    /// Fresh up to and including this time.
    Until(Timestamp),
}

/// How long a new token is fresh: the argument `fresh` of Flask-JWT-Extended's `create_access_token`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fresh {
    /// Never.
    #[default]
    No,
    /// As long as it lives.
    Always,
    /// For this duration from now.
    For(Duration),
    /// Up to and including this time.
    Until(Timestamp),
}

impl Freshness {
    /// Returns whether the token is fresh at this time.
    pub fn is_fresh(self, now: Timestamp) -> bool {
        match self {
            Self::Stale => false,
            Self::Fresh => true,
            Self::Until(until) => now <= until,
        }
    }
}

impl Fresh {
    /// Returns the freshness of a token that is issued at this time.
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
