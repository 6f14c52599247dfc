//! [`IssuerOptions`]: another issuer as options in a file or in Flask's configuration.
//!
//! Reads and checks them. Does not fetch keys: the caller makes the source.

use std::{borrow::Cow, fmt, sync::Arc};

use serde::Deserialize;

use super::List;
use crate::{
    jose::{Algorithm, Algorithms, KeySource, PublishedKeys},
    token::{AccessTokens, Issuer, Lifetime, Provider},
};

/// Another issuer whose tokens are accepted, as options: `[[issuers]]` of the server's file, `JWT_ISSUERS` of Flask.
///
/// ```
/// use jwt_extended::config::{IssuerOptions, KeysAt};
///
/// let options: IssuerOptions = serde_json::from_str(
///     r#"{"issuer": "https://sso.example.com/realms/main", "provider": "keycloak", "audience": "orders"}"#,
/// )?;
/// assert_eq!(options.keys_at(), KeysAt::Discovered);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct IssuerOptions {
    /// The issuer's `iss`, and the address at which its keys are discovered.
    pub issuer: String,
    /// The audiences that this app belongs to.
    pub audience: List<String>,
    /// How its tokens are read: `auth0`, `entra`, `keycloak`, `cognito`, `okta` or `google`. Without one, as RFC 9068
    /// says.
    pub provider: Option<ProviderName>,
    /// The address of its JWK Set, if it is not discovered.
    pub jwks_uri: Option<String>,
    /// Its JWK Set itself, if it is not fetched.
    pub jwks: Option<serde_json::Value>,
    /// The algorithms of its tokens, instead of the provider's.
    pub algorithms: Option<List<Algorithm>>,
    /// The claim that identifies the user.
    pub identity_claim: Option<String>,
    /// The claim that names the audience.
    pub audience_claim: Option<String>,
    /// The claims that hold scopes.
    pub scope_claims: Option<List<String>>,
    /// What marks its access tokens.
    pub access_tokens: Option<MarkOption>,
    /// The subjects that are admitted; by default all. Google's issuer needs it.
    pub subjects: Option<List<String>>,
    /// Whether tokens without `jti` are refused.
    #[serde(default)]
    pub require_jti: bool,
    /// The longest lifetime of its tokens.
    pub longest_lifetime: Option<Lifetime>,
    /// Whether its keys may be fetched by plain HTTP from this machine, for tests.
    #[serde(default)]
    pub allow_loopback_http: bool,
}

impl fmt::Debug for IssuerOptions {
    /// Leaves out the keys and the addresses: somebody may have put a secret there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuerOptions").field("provider", &self.provider).finish_non_exhaustive()
    }
}

/// The name of a [`Provider`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they are the names of providers")]
#[non_exhaustive]
pub enum ProviderName {
    Auth0,
    Entra,
    Keycloak,
    Cognito,
    Okta,
    Google,
}

/// What marks an issuer's access tokens, as an option: [`AccessTokens`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MarkOption {
    /// `"typed"`: the header `typ` is `at+jwt`.
    Typed,
    /// `"unmarked"`: nothing does.
    Unmarked,
    /// `{"with_claim": ["token_use", "access"]}`: a claim has this value.
    WithClaim(String, String),
    /// `{"with_any_of": ["scp", "azp"]}`: one of these claims is there.
    WithAnyOf(Vec<String>),
}

/// Where an issuer's keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeysAt<'a> {
    /// The issuer's own documents name the address.
    Discovered,
    /// At this address.
    Uri(&'a str),
    /// In the options.
    Given,
}

