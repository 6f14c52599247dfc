//! Verifies a token of another issuer, by that issuer's keys and rules alone.
//!
//! The order is that of our own tokens, in `token::verify`. Knows no clock: the caller passes the time in.

use std::{borrow::Cow, sync::Arc, time::Duration};

use super::{AccessTokens, Issuer, Origin};
use crate::{
    jose::{self, JwsError, KeySource, Limits, Typ, VerifyingKey},
    session::{foreign_key, foreign_key_length},
    time::Timestamp,
    token::{
        AudiencePolicy, Freshness, Inner, Policy, Span, Token, TokenError, TokenType, VerificationCache,
        slots::{Found, Pieces, Slot},
    },
};

/// An issuer's rules, made from an [`Issuer`] and the app's configuration.
#[derive(Debug)]
pub(crate) struct ForeignPolicy {
    policy: Policy,
    audience_claim: Cow<'static, str>,
    access_tokens: AccessTokens,
    subjects: Option<Vec<String>>,
    keys: Arc<dyn KeySource>,
    origin: Arc<Origin>,
}

/// What the app's own configuration adds to an issuer's rules.
#[derive(Clone, Debug)]
pub(crate) struct StoreRules {
    pub(crate) limits: Limits,
    pub(crate) leeway: Duration,
    /// The longest token id and subject, issuer included, in bytes: with a store, as long as every store accepts them.
    pub(crate) longest_id: Option<usize>,
    /// The tokens that were verified.
    pub(crate) cache: Option<Arc<VerificationCache>>,
}

impl ForeignPolicy {
    pub(crate) fn new(issuer: Issuer, rules: StoreRules) -> Self {
        let Issuer { provider, audiences, subjects, keys } = issuer;
        let policy = Policy {
            limits: Limits { algorithms: provider.algorithms, typ: Typ::OwnKinds, ..rules.limits },
            leeway: rules.leeway,
            identity_claim: provider.identity_claim.into_owned(),
            verify_sub: true,
            issuers: Some(vec![provider.name.clone()]),
            audience: AudiencePolicy::OneOf(audiences),
            access_may_never_expire: false,
            refresh_may_never_expire: false,
            missing_type_is_access: true,
            unknown_type_is_other: false,
            loose_times: false,
            any_identity: false,
            foreign_claims: true,
            require_jti: provider.requires_jti,
            longest_id: rules.longest_id,
            longest_lifetime: provider.longest_lifetime,
            cache: rules.cache,
        };
        Self {
            policy,
            audience_claim: provider.audience_claim,
            access_tokens: provider.access_tokens,
            subjects,
            keys,
            origin: Arc::new(Origin { name: provider.name, scope_claims: provider.scope_claims }),
        }
    }

    /// Returns the issuer's `iss`.
    pub(crate) fn name(&self) -> &str {
        &self.origin.name
    }

    /// Returns the claim that identifies the user.
    pub(crate) fn identity_claim(&self) -> &str {
        &self.policy.identity_claim
    }

    /// Returns the claims that hold scopes.
    pub(crate) fn scope_claims(&self) -> &[Cow<'static, str>] {
        &self.origin.scope_claims
    }

    /// Returns where the issuer's keys come from.
    pub(crate) fn keys(&self) -> &dyn KeySource {
        &*self.keys
    }

    /// Checks a token of this issuer that a key verified before; `None` if that key is not known now.
    pub(crate) fn verify_again(
        &self,
        key: &VerifyingKey,
        token: Token,
        now: Timestamp,
    ) -> Option<Result<Token, TokenError>> {
        self.keys.current()?.has(key).then(|| self.policy.verify_again(token, now))
    }

