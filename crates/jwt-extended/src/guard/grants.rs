//! Checks what a token grants (scopes, permissions, roles), and how and when its user logged in (RFC 9470).
//!
//! Knows verified tokens, and nothing of requests.

use std::time::Duration;

use crate::{
    http::Reason,
    time::Timestamp,
    token::{CLOCK_SKEW, Token},
};

/// Texts that a token must have in a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) source: Source,
    pub(super) needed: Needed,
    pub(super) texts: Vec<String>,
}

/// Where a token has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Scopes,
    Claim(String),
}

/// How many of them it must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needed {
    All,
    Any,
}

impl Grant {
    /// Checks that a token has the texts.
    pub(super) fn check(&self, token: &Token) -> Result<(), Reason> {
        let granted = match &self.source {
            Source::Scopes => token.scopes(),
            Source::Claim(claim) => token.granted(claim),
        };
        let has = |text: &String| granted.contains(text);
        let met = match self.needed {
            // Nobody means to open a route by an empty list.
            Needed::All => !self.texts.is_empty() && self.texts.iter().all(has),
            Needed::Any => self.texts.iter().any(has),
        };
        if met { Ok(()) } else { Err(self.refusal()) }
    }

    fn refusal(&self) -> Reason {
        let texts = self.texts.join(" ");
        match &self.source {
            Source::Scopes => Reason::InsufficientScope { scope: texts },
            Source::Claim(claim) => Reason::NotGranted { claim: claim.clone(), needed: texts },
        }
    }
}

/// How and when the user must have logged in (RFC 9470).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LoginRequirement {
    pub(super) max_age: Option<Duration>,
    /// The accepted classes; `None` for any.
    pub(super) acr: Option<Vec<String>>,
}

impl LoginRequirement {
    /// Checks when and how the user of a token logged in.
    pub(super) fn check(&self, token: &Token, leeway: Duration, now: Timestamp) -> Result<(), Reason> {
        let recent = |max_age: Duration| {
            let Some(login) = token.auth_time() else { return false };
            let skew = leeway.max(CLOCK_SKEW);
            // A login in the future is no login.
            now <= login.saturating_add(max_age).saturating_add(leeway) && login <= now.saturating_add(skew)
        };
        if !self.max_age.is_none_or(recent) {
            return Err(self.refusal("A more recent login is required"));
        }
        let accepted = |classes: &Vec<String>| token.acr().is_some_and(|acr| classes.contains(&acr));
        if !self.acr.as_ref().is_none_or(accepted) {
            return Err(self.refusal("A stronger login is required"));
        }
        Ok(())
    }

    fn refusal(&self, message: &'static str) -> Reason {
        Reason::InsufficientLogin {
            message,
            max_age: self.max_age.map(|max_age| max_age.as_secs()),
            acr_values: self.acr.as_ref().map(|classes| classes.join(" ")).unwrap_or_default(),
        }
    }
}
