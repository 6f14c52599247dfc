//! [`Issuers`]: the other issuers of an app, found by the `iss` that a token names.
//!
//! The name in an unverified token only chooses who judges it.

use std::sync::Arc;

use super::ForeignPolicy;
use crate::jose::{Limits, json, peek_payload};

/// The other issuers whose tokens an app accepts.
#[derive(Debug, Default)]
pub(crate) struct Issuers(Vec<Arc<ForeignPolicy>>);

impl Issuers {
    pub(crate) fn new(issuers: Vec<Arc<ForeignPolicy>>) -> Self {
        Self(issuers)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the issuer that a token names. Nothing of the token is verified.
    pub(crate) fn of(&self, token: &str, limits: Limits) -> Option<&Arc<ForeignPolicy>> {
        if self.is_empty() {
            return None;
        }
        let payload = peek_payload(limits, token)?;
        // The whole payload is read when the signature is verified.
        let issuer = json::peek_member(&payload, "iss")?.as_str()?;
        self.named(&issuer)
    }

    /// Returns the issuer with this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Arc<ForeignPolicy>> {
        self.0.iter().find(|known| known.name() == name)
    }
}
