//! What a route asks of a token, and the order in which it is asked: locate, verify, CSRF, type, freshness. All of this is
//! plain code without I/O; the revocation store and the app's own verification come after, in the manager.

use crate::{
    config::Settings,
    http::{CsrfCheck, CsrfError, Located, Location, NotLocated, Reason, Request, Wanted, locate},
    jose::KeyRing,
    time::Timestamp,
    token::{Token, TokenError, TokenType, verify},
};

/// What a route asks of a token: the parameters of Flask-JWT-Extended's `jwt_required`.
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
    revocation: Revocation,
}

/// Which types of token will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Types {
    NotRefresh,
    Refresh,
    All,
}

/// How old the login may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Age {
    Fresh,
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Revocation {
    Checked,
    Skipped,
}

impl Requirement {
    /// A token that is not for refreshing.
    pub const fn access() -> Self {
        Self::new(Wanted::Access, Types::NotRefresh)
    }

    /// An access token that is fresh: for critical actions.
    pub const fn fresh() -> Self {
        Self::access().and_fresh()
    }

    /// A refresh token.
    pub const fn refresh() -> Self {
        Self::new(Wanted::Refresh, Types::Refresh)
    }

    /// A token of any type (`verify_type=False`). Among cookies, and in a JSON body, the access token is looked for first.
    pub const fn any() -> Self {
        Self::new(Wanted::Either, Types::All)
    }

    /// A fresh one, of whatever type (`fresh=True`).
    pub const fn and_fresh(mut self) -> Self {
        self.freshness = Age::Fresh;
        self
    }

    /// Whatever type it has, among the cookies and JSON members of the type that would be asked for: upstream's
    /// `verify_type=False`, which, unlike [`any`](Self::any), does not look for both.
    pub const fn of_any_type(mut self) -> Self {
        self.types = Types::All;
        self
    }

    /// Looks in these places instead of the configured ones.
    pub fn locations(mut self, locations: impl IntoIterator<Item = Location>) -> Self {
        self.locations = Some(locations.into_iter().collect());
        self
    }

    /// Does not ask the revocation store: for routes where an answer at any price beats a right one.
    pub const fn skip_revocation_check(mut self) -> Self {
        self.revocation = Revocation::Skipped;
        self
    }

    pub(crate) fn checks_revocation(&self) -> bool {
        self.revocation == Revocation::Checked
    }

    /// The places that are looked in, of which the configured ones are the default.
    pub(crate) fn places<'a>(&'a self, configured: &'a [Location]) -> &'a [Location] {
        self.locations.as_deref().unwrap_or(configured)
    }

    const fn new(wanted: Wanted, types: Types) -> Self {
        Self { wanted, types, freshness: Age::Any, locations: None, revocation: Revocation::Checked }
    }
}

/// A reason to refuse, and the token if its signature was good.
pub(crate) type Refusal = (Reason, Option<Token>);

/// All checks that need nothing but the request, the settings and the time.
pub(crate) fn examine(
    settings: &Settings,
    request: &impl Request,
    requirement: &Requirement,
    now: Timestamp,
) -> Result<(Token, Location), Refusal> {
    let located = find(settings, request, requirement)?;
    let token = judge(settings, &settings.ring, &located, requirement, now)?;
    Ok((token, located.location))
}

/// Finds the token of a request.
pub(crate) fn find<'r>(
    settings: &Settings,
    request: &'r impl Request,
    requirement: &Requirement,
) -> Result<Located<'r>, Refusal> {
    let places = requirement.places(&settings.locate.locations);
    locate(&settings.locate, request, requirement.wanted, places).map_err(|error| match error {
        NotLocated::Missing(missing) => (Reason::Missing(missing), None),
        NotLocated::Malformed(error) => (Reason::Request(error), None),
        NotLocated::Csrf(error) => (Reason::Csrf(error), None),
    })
}

/// Judges the token that was found, by the keys of a ring.
pub(crate) fn judge(
    settings: &Settings,
    ring: &KeyRing,
    located: &Located<'_>,
    requirement: &Requirement,
    now: Timestamp,
) -> Result<Token, Refusal> {
    let token = match verify(&settings.policy, ring, &located.token, now) {
        Ok(token) => token,
        // An expired token from a forged request is a forged request: only its own page learns that it has expired.
        Err(TokenError::Expired(token)) => {
            check_csrf(located, &token)?;
            return Err((Reason::Expired, Some(token)));
        }
        Err(error) => return Err((Reason::Token(error), None)),
    };
    check_csrf(located, &token)?;
    let refresh = token.token_type() == TokenType::Refresh;
    match requirement.types {
        Types::NotRefresh if refresh => return Err((Reason::RefreshToken, Some(token))),
        Types::Refresh if !refresh => return Err((Reason::NotRefreshToken, Some(token))),
        _ => {}
    }
    if requirement.freshness == Age::Fresh && !token.freshness().is_fresh(now) {
        return Err((Reason::NotFresh { max_age: settings.fresh_max_age }, Some(token)));
    }
    Ok(token)
}

fn check_csrf(located: &Located<'_>, token: &Token) -> Result<(), Refusal> {
    let CsrfCheck::Sent(value) = &located.csrf else {
        return Ok(());
    };
    if token.csrf().is_none() {
        return Err((Reason::Token(TokenError::MissingClaim("csrf".to_owned())), None));
    }
    if token.matches_csrf(value) { Ok(()) } else { Err((Reason::Csrf(CsrfError::Mismatch), None)) }
}
