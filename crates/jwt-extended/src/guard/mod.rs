//! The checks in their order: locate, verify, CSRF, type, freshness and login, scopes.
//!
//! All of this is synchronous code without I/O. The manager gets an issuer's keys if they are needed, asks the store,
//! and then the app's own verification.

mod grants;
mod requirement;

use std::sync::Arc;

pub use requirement::Requirement;
use requirement::{Age, Types};

use crate::{
    config::Settings,
    http::{CsrfCheck, CsrfError, Located, Location, NotLocated, Reason, Request, RequestError, Wanted, locate},
    jose::{JwsError, KeyRing},
    time::Timestamp,
    token::{ForeignPolicy, Token, TokenError, TokenType, needs_keys, verify},
};

/// Why a request is refused before the store is asked.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    /// The token, if its signature was valid.
    pub(crate) token: Option<Token>,
    /// Where the token was, and the type of token that belongs there; `None` if there was none.
    pub(crate) place: Option<(Location, TokenType)>,
    /// The issuer whose newer keys might verify the token.
    pub(crate) awaits: Option<Arc<ForeignPolicy>>,
}

impl Refusal {
    fn new(reason: Reason, place: Option<(Location, TokenType)>) -> Self {
        Self { reason, token: None, place, awaits: None }
    }
}

/// The outcome of the checks that need no I/O.
#[derive(Debug)]
pub(crate) enum Examined {
    /// The token meets the requirement.
    Met(Token),
    /// The keys of another issuer are needed first.
    Waiting(Box<Waiting>),
}

/// A request that waits for the keys of another issuer. It has all that the second examination needs.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) issuer: Arc<ForeignPolicy>,
    located: Located<'static>,
    requirement: Requirement,
}

impl Waiting {
    pub(crate) fn new(issuer: Arc<ForeignPolicy>, located: Located<'_>, requirement: &Requirement) -> Self {
        Self { issuer, located: located.into_owned(), requirement: requirement.clone() }
    }

    /// Makes the checks again, with the keys that are known by now.
    pub(crate) fn examine(&self, settings: &Settings, now: Timestamp) -> Result<Token, Refusal> {
        examine_located(settings, &self.located, &self.requirement, now)
    }
}

/// Makes all checks that need only the request, the settings and the time, or finds that they must wait for keys.
pub(crate) fn examine(
    settings: &Settings,
    request: &impl Request,
    requirement: &Requirement,
    now: Timestamp,
) -> Result<Examined, Refusal> {
    let located = find(settings, request, requirement)?;
    match examine_located(settings, &located, requirement, now) {
        Ok(token) => Ok(Examined::Met(token)),
        Err(Refusal { awaits: Some(issuer), .. }) => {
            Ok(Examined::Waiting(Box::new(Waiting::new(issuer, located, requirement))))
        }
        Err(refusal) => Err(refusal),
    }
}

fn examine_located(
    settings: &Settings,
    located: &Located<'_>,
    requirement: &Requirement,
    now: Timestamp,
) -> Result<Token, Refusal> {
    let rings = settings.rings.load();
    let ring = rings.at(now);
    let verify = |text: &str| verify_one(settings, ring, located, text, now);
    let token = choose(settings, located, verify, |refusal| refusal)?;
    meets(settings, located, token, requirement, now)
}

/// Finds the token of a request, without verifying it.
pub(crate) fn find<'r>(
    settings: &Settings,
    request: &'r impl Request,
    requirement: &Requirement,
) -> Result<Located<'r>, Refusal> {
    let locations = requirement.locations_or(&settings.locate.locations);
    let kind = if requirement.wanted == Wanted::Refresh { TokenType::Refresh } else { TokenType::Access };
    locate(&settings.locate, request, requirement.wanted, locations).map_err(|error| not_located(error, kind))
}

/// Says why no token was located, where tokens of this type belong.
pub(crate) fn not_located(error: NotLocated, kind: TokenType) -> Refusal {
    match error {
        NotLocated::Missing(missing) => Refusal::new(Reason::Missing(missing), None),
        NotLocated::Malformed(error, location) => Refusal::new(Reason::Request(error), Some((location, kind))),
        NotLocated::Csrf(error) => Refusal::new(Reason::Csrf(error), Some((Location::Cookie, kind))),
    }
}

/// Verifies a token: by the rules of the issuer that it names, if that is one of the configured ones, or else as one of
/// our own with the keys of this ring.
pub(crate) fn verify_text(
    settings: &Settings,
    ring: &KeyRing,
    text: &str,
    now: Timestamp,
) -> Result<Token, TokenError> {
    if let Some(known) = verify_again(settings, ring, text, now) {
        return known;
    }
    match settings.issuers.of(text, settings.policy.limits) {
        Some(issuer) => issuer.verify(text, now),
        None => verify(&settings.policy, ring, text, now).map_err(|error| match error {
            // An app without keys of its own accepts the tokens of its issuers alone.
            TokenError::Jws(JwsError::AlgorithmNotAllowed)
                if ring.verifying_keys().is_empty() && !settings.issuers.is_empty() =>
            {
                TokenError::Issuer
            }
            error => error,
        }),
    }
}

