//! Making a token's text: the claims of Flask-JWT-Extended in its order, signed.
//!
//! `fresh, iat, jti, type, <identity claim>, nbf, csrf, aud, iss, exp`, then `sid`, then the app's own. Knows no clock
//! and no source of randomness: both are handed in.

use std::{borrow::Cow, collections::BTreeMap, fmt::Write as _};

use super::{Claims, Freshness, IssueError, Lifetime, TokenType, claims::to_ascii_json};
use crate::{
    entropy::{Entropy, random_uuid},
    jose::{self, Key, json},
    time::Timestamp,
};

/// What an app puts into every token, made from its configuration.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one option of the configuration, already decided")]
pub(crate) struct IssuePolicy {
    pub(crate) identity_claim: String,
    pub(crate) audience: Vec<String>,
    pub(crate) issuer: Option<String>,
    pub(crate) not_before: bool,
    pub(crate) csrf: bool,
    pub(crate) max_length: usize,
    /// The longest life that may be given, if revocations are remembered for a limited time.
    pub(crate) longest_lifetime: Lifetime,
    pub(crate) access_may_never_expire: bool,
    pub(crate) refresh_may_never_expire: bool,
    /// Whether the identity may be the empty text.
    pub(crate) any_identity: bool,
}

/// One token to be made.
pub(crate) struct Draft<'a> {
    pub(crate) kind: TokenType,
    pub(crate) subject: Cow<'a, str>,
    pub(crate) freshness: Freshness,
    pub(crate) lifetime: Lifetime,
    pub(crate) session: Option<Cow<'a, str>>,
    /// A name that was told to a store; `None` for a new one.
    pub(crate) jti: Option<Cow<'a, str>>,
    /// A value to carry on; `None` for a new one.
    pub(crate) csrf: Option<Cow<'a, str>>,
    /// Later ones replace earlier ones of the same name; only some may replace the token's own.
    pub(crate) additional_claims: Vec<(Claims, Replacement)>,
    pub(crate) additional_headers: Vec<Claims>,
}

/// Whether additional claims may replace the token's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replacement {
    Refused,
    Allowed,
}

impl Draft<'_> {
    /// Whether the app has a hand in more than its own claims, so that the outcome may be no token of ours.
    pub(crate) fn is_unusual(&self) -> bool {
        self.additional_claims.iter().any(|(_, replacement)| *replacement == Replacement::Allowed)
            || !self.additional_headers.iter().all(Claims::is_empty)
    }

    /// Signs the token.
    pub(crate) fn issue(
        &self,
        policy: &IssuePolicy,
        key: &Key,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<String, IssueError> {
        self.check(policy)?;
        let payload = self.payload(policy, now, entropy)?;
        let token = if self.additional_headers.iter().all(Claims::is_empty) {
            jose::sign(key, &payload)?
        } else {
            jose::sign_with_header(key, &self.header(key)?, &payload)?
        };
        if token.len() > policy.max_length {
            return Err(IssueError::TooLong { length: token.len(), limit: policy.max_length });
        }
        Ok(token)
    }

    fn check(&self, policy: &IssuePolicy) -> Result<(), IssueError> {
        if self.subject.is_empty() && !policy.any_identity {
            return Err(IssueError::EmptySubject);
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
        let protected = self.additional_claims.iter().filter(|(_, replacement)| *replacement == Replacement::Refused);
        let mut names = protected.flat_map(|(claims, _)| claims.members()).map(|(name, _)| name);
        if let Some(name) = names.find(|name| is_our_claim(name, &policy.identity_claim)) {
            return Err(IssueError::ReservedClaim(name.into_owned()));
        }
        if self.lifetime.max(policy.longest_lifetime) != policy.longest_lifetime {
            return Err(IssueError::TooLongLived);
        }
        Ok(())
    }

    fn payload(&self, policy: &IssuePolicy, now: Timestamp, entropy: &dyn Entropy) -> Result<String, IssueError> {
        // One call for all the randomness: it is the dearest part of issuing after the signature.
        let mut random = [[0; 16]; 2];
        entropy.fill(random.as_flattened_mut())?;
        let [jti, csrf] = random.map(random_uuid);

        let mut object = Object::new(&self.additional_claims);
        match self.freshness {
            Freshness::Stale => object.raw("fresh", "false"),
            Freshness::Fresh => object.raw("fresh", "true"),
            Freshness::Until(until) => object.display("fresh", until),
        }
        object.display("iat", now.as_secs());
        match &self.jti {
            Some(jti) => object.string("jti", jti),
            None => object.uuid("jti", jti),
        }
        object.string("type", self.kind.name());
        object.string(&policy.identity_claim, &self.subject);
        if policy.not_before {
            object.display("nbf", now.as_secs());
        }
        match &self.csrf {
            Some(csrf) if policy.csrf => object.string("csrf", csrf),
            None if policy.csrf => object.uuid("csrf", csrf),
            _ => {}
        }
        match policy.audience.as_slice() {
            [] => {}
            [one] => object.string("aud", one),
            several => object.raw("aud", &to_ascii_json(several)?),
        }
        if let Some(issuer) = &policy.issuer {
            object.string("iss", issuer);
        }
        if let Lifetime::For(duration) = self.lifetime {
            object.display("exp", now.saturating_add(duration).as_secs());
        }
        if let Some(session) = &self.session {
            object.string("sid", session);
        }
        Ok(object.finish())
    }

    /// The key's header with the additional ones: sorted by name, `typ: null` takes it away.
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

/// A payload as it grows.
struct Object<'a> {
    text: String,
    additional: Vec<(Cow<'a, str>, &'a str)>,
}

impl<'a> Object<'a> {
    fn new(additional_claims: &'a [(Claims, Replacement)]) -> Self {
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

    fn display(&mut self, name: &str, value: impl std::fmt::Display) {
        self.member(name, |text| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{value}");
        });
    }

    fn raw(&mut self, name: &str, value: &str) {
        self.member(name, |text| text.push_str(value));
    }

    fn string(&mut self, name: &str, value: &str) {
        self.member(name, |text| json::push_string(value, text));
    }

    fn uuid(&mut self, name: &str, value: uuid::Uuid) {
        self.string(name, value.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()));
    }

    /// One of the token's own claims, unless an additional one stands in for it.
    fn member(&mut self, name: &str, write: impl FnOnce(&mut String)) {
        self.name(name);
        match self.additional.iter().position(|(additional, _)| additional == name) {
            Some(at) => self.text.push_str(self.additional.remove(at).1),
            None => write(&mut self.text),
        }
    }

    fn name(&mut self, name: &str) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        json::push_string(name, &mut self.text);
        self.text.push(':');
    }

    fn finish(mut self) -> String {
        for (name, value) in std::mem::take(&mut self.additional) {
            self.name(&name);
            self.text.push_str(value);
        }
        self.text.push('}');
        self.text
    }
}

/// The app's own claims in a token's payload: all but those that we write ourselves.
pub(crate) fn own_claims(payload: &str, identity_claim: &str) -> Claims {
    let mut own = String::from("{");
    // The payload was scanned when its token was checked: there is no error to report.
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

/// The names of the claims that we write ourselves, beside the identity claim.
pub(crate) const OUR_CLAIMS: [&str; 10] = ["fresh", "iat", "jti", "type", "nbf", "csrf", "aud", "iss", "exp", "sid"];

fn is_our_claim(name: &str, identity_claim: &str) -> bool {
    name == identity_claim || OUR_CLAIMS.contains(&name)
}
