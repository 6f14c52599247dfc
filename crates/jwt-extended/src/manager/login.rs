//! Logging in: opens a session and issues its first pair of tokens.

use std::{borrow::Cow, fmt, future::IntoFuture, pin::Pin};

use super::{JwtManager, Rotation, Steps, TokenPair, issuing::Profile};
use crate::{
    entropy::session_opened,
    http::Request,
    session::{NewSession, Subject, TokenStatus},
    time::Timestamp,
    token::{CLOCK_SKEW, Identity, IssueError, Issued, LoginClaims, Override, Token, TokenType},
};

/// The longest label that is kept, in characters.
const LABEL: usize = 128;

/// A login that has not happened yet: await it.
#[must_use = "nobody is logged in until the login is awaited"]
pub struct Login<'a> {
    manager: &'a JwtManager,
    profile: Result<Profile<'a>, IssueError>,
    label: Option<&'a str>,
    earlier: EarlierSessions,
    facts: LoginClaims,
}

/// What a login does to the sessions that its user has already.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EarlierSessions {
    /// Keeps them open.
    Keep,
    /// Ends those of these tokens, which the request of the login has, if they are of the same user.
    Replace(Vec<Token>),
    /// Ends all of them, as after a change of password.
    End,
}

impl<'a> Login<'a> {
    /// Sets a label by which the user will recognize the session in a list, such as the device or the browser. Control
    /// characters and marks of the text's direction are removed, and everything after 128 characters.
    pub fn label(mut self, label: impl Into<Option<&'a str>>) -> Self {
        self.label = label.into();
        self
    }

    /// Sets what the session's tokens allow: the claim `scope` (RFC 8693 section 4.2). A refresh keeps the scopes or
    /// narrows them. A route asks for them with [`Requirement::scopes`](crate::Requirement::scopes).
    pub fn scopes<T: Into<String>>(mut self, scopes: impl IntoIterator<Item = T>) -> Self {
        self.facts.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Sets when the user proved who they are, if that was not now: the claim `auth_time` (OpenID Connect Core section
    /// 2). A refresh keeps it.
    pub fn auth_time(mut self, at: Timestamp) -> Self {
        self.facts.auth_time = Some(at);
        self
    }

    /// Sets the class of the login, such as `urn:example:gold`: the claim `acr` (OpenID Connect Core section 2). A
    /// refresh keeps it.
    pub fn acr(mut self, class: impl Into<String>) -> Self {
        self.facts.acr = Some(class.into());
        self
    }

    /// Sets the methods of the login, such as `pwd` and `otp`: the claim `amr` (RFC 8176). A refresh keeps it.
    pub fn amr<T: Into<String>>(mut self, methods: impl IntoIterator<Item = T>) -> Self {
        self.facts.amr = Some(methods.into_iter().map(Into::into).collect());
        self
    }

    /// Ends the session that the request of this login belongs to, if it is one of the same user. Otherwise a user who
    /// logs in again in the same browser has two sessions, and knows of one.
    pub fn replacing(mut self, request: &impl Request) -> Self {
        if self.earlier == EarlierSessions::Keep {
            let ring = self.manager.key_ring();
            let ring = |_: &str| Some(Cow::Borrowed(&*ring));
            self.earlier = EarlierSessions::Replace(self.manager.steps().tokens_in(request, ring));
        }
        self
    }

    async fn run(self) -> Result<TokenPair, IssueError> {
        let Self { manager, profile, label, earlier, facts } = self;
        let facts = facts.to_claims();
        let profile = profile?;
        let freshness = manager.inner.settings.login_freshness;
        let issue = |kind, rotation: &Rotation| {
            let lifetime = manager.lifetime(rotation.session.as_deref(), manager.usual_lifetime(kind), rotation.at);
            let mut draft = profile.draft_of(kind, lifetime);
            rotation.apply(&mut draft);
            draft.additional_claims.push((facts.clone(), Override::Refused));
            if kind == TokenType::Access {
                draft.freshness = freshness.starting(rotation.at);
            }
            manager.issue(&draft, rotation.at)
        };
        manager.steps().login_with(label, earlier, issue).await
    }
}

impl<'a> IntoFuture for Login<'a> {
    type Output = Result<TokenPair, IssueError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Login<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("label", &self.label).field("earlier", &self.earlier).finish_non_exhaustive()
    }
}

impl JwtManager {
    /// Opens a session for a user who has just proved who they are: a fresh access token and a refresh token, which
    /// share a session id (claim `sid`).
    ///
    /// ```
    /// # async fn login(jwt: jwt_extended::JwtManager) -> Result<(), Box<dyn std::error::Error>> {
    /// let pair = jwt.login("alice").await?;
    /// let other = jwt.login("alice").label("Firefox on Linux").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`TokenBuilder::create`](super::TokenBuilder::create), and if a store of sessions could not keep the session.
    pub fn login<'a>(&'a self, identity: &'a (impl Identity + ?Sized)) -> Login<'a> {
        Login {
            manager: self,
            profile: Profile::of(identity),
            label: None,
            earlier: EarlierSessions::Keep,
            facts: LoginClaims::default(),
        }
    }

