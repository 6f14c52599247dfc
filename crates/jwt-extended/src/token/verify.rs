//! Verifies a token: its signature, then its claims.
//!
//! The claims follow in PyJWT's order, except for the expiry, which comes last: an expired token has passed all other
//! checks. Knows no clock: the caller passes the time in.

use std::{sync::Arc, time::Duration};

use super::{
    Freshness, Inner, Lifetime, Span, Token, TokenError, TokenType, VerificationCache,
    slots::{Found, Pieces, Slot},
};
use crate::{
    entropy::session_opened,
    jose::{
        self, KeyRing, Limits, VerifyingKey,
        json::{self, Kind},
    },
    time::Timestamp,
};

/// How far ahead the clock of the process that issued a token may always be. Processes of one app differ by a few
/// seconds, and a token that was just issued must be valid everywhere. Only `iat` and `nbf` have this tolerance.
pub(crate) const CLOCK_SKEW: Duration = Duration::from_secs(5);

/// The rules that a token must meet, made from the configuration.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each field is one independent option of the configuration")]
pub(crate) struct Policy {
    pub(crate) limits: Limits,
    pub(crate) leeway: Duration,
    pub(crate) identity_claim: String,
    /// Whether `sub` must be a string (option `VERIFY_SUB`).
    pub(crate) verify_sub: bool,
    /// The trusted issuers; `None` for any.
    pub(crate) issuers: Option<Vec<String>>,
    pub(crate) audience: AudiencePolicy,
    /// Whether access tokens may lack `exp`.
    pub(crate) access_may_never_expire: bool,
    /// Whether refresh tokens may lack `exp`.
    pub(crate) refresh_may_never_expire: bool,
    pub(crate) missing_type_is_access: bool,
    pub(crate) unknown_type_is_other: bool,
    /// Whether times may be numbers in strings, and lie outside the range of [`Timestamp`].
    pub(crate) loose_times: bool,
    /// Whether the identity claim may have any value.
    pub(crate) any_identity: bool,
    /// Whether `csrf`, `sid` and `fresh` with a value of another kind count as absent.
    pub(crate) foreign_claims: bool,
    /// Whether a token without `jti` is refused, because it could not be revoked.
    pub(crate) require_jti: bool,
    /// The longest `jti` and subject, in bytes: with a store, as long as every store accepts them.
    pub(crate) longest_id: Option<usize>,
    /// How long a token may live: with a store, as long as it remembers revocations.
    pub(crate) longest_lifetime: Lifetime,
    /// The tokens that were verified; the same for all policies of a manager.
    pub(crate) cache: Option<Arc<VerificationCache>>,
}

/// How `aud` is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AudiencePolicy {
    /// The claim must name one of these.
    OneOf(Vec<String>),
    /// No audience is configured: a token with the claim is meant for another service (RFC 7519 section 4.1.3).
    Unexpected,
    /// The claim is ignored.
    Ignored,
}

/// Verifies a token against the policy, at this time.
pub(crate) fn verify(policy: &Policy, ring: &KeyRing, compact: &str, now: Timestamp) -> Result<Token, TokenError> {
    let verified = jose::verify_by_key(policy.limits, ring, compact);
    let (verified, key) = verified.map_err(|error| placeholder(compact).unwrap_or(error.into()))?;
    let (text, payload_len) = verified.into_parts();
    let found = Found::scan(&text[..payload_len], &policy.identity_claim)?;

    let issued_at = policy.time("iat", found.iat, &text, "Issued At claim (iat) must be an integer.")?;
    policy.check_begin("iat", issued_at, now)?;
    let not_before = policy.time("nbf", found.nbf, &text, "Not Before claim (nbf) must be an integer.")?;
    policy.check_begin("nbf", not_before, now)?;
    let expires_at = policy.time("exp", found.exp, &text, "Expiration Time claim (exp) must be an integer.")?;
    policy.check_issuer(found.iss, &text)?;
    policy.check_audience(found.aud, &text)?;
    if policy.verify_sub && found.sub.is_some_and(|sub| !sub.is_string()) {
        return Err(value("sub", "Subject must be a string"));
    }
    let missing = |name: &str| TokenError::MissingClaim(name.to_owned());
    let jti = string("jti", found.jti, "JWT ID must be a string")?;
    if jti.is_none() && policy.require_jti {
        return Err(missing("jti"));
    }
    let is_usable = |slot: &Slot| policy.any_identity || !slot.is_empty_identity();
    let subject = found.identity.filter(is_usable).ok_or_else(|| missing(&policy.identity_claim))?;
    policy.check_id("jti", jti, &text)?;
    let subject_key = subject.key(&text)?;
    match &subject_key {
        Some(key) if policy.is_too_long(key.len()) => return Err(value("sub", TOO_LONG)),
        Some(_) => {}
        None => policy.check_id("sub", Some(subject), &text)?,
    }
    let csrf = policy.own_string("csrf", found.csrf, "The csrf claim must be a string")?;
    let session = policy.own_string("sid", found.sid, "The sid claim must be a string")?;
    let session_opened = session.and_then(|slot| session_opened(&slot.value(&text).as_str()?));
    let kind = policy.token_type(found.kind, &text)?;
    let freshness = policy.freshness(found.fresh, &text)?;
    if expires_at.is_none() && !policy.may_never_expire(kind) {
        return Err(missing("exp"));
    }
    policy.check_lifetime(issued_at, expires_at)?;

    let header_end = text.len();
    let mut pieces = Pieces { text };
    let (name, subject) = if let Some(key) = subject_key {
        let Span { start, len } = pieces.append(&key);
        // What stands behind the control character that marks it.
        (Span { start: start + 1, len: len - 1 }, Span { start, len })
    } else {
        let name = pieces.content(subject);
        (name, name)
    };
    let [jti, csrf, session] = [jti, csrf, session].map(|slot| slot.map(|slot| pieces.content(slot)));
    let token = Token {
        inner: Arc::new(Inner {
            text: pieces.text,
            payload_len,
            header_end,
            kind,
            freshness,
            issued_at,
            not_before,
            expires_at,
            name,
            subject,
            jti,
            jti_key: jti,
            csrf,
            session,
            session_opened,
            origin: None,
        }),
        location: None,
    };
    policy.finish(compact, key, token, now)
}

