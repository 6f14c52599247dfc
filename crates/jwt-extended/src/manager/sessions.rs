//! Sessions that are kept in a store: opening, turning, listing, ending.

use std::time::Duration;

use super::JwtManager;
use crate::{
    entropy::session_opened,
    http::{Reason, Rejection},
    session::{EndSessions, NewSession, RotateOutcome, RotateRequest, Session, StoreError, TokenStatus, TouchRequest},
    time::Timestamp,
    token::{IssueError, Lifetime, Token},
};

/// What an app does when a refresh token was replayed.
pub(super) type ReplayHandler = Box<dyn Fn(&Token) + Send + Sync>;

/// The longest label that is kept, in characters.
const LABEL: usize = 128;

/// How long something must be over before it is forgotten: for others whose clocks are behind, it may not be over yet.
const LONG_OVER: Duration = Duration::from_secs(3600);

/// What the refresh token is called that is due next in a session, and since when.
///
/// For faces that make tokens by themselves; [`JwtManager::refresh`] makes it into a token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rotation {
    /// Its name, the claim `jti`.
    pub jti: String,
    /// When it became due, the claims `iat` and `nbf`.
    pub turned: Timestamp,
}

impl JwtManager {
    /// Whether there is a store that keeps sessions.
    pub fn keeps_sessions(&self) -> bool {
        self.inner.store.sessions().is_ok()
    }

    /// The open sessions of a token's subject, the latest opened first, with the token's own marked as current.
    ///
    /// # Errors
    /// If there is no store that keeps sessions, or it could not answer.
    pub async fn sessions(&self, token: &Token) -> Result<Vec<Session>, StoreError> {
        self.sessions_seen_from(token.subject(), token.session()).await
    }

    /// As [`sessions`](Self::sessions), for whoever has the token's claims and not the token itself.
    ///
    /// # Errors
    /// As [`sessions`](Self::sessions).
    pub async fn sessions_seen_from(&self, subject: &str, session: Option<&str>) -> Result<Vec<Session>, StoreError> {
        let mut sessions = self.sessions_of(subject).await?;
        // A session that asks is in use. Its last refresh is not told: whoever has copied its refresh token would learn for
        // how long the copy has grace.
        let now = self.now();
        for current in sessions.iter_mut().filter(|listed| session == Some(&*listed.id)) {
            (current.current, current.last_used) = (true, current.last_used.max(now));
        }
        Ok(sessions)
    }

    /// The open sessions of a subject, the latest opened first.
    ///
    /// # Errors
    /// If there is no store that keeps sessions, or it could not answer.
    pub async fn sessions_of(&self, subject: &str) -> Result<Vec<Session>, StoreError> {
        self.inner.store.sessions()?.list(subject, self.now()).wait().await
    }

    /// Ends one session of a subject, and says whether it was open. Another subject's is left alone.
    ///
    /// # Errors
    /// If there is no store that keeps sessions, or it could not answer.
    pub async fn end_session(&self, subject: &str, session: &str) -> Result<bool, StoreError> {
        Ok(self.end(EndSessions::One { session, subject: Some(subject), now: self.now() }).await? > 0)
    }

    /// Ends all sessions of a token's subject but the token's own, and says how many were open. Tokens of the subject that
    /// belong to no session are revoked, too.
    ///
    /// # Errors
    /// If there is no store that keeps sessions, the token belongs to none, or the store could not answer.
    pub async fn end_other_sessions(&self, token: &Token) -> Result<u64, StoreError> {
        let session = token.session().ok_or(StoreError::Unnamed("session"))?;
        self.end_sessions_but(token.subject(), session).await
    }

    /// As [`end_other_sessions`](Self::end_other_sessions), for whoever has the token's claims and not the token itself.
    ///
    /// # Errors
    /// If there is no store that keeps sessions, or it could not answer.
    pub async fn end_sessions_but(&self, subject: &str, session: &str) -> Result<u64, StoreError> {
        let now = self.now();
        self.end(EndSessions::Others { subject, except: session, until: self.remembered(now), now }).await
    }

    /// Ends all sessions of a subject, and says how many were open: [`revoke_subject`](Self::revoke_subject), counted.
    ///
    /// # Errors
    /// If there is no store that keeps sessions, or it could not answer.
    pub async fn end_all_sessions(&self, subject: &str) -> Result<u64, StoreError> {
        let now = self.now();
        self.end(EndSessions::All { subject, until: self.remembered(now), now }).await
    }

    /// Forgets sessions and revocations that have been over for an hour, at most so many, and says how many it were. Stores in
    /// SQL need this now and then; the others forget by themselves.
    ///
    /// # Errors
    /// If there is no store that keeps sessions, or it could not answer.
    pub async fn purge_sessions(&self, limit: u32) -> Result<u64, StoreError> {
        self.inner.store.sessions()?.purge(self.now().saturating_sub(LONG_OVER), limit).wait().await
    }

    /// Tells the store of a session that was named by [`new_session`](Self::new_session), and of its first refresh token's
    /// `jti`: once for each name, for faces that make tokens by themselves. [`login`](Self::login) does all of it.
    ///
    /// # Errors
    /// If the name is another's; if there is no store that keeps sessions, or it could not keep this one; or if all of the
    /// subject's sessions were ended since it was named.
    pub async fn open_session(
        &self,
        session: &str,
        subject: &str,
        jti: &str,
        label: Option<&str>,
    ) -> Result<(), IssueError> {
        let opened = session_opened(session).ok_or(IssueError::ForeignSession)?;
        let label = label.map(presentable).filter(|label| !label.is_empty());
        let new = NewSession {
            id: session,
            subject,
            jti,
            label: label.as_deref(),
            opened,
            ends: self.session_ends(opened, opened),
            at_most: self.inner.settings.sessions.at_most,
        };
        match self.inner.store.sessions()?.open(&new).wait().await? {
            TokenStatus::Active => Ok(()),
            TokenStatus::Revoked => Err(IssueError::SessionEnded),
        }
    }

