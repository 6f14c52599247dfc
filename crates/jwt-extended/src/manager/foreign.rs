//! [`KnownIssuer`]: what the claims of a verified token mean, for callers that have the claims but not the token.

use super::Steps;
use crate::{
    session::Subject,
    token::{Claims, ForeignPolicy, SCOPE, scopes_in},
};

/// One of the other issuers whose tokens the app accepts.
#[derive(Clone, Copy, Debug)]
pub struct KnownIssuer<'a> {
    policy: &'a ForeignPolicy,
}

impl<'a> KnownIssuer<'a> {
    /// Returns its name: the claim `iss`.
    pub fn name(self) -> &'a str {
        self.policy.name()
    }

    /// Returns the claim that identifies the user in its tokens.
    pub fn identity_claim(self) -> &'a str {
        self.policy.identity_claim()
    }

    /// Returns a subject or a token id of its tokens in the form that stores compare, such as for
    /// [`Steps::revoke_by_id`].
    pub fn stored(self, id: &str) -> String {
        Subject::of_issuer(self.name(), id)
    }
}

impl<'a> Steps<'a> {
    /// Returns the other issuer with this name. The verified token of these claims is its own, if `iss` names it.
    pub fn issuer(self, name: &str) -> Option<KnownIssuer<'a>> {
        let policy = self.manager.inner.settings.issuers.named(name)?;
        Some(KnownIssuer { policy })
    }

    /// Returns the other issuer that a token names. Nothing of the token is verified.
    pub fn issuer_named_in(self, token: &str) -> Option<KnownIssuer<'a>> {
        let settings = &self.manager.inner.settings;
        let policy = settings.issuers.of(token, settings.policy.limits)?;
        Some(KnownIssuer { policy })
    }

    /// Returns the scopes in the claims of a verified token, as [`Token::scopes`](crate::Token::scopes) does.
    pub fn scopes_of(self, claims: &Claims, issuer: Option<KnownIssuer<'_>>) -> Vec<String> {
        match issuer {
            None => scopes_in(claims.as_json(), SCOPE),
            Some(issuer) => {
                issuer.policy.scope_claims().iter().flat_map(|claim| scopes_in(claims.as_json(), claim)).collect()
            }
        }
    }
}