const TOO_LONG: &str = "The token's id or subject is longer than a store keeps";

impl Policy {
    /// Checks the expiry of a token that has passed all other checks, and keeps it in the cache.
    pub(super) fn finish(
        &self,
        compact: &str,
        key: &VerifyingKey,
        token: Token,
        now: Timestamp,
    ) -> Result<Token, TokenError> {
        let token = self.unless_expired(token, now)?;
        if let Some(cache) = &self.cache {
            cache.keep(compact, key, &token, now);
        }
        Ok(token)
    }

    /// Checks a token that was verified before: only the time has changed since.
    pub(crate) fn verify_again(&self, token: Token, now: Timestamp) -> Result<Token, TokenError> {
        self.check_begin("iat", token.issued_at(), now)?;
        self.check_begin("nbf", token.not_before(), now)?;
        self.unless_expired(token, now)
    }

    fn unless_expired(&self, token: Token, now: Timestamp) -> Result<Token, TokenError> {
        match token.expires_at() {
            Some(end) if now >= end.saturating_add(self.leeway) => Err(TokenError::Expired(token)),
            _ => Ok(token),
        }
    }

    /// Checks that a token's id or subject is one that every store can keep.
    fn check_id(&self, claim: &'static str, slot: Option<Slot>, text: &str) -> Result<(), TokenError> {
        // Escapes only make the text longer, so most claims need no second look.
        let Some(slot) = slot.filter(|slot| self.is_too_long(slot.len as usize)) else { return Ok(()) };
        let length = slot.value(text).as_str().map_or(0, |content| content.len());
        if self.is_too_long(length) { Err(value(claim, TOO_LONG)) } else { Ok(()) }
    }

    pub(super) fn is_too_long(&self, length: usize) -> bool {
        self.longest_id.is_some_and(|longest| length > longest)
    }

    pub(super) fn time(
        &self,
        claim: &'static str,
        slot: Option<Slot>,
        text: &str,
        message: &'static str,
    ) -> Result<Option<Timestamp>, TokenError> {
        let Some(slot) = slot else { return Ok(None) };
        let time = slot.time(text).or_else(|| slot.loose_time(text).filter(|_| self.loose_times));
        time.map(Some).ok_or_else(|| value(claim, message))
    }

    pub(super) fn check_begin(
        &self,
        claim: &'static str,
        begin: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), TokenError> {
        let early = begin.is_some_and(|begin| begin > now.saturating_add(self.leeway.max(CLOCK_SKEW)));
        if early { Err(TokenError::NotYetValid(claim)) } else { Ok(()) }
    }

    /// Reads a string claim of ours, whose name other issuers may use for something else.
    fn own_string(
        &self,
        claim: &'static str,
        slot: Option<Slot>,
        message: &'static str,
    ) -> Result<Option<Slot>, TokenError> {
        string(claim, slot.filter(|slot| slot.is_string() || !self.foreign_claims), message)
    }

