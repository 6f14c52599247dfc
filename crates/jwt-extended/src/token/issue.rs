//! Signs a token: the claims of Flask-JWT-Extended in its order.
//!
//! `fresh, iat, jti, type, <identity claim>, nbf, csrf, aud, iss, exp`, then `sid`, then the app's own. Knows no clock
//! and no source of randomness: the caller passes both in.

use std::{borrow::Cow, collections::BTreeMap, fmt::Write as _, ops::Range};

use super::{Claims, Freshness, IssueError, Issued, Lifetime, TokenType, claims::to_ascii_json, issued::Facts};
use crate::{
    entropy::{Entropy, random_uuid},
    jose::{self, Key, json},
    session::NOT_A_STRING,
    time::Timestamp,
};

/// The settings that every issued token follows, made from the configuration.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each field is one independent option of the configuration")]
pub(crate) struct IssuePolicy {
    pub(crate) identity_claim: String,
    pub(crate) audience: Vec<String>,
    pub(crate) issuer: Option<String>,
    pub(crate) not_before: bool,
    pub(crate) csrf: bool,
    pub(crate) max_length: usize,
    /// The longest lifetime that a token may get, if revocations are remembered for a limited time.
    pub(crate) longest_lifetime: Lifetime,
    pub(crate) access_may_never_expire: bool,
    pub(crate) refresh_may_never_expire: bool,
    /// Whether the identity may be the empty string.
    pub(crate) any_identity: bool,
    /// The longest subject and token id, in bytes: with a store, as long as every store accepts them.
    pub(crate) longest_id: Option<usize>,
}

/// A token that is about to be issued.
pub(crate) struct Draft<'a> {
    pub(crate) kind: TokenType,
    pub(crate) subject: Cow<'a, str>,
    pub(crate) freshness: Freshness,
    pub(crate) lifetime: Lifetime,
    pub(crate) session: Option<Cow<'a, str>>,
    /// The token id that a store knows already; `None` for a new one.
    pub(crate) jti: Option<Cow<'a, str>>,
    /// The CSRF value of the token before, so that open pages keep working; `None` for a new one.
    pub(crate) csrf: Option<Cow<'a, str>>,
    /// Later claims replace earlier ones of the same name; only some may override the token's own.
    pub(crate) additional_claims: Vec<(Claims, Override)>,
    pub(crate) additional_headers: Vec<Claims>,
}

/// Whether additional claims may override the token's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Override {
    Refused,
    Allowed,
}

