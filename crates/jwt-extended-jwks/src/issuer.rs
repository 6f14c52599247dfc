//! Issuers whose keys are remote: `Issuer::discover`, and issuers from options.
//!
//! Knows what a source of keys needs of an issuer, and nothing of tokens.

use jwt_extended::{
    config::{IssuerOptions, KeysAt},
    token::{Issuer, Provider},
};

use crate::{BuildError, RemoteKeys, RemoteKeysBuilder};

/// Adds `discover` to [`Issuer`].
///
/// ```
/// use jwt_extended::{JwtManager, jose::Key, token::{Issuer, Provider}};
/// use jwt_extended_jwks::Discover as _;
///
/// let jwt = JwtManager::builder()
///     .issuer(Issuer::discover("https://idp.example.com")?.audience("orders"))
///     .issuer(Issuer::discover(Provider::keycloak("https://sso.example.com", "main"))?.audience("orders"))
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Discover: Sized {
    /// Creates an issuer whose keys are found by its name, as [`RemoteKeys::discover`] does. They are fetched when a
    /// token first needs them.
    ///
    /// A key without `alg` serves one algorithm of its type, for RSA that is RS256. For an issuer that uses another one
    /// with such keys, create the [`RemoteKeys`] with its `algorithms`, and the issuer with [`Issuer::new`].
    ///
    /// # Errors
    /// If the name is not an `https` URL without user-info, query and fragment.
    fn discover(provider: impl Into<Provider>) -> Result<Self, BuildError>;
}

impl Discover for Issuer {
    fn discover(provider: impl Into<Provider>) -> Result<Self, BuildError> {
        let provider = provider.into();
        let keys = RemoteKeys::discover(provider.name()).algorithms(provider.algorithms().iter()).build()?;
        Ok(Self::new(provider, keys))
    }
}

/// Why options do not make an issuer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// The keys in the options cannot be used. The text says what to set.
    #[error("{0}")]
    GivenKeys(String),
    /// The keys cannot be fetched.
    #[error("the issuer {issuer}: {why}")]
    RemoteKeys {
        /// The issuer's name.
        issuer: String,
        /// The mistake.
        why: BuildError,
    },
}

/// Makes an issuer from options: with the keys that they hold, or with remote ones.
///
/// ```
/// let options = serde_json::from_str(r#"{"issuer": "https://idp.example.com", "audience": "orders"}"#)?;
/// assert_eq!(jwt_extended_jwks::issuer(options)?.name(), "https://idp.example.com");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the keys or their address cannot be used.
pub fn issuer(options: IssuerOptions) -> Result<Issuer, IssuerError> {
    issuer_with(options, RemoteKeysBuilder::build)
}

/// Makes an issuer as [`issuer`] does, with a function that makes the remote keys: for callers who set the builder up
/// further, or keep the keys when they read their options again.
///
/// # Errors
/// As [`issuer`], and those of the function.
pub fn issuer_with(
    options: IssuerOptions,
    make: impl FnOnce(RemoteKeysBuilder) -> Result<RemoteKeys, BuildError>,
) -> Result<Issuer, IssuerError> {
    if let Some(keys) = options.given_keys().map_err(IssuerError::GivenKeys)? {
        return Ok(options.into_issuer(keys));
    }
    let builder = match options.keys_at() {
        KeysAt::Uri(uri) => RemoteKeys::jwk_set(uri),
        _ => RemoteKeys::discover(&*options.issuer),
    };
    let builder = builder.algorithms(options.algorithms().iter());
    let builder = if options.allow_loopback_http { builder.allow_loopback_http() } else { builder };
    // A name with a password is refused, and must not be shown.
    let shown = if options.issuer.contains('@') { "with a user name" } else { &options.issuer };
    let keys = make(builder).map_err(|why| IssuerError::RemoteKeys { issuer: shown.to_owned(), why })?;
    Ok(options.into_issuer(keys))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UrlError;

    fn options(json: &str) -> IssuerOptions {
        serde_json::from_str(json).unwrap()
    }

    fn shown(json: &str) -> String {
        format!("{:?}", issuer(options(json)).unwrap())
    }

    #[test]
    fn the_options_say_where_the_keys_are() {
        let discovered = shown(r#"{"issuer": "https://idp.example/", "audience": "x"}"#);
        assert!(
            discovered.contains(r#"RemoteKeys { url: "https://idp.example/.well-known/openid-configuration""#),
            "{discovered}"
        );
        let named = shown(r#"{"issuer": "a", "audience": "x", "jwks_uri": "https://keys.example/jwks"}"#);
        assert!(named.contains(r#"RemoteKeys { url: "https://keys.example/jwks""#), "{named}");
        assert!(shown(r#"{"issuer": "a", "audience": "x", "jwks": {"keys": []}}"#).contains("KeyRing"));
    }

    #[test]
    fn plain_http_needs_its_option_and_this_machine() {
        let plain =
            |more: &str| issuer(options(&format!(r#"{{"issuer": "http://127.0.0.1:5000", "audience": "x"{more}}}"#)));
        let refused = IssuerError::RemoteKeys {
            issuer: "http://127.0.0.1:5000".to_owned(),
            why: BuildError::Url(UrlError::NotHttps),
        };
        assert_eq!(plain("").unwrap_err(), refused);
        assert!(plain(r#", "allow_loopback_http": true"#).is_ok());
    }

    #[test]
    fn a_provider_brings_its_address() {
        let issuer = Issuer::discover(Provider::auth0("example.eu.auth0.com")).unwrap();
        assert!(format!("{issuer:?}").contains("https://example.eu.auth0.com/"), "{issuer:?}");
        assert!(Issuer::discover("http://idp.example").is_err());
    }
}