    /// Verifies a token with the keys that are known now.
    pub(crate) fn verify(&self, compact: &str, now: Timestamp) -> Result<Token, TokenError> {
        let policy = &self.policy;
        let ring = self.keys.current().ok_or_else(|| TokenError::NoKeys(self.name().to_owned()))?;
        let (verified, key) = jose::verify_by_key(policy.limits, &ring, compact)?;
        let (text, payload_len) = verified.into_parts();
        let (payload, header) = text.split_at(payload_len);
        let (mut evidence, mut audience) = (self.access_tokens.evidence(), None);
        let found = Found::scan_with(payload, &policy.identity_claim, |name, value| {
            evidence.note(name, value);
            if name == self.audience_claim {
                audience = Slot::of(value);
            }
        })?;

        let issued_at = policy.time("iat", found.iat, &text, "Issued At claim (iat) must be an integer.")?;
        policy.check_begin("iat", issued_at, now)?;
        let not_before = policy.time("nbf", found.nbf, &text, "Not Before claim (nbf) must be an integer.")?;
        policy.check_begin("nbf", not_before, now)?;
        let expires_at = policy.time("exp", found.exp, &text, "Expiration Time claim (exp) must be an integer.")?;
        policy.check_issuer(found.iss, &text)?;
        policy.check_audience(audience, &text)?;
        evidence.judge(header)?;
        let missing = |name: &str| TokenError::MissingClaim(name.to_owned());
        if expires_at.is_none() {
            return Err(missing("exp"));
        }
        policy.check_lifetime(issued_at, expires_at)?;
        let content = |claim: &'static str, slot: Option<Slot>, message: &'static str| match slot {
            Some(slot) => match slot.value(&text).as_str() {
                Some(content) => Ok(Some(content.into_owned())),
                None => Err(TokenError::ClaimValue { claim, message }),
            },
            None => Ok(None),
        };
        let subject = content("sub", found.identity, "Subject must be a string")?.filter(|subject| !subject.is_empty());
        let subject = subject.ok_or_else(|| missing(&policy.identity_claim))?;
        if self.subjects.as_ref().is_some_and(|admitted| !admitted.contains(&subject)) {
            return Err(TokenError::ClaimValue { claim: "sub", message: "The token's subject is not admitted" });
        }
        let jti = content("jti", found.jti, "JWT ID must be a string")?;
        if jti.is_none() && policy.require_jti {
            return Err(missing("jti"));
        }
        let ids = [Some(&subject), jti.as_ref()];
        let in_stores = |id: &String| foreign_key_length(self.name(), id);
        if ids.into_iter().flatten().any(|id| policy.is_too_long(in_stores(id))) {
            return Err(TokenError::ClaimValue {
                claim: "sub",
                message: "The token's id or subject is longer than a store keeps",
            });
        }

        let header_end = text.len();
        let mut pieces = Pieces { text };
        let (name, subject) = self.append(&mut pieces, &subject);
        let jti = jti.map(|jti| self.append(&mut pieces, &jti));
        let token = Token {
            inner: Arc::new(Inner {
                text: pieces.text,
                payload_len,
                header_end,
                kind: TokenType::Access,
                freshness: Freshness::Stale,
                issued_at,
                not_before,
                expires_at,
                name,
                subject,
                jti: jti.map(|(jti, _)| jti),
                jti_key: jti.map(|(_, key)| key),
                csrf: None,
                session: None,
                session_opened: None,
                origin: Some(Arc::clone(&self.origin)),
            }),
            location: None,
        };
        policy.finish(compact, key, token, now)
    }

    /// Appends the form in which stores know an id of this issuer. Returns the places of the id alone, and of all of
    /// it.
    fn append(&self, pieces: &mut Pieces, id: &str) -> (Span, Span) {
        let key = foreign_key(self.name(), id);
        let whole = pieces.append(&key);
        (Span { start: whole.start + key.len() - id.len(), len: id.len() }, whole)
    }
}

/// Returns whether other keys might verify a token that was refused for this reason.
pub(crate) fn needs_keys(error: &TokenError) -> bool {
    matches!(error, TokenError::NoKeys(_) | TokenError::Jws(JwsError::UnknownKey | JwsError::AlgorithmNotAllowed))
}