impl IssuerOptions {
    /// Returns where its keys are.
    pub fn keys_at(&self) -> KeysAt<'_> {
        match (&self.jwks, &self.jwks_uri) {
            (Some(_), _) => KeysAt::Given,
            (None, Some(uri)) => KeysAt::Uri(uri),
            (None, None) => KeysAt::Discovered,
        }
    }

    /// Returns the accepted algorithms.
    pub fn algorithms(&self) -> Algorithms {
        match &self.algorithms {
            Some(list) => list.0.iter().copied().into(),
            None => self.known().algorithms(),
        }
    }

    /// Returns the keys that are in the options; `None` if they must be fetched.
    ///
    /// # Errors
    /// If `jwks` is not a set of public keys, or is given beside `jwks_uri`. The text says what to set.
    pub fn given_keys(&self) -> Result<Option<Arc<crate::jose::KeyRing>>, String> {
        let Some(set) = &self.jwks else { return Ok(None) };
        let name = &self.issuer;
        if self.jwks_uri.is_some() {
            return Err(format!("the issuer {name} has both jwks and jwks_uri; leave one of them out"));
        }
        let read = PublishedKeys::parse(&set.to_string(), self.algorithms());
        let read = read.map_err(|error| format!("the jwks of the issuer {name} cannot be used: {error}"))?;
        if let Some(skipped) = read.skipped.first() {
            return Err(format!("a key in the jwks of the issuer {name} cannot be used: {}", skipped.why));
        }
        Ok(Some(Arc::new(read.ring)))
    }

    /// Makes the issuer, with these keys.
    pub fn into_issuer(self, keys: impl KeySource + 'static) -> Issuer {
        let mut issuer = Issuer::new(self.known(), keys).algorithms(self.algorithms().iter());
        let Self { audience, subjects, identity_claim, audience_claim, scope_claims, access_tokens, .. } = self;
        for audience in audience.0 {
            issuer = issuer.audience(audience);
        }
        if let Some(subjects) = subjects {
            issuer = issuer.subjects(subjects.0);
        }
        if let Some(claim) = identity_claim {
            issuer = issuer.identity_claim(claim);
        }
        if let Some(claim) = audience_claim {
            issuer = issuer.audience_claim(claim);
        }
        if let Some(claims) = scope_claims {
            issuer = issuer.scope_claims(claims.0);
        }
        if let Some(mark) = access_tokens {
            issuer = issuer.access_tokens(mark.into());
        }
        if self.require_jti {
            issuer = issuer.require_jti();
        }
        match self.longest_lifetime {
            Some(longest) => issuer.longest_lifetime(longest),
            None => issuer,
        }
    }

    fn known(&self) -> Provider {
        let known = match self.provider {
            None => return Provider::from(&*self.issuer),
            Some(ProviderName::Auth0) => Provider::auth0(""),
            Some(ProviderName::Entra) => Provider::entra(""),
            Some(ProviderName::Keycloak) => Provider::keycloak("", ""),
            Some(ProviderName::Cognito) => Provider::cognito("", ""),
            Some(ProviderName::Okta) => Provider::okta("", ""),
            Some(ProviderName::Google) => Provider::google(),
        };
        Provider { name: self.issuer.clone(), ..known }
    }
}

impl From<MarkOption> for AccessTokens {
    fn from(mark: MarkOption) -> Self {
        match mark {
            MarkOption::Typed => Self::Typed,
            MarkOption::Unmarked => Self::Unmarked,
            MarkOption::WithClaim(claim, value) => Self::WithClaim { claim: claim.into(), value: value.into() },
            MarkOption::WithAnyOf(claims) => Self::WithAnyOf(claims.into_iter().map(Cow::Owned).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::KeyRing;

    fn read(json: &str) -> Result<IssuerOptions, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_provider_is_chosen_by_its_name() {
        let options = read(r#"{"issuer": "https://a.example/", "audience": ["x"], "provider": "cognito"}"#).unwrap();
        let provider = options.into_issuer(Arc::new(KeyRing::empty())).provider;
        assert_eq!(provider, Provider { name: "https://a.example/".to_owned(), ..Provider::cognito("", "") });
    }

    #[test]
    fn every_option_reaches_the_issuer() {
        let options = read(
            r#"{"issuer": "https://a.example", "audience": "x, y", "algorithms": ["ES256"], "identity_claim": "oid",
                "audience_claim": "cid", "scope_claims": ["roles"], "access_tokens": {"with_any_of": ["scp"]},
                "require_jti": true, "longest_lifetime": "2h"}"#,
        );
        let issuer = options.unwrap().into_issuer(Arc::new(KeyRing::empty()));
        assert_eq!(issuer.audiences, ["x", "y"]);
        let expected = Provider {
            name: "https://a.example".to_owned(),
            algorithms: Algorithms::from([Algorithm::ES256]),
            identity_claim: "oid".into(),
            audience_claim: "cid".into(),
            scope_claims: vec!["roles".into()],
            access_tokens: AccessTokens::WithAnyOf(vec!["scp".into()].into()),
            requires_jti: true,
            longest_lifetime: Lifetime::minutes(120),
            is_open: false,
        };
        assert_eq!(issuer.provider, expected);
    }

    #[test]
    fn marks_are_read() {
        for (json, mark) in [
            (r#""typed""#, AccessTokens::Typed),
            (r#""unmarked""#, AccessTokens::Unmarked),
            (
                r#"{"with_claim": ["token_use", "access"]}"#,
                AccessTokens::WithClaim { claim: "token_use".into(), value: "access".into() },
            ),
        ] {
            assert_eq!(AccessTokens::from(serde_json::from_str::<MarkOption>(json).unwrap()), mark);
        }
    }

    #[test]
    fn misspelled_options_are_refused() {
        let error = read(r#"{"issuer": "https://a.example", "audience": "x", "algoritms": ["ES256"]}"#).unwrap_err();
        assert!(error.starts_with("unknown field `algoritms`"), "{error}");
        let error = read(r#"{"issuer": "https://a.example"}"#).unwrap_err();
        assert!(error.starts_with("missing field `audience`"), "{error}");
    }

    #[test]
    fn the_keys_come_from_one_place() {
        let options = read(
            r#"{"issuer": "a", "audience": "x", "jwks": {"keys": []}, "jwks_uri": "https://a.example/jwks.json"}"#,
        );
        let error = options.unwrap().given_keys().unwrap_err();
        assert_eq!(error, "the issuer a has both jwks and jwks_uri; leave one of them out");
        let secret = read(r#"{"issuer": "a", "audience": "x", "jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}"#);
        let error = secret.unwrap().given_keys().unwrap_err();
        assert!(error.contains("a shared secret must not be published"), "{error}");
    }
}