impl Draft<'_> {
    /// Whether the app sets more than its own claims, so that this manager might refuse the result.
    pub(crate) fn is_unusual(&self) -> bool {
        self.additional_claims.iter().any(|(_, overrides)| *overrides == Override::Allowed)
            || !self.additional_headers.iter().all(Claims::is_empty)
    }

    /// Checks the draft against the policy, writes its claims and signs them.
    pub(crate) fn issue(
        &self,
        policy: &IssuePolicy,
        key: &Key,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Issued, IssueError> {
        self.check(policy)?;
        let (payload, facts) = self.payload(policy, now, entropy)?;
        let text = if self.additional_headers.iter().all(Claims::is_empty) {
            jose::sign(key, &payload)?
        } else {
            jose::sign_with_header(key, &self.header(key)?, &payload)?
        };
        if text.len() > policy.max_length {
            return Err(IssueError::TooLong { length: text.len(), limit: policy.max_length });
        }
        Ok(Issued::new(text, payload, facts))
    }

    fn check(&self, policy: &IssuePolicy) -> Result<(), IssueError> {
        if self.subject.is_empty() && !policy.any_identity {
            return Err(IssueError::EmptySubject);
        }
        if self.subject.starts_with(NOT_A_STRING) {
            return Err(IssueError::ControlCharacter);
        }
        let ids = [Some(&self.subject), self.jti.as_ref()];
        let too_long = |id: &&Cow<'_, str>| policy.longest_id.is_some_and(|longest| id.len() > longest);
        if ids.into_iter().flatten().any(|id| too_long(&id)) {
            return Err(IssueError::TooLongId { limit: policy.longest_id.unwrap_or_default() });
        }
        if self.session.as_deref() == Some("") {
            return Err(IssueError::EmptySession);
        }
        let may_never_expire = match self.kind {
            TokenType::Refresh => policy.refresh_may_never_expire,
            TokenType::Access | TokenType::Other => policy.access_may_never_expire,
        };
        if self.lifetime == Lifetime::Never && !may_never_expire {
            return Err(IssueError::NeverRefused);
        }
        let protected = self.additional_claims.iter().filter(|(_, overrides)| *overrides == Override::Refused);
        let mut names = protected.flat_map(|(claims, _)| claims.members()).map(|(name, _)| name);
        if let Some(name) = names.find(|name| is_our_claim(name, &policy.identity_claim)) {
            return Err(IssueError::ReservedClaim(name.into_owned()));
        }
        if self.lifetime.max(policy.longest_lifetime) != policy.longest_lifetime {
            return Err(IssueError::TooLongLived);
        }
        Ok(())
    }

    /// Writes the payload, and notes where in it the facts are that [`Issued`] hands out.
    fn payload(
        &self,
        policy: &IssuePolicy,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(String, Facts), IssueError> {
        // One call for all the randomness: it is the most expensive part of issuing after the signature.
        let mut random = [[0; 16]; 2];
        entropy.fill(random.as_flattened_mut())?;
        let [jti, csrf] = random.map(random_uuid);

        let mut object = Object::new(&self.additional_claims);
        match self.freshness {
            Freshness::Stale => object.raw("fresh", "false"),
            Freshness::Fresh => object.raw("fresh", "true"),
            Freshness::Until(until) => object.display("fresh", until),
        };
        object.display("iat", now.as_secs());
        let jti = match &self.jti {
            Some(jti) => object.string("jti", jti),
            None => object.uuid("jti", jti),
        };
        let kind = object.string("type", self.kind.name());
        let subject = object.string(&policy.identity_claim, &self.subject);
        if policy.not_before {
            object.display("nbf", now.as_secs());
        }
        let csrf = match &self.csrf {
            Some(csrf) if policy.csrf => Some(object.string("csrf", csrf)),
            None if policy.csrf => Some(object.uuid("csrf", csrf)),
            _ => None,
        };
        match policy.audience.as_slice() {
            [] => {}
            [one] => drop(object.string("aud", one)),
            several => drop(object.raw("aud", &to_ascii_json(several)?)),
        }
        if let Some(issuer) = &policy.issuer {
            object.string("iss", issuer);
        }
        let expires_at = match self.lifetime {
            Lifetime::For(duration) => Some(object.display("exp", now.saturating_add(duration).as_secs())),
            Lifetime::Never => None,
        };
        let session = self.session.as_ref().map(|session| object.string("sid", session));
        let facts = Facts { issued_at: now, kind, subject, jti, csrf, session, expires_at };
        Ok(object.finish(facts))
    }

    /// Returns the key's header with the additional members, sorted by name. `typ: null` removes the `typ`.
    fn header(&self, key: &Key) -> Result<String, IssueError> {
        let mut members = BTreeMap::from([("typ".to_owned(), "\"JWT\"".to_owned())]);
        if let Some(kid) = key.kid() {
            members.insert("kid".into(), to_ascii_json(kid)?);
        }
        for (name, value) in self.additional_headers.iter().flat_map(Claims::members) {
            let fixed = matches!(name.as_ref(), "alg" | "crit" | "b64") || (name == "kid" && key.kid().is_some());
            if fixed && !(name == "alg" && value == format!("\"{}\"", key.algorithm())) {
                return Err(IssueError::ReservedHeader(name.into_owned()));
            }
            if name == "typ" && value == "null" {
                members.remove("typ");
            } else {
                members.insert(name.into_owned(), value.to_owned());
            }
        }
        members.insert("alg".into(), format!("\"{}\"", key.algorithm()));
        let mut header = String::from("{");
        for (name, value) in &members {
            if header.len() > 1 {
                header.push(',');
            }
            json::push_string(name, &mut header);
            header.push(':');
            header.push_str(value);
        }
        header.push('}');
        Ok(header)
    }
}

/// A payload that is being written.
struct Object<'a> {
    text: String,
    /// The additional claims that are not written yet.
    additional: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> Object<'a> {
    fn new(additional_claims: &'a [(Claims, Override)]) -> Self {
        let mut additional: Vec<(Cow<'a, str>, &'a str)> = Vec::new();
        let mut length = 320;
        for (name, value) in additional_claims.iter().flat_map(|(claims, _)| claims.members()) {
            length += name.len() + value.len() + 4;
            match additional.iter_mut().find(|(known, _)| *known == name) {
                Some(known) => known.1 = value,
                None => additional.push((name, value)),
            }
        }
        let mut text = String::with_capacity(length);
        text.push('{');
        Self { text, additional }
    }

    fn display(&mut self, name: &str, value: impl std::fmt::Display) -> Range<usize> {
        self.member(name, |text| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{value}");
        })
    }

    fn raw(&mut self, name: &str, value: &str) -> Range<usize> {
        self.member(name, |text| text.push_str(value))
    }

    fn string(&mut self, name: &str, value: &str) -> Range<usize> {
        self.member(name, |text| json::push_string(value, text))
    }

    fn uuid(&mut self, name: &str, value: uuid::Uuid) -> Range<usize> {
        self.string(name, value.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()))
    }

    /// Writes one of the token's own claims, or the additional claim that overrides it. Returns where its value is.
    fn member(&mut self, name: &str, write: impl FnOnce(&mut String)) -> Range<usize> {
        self.name(name);
        let start = self.text.len();
        match self.additional.iter().position(|(additional, _)| additional == name) {
            Some(at) => self.text.push_str(self.additional.remove(at).1),
            None => write(&mut self.text),
        }
        start..self.text.len()
    }

    fn name(&mut self, name: &str) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        json::push_string(name, &mut self.text);
        self.text.push(':');
    }

    /// Writes the other additional claims. One of them may be a fact that the token would not have otherwise.
    fn finish(mut self, mut facts: Facts) -> (String, Facts) {
        for (name, value) in std::mem::take(&mut self.additional) {
            self.name(&name);
            let start = self.text.len();
            self.text.push_str(value);
            let fact = match name.as_ref() {
                "csrf" => &mut facts.csrf,
                "sid" => &mut facts.session,
                "exp" => &mut facts.expires_at,
                _ => continue,
            };
            *fact = Some(start..self.text.len());
        }
        self.text.push('}');
        (self.text, facts)
    }
}

/// Returns the app's own claims in a token's payload: all but those that the engine writes.
pub(crate) fn own_claims(payload: &str, identity_claim: &str) -> Claims {
    let mut own = String::from("{");
    // The payload was scanned when its token was verified: there is no error to report.
    let _ = json::scan_object(payload, |name, value| {
        if !is_our_claim(&name, identity_claim) {
            if own.len() > 1 {
                own.push(',');
            }
            json::push_string(&name, &mut own);
            own.push(':');
            own.push_str(value.text);
        }
    });
    own.push('}');
    Claims::of_scanned(own)
}

/// The names of the claims that the engine writes, besides the identity claim.
pub(crate) const OUR_CLAIMS: [&str; 10] = ["fresh", "iat", "jti", "type", "nbf", "csrf", "aud", "iss", "exp", "sid"];

fn is_our_claim(name: &str, identity_claim: &str) -> bool {
    name == identity_claim || OUR_CLAIMS.contains(&name)
}