/// Checks a token that was verified before by a key that is still in use. `None` for every other token.
fn verify_again(settings: &Settings, ring: &KeyRing, text: &str, now: Timestamp) -> Option<Result<Token, TokenError>> {
    let known = settings.policy.cache.as_ref()?.find(text)?;
    let token = known.token.clone();
    match known.token.issuer() {
        None => ring.has(&known.key).then(|| settings.policy.verify_again(token, now)),
        Some(issuer) => settings.issuers.named(issuer)?.verify_again(&known.key, token, now),
    }
}

/// Verifies one of the texts that were located, with the keys of a ring for our own tokens.
pub(crate) fn verify_one(
    settings: &Settings,
    ring: &KeyRing,
    located: &Located<'_>,
    text: &str,
    now: Timestamp,
) -> Result<Token, Refusal> {
    let refused = |reason| Refusal::new(reason, Some(located.place()));
    match verify_text(settings, ring, text, now) {
        Ok(token) => Ok(token.at(located.location)),
        // CSRF comes first: only the site's own page may learn that the token has expired.
        Err(TokenError::Expired(token)) => {
            check_csrf(located, &token).map_err(refused)?;
            Err(Refusal { token: Some(token.at(located.location)), ..refused(Reason::Expired) })
        }
        Err(error) => Err(not_verified(settings, located, text, error)),
    }
}

/// Refuses a text that was not verified, and notes the issuer whose newer keys might verify it.
pub(crate) fn not_verified(settings: &Settings, located: &Located<'_>, text: &str, error: TokenError) -> Refusal {
    let issuer = settings.issuers.of(text, settings.policy.limits).filter(|_| needs_keys(&error));
    let reason = match error {
        TokenError::NoKeys(issuer) => Reason::KeysUnavailable(issuer),
        error => Reason::Token(error),
    };
    Refusal { awaits: issuer.cloned(), ..Refusal::new(reason, Some(located.place())) }
}

/// Verifies what was located. Among several cookies of one name, the one that verifies counts. If several do, nobody
/// can tell which of them the site has set last, so the request is refused.
pub(crate) fn choose<E>(
    settings: &Settings,
    located: &Located<'_>,
    mut verify: impl FnMut(&str) -> Result<Token, E>,
    refuse: impl FnOnce(Refusal) -> E,
) -> Result<Token, E> {
    let mut chosen = verify(&located.token);
    for text in &located.others {
        let other = verify(text);
        if chosen.is_ok() && other.is_ok() && settings.locate.refuse_several {
            let name = settings.locate.of(located.kind).cookie_name.clone();
            return Err(refuse(Refusal::new(RequestError::SeveralCookies(name).into(), Some(located.place()))));
        }
        // If none verifies, the first one says why.
        chosen = chosen.or_else(|first| other.map_err(|_| first));
    }
    chosen
}

/// Checks that a verified token meets the requirement: its CSRF value, type, freshness, login and scopes.
pub(crate) fn meets(
    settings: &Settings,
    located: &Located<'_>,
    token: Token,
    requirement: &Requirement,
    now: Timestamp,
) -> Result<Token, Refusal> {
    let refused = |reason, token| Refusal { token, ..Refusal::new(reason, Some(located.place())) };
    check_csrf(located, &token).map_err(|reason| refused(reason, None))?;
    if !requirement.admits_issuer(token.issuer()) {
        return Err(refused(Reason::OtherIssuer, Some(token)));
    }
    let refresh = token.token_type() == TokenType::Refresh;
    match requirement.types {
        Types::NotRefresh if refresh => return Err(refused(Reason::RefreshToken, Some(token))),
        Types::Refresh if !refresh => return Err(refused(Reason::NotRefreshToken, Some(token))),
        _ => {}
    }
    if requirement.freshness == Age::Fresh && !token.freshness().is_fresh(now) {
        return Err(refused(Reason::NotFresh { max_age: settings.fresh_max_age }, Some(token)));
    }
    let granted = requirement.login.check(&token, settings.policy.leeway, now);
    let granted = granted.and_then(|()| requirement.grants.iter().try_for_each(|grant| grant.check(&token)));
    if let Err(reason) = granted {
        return Err(refused(reason, Some(token)));
    }
    Ok(token)
}

fn check_csrf(located: &Located<'_>, token: &Token) -> Result<(), Reason> {
    let CsrfCheck::Sent(value) = &located.csrf else {
        return Ok(());
    };
    if token.csrf().is_none() {
        return Err(Reason::Token(TokenError::MissingClaim("csrf".to_owned())));
    }
    if token.matches_csrf(value) { Ok(()) } else { Err(Reason::Csrf(CsrfError::Mismatch)) }
}