    /// Ends all sessions of a user and opens a new one for the person who changed the password. Call it after the new
    /// password was stored.
    ///
    /// # Errors
    /// As [`login`](Self::login), and if there is no store: without one, nothing can end the sessions.
    pub fn password_changed<'a>(&'a self, identity: &'a (impl Identity + ?Sized)) -> Login<'a> {
        Login { earlier: EarlierSessions::End, ..self.login(identity) }
    }
}

impl Steps<'_> {
    /// Opens a session with tokens that the caller issues: the steps of [`JwtManager::login`].
    ///
    /// `issue` is called once for the access token and once for the refresh token, and puts the rotation into each with
    /// [`TokenBuilder::rotation`](super::TokenBuilder::rotation). Nothing is changed in the store before both exist.
    ///
    /// # Errors
    /// As [`JwtManager::login`], and those of `issue`.
    pub async fn login_with<E: From<IssueError>>(
        self,
        label: Option<&str>,
        earlier: EarlierSessions,
        mut issue: impl FnMut(TokenType, &Rotation) -> Result<Issued, E>,
    ) -> Result<TokenPair, E> {
        let manager = self.manager;
        let rotation = manager.first_rotation()?;
        let access = issue(TokenType::Access, &rotation)?;
        let refresh = issue(TokenType::Refresh, &rotation)?;
        if manager.keeps_sessions() {
            rotation.check(&access, &refresh, &refresh.subject_key())?;
        }
        match earlier {
            EarlierSessions::Replace(tokens) if manager.keeps_sessions() => {
                let subject = refresh.subject_key();
                let of_user = tokens.iter().filter(|token| token.subject_key() == subject);
                for session in of_user.filter_map(|token| manager.session_of(token)) {
                    manager.end_session(Subject(&subject), session).await.map_err(IssueError::Store)?;
                }
            }
            EarlierSessions::Keep | EarlierSessions::Replace(_) => {}
            // Counted from the time of this login, so that the session that opens now stays open.
            EarlierSessions::End => {
                manager.end_all_before(&refresh.subject_key(), rotation.at).await.map_err(IssueError::Store)?;
            }
        }
        if manager.keeps_sessions() {
            self.open_session(&refresh, label).await?;
        }
        Ok(TokenPair { access, refresh: Some(refresh) })
    }

    /// Returns an id for a session that opens now, for callers who issue its tokens one by one with
    /// [`TokenBuilder::session`](super::TokenBuilder::session). A store of sessions must get it with
    /// [`open_session`](Self::open_session).
    ///
    /// # Errors
    /// If the source of randomness fails.
    pub fn new_session(self) -> Result<String, IssueError> {
        self.manager.session_at(self.manager.now())
    }

    /// Has the store keep the session of a refresh token, the first one of a session that
    /// [`new_session`](Self::new_session) named. Call it once for each session. [`JwtManager::login`] does all of it.
    ///
    /// # Errors
    /// If the token has no session, or one whose id is of another kind; if there is no store that keeps sessions, or it
    /// could not keep this one; or if all of the subject's sessions were ended since it was named.
    pub async fn open_session(self, refresh: &Issued, label: Option<&str>) -> Result<(), IssueError> {
        let manager = self.manager;
        let session = refresh.session().ok_or(IssueError::EmptySession)?;
        let jti = refresh.jti().ok_or(IssueError::SessionClaims)?;
        let opened = session_opened(&session).ok_or(IssueError::ForeignSession)?;
        let label = label.map(presentable).filter(|label| !label.is_empty());
        let new = NewSession {
            id: &session,
            subject: &refresh.subject_key(),
            jti: &jti,
            label: label.as_deref(),
            opened,
            since: opened.saturating_add(CLOCK_SKEW),
            now: manager.now(),
            ends: manager.session_ends(opened, opened),
            at_most: manager.inner.settings.sessions.at_most,
        };
        match manager.inner.store.sessions()?.open(&new).wait().await? {
            TokenStatus::Active => Ok(()),
            TokenStatus::Revoked => Err(IssueError::SessionEnded),
        }
    }
}

/// Returns a label as it may be shown: in one line, not too long, and without the characters that change the direction
/// or the place of the text around it.
fn presentable(label: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}')
    };
    label.chars().filter(|c| !hidden(*c)).take(LABEL).collect::<String>().trim().to_owned()
}