    fn freshness(&self, fresh: Option<Slot>, text: &str) -> Result<Freshness, TokenError> {
        let Some(slot) = fresh else { return Ok(Freshness::Stale) };
        match slot.kind {
            Kind::True => Some(Freshness::Fresh),
            Kind::False => Some(Freshness::Stale),
            Kind::Number => slot.time(text).map(Freshness::Until),
            _ => None,
        }
        .or(self.foreign_claims.then_some(Freshness::Stale))
        .ok_or_else(|| value("fresh", "The fresh claim must be true, false or a time"))
    }

    pub(super) fn check_issuer(&self, iss: Option<Slot>, text: &str) -> Result<(), TokenError> {
        let Some(issuers) = &self.issuers else { return Ok(()) };
        let iss = iss.ok_or(TokenError::MissingExpected("iss"))?;
        let iss = iss.value(text).as_str().ok_or_else(|| value("iss", "Payload Issuer (iss) must be a string"))?;
        if issuers.iter().any(|issuer| *issuer == iss) { Ok(()) } else { Err(TokenError::Issuer) }
    }

    pub(super) fn check_audience(&self, aud: Option<Slot>, text: &str) -> Result<(), TokenError> {
        const MALFORMED: TokenError = TokenError::ClaimValue { claim: "aud", message: "Invalid claim format in token" };
        let (expected, aud) = match (&self.audience, aud) {
            (AudiencePolicy::Ignored, _) | (AudiencePolicy::Unexpected, None) => return Ok(()),
            (AudiencePolicy::Unexpected, Some(_)) => return Err(TokenError::Audience),
            (AudiencePolicy::OneOf(_), None) => return Err(TokenError::MissingExpected("aud")),
            (AudiencePolicy::OneOf(expected), Some(aud)) => (expected, aud.value(text)),
        };
        let named = match aud.as_str() {
            Some(one) => vec![one.into_owned()],
            None => json::strings_of_array(aud.text).ok_or(MALFORMED)?,
        };
        if named.is_empty() || named.iter().any(String::is_empty) {
            return Err(MALFORMED);
        }
        if named.iter().any(|name| expected.contains(name)) { Ok(()) } else { Err(TokenError::Audience) }
    }

    fn token_type(&self, kind: Option<Slot>, text: &str) -> Result<TokenType, TokenError> {
        let Some(slot) = kind else {
            let missing = || TokenError::MissingClaim("type".to_owned());
            return self.missing_type_is_access.then_some(TokenType::Access).ok_or_else(missing);
        };
        match slot.value(text).as_str().as_deref() {
            Some("access") => Ok(TokenType::Access),
            Some("refresh") => Ok(TokenType::Refresh),
            _ if self.unknown_type_is_other => Ok(TokenType::Other),
            _ => Err(value("type", "The type claim must be \"access\" or \"refresh\"")),
        }
    }

    /// Refuses a token that lives longer than the store remembers revocations. The token's own `iat` and `exp` count,
    /// so that a revoked token does not become valid again by waiting.
    pub(super) fn check_lifetime(&self, issued: Option<Timestamp>, end: Option<Timestamp>) -> Result<(), TokenError> {
        let (Lifetime::For(longest), Some(end)) = (self.longest_lifetime, end) else { return Ok(()) };
        let issued = issued.ok_or_else(|| TokenError::MissingClaim("iat".to_owned()))?;
        // Issuing rounds both times down to the second, which may lengthen the lifetime to the next whole second.
        let whole = Duration::from_secs(longest.as_secs().saturating_add(u64::from(longest.subsec_nanos() > 0)));
        if end > issued.saturating_add(whole) {
            return Err(value("exp", "The token lives longer than it may here"));
        }
        Ok(())
    }

    fn may_never_expire(&self, kind: TokenType) -> bool {
        match kind {
            TokenType::Refresh => self.refresh_may_never_expire,
            TokenType::Access | TokenType::Other => self.access_may_never_expire,
        }
    }
}

/// Returns the error for a text that programs send if they have no token: JavaScript's and Python's words for nothing.
fn placeholder(token: &str) -> Option<TokenError> {
    ["null", "undefined", "None", "NaN", "[object Object]"]
        .into_iter()
        .find(|word| *word == token)
        .map(TokenError::Placeholder)
}

fn string(claim: &'static str, slot: Option<Slot>, message: &'static str) -> Result<Option<Slot>, TokenError> {
    match slot {
        Some(slot) if !slot.is_string() => Err(value(claim, message)),
        slot => Ok(slot),
    }
}

const fn value(claim: &'static str, message: &'static str) -> TokenError {
    TokenError::ClaimValue { claim, message }
}
