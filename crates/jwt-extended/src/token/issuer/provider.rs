//! [`Provider`]: how the tokens of well-known identity providers are read, as data.
//!
//! Each constructor states what the provider documents. Must not decide anything: `verify` does.

use std::{borrow::Cow, time::Duration};

use super::AccessTokens;
use crate::{
    jose::{Algorithm, Algorithms},
    token::Lifetime,
};

/// How an issuer's tokens are read: its `iss`, its algorithms, and what its claims mean. A text converts into a
/// provider that issues tokens by RFC 9068.
///
/// ```
/// use jwt_extended::token::Provider;
///
/// assert_eq!(Provider::from("https://auth.example.com").name(), "https://auth.example.com");
/// assert_eq!(Provider::keycloak("https://sso.example.com", "main").name(), "https://sso.example.com/realms/main");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    pub(crate) name: String,
    pub(crate) algorithms: Algorithms,
    pub(crate) identity_claim: Cow<'static, str>,
    pub(crate) audience_claim: Cow<'static, str>,
    pub(crate) scope_claims: Vec<Cow<'static, str>>,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) requires_jti: bool,
    pub(crate) longest_lifetime: Lifetime,
    /// Whether anybody can get a token for any audience, so that the app must name the subjects that it admits.
    pub(crate) is_open: bool,
}

const HOUR: u64 = 3600;

impl Provider {
    /// Returns the claim `iss` of its tokens.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the algorithms that its tokens may be signed with.
    pub fn algorithms(&self) -> Algorithms {
        self.algorithms
    }

    /// Auth0, with the domain of the tenant: `example.eu.auth0.com`. Scopes are those of `scope` and, with role-based
    /// access control, of `permissions`. The audience is the identifier of the API, not a client id.
    pub fn auth0(domain: &str) -> Self {
        Self {
            algorithms: Algorithms::from([Algorithm::RS256, Algorithm::PS256]),
            scope_claims: claims(&["scope", "permissions"]),
            // Auth0's own profile has no mark; that of RFC 9068 has `typ: at+jwt`. Both have `azp` or `client_id`.
            access_tokens: AccessTokens::WithAnyOf(claims(&["azp", "client_id"]).into()),
            ..Self::from(format!("https://{domain}/"))
        }
    }

    /// Microsoft Entra ID, version 2.0, with the id of the tenant. Scopes are those of `scp`, for users, and of
    /// `roles`, for apps. The audience is the client id of the API. The subject differs for each app: for the user's id
    /// in the whole tenant, set the identity claim to `oid`.
    pub fn entra(tenant: &str) -> Self {
        Self {
            algorithms: Algorithms::from([Algorithm::RS256]),
            scope_claims: claims(&["scp", "roles"]),
            access_tokens: AccessTokens::WithAnyOf(claims(&["scp", "azp"]).into()),
            // With continuous access evaluation, tokens live up to 28 hours.
            longest_lifetime: hours(29),
            ..Self::from(format!("https://login.microsoftonline.com/{tenant}/v2.0"))
        }
    }

    /// Keycloak 17 and later, with the address of the server and the name of the realm. Scopes are those of `scope` and
    /// the realm's roles. The audience is the client for which a mapper adds one.
    pub fn keycloak(server: &str, realm: &str) -> Self {
        Self {
            scope_claims: claims(&["scope", "realm_access.roles"]),
            access_tokens: AccessTokens::WithClaim { claim: "typ".into(), value: "Bearer".into() },
            ..Self::from(format!("{}/realms/{realm}", server.trim_end_matches('/')))
        }
    }

    /// Amazon Cognito, with the region and the id of the user pool. Scopes are those of `scope` and the user's groups.
    /// The audience is the id of the app client, because its access tokens have `client_id` instead of `aud`.
    pub fn cognito(region: &str, user_pool: &str) -> Self {
        Self {
            algorithms: Algorithms::from([Algorithm::RS256]),
            audience_claim: "client_id".into(),
            scope_claims: claims(&["scope", "cognito:groups"]),
            access_tokens: AccessTokens::WithClaim { claim: "token_use".into(), value: "access".into() },
            ..Self::from(format!("https://cognito-idp.{region}.amazonaws.com/{user_pool}"))
        }
    }

    /// Okta, with the domain and the id of the authorization server, such as `default`. Scopes are those of `scp`. The
    /// tokens of the organization's own authorization server cannot be verified by an app.
    pub fn okta(domain: &str, authorization_server: &str) -> Self {
        Self {
            algorithms: Algorithms::from([Algorithm::RS256]),
            scope_claims: claims(&["scp"]),
            access_tokens: AccessTokens::WithAnyOf(claims(&["cid"]).into()),
            ..Self::from(format!("https://{domain}/oauth2/{authorization_server}"))
        }
    }

    /// Google's tokens for service accounts, such as Cloud Run sends with a call. The audience is the address of the
    /// called service. Google's access tokens for users are no JWTs.
    ///
    /// **Anybody with a Google account can get such a token, for any audience.** It says who calls, and nothing of what
    /// they may. So the issuer must name the service accounts that it admits, with
    /// [`Issuer::subjects`](super::Issuer::subjects).
    pub fn google() -> Self {
        Self {
            algorithms: Algorithms::from([Algorithm::RS256]),
            scope_claims: Vec::new(),
            access_tokens: AccessTokens::Unmarked,
            is_open: true,
            ..Self::from("https://accounts.google.com")
        }
    }
}

impl From<&str> for Provider {
    fn from(name: &str) -> Self {
        Self::from(name.to_owned())
    }
}

impl From<String> for Provider {
    fn from(name: String) -> Self {
        Self {
            name,
            algorithms: Algorithms::ASYMMETRIC,
            identity_claim: "sub".into(),
            audience_claim: "aud".into(),
            scope_claims: claims(&["scope", "scp"]),
            access_tokens: AccessTokens::Typed,
            requires_jti: false,
            longest_lifetime: hours(24),
            is_open: false,
        }
    }
}

fn claims(names: &[&'static str]) -> Vec<Cow<'static, str>> {
    names.iter().copied().map(Cow::Borrowed).collect()
}

const fn hours(hours: u64) -> Lifetime {
    Lifetime::For(Duration::from_secs(hours * HOUR))
}
