//! Refreshes: issues new tokens in exchange for a refresh token, and rotates that token if a store keeps sessions.

use std::{fmt, future::IntoFuture, pin::Pin};

use super::{JwtManager, Rotation, Steps, TokenPair, issuing::Profile};
use crate::{
    http::{Reason, Rejection},
    session::{RotateOutcome, RotateRequest},
    token::{Carried, Claims, Identity, IssueError, Issued, Override, Token, TokenType, carried, own_claims},
};

/// A refresh that starts when it is awaited.
#[must_use = "nothing is refreshed until the refresh is awaited"]
pub struct Refreshing<'a> {
    manager: &'a JwtManager,
    token: &'a Token,
    /// The user's current data; `None` to take it from the token.
    profile: Option<Result<Profile<'a>, IssueError>>,
    /// The scopes that the access token is to have; `None` for those of the refresh token.
    scopes: Option<Vec<String>>,
}

impl<'a> Refreshing<'a> {
    /// Takes claims and headers from this user's current data instead of the refresh token.
    ///
    /// The refresh fails if the token belongs to another user. If these claims have a `scope`, the access token gets
    /// the scopes that are in both.
    pub fn identity(mut self, identity: &'a (impl Identity + ?Sized)) -> Self {
        self.profile = Some(Profile::of(identity));
        self
    }

    /// Narrows the scopes of the access token. The refresh token keeps its own (RFC 6749 section 6).
    ///
    /// The refresh fails if the refresh token does not have one of these scopes.
    pub fn scopes<T: Into<String>>(mut self, scopes: impl IntoIterator<Item = T>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    async fn run(self) -> Result<TokenPair, Rejection> {
        let Self { manager, token, profile, scopes } = self;
        let failed = |error| manager.reject(Reason::Issue(error), None);
        let (profile, is_current) = match profile {
            None => (Profile::of_token(manager, token), false),
            Some(profile) => (profile.map_err(failed)?, true),
        };
        let current = is_current.then_some(&profile.claims);
        let carried = manager.steps().carried(token, current, scopes.as_deref())?;
        // A user is named by a string, so a token for another value is another user's.
        if profile.is_named() && profile.subject != token.subject_key() {
            return Err(manager.reject(Reason::UserNotFound(token.subject().to_owned()), Some(token.clone())));
        }
        let issue = |kind, rotation: &Rotation| {
            let lifetime = manager.lifetime(rotation.session.as_deref(), manager.usual_lifetime(kind), rotation.at);
            let mut draft = profile.draft_of(kind, lifetime);
            rotation.apply(&mut draft);
            draft.additional_claims.push((carried.of(kind).clone(), Override::Refused));
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
    /// Issues new tokens in exchange for a refresh token. One is an access token that is not fresh. If a store keeps
    /// sessions, the other is the next refresh token. Both keep the app's own claims. Without such a store, the refresh
    /// token remains valid.
    ///
    /// Every refresh token that was rotated less than the grace time ago (`refresh_grace`) returns the current refresh
    /// token of its session. So parallel requests work. If a token is used later than that, it is treated as stolen.
    ///
    /// With the option `refresh_retry`, the token that was rotated last returns its successor at any time, as long as
    /// nobody has refreshed with that successor. Then a thief who holds the last used token gets the same successor as
    /// the user. The theft is detected only if one of them refreshes twice before the other refreshes again.
    ///
    /// # Errors
    /// If the token is not a refresh token, its session has ended, the store fails, or no token can be issued. If the
    /// token is used again after its grace time, it is treated as stolen and its session ends ([`Reason::Replayed`]).
    pub fn refresh<'a>(&'a self, token: &'a Token) -> Refreshing<'a> {
        Refreshing { manager: self, token, profile: None, scopes: None }
    }

    /// Returns the app's own claims of a token.
    pub(super) fn own_claims(&self, token: &Token) -> Claims {
        own_claims(token.claims_json(), &self.inner.settings.issue.identity_claim)
    }
}

impl Steps<'_> {
    /// Runs the steps of [`JwtManager::refresh`] with tokens that the caller issues.
    ///
    /// This calls `issue` for the access token, and for the next refresh token if the old one is rotated. `issue` must
    /// put the rotation into each token with [`TokenBuilder::rotation`](super::TokenBuilder::rotation). Both tokens are
    /// issued before the store rotates the old one, which therefore stays valid if `issue` fails. If another request
    /// has already rotated the old token, this calls `issue` again, to get the same refresh token as that request.
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
            kept: TokenType::Refresh,
        };
        if due.session.is_none() || !manager.keeps_sessions() {
            if manager.bounds_sessions() && manager.is_too_old(token, due.at) {
                return Err(manager.reject(Reason::Revoked, Some(token.clone())).into());
            }
            // Even if a guard has asked the store before, the session may have ended since.
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

    /// Returns the claims that the tokens of a refresh must take from its refresh token: the scopes, and how and when
    /// the user logged in (`auth_time`, `acr`, `amr`). For callers who issue the tokens.
    ///
    /// `current` are the user's own claims by now, if the tokens get them: scopes among them can only narrow. The
    /// access token gets the scopes of `requested`.
    ///
    /// # Errors
    /// If the refresh token does not have a requested scope.
    pub fn carried(
        self,
        token: &Token,
        current: Option<&Claims>,
        requested: Option<&[String]>,
    ) -> Result<Carried, Rejection> {
        carried(token, current, requested)
            .map_err(|scope| self.manager.reject(Reason::InsufficientScope { scope }, Some(token.clone())))
    }

    /// Returns the app's own claims of a token: all except those that the engine writes into every token.
    pub fn own_claims(self, token: &Token) -> Claims {
        self.manager.own_claims(token)
    }

    /// Makes `due` the session's current refresh token, and returns the rotation that took effect. That is an earlier
    /// one if another request has already rotated the token.
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
                    "a refresh token was used again within its grace time"
                );
                Ok(Rotation { jti: successor, at: rotated_at, ..due })
            }
            RotateOutcome::Ended => Err(ended()),
            RotateOutcome::Replayed => Err(manager.replayed(token)),
        }
    }
}

impl JwtManager {
    /// Reports a theft. The session has ended for both holders of the token, because nobody can tell which is the
    /// thief.
    fn replayed(&self, token: &Token) -> Rejection {
        let (session, subject, jti) = (token.session(), token.subject(), token.jti());
        tracing::warn!(
            event = "refresh_token_replayed",
            session,
            subject,
            jti,
            "a refresh token was used again after its grace time and is treated as stolen; its session has ended"
        );
        if let Some(report) = &self.inner.on_replay {
            report(token);
        }
        self.reject(Reason::Replayed, Some(token.clone()))
    }
}