    /// What a refresh token may be called that is made now: of a new session, or the next of one that is
    /// [turned to it](Self::turn_session).
    ///
    /// # Errors
    /// If there is no randomness to be had.
    pub fn next_rotation(&self) -> Result<Rotation, IssueError> {
        Ok(Rotation { jti: self.random_name()?, turned: self.now() })
    }

    /// Turns a refresh token's session to its successor, for faces that make tokens by themselves. They make them before, so
    /// that the session is not turned if they cannot be made. If another request has turned it just before, its rotation is
    /// returned and not this one, and the refresh token must be made again.
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh).
    pub async fn turn_session(&self, token: &Token, due: Rotation) -> Result<Rotation, Rejection> {
        let now = due.turned;
        let unavailable = |error| self.reject(Reason::StoreUnavailable(error), None);
        let over = || self.reject(Reason::Revoked, Some(token.clone()));
        if self.is_too_old(token, now) {
            return Err(over());
        }
        let turn = RotateRequest {
            token: token.ids(now, self.leeway()),
            successor: &due.jti,
            grace: self.inner.settings.sessions.grace,
            ends: self.session_ends(opened(token), now),
        };
        let store = self.inner.store.sessions().map_err(unavailable)?;
        match store.rotate(&turn).wait().await.map_err(unavailable)? {
            RotateOutcome::Rotated => Ok(due),
            RotateOutcome::Repeated { successor, rotated_at } => {
                let (session, jti) = (token.session(), token.jti());
                tracing::info!(
                    event = "refresh_token_repeated",
                    session,
                    jti,
                    "a refresh token was used again within its grace"
                );
                Ok(Rotation { jti: successor, turned: rotated_at })
            }
            RotateOutcome::Ended => Err(over()),
            RotateOutcome::Replayed => Err(self.replayed(token)),
        }
    }

    /// Whether a token still stands, whose session is used otherwise than by its refresh token.
    pub(super) async fn touch(&self, token: &Token) -> Result<TokenStatus, StoreError> {
        let now = self.now();
        match (self.inner.store.sessions(), token.session()) {
            (Ok(store), Some(_)) => {
                let ends = self.session_ends(opened(token), now);
                store.touch(&TouchRequest { token: token.ids(now, self.leeway()), ends }).wait().await
            }
            _ => self.status(token, now).await,
        }
    }

    /// How long a token of a session may live that is made now: as usual, but no longer than the session may last or go
    /// unused.
    pub fn lifetime_in_session(&self, session: &str, usual: Lifetime, now: Timestamp) -> Lifetime {
        let Some(opened) = session_opened(session) else { return usual };
        let left = self.oldest(opened).map(|oldest| oldest.saturating_duration_since(now));
        let idle = self.inner.settings.sessions.idle;
        [usual.duration(), left, idle].into_iter().flatten().min().map_or(Lifetime::Never, Lifetime::For)
    }

    /// Whether a token's session has lasted as long as it may. One that does not say when it was opened has.
    pub(super) fn is_too_old(&self, token: &Token, now: Timestamp) -> bool {
        token.session().is_some() && self.oldest(opened(token)).is_some_and(|oldest| oldest <= now)
    }

    /// Until when a session may last that was opened then, however much it is used; `None` for ever.
    fn oldest(&self, opened: Timestamp) -> Option<Timestamp> {
        self.inner.settings.sessions.lifetime.duration().map(|life| opened.saturating_add(life))
    }

    /// When a session ends that was opened then and is used now: when it is too old, or unused for too long, and at the
    /// latest when none of its tokens can be good any more.
    fn session_ends(&self, opened: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let settings = &self.inner.settings;
        let longest = settings.access_lifetime.max(settings.refresh_lifetime);
        let unused = settings.sessions.idle.or(longest.duration()).map(|idle: Duration| now.saturating_add(idle));
        // As long as its tokens are accepted.
        [self.oldest(opened), unused].into_iter().flatten().min().map(|end| end.saturating_add(self.leeway()))
    }

    async fn end(&self, ending: EndSessions<'_>) -> Result<u64, StoreError> {
        self.inner.store.sessions()?.end(&ending).wait().await
    }

    /// Tells of a theft. Which of the two who have the token is the thief, nobody knows: both are logged out.
    fn replayed(&self, token: &Token) -> Rejection {
        tracing::warn!(
            event = "refresh_token_replayed",
            session = token.session(),
            subject = token.subject(),
            jti = token.jti(),
            "a refresh token was used a second time, so somebody has a copy; its session has ended"
        );
        if let Some(tell) = &self.inner.on_replay {
            tell(token);
        }
        self.reject(Reason::Replayed, Some(token.clone()))
    }
}

/// When a token's session was opened; long ago, if it does not say.
fn opened(token: &Token) -> Timestamp {
    token.session().and_then(session_opened).unwrap_or_default()
}

/// A label as it may be shown: of one line, and not too long.
fn presentable(label: &str) -> String {
    label.chars().filter(|c| !c.is_control()).take(LABEL).collect::<String>().trim().to_owned()
}
