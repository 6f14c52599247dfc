//! The store that a manager has: none, one of revocations, or one of sessions.

use std::sync::Arc;

use crate::{
    config::Store,
    session::{Ending, Revocation, RevocationStore, RevokedToken, SessionStore, Standing, StoreError, TokenIds},
};

/// Which store there is.
pub(super) enum Stores {
    None,
    Revocations(Arc<dyn RevocationStore>),
    Sessions(Arc<dyn SessionStore>),
}

impl Stores {
    /// What the configuration needs to know of it.
    pub(super) fn kind(&self) -> Store {
        match self {
            Self::None => Store::Absent,
            Self::Revocations(_) => Store::Revocations,
            Self::Sessions(_) => Store::Sessions,
        }
    }

    pub(super) fn sessions(&self) -> Result<&dyn SessionStore, StoreError> {
        match self {
            Self::None => Err(StoreError::NoStore),
            Self::Revocations(_) => Err(StoreError::NoSessions),
            Self::Sessions(store) => Ok(&**store),
        }
    }

    pub(super) async fn standing(&self, token: &TokenIds<'_>) -> Result<Standing, StoreError> {
        match self {
            Self::None => Ok(Standing::Good),
            Self::Revocations(store) => store.standing(token).wait().await,
            Self::Sessions(store) => store.standing(token).wait().await,
        }
    }

    pub(super) async fn revoke_token(&self, token: RevokedToken<'_>) -> Result<(), StoreError> {
        let RevokedToken { jti, until, now, .. } = token;
        match self {
            Self::None => Err(StoreError::NoStore),
            Self::Revocations(store) => store.revoke(&Revocation::Token { jti, until, now }).wait().await,
            Self::Sessions(store) => store.revoke(&token).wait().await,
        }
    }

    /// Ends sessions: where only revocations are kept, by revoking them.
    pub(super) async fn end(&self, ending: Ending<'_>, revocation: Revocation<'_>) -> Result<(), StoreError> {
        match self {
            Self::None => Err(StoreError::NoStore),
            Self::Revocations(store) => store.revoke(&revocation).wait().await,
            Self::Sessions(store) => store.end(&ending).wait().await.map(|_| ()),
        }
    }
}
