//! What a route asks of a token, and the order in which it is asked: locate, verify, CSRF, type, freshness. All of this is
//! plain code without I/O; the revocation store and the app's own verification come after, in the manager.

use crate::{
    config::Settings,
    http::{CsrfCheck, CsrfError, Located, Location, NotLocated, Reason, Request, Wanted, locate},
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
    kind: Kind,
    locations: Option<Vec<Location>>,
    revocation: Revocation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Access,
    Fresh,
    Refresh,
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
        Self::new(Kind::Access)
    }

    /// An access token that is fresh: for critical actions.
    pub const fn fresh() -> Self {
        Self::new(Kind::Fresh)
    }

    /// A refresh token.
    pub const fn refresh() -> Self {
        Self::new(Kind::Refresh)
    }

    /// A token of any type (`verify_type=False`). Among cookies, and in a JSON body, the access token is looked for first.
    pub const fn any() -> Self {
        Self::new(Kind::Any)
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

    const fn new(kind: Kind) -> Self {
        Self { kind, locations: None, revocation: Revocation::Checked }
    }

    const fn wanted(&self) -> Wanted {
        match self.kind {
            Kind::Access | Kind::Fresh => Wanted::Access,
            Kind::Refresh => Wanted::Refresh,
            Kind::Any => Wanted::Either,
        }
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
    let places = requirement.places(&settings.locate.locations);
    let located = locate(&settings.locate, request, requirement.wanted(), places).map_err(|error| match error {
        NotLocated::Missing(missing) => (Reason::Missing(missing), None),
        NotLocated::Malformed(error) => (Reason::Request(error), None),
        NotLocated::Csrf(error) => (Reason::Csrf(error), None),
    })?;
    let token = match verify(&settings.policy, &settings.ring, &located.token, now) {
        Ok(token) => token,
        // An expired token from a forged request is a forged request: only its own page learns that it has expired.
        Err(TokenError::Expired(token)) => {
            check_csrf(&located, &token)?;
            return Err((Reason::Expired, Some(token)));
        }
        Err(error) => return Err((Reason::Token(error), None)),
    };
    check_csrf(&located, &token)?;
    let refresh = token.token_type() == TokenType::Refresh;
    match requirement.kind {
        Kind::Access | Kind::Fresh if refresh => Err((Reason::RefreshToken, Some(token))),
        Kind::Refresh if !refresh => Err((Reason::NotRefreshToken, Some(token))),
        Kind::Fresh if !token.freshness().is_fresh(now) => {
            Err((Reason::NotFresh { max_age: settings.fresh_max_age }, Some(token)))
        }
        _ => Ok((token, located.location)),
    }
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
