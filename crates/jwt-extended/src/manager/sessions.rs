//! Sessions that are kept in a store: opening, turning, listing, ending.

use std::time::Duration;

use super::JwtManager;
use crate::{
    entropy::session_opened,
    http::{Reason, Rejection},
    session::{Ending, NewSession, Session, Standing, StoreError, Touch, Turn, Turned},
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
        let mut sessions = self.sessions_of(token.subject()).await?;
        // A session that asks is in use. Its last refresh is not told: whoever has copied its refresh token would learn for
        // how long the copy has grace.
        let now = self.now();
        for session in sessions.iter_mut().filter(|session| token.session() == Some(&*session.id)) {
            (session.current, session.last_used) = (true, session.last_used.max(now));
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
        let ending = Ending::One { session, subject: Some(subject), now: self.now() };
        Ok(self.inner.store.sessions()?.end(&ending).wait().await? > 0)
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
        let ending = Ending::Others { subject, session, until: self.remembered(now), now };
        self.inner.store.sessions()?.end(&ending).wait().await
    }

    /// Ends all sessions of a subject, and says how many were open: [`revoke_subject`](Self::revoke_subject), counted.
    ///
    /// # Errors
    /// If there is no store that keeps sessions, or it could not answer.
    pub async fn end_all_sessions(&self, subject: &str) -> Result<u64, StoreError> {
        let now = self.now();
        let ending = Ending::All { subject, until: self.remembered(now), now };
        self.inner.store.sessions()?.end(&ending).wait().await
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
    /// If the name is another's. If there is no store that keeps sessions or it could not keep this one; or if all of the subject's sessions were
    /// ended since it was named.
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
            Standing::Good => Ok(()),
            Standing::Revoked => Err(IssueError::SessionEnded),
        }
    }

    /// Turns a refresh token's session: what the token is called that follows it. For faces that make tokens by
    /// themselves.
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh).
    pub async fn turn_session(&self, token: &Token) -> Result<Rotation, Rejection> {
        let due = self.next_rotation().map_err(|error| self.reject(Reason::Issue(error), None))?;
        self.turn_session_to(token, due).await
    }

    /// What a refresh token may be called that is made now: of a new session, or the next of one that is
    /// [turned to it](Self::turn_session_to).
    ///
    /// # Errors
    /// If there is no randomness to be had.
    pub fn next_rotation(&self) -> Result<Rotation, IssueError> {
        Ok(Rotation { jti: self.random_name()?, turned: self.now() })
    }

    /// As [`turn_session`](Self::turn_session), for those who make the tokens that follow before they turn the session, so
    /// that it is not turned if they cannot be made. If another request has turned it just before, its rotation is returned
    /// and not this one, and the refresh token must be made again.
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh).
    pub async fn turn_session_to(&self, token: &Token, due: Rotation) -> Result<Rotation, Rejection> {
        let now = due.turned;
        let unavailable = |error| self.reject(Reason::StoreUnavailable(error), None);
        let over = || self.reject(Reason::Revoked, Some(token.clone()));
        let opened = token.session().and_then(session_opened).unwrap_or_default();
        if self.session_time_left(token).is_some_and(|left| left.is_zero()) {
            return Err(over());
        }
        let turn = Turn {
            token: token.ids(now, self.leeway()),
            successor: &due.jti,
            grace: self.inner.settings.sessions.grace,
            ends: self.session_ends(opened, now),
        };
        let store = self.inner.store.sessions().map_err(unavailable)?;
        match store.turn(&turn).wait().await.map_err(unavailable)? {
            Turned::Turned => Ok(due),
            Turned::Repeated { successor, turned } => {
                let (session, jti) = (token.session(), token.jti());
                tracing::info!(
                    event = "refresh_token_repeated",
                    session,
                    jti,
                    "a refresh token was used again within its grace"
                );
                Ok(Rotation { jti: successor, turned })
            }
            Turned::Over => Err(over()),
            Turned::Replayed => Err(self.replayed(token)),
        }
    }

    /// Whether a token still stands, whose session is used otherwise than by its refresh token.
    pub(super) async fn touch(&self, token: &Token) -> Result<Standing, StoreError> {
        let now = self.now();
        match (self.inner.store.sessions(), token.session()) {
            (Ok(store), Some(session)) => {
                let ends = self.session_ends(session_opened(session).unwrap_or_default(), now);
                store.touch(&Touch { token: token.ids(now, self.leeway()), ends }).wait().await
            }
            _ => self.standing(token, now).await,
        }
    }

    /// How long a token of a session may live that is made now: as usual, but no longer than the session may last or go
    /// unused.
    pub fn lifetime_in_session(&self, session: &str, usual: Lifetime, now: Timestamp) -> Lifetime {
        session_opened(session).map_or(usual, |opened| self.within_session(usual, opened, now))
    }

    /// A token's lifetime within that of a session which was opened then and is used now.
    pub(super) fn within_session(&self, usual: Lifetime, opened: Timestamp, now: Timestamp) -> Lifetime {
        let sessions = &self.inner.settings.sessions;
        let left = sessions.lifetime.duration().map(|life| opened.saturating_add(life).saturating_duration_since(now));
        [usual.duration(), left, sessions.idle].into_iter().flatten().min().map_or(Lifetime::Never, Lifetime::For)
    }

    /// When a session ends that was opened then and is used now: when it is too old, or unused for too long, and at the
    /// latest when none of its tokens can be good any more.
    fn session_ends(&self, opened: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let settings = &self.inner.settings;
        let too_old = settings.sessions.lifetime.duration().map(|life| opened.saturating_add(life));
        let longest = settings.access_lifetime.max(settings.refresh_lifetime);
        let unused = settings.sessions.idle.or(longest.duration()).map(|idle: Duration| now.saturating_add(idle));
        // As long as its tokens are accepted.
        [too_old, unused].into_iter().flatten().min().map(|end| end.saturating_add(self.leeway()))
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

/// A label as it may be shown: of one line, and not too long.
fn presentable(label: &str) -> String {
    label.chars().filter(|c| !c.is_control()).take(LABEL).collect::<String>().trim().to_owned()
}
