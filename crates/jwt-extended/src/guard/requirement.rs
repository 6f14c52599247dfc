//! [`Requirement`]: what a route asks of a token.
//!
//! Knows what can be asked; `guard` checks it.

use std::time::Duration;

use super::grants::{Grant, LoginRequirement, Needed, Source};
use crate::http::{Location, Wanted};

/// The requirement that a route has of a token: the parameters of Flask-JWT-Extended's `jwt_required`.
///
/// ```
/// use jwt_extended::{Requirement, http::Location};
///
/// let transfers = Requirement::fresh();
/// let downloads = Requirement::access().locations([Location::QueryString]);
/// let orders = Requirement::access().scopes(["read:orders"]);
/// # let _ = (transfers, downloads, orders);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    pub(super) wanted: Wanted,
    pub(super) types: Types,
    pub(super) freshness: Age,
    pub(super) login: LoginRequirement,
    pub(super) grants: Vec<Grant>,
    issuers: Whose,
    locations: Option<Vec<Location>>,
    revocation: RevocationCheck,
}

/// The accepted token types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Types {
    NotRefresh,
    Refresh,
    All,
}

/// Whose tokens are admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Whose {
    All,
    Own,
    /// Those of these other issuers.
    Of(Vec<String>),
}

/// Whether the token must be fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
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

    /// Also requires all of these scopes; without any scope here, no token is admitted. The response to a token without
    /// them is 403 with the challenge `insufficient_scope` (RFC 6750 section 3.1).
    ///
    /// The scopes of a token are those of [`Token::scopes`](crate::Token::scopes).
    pub fn scopes<T: Into<String>>(self, scopes: impl IntoIterator<Item = T>) -> Self {
        self.granting(Source::Scopes, Needed::All, scopes)
    }

    /// Also requires at least one of these scopes. Without any scope here, no token is admitted.
    pub fn any_scope<T: Into<String>>(self, scopes: impl IntoIterator<Item = T>) -> Self {
        self.granting(Source::Scopes, Needed::Any, scopes)
    }

    /// Also requires a claim to have all of these texts: for permissions, roles or groups. The claim is a list of
    /// texts, or one text, which counts as a whole. It may be a path, as in [`Token::granted`](crate::Token::granted).
    ///
    /// ```
    /// use jwt_extended::Requirement;
    ///
    /// let refunds = Requirement::access().claim_has("permissions", ["refund:orders"]);
    /// let reports = Requirement::access().claim_has_any("realm_access.roles", ["auditor", "admin"]);
    /// # let _ = (refunds, reports);
    /// ```
    pub fn claim_has<T: Into<String>>(self, claim: &str, texts: impl IntoIterator<Item = T>) -> Self {
        self.granting(Source::Claim(claim.to_owned()), Needed::All, texts)
    }

    /// Also requires a claim to have at least one of these texts. Without any text here, no token is admitted.
    pub fn claim_has_any<T: Into<String>>(self, claim: &str, texts: impl IntoIterator<Item = T>) -> Self {
        self.granting(Source::Claim(claim.to_owned()), Needed::Any, texts)
    }

    /// Also requires one of the app's own tokens, and none of another [`Issuer`](crate::token::Issuer).
    ///
    /// ```
    /// use jwt_extended::Requirement;
    ///
    /// let settings = Requirement::access().own();
    /// let partners = Requirement::access().issuers(["https://partner.example.com"]);
    /// # let _ = (settings, partners);
    /// ```
    pub fn own(mut self) -> Self {
        self.issuers = Whose::Own;
        self
    }

    /// Also requires a token of one of these other issuers, by their `iss`, and none of the app's own.
    pub fn issuers<T: Into<String>>(mut self, issuers: impl IntoIterator<Item = T>) -> Self {
        self.issuers = Whose::Of(issuers.into_iter().map(Into::into).collect());
        self
    }

    /// Also requires the user to have logged in at most this long ago, by
    /// [`Token::auth_time`](crate::Token::auth_time). Otherwise the response is 401 with the challenge
    /// `insufficient_user_authentication` and `max_age` (RFC 9470).
    ///
    /// Unlike freshness, it does not end with a refresh, and each route chooses its own limit.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.login.max_age = Some(self.login.max_age.map_or(max_age, |before| before.min(max_age)));
        self
    }

    /// Also requires the login to be of one of these classes, by the claim `acr`. Otherwise the response is 401 with
    /// the challenge `insufficient_user_authentication` and `acr_values` (RFC 9470).
    pub fn acr<T: Into<String>>(mut self, classes: impl IntoIterator<Item = T>) -> Self {
        let mut classes: Vec<String> = classes.into_iter().map(Into::into).collect();
        if let Some(before) = self.login.acr.take() {
            classes.retain(|class| before.contains(class));
        }
        self.login.acr = Some(classes);
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

    /// Returns whether tokens of this issuer are admitted; `None` is the app itself.
    pub(super) fn admits_issuer(&self, issuer: Option<&str>) -> bool {
        match &self.issuers {
            Whose::All => true,
            Whose::Own => issuer.is_none(),
            Whose::Of(admitted) => issuer.is_some_and(|issuer| admitted.iter().any(|one| one == issuer)),
        }
    }

    pub(crate) fn checks_revocation(&self) -> bool {
        self.revocation == RevocationCheck::Perform
    }

    /// Returns the locations to look in; by default the configured ones.
    pub(crate) fn locations_or<'a>(&'a self, configured: &'a [Location]) -> &'a [Location] {
        self.locations.as_deref().unwrap_or(configured)
    }

    const fn new(wanted: Wanted, types: Types) -> Self {
        Self {
            wanted,
            types,
            freshness: Age::Any,
            login: LoginRequirement { max_age: None, acr: None },
            grants: Vec::new(),
            issuers: Whose::All,
            locations: None,
            revocation: RevocationCheck::Perform,
        }
    }

    fn granting<T: Into<String>>(mut self, source: Source, needed: Needed, texts: impl IntoIterator<Item = T>) -> Self {
        // A scope has no spaces, so `"read write"` can only mean two.
        let words =
            |text: T| text.into().split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let texts = match source {
            Source::Scopes => texts.into_iter().flat_map(words).collect(),
            Source::Claim(_) => texts.into_iter().map(Into::into).collect(),
        };
        self.grants.push(Grant { source, needed, texts });
        self
    }
}
