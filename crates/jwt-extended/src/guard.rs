//! The requirement of a route, and the checks in their order: locate, verify, CSRF, type, freshness.
//!
//! All of this is synchronous code without I/O. The manager asks the store afterwards, and then the app's own
//! verification.

use crate::{
    config::Settings,
    http::{CsrfCheck, CsrfError, Located, Location, NotLocated, Reason, Request, Wanted, locate},
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

/// The reason for a rejection, and the token if its signature was valid.
pub(crate) type Refusal = (Reason, Option<Token>);

/// Makes all checks that need only the request, the settings and the time.
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

/// Finds the token of a request, without verifying it.
pub(crate) fn find<'r>(
    settings: &Settings,
    request: &'r impl Request,
    requirement: &Requirement,
) -> Result<Located<'r>, Refusal> {
    let locations = requirement.locations_or(&settings.locate.locations);
    locate(&settings.locate, request, requirement.wanted, locations).map_err(|error| match error {
        NotLocated::Missing(missing) => (Reason::Missing(missing), None),
        NotLocated::Malformed(error) => (Reason::Request(error), None),
        NotLocated::Csrf(error) => (Reason::Csrf(error), None),
    })
}

/// Judges a located token by the keys of a ring.
pub(crate) fn judge(
    settings: &Settings,
    ring: &KeyRing,
    located: &Located<'_>,
    requirement: &Requirement,
    now: Timestamp,
) -> Result<Token, Refusal> {
    let token = match verify(&settings.policy, ring, &located.token, now) {
        Ok(token) => token,
        // CSRF comes first: only the site's own page may learn that the token has expired.
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
