//! The store that a manager has: none, one of revocations, or one of sessions.

use std::sync::Arc;

use crate::session::{
    EndSessions, RevocationStore, RevokeRequest, RevokedToken, SessionStore, StoreError, StoreKind, TokenIds,
    TokenStatus,
};

/// Which store there is.
pub(super) enum Stores {
    None,
    Revocations(Arc<dyn RevocationStore>),
    Sessions(Arc<dyn SessionStore>),
}

impl Stores {
    /// What the configuration needs to know of it.
    pub(super) fn kind(&self) -> StoreKind {
        match self {
            Self::None => StoreKind::None,
            Self::Revocations(_) => StoreKind::Revocations,
            Self::Sessions(_) => StoreKind::Sessions,
        }
    }

    pub(super) fn sessions(&self) -> Result<&dyn SessionStore, StoreError> {
        match self {
            Self::None => Err(StoreError::NoStore),
            Self::Revocations(_) => Err(StoreError::NoSessions),
            Self::Sessions(store) => Ok(&**store),
        }
    }

    pub(super) async fn status(&self, token: &TokenIds<'_>) -> Result<TokenStatus, StoreError> {
        match self {
            Self::None => Ok(TokenStatus::Active),
            Self::Revocations(store) => store.status(token).wait().await,
            Self::Sessions(store) => store.status(token).wait().await,
        }
    }

    /// Asks the store itself, which may not be this process's memory of it: for what is issued for a token, because a
    /// revocation of the token does not reach that.
    pub(super) async fn ask(&self, token: &TokenIds<'_>) -> Result<TokenStatus, StoreError> {
        match self {
            Self::Sessions(store) => store.standing(token).wait().await.map(|standing| standing.status),
            Self::None | Self::Revocations(_) => self.status(token).await,
        }
    }

    pub(super) async fn revoke_token(&self, token: RevokedToken<'_>) -> Result<(), StoreError> {
        let RevokedToken { jti, until, now, .. } = token;
        match self {
            Self::None => Err(StoreError::NoStore),
            Self::Revocations(store) => store.revoke(&RevokeRequest::Token { jti, until, now }).wait().await,
            Self::Sessions(store) => store.revoke(&token).wait().await,
        }
    }

    /// Ends sessions, and returns how many were open. A store of revocations alone records the revocation, and knows of
    /// no sessions to count.
    pub(super) async fn end(
        &self,
        sessions: EndSessions<'_>,
        revocation: RevokeRequest<'_>,
    ) -> Result<u64, StoreError> {
        match self {
            Self::None => Err(StoreError::NoStore),
            Self::Revocations(store) => store.revoke(&revocation).wait().await.map(|()| 0),
            Self::Sessions(store) => store.end(&sessions).wait().await,
        }
    }
}
