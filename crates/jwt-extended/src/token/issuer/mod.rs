//! [`Issuer`]: somebody else whose access tokens an app accepts, such as an identity provider.
//!
//! Knows how the issuer's claims map to ours, and what its access tokens look like. Knows no clock, and does not fetch
//! keys: they come from a [`KeySource`].

mod access;
mod list;
mod provider;
mod verify;

use std::{borrow::Cow, fmt, sync::Arc};

pub use access::AccessTokens;
pub(crate) use list::Issuers;
pub use provider::Provider;
pub(crate) use verify::{ForeignPolicy, StoreRules, needs_keys};

use crate::{
    jose::{Algorithms, KeySource},
    token::Lifetime,
};

/// Another issuer whose access tokens are accepted: its name, its keys, and how its claims are read.
///
/// A token that says `iss` of this issuer is judged by the keys, the algorithms and the rules of this issuer alone. No
/// other key ever checks it, and no key of this issuer checks another token. Its tokens admit to routes that ask for an
/// access token. They are never fresh, belong to no session, and cannot be refreshed.
///
/// The subject of such a token is the issuer's: check [`Token::issuer`](crate::Token::issuer) before you take it for
/// one of your own users.
///
/// ```
/// use std::sync::Arc;
///
/// use jwt_extended::{JwtManager, jose::{Key, KeyRing}, token::Issuer};
///
/// # fn published_key() -> Key { Key::hs256("a secret of at least thirty-two bytes, from a safe place").unwrap() }
/// let keys = Arc::new(KeyRing::verify_only(published_key()));
/// let jwt = JwtManager::builder()
///     .issuer(Issuer::new("https://auth.example.com", keys).audience("orders"))
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The crate `jwt-extended-jwks` has keys that are fetched from the issuer: `Issuer::discover("https://…")`.
#[derive(Clone)]
pub struct Issuer {
    pub(crate) provider: Provider,
    pub(crate) audiences: Vec<String>,
    /// The subjects that are admitted; `None` for all.
    pub(crate) subjects: Option<Vec<String>>,
    pub(crate) keys: Arc<dyn KeySource>,
}

impl Issuer {
    /// Creates an issuer with its keys. Name it by its `iss`, or take a [`Provider`] that is known.
    pub fn new(provider: impl Into<Provider>, keys: impl KeySource + 'static) -> Self {
        Self { provider: provider.into(), audiences: Vec::new(), subjects: None, keys: Arc::new(keys) }
    }

    /// Returns the issuer's name: the claim `iss`.
    pub fn name(&self) -> &str {
        self.provider.name()
    }

    /// Adds an audience that this app belongs to: a token must name one of them (RFC 7519 section 4.1.3). Every issuer
    /// needs at least one, or its tokens for other apps would be accepted here.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Admits the tokens of these subjects alone. For an issuer from which anybody can get a token, such as Google's
    /// for service accounts, that is necessary.
    pub fn subjects<T: Into<String>>(mut self, subjects: impl IntoIterator<Item = T>) -> Self {
        self.subjects = Some(subjects.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the algorithms that the issuer's tokens may be signed with; by default those of key pairs.
    pub fn algorithms(mut self, algorithms: impl Into<Algorithms>) -> Self {
        self.provider.algorithms = algorithms.into();
        self
    }

    /// Sets the claim that identifies the user; by default `sub`. Take none that users can change, such as an e-mail
    /// address that nobody has verified.
    pub fn identity_claim(mut self, claim: impl Into<String>) -> Self {
        self.provider.identity_claim = Cow::Owned(claim.into());
        self
    }

    /// Sets the claim that names the audience; by default `aud`.
    pub fn audience_claim(mut self, claim: impl Into<String>) -> Self {
        self.provider.audience_claim = Cow::Owned(claim.into());
        self
    }

    /// Sets the claims that hold the token's scopes; by default `scope` and `scp`. Each may be a text with spaces or a
    /// list, and a name such as `realm_access.roles` is a path. All of them count.
    pub fn scope_claims<T: Into<String>>(mut self, claims: impl IntoIterator<Item = T>) -> Self {
        self.provider.scope_claims = claims.into_iter().map(|claim| Cow::Owned(claim.into())).collect();
        self
    }

    /// Sets what marks the issuer's access tokens; by default the header `typ: at+jwt` (RFC 9068).
    pub fn access_tokens(mut self, mark: AccessTokens) -> Self {
        self.provider.access_tokens = mark;
        self
    }

    /// Refuses tokens without `jti`, which cannot be revoked one by one.
    pub fn require_jti(mut self) -> Self {
        self.provider.requires_jti = true;
        self
    }

    /// Sets the longest time from `iat` to `exp` that a token may have; by default a day. A revocation of a subject is
    /// remembered for that long.
    pub fn longest_lifetime(mut self, longest: impl Into<Lifetime>) -> Self {
        self.provider.longest_lifetime = longest.into();
        self
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("provider", &self.provider)
            .field("audiences", &self.audiences)
            .field("subjects", &self.subjects)
            .field("keys", &self.keys)
            .finish()
    }
}

/// What a token remembers of the issuer that made it.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) name: String,
    pub(crate) scope_claims: Vec<Cow<'static, str>>,
}
