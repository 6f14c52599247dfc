//! Refreshing: issues the tokens that follow a refresh token, and rotates it where sessions are kept.

use std::{borrow::Cow, fmt, future::IntoFuture, pin::Pin};

use super::{JwtManager, Rotation, Steps, TokenPair, issuing::Profile};
use crate::{
    http::{Reason, Rejection},
    session::{RotateOutcome, RotateRequest},
    token::{Claims, Identity, IssueError, Issued, Token, TokenType, own_claims},
};

/// A refresh that has not happened yet: await it.
#[must_use = "nothing is refreshed until the refresh is awaited"]
pub struct Refreshing<'a> {
    manager: &'a JwtManager,
    token: &'a Token,
    /// The user as they are now; `None` for what the token says.
    profile: Option<Result<Profile<'a>, IssueError>>,
}

impl<'a> Refreshing<'a> {
    /// Takes claims and headers from the user as they are now, instead of from the refresh token.
    ///
    /// The refresh fails if this is another user than the token's.
    pub fn identity(mut self, identity: &'a (impl Identity + ?Sized)) -> Self {
        self.profile = Some(Profile::of(identity));
        self
    }

    async fn run(self) -> Result<TokenPair, Rejection> {
        let Self { manager, token, profile } = self;
        let failed = |error| manager.reject(Reason::Issue(error), None);
        let profile = match profile {
            None => Profile {
                subject: Cow::Borrowed(token.subject()),
                claims: manager.own_claims(token),
                headers: Claims::none(),
            },
            Some(profile) => profile.map_err(failed)?,
        };
        if profile.subject != token.subject() {
            return Err(manager.reject(Reason::UserNotFound(token.subject().to_owned()), Some(token.clone())));
        }
        let issue = |kind, rotation: &Rotation| {
            let lifetime = manager.lifetime(rotation.session.as_deref(), manager.usual_lifetime(kind), rotation.at);
            let mut draft = profile.draft_of(kind, lifetime);
            rotation.apply(&mut draft);
            manager.issue(&draft, rotation.at).map_err(failed)
        };
        manager.steps().refresh_with(token, issue).await
    }
}

impl<'a> IntoFuture for Refreshing<'a> {
    type Output = Result<TokenPair, Rejection>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Refreshing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refreshing").field("token", &self.token).finish_non_exhaustive()
    }
}

impl JwtManager {
    /// Issues new tokens for a refresh token's session: an access token that is not fresh, with the refresh token's own
    /// claims, and where sessions are kept, the next refresh token.
    ///
    /// # Errors
    /// If the token is not a refresh token, its session has ended, or no token can be issued. If it was used before,
    /// and longer ago than the grace time, somebody has a copy: its session is ended ([`Reason::Replayed`]).
    pub fn refresh<'a>(&'a self, token: &'a Token) -> Refreshing<'a> {
        Refreshing { manager: self, token, profile: None }
    }

    /// Returns the app's own claims in a token.
    pub(super) fn own_claims(&self, token: &Token) -> Claims {
        own_claims(token.claims_json(), &self.inner.settings.issue.identity_claim)
    }
}

impl Steps<'_> {
    /// Refreshes with tokens that the caller issues: the steps of [`JwtManager::refresh`].
    ///
    /// `issue` is called for the access token, and where the refresh token is rotated, for the next refresh token. It
    /// puts the rotation into each with [`TokenBuilder::rotation`](super::TokenBuilder::rotation). Both exist before
    /// the store rotates the token, so the old token stays valid if one cannot be issued. If a parallel request has
    /// rotated it just before, `issue` is called again, for the same refresh token that the other request got.
    ///
    /// # Errors
    /// As [`JwtManager::refresh`], and those of `issue`.
    pub async fn refresh_with<E: From<Rejection>>(
        self,
        token: &Token,
        mut issue: impl FnMut(TokenType, &Rotation) -> Result<Issued, E>,
    ) -> Result<TokenPair, E> {
        let manager = self.manager;
        let failed = |error| manager.reject(Reason::Issue(error), None);
        if token.token_type() != TokenType::Refresh {
            return Err(manager.reject(Reason::NotRefreshToken, Some(token.clone())).into());
        }
        let due = Rotation {
            session: manager.session_of(token).map(str::to_owned),
            jti: manager.random_id().map_err(failed)?,
            at: manager.now(),
            csrf: token.csrf().map(str::to_owned),
        };
        if due.session.is_none() || !manager.keeps_sessions() {
            if manager.bounds_sessions() && manager.is_too_old(token, due.at) {
                return Err(manager.reject(Reason::Revoked, Some(token.clone())).into());
            }
            // The guard has asked the store already. But the session may have ended since, or there was no guard.
            manager.refuse_revoked(token, due.at).await?;
            return Ok(TokenPair { access: issue(TokenType::Access, &due)?, refresh: None });
        }
        let access = issue(TokenType::Access, &due)?;
        let mut refresh = issue(TokenType::Refresh, &due)?;
        due.check(&access, &refresh, token.subject_key()).map_err(failed)?;
        let decided = self.rotate(token, due.clone()).await?;
        if decided != due {
            refresh = issue(TokenType::Refresh, &decided)?;
        }
        Ok(TokenPair { access, refresh: Some(refresh) })
    }

    /// Returns the app's own claims in a token: all but those that the engine writes into each token.
    pub fn own_claims(self, token: &Token) -> Claims {
        self.manager.own_claims(token)
    }

    /// Rotates a session to the refresh token that is due. Returns the rotation that counts: another request may have
    /// rotated the session just before.
    async fn rotate(self, token: &Token, due: Rotation) -> Result<Rotation, Rejection> {
        let manager = self.manager;
        let unavailable = |error| manager.reject(Reason::StoreUnavailable(error), None);
        let ended = || manager.reject(Reason::Revoked, Some(token.clone()));
        if manager.is_too_old(token, due.at) {
            return Err(ended());
        }
        let request = RotateRequest {
            token: manager.ids(token, due.at),
            successor: &due.jti,
            grace: manager.inner.settings.sessions.grace,
            retry: manager.inner.settings.sessions.retry,
            ends: manager.session_ends(super::limits::opened(token), due.at),
        };
        let store = manager.inner.store.sessions().map_err(unavailable)?;
        match store.rotate(&request).wait().await.map_err(unavailable)? {
            RotateOutcome::Rotated => Ok(due),
            RotateOutcome::Repeated { successor, rotated_at } => {
                let (session, jti) = (token.session(), token.jti());
                tracing::info!(
                    event = "refresh_token_repeated",
                    session,
                    jti,
                    "a refresh token was used again in its grace time"
                );
                Ok(Rotation { jti: successor, at: rotated_at, ..due })
            }
            RotateOutcome::Ended => Err(ended()),
            RotateOutcome::Replayed => Err(manager.replayed(token)),
        }
    }
}

impl JwtManager {
    /// Reports a theft. Nobody can tell which of the two holders of the token is the thief, so both are logged out.
    fn replayed(&self, token: &Token) -> Rejection {
        tracing::warn!(
            event = "refresh_token_replayed",
            session = token.session(),
            subject = token.subject(),
            jti = token.jti(),
            "a refresh token was used a second time, so somebody has a copy; its session has ended"
        );
        if let Some(report) = &self.inner.on_replay {
            report(token);
        }
        self.reject(Reason::Replayed, Some(token.clone()))
    }
}
