//! How long sessions, their tokens and revocations last.

use std::time::Duration;

use super::JwtManager;
use crate::{
    entropy::session_opened,
    time::Timestamp,
    token::{CLOCK_SKEW, Lifetime, Token},
};

impl JwtManager {
    pub(super) fn keeps_sessions(&self) -> bool {
        self.inner.store.sessions().is_ok()
    }

    /// Returns the session that a token belongs to. In a store of sessions, only an id of our form is one: other
    /// issuers have a claim `sid` too.
    pub(super) fn session_of<'t>(&self, token: &'t Token) -> Option<&'t str> {
        if self.keeps_sessions() { token.own_session() } else { token.session() }
    }

    /// Returns whether tokens end with their session: where a store keeps sessions, or the app has configured how long
    /// they last. Otherwise a refresh does what Flask-JWT-Extended does.
    pub(super) fn bounds_sessions(&self) -> bool {
        self.keeps_sessions() || self.inner.settings.sessions.lifetime_is_set
    }

    /// Returns how long a token may live that belongs to this session, or to none.
    pub(super) fn lifetime(&self, session: Option<&str>, usual: Lifetime, now: Timestamp) -> Lifetime {
        session.filter(|_| self.bounds_sessions()).map_or(usual, |id| self.lifetime_in_session(id, usual, now))
    }

    pub(super) fn lifetime_in_session(&self, session: &str, usual: Lifetime, now: Timestamp) -> Lifetime {
        let Some(opened) = session_opened(session) else { return usual };
        let left = self.latest_end(opened).map(|end| end.saturating_duration_since(now));
        let idle = self.inner.settings.sessions.idle;
        [usual.duration(), left, idle].into_iter().flatten().min().map_or(Lifetime::Never, Lifetime::For)
    }

    /// Returns whether a token's session has lasted as long as it may. A session id that does not say when the session
    /// was opened counts as too old.
    pub(super) fn is_too_old(&self, token: &Token, now: Timestamp) -> bool {
        self.session_of(token).is_some() && self.latest_end(opened(token)).is_some_and(|end| end <= now)
    }

    /// Returns until when a session may last that was opened at this time, however much it is used; `None` for no
    /// limit.
    fn latest_end(&self, opened: Timestamp) -> Option<Timestamp> {
        self.inner.settings.sessions.lifetime.duration().map(|life| opened.saturating_add(life))
    }

    /// Returns when a session ends that is used now: when it is too old or has been unused for too long, and at the
    /// latest when none of its tokens can be valid any more.
    pub(super) fn session_ends(&self, opened: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let settings = &self.inner.settings;
        let longest = settings.access_lifetime.max(settings.refresh_lifetime);
        let unused = settings.sessions.idle.or(longest.duration()).map(|idle: Duration| now.saturating_add(idle));
        // The leeway lets the session's tokens live that much longer.
        [self.latest_end(opened), unused].into_iter().flatten().min().map(|end| end.saturating_add(self.leeway()))
    }

    pub(super) fn leeway(&self) -> Duration {
        self.inner.settings.policy.leeway
    }

    /// Returns until when a store must remember that a session or a subject was revoked: until its youngest token has
    /// expired.
    pub(super) fn remembered(&self, now: Timestamp) -> Option<Timestamp> {
        let settings = &self.inner.settings;
        // Where tokens that never expire are accepted, no revocation may be forgotten.
        if settings.policy.access_may_never_expire || settings.policy.refresh_may_never_expire {
            return None;
        }
        match settings.longest_lifetime {
            // The clock that issued a token may be one leeway ahead, and the token lives another leeway longer.
            Lifetime::For(longest) => {
                Some(now.saturating_add(longest).saturating_add(self.leeway().max(CLOCK_SKEW) * 2))
            }
            Lifetime::Never => None,
        }
    }
}

/// Returns when a token's session was opened; long ago, if its id does not say.
pub(super) fn opened(token: &Token) -> Timestamp {
    token.session_opened().unwrap_or_default()
}
