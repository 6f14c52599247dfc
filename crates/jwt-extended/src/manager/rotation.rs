//! [`Rotation`]: the ids and the time that the tokens of a new or refreshed session must carry.

use std::borrow::Cow;

use super::JwtManager;
use crate::{
    entropy::{random_uuid, session_id},
    time::Timestamp,
    token::{Draft, IssueError, Issued, TokenType},
};

/// The ids and the time that the tokens of a new or refreshed session must carry: the store knows the tokens by them.
///
/// [`TokenBuilder::rotation`](super::TokenBuilder::rotation) puts them into a token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rotation {
    /// The session id (claim `sid`); `None` if the refresh token belongs to no session.
    pub session: Option<String>,
    /// The token id of the refresh token (claim `jti`).
    pub jti: String,
    /// The time of issue (claims `iat` and `nbf`).
    pub at: Timestamp,
    /// The CSRF value of the refresh token (claim `csrf`), so that open pages keep working; `None` for a new one. Of a
    /// renewal, that of the access token.
    pub csrf: Option<String>,
    /// The type of token whose CSRF value is kept.
    pub(super) kept: TokenType,
}

impl Rotation {
    /// Puts the ids into a token that is about to be issued.
    pub(super) fn apply(&self, draft: &mut Draft<'_>) {
        draft.session = self.session.clone().map(Cow::Owned);
        if draft.kind == TokenType::Refresh {
            draft.jti = Some(Cow::Owned(self.jti.clone()));
        }
        if draft.kind == self.kept {
            draft.csrf = self.csrf.clone().map(Cow::Owned);
        }
    }

    /// Checks that tokens carry the ids by which the store will know them. Overriding claims may have changed any
    /// claim.
    pub(super) fn check(&self, access: &Issued, refresh: &Issued, subject: &str) -> Result<(), IssueError> {
        let in_session = |token: &Issued| token.session().as_deref() == self.session.as_deref();
        if !in_session(access) || !in_session(refresh) || refresh.jti().as_deref() != Some(&*self.jti) {
            return Err(IssueError::SessionClaims);
        }
        if access.subject_key() != subject || refresh.subject_key() != subject {
            return Err(IssueError::OtherSubject);
        }
        Ok(())
    }
}

impl JwtManager {
    /// Returns the rotation of a session that opens now.
    pub(super) fn first_rotation(&self) -> Result<Rotation, IssueError> {
        let at = self.now();
        Ok(Rotation {
            session: Some(self.session_at(at)?),
            jti: self.random_id()?,
            at,
            csrf: None,
            kept: TokenType::Refresh,
        })
    }

    /// Returns an id for a session that opens at this time.
    pub(super) fn session_at(&self, at: Timestamp) -> Result<String, IssueError> {
        let mut random = [0; 8];
        self.inner.entropy.fill(&mut random)?;
        Ok(session_id(at, random).to_string())
    }

    /// Returns a random token id.
    pub(super) fn random_id(&self) -> Result<String, IssueError> {
        let mut random = [0; 16];
        self.inner.entropy.fill(&mut random)?;
        Ok(random_uuid(random).to_string())
    }
}
