//! The requirement of a route, and the checks in their order: locate, verify, CSRF, type, freshness.
//!
//! All of this is synchronous code without I/O. The manager asks the store afterwards, and then the app's own
//! verification.

use crate::{
    config::Settings,
    http::{CsrfCheck, CsrfError, Located, Location, NotLocated, Reason, Request, RequestError, Wanted, locate},
    jose::KeyRing,
    time::Timestamp,
    token::{Token, TokenError, TokenType, verify},
};

/// The requirement that a route has of a token: the parameters of Flask-JWT-Extended's `jwt_required`.
///
/// ```
/// use jwt_extended::{Requirement, http::Location};
///
/// let transfers = Requirement::fresh();
/// let downloads = Requirement::access().locations([Location::QueryString]);
/// # let _ = (transfers, downloads);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    wanted: Wanted,
    types: Types,
    freshness: Age,
    locations: Option<Vec<Location>>,
    revocation: RevocationCheck,
}

/// The accepted token types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Types {
    NotRefresh,
    Refresh,
    All,
}

/// Whether the token must be fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    Fresh,
    Any,
}

/// Whether the store is asked for revocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RevocationCheck {
    Perform,
    Skip,
}

impl Requirement {
    /// Requires a token that is not a refresh token.
    pub const fn access() -> Self {
        Self::new(Wanted::Access, Types::NotRefresh)
    }

    /// Requires a fresh access token, for critical actions.
    pub const fn fresh() -> Self {
        Self::access().and_fresh()
    }

    /// Requires a refresh token.
    pub const fn refresh() -> Self {
        Self::new(Wanted::Refresh, Types::Refresh)
    }

    /// Accepts a token of any type (`verify_type=False`). Among cookies, and in a JSON body, the access token is looked
    /// for first.
    pub const fn any() -> Self {
        Self::new(Wanted::Either, Types::All)
    }

    /// Also requires the token to be fresh, whatever its type (`fresh=True`).
    pub const fn and_fresh(mut self) -> Self {
        self.freshness = Age::Fresh;
        self
    }

    /// Accepts any type, but looks only for the cookie or JSON member of the type that would be required otherwise.
    /// This is exactly Flask-JWT-Extended's `verify_type=False`; [`any`](Self::any) looks for both.
    pub const fn of_any_type(mut self) -> Self {
        self.types = Types::All;
        self
    }

    /// Looks in these locations instead of the configured ones.
    pub fn locations(mut self, locations: impl IntoIterator<Item = Location>) -> Self {
        self.locations = Some(locations.into_iter().collect());
        self
    }

    /// Does not ask the store whether the token is revoked: for routes that must answer even if the store is down.
    pub const fn skip_revocation_check(mut self) -> Self {
        self.revocation = RevocationCheck::Skip;
        self
    }

    pub(crate) fn checks_revocation(&self) -> bool {
        self.revocation == RevocationCheck::Perform
    }

    /// Returns the locations to look in; by default the configured ones.
    pub(crate) fn locations_or<'a>(&'a self, configured: &'a [Location]) -> &'a [Location] {
        self.locations.as_deref().unwrap_or(configured)
    }

    const fn new(wanted: Wanted, types: Types) -> Self {
        Self { wanted, types, freshness: Age::Any, locations: None, revocation: RevocationCheck::Perform }
    }
}

/// Why a request is refused before the store is asked.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    /// The token, if its signature was valid.
    pub(crate) token: Option<Token>,
    /// Where the token was, and the type of token that belongs there; `None` if there was none.
    pub(crate) place: Option<(Location, TokenType)>,
}

impl Refusal {
    /// Refuses a token that was located.
    pub(crate) fn at(reason: Reason, located: &Located<'_>) -> Self {
        Self::new(reason, Some(located.place()))
    }

    fn new(reason: Reason, place: Option<(Location, TokenType)>) -> Self {
        Self { reason, token: None, place }
    }
}

/// Makes all checks that need only the request, the settings and the time.
pub(crate) fn examine(
    settings: &Settings,
    request: &impl Request,
    requirement: &Requirement,
    now: Timestamp,
) -> Result<Token, Refusal> {
    let located = find(settings, request, requirement)?;
    let verify = |text: &str| verify_one(settings, &settings.ring, &located, text, now);
    let token = choose(settings, &located, verify, |refusal| refusal)?;
    meets(settings, &located, token, requirement, now)
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

/// Verifies one of the texts that were located, with the keys of a ring.
pub(crate) fn verify_one(
    settings: &Settings,
    ring: &KeyRing,
    located: &Located<'_>,
    text: &str,
    now: Timestamp,
) -> Result<Token, Refusal> {
    let refused = |reason| Refusal::new(reason, Some(located.place()));
    match verify(&settings.policy, ring, text, now) {
        Ok(token) => Ok(token.at(located.location)),
        // CSRF comes first: only the site's own page may learn that the token has expired.
        Err(TokenError::Expired(token)) => {
            check_csrf(located, &token).map_err(refused)?;
            Err(Refusal { token: Some(token.at(located.location)), ..refused(Reason::Expired) })
        }
        Err(error) => Err(refused(Reason::Token(error))),
    }
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

/// Checks that a verified token meets the requirement: its CSRF value, type and freshness.
pub(crate) fn meets(
    settings: &Settings,
    located: &Located<'_>,
    token: Token,
    requirement: &Requirement,
    now: Timestamp,
) -> Result<Token, Refusal> {
    let refused = |reason, token| Refusal { token, ..Refusal::new(reason, Some(located.place())) };
    check_csrf(located, &token).map_err(|reason| refused(reason, None))?;
    let refresh = token.token_type() == TokenType::Refresh;
    match requirement.types {
        Types::NotRefresh if refresh => return Err(refused(Reason::RefreshToken, Some(token))),
        Types::Refresh if !refresh => return Err(refused(Reason::NotRefreshToken, Some(token))),
        _ => {}
    }
    if requirement.freshness == Age::Fresh && !token.freshness().is_fresh(now) {
        return Err(refused(Reason::NotFresh { max_age: settings.fresh_max_age }, Some(token)));
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
